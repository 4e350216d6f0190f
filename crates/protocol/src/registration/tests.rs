//! Clients that register themselves, as they see it.

mod admission;
mod attacks;
mod managing;
mod pairwise;
mod refusals;

use std::time::Duration;

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::test::TestRequest;
use actix_web::{App, HttpResponse, HttpServer, web};
use model::client::{ClientSettings, ConsentPolicy};
use model::event::EventKind;
use serde_json::{Value, json};
use storage::limits::Limit;

use super::*;
use crate::testing::{Answer, ISSUER, TestProvider};

pub(super) fn rules() -> Registration {
    let hour = |count| Limit {
        count,
        per: Duration::from_secs(3600),
    };
    Registration {
        initial_access_token: InitialAccessToken::None,
        scope: ScopeSet::parse("openid email profile offline_access").unwrap(),
        per_client_address: hour(1_000),
        in_all: hour(1_000),
        outbound: Outbound::new(vec!["127.0.0.1".to_owned()]),
    }
}

/// A provider at which anybody may register a client.
pub(super) fn open() -> TestProvider {
    TestProvider::with_registration(rules())
}

pub(super) fn plain() -> Value {
    json!({ "redirect_uris": ["https://service.example/cb"] })
}

/// [`plain`] with other members too.
pub(super) fn with(members: Value) -> Value {
    let mut body = plain();
    let (Value::Object(all), Value::Object(members)) = (&mut body, members) else {
        panic!("not an object");
    };
    all.extend(members);
    body
}

/// A request with a JSON body, by the bearer of a token.
pub(super) fn sent(request: TestRequest, token: Option<&str>, body: &str) -> TestRequest {
    let request = request
        .insert_header((CONTENT_TYPE, "application/json"))
        .set_payload(body.to_owned());
    match token {
        Some(token) => request.insert_header((AUTHORIZATION, format!("Bearer {token}"))),
        None => request,
    }
}

pub(super) async fn post(provider: &TestProvider, body: &Value) -> Answer {
    let request = TestRequest::post().uri("/register");
    provider.send(sent(request, None, &body.to_string())).await
}

/// What a client was told when it registered.
pub(super) struct Registered(pub(super) Value);

impl Registered {
    pub(super) async fn at(provider: &TestProvider, body: &Value) -> Self {
        let answer = post(provider, body).await;
        assert_eq!(answer.status, 201, "{}", answer.json());
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        Self(answer.json())
    }

    pub(super) fn text(&self, member: &str) -> &str {
        self.0[member].as_str().unwrap()
    }

    pub(super) fn id(&self) -> &str {
        self.text("client_id")
    }

    pub(super) fn token(&self) -> &str {
        self.text("registration_access_token")
    }

    pub(super) fn path(&self) -> String {
        format!("/register/{}", self.id())
    }

    pub(super) fn settings(&self, provider: &TestProvider) -> ClientSettings {
        let id = ClientId::parse(self.id()).unwrap();
        let stored = provider.write(move |tx| clients::find(tx, &id));
        stored.unwrap().client.settings
    }
}

/// A web server of a client's, on this machine, that gives one answer everywhere.
pub(super) fn site(status: u16, body: &'static str) -> u16 {
    let server = HttpServer::new(move || {
        App::new().default_service(web::to(move || async move {
            let status = StatusCode::from_u16(status).unwrap();
            HttpResponse::build(status)
                .insert_header(("location", "https://service.example/uris.json"))
                .body(body)
        }))
    });
    let server = server.workers(1).disable_signals();
    let server = server.bind(("127.0.0.1", 0)).unwrap();
    let port = server.addrs()[0].port();
    actix_web::rt::spawn(server.run());
    port
}

#[actix_web::test]
async fn a_client_that_says_nothing_but_where_people_come_back_gets_what_the_standard_has() {
    let provider = open();

    let registered = Registered::at(&provider, &plain()).await;

    let id = registered.id();
    let secret = registered.text("client_secret");
    assert!(secret.starts_with("gai_cs_"));
    assert_eq!(
        registered.0,
        json!({
            "client_id": id,
            "client_id_issued_at": provider.clock_now().seconds(),
            "client_secret": secret,
            "client_secret_expires_at": 0,
            "registration_access_token": registered.token(),
            "registration_client_uri": format!("{ISSUER}/register/{id}"),
            "application_type": "web",
            "backchannel_logout_session_required": false,
            "client_name": "service.example",
            "dpop_bound_access_tokens": false,
            "frontchannel_logout_session_required": false,
            "grant_types": ["authorization_code"],
            "id_token_signed_response_alg": "RS256",
            "post_logout_redirect_uris": [],
            "redirect_uris": ["https://service.example/cb"],
            "require_auth_time": false,
            "require_pushed_authorization_requests": false,
            "response_types": ["code"],
            "scope": "email openid profile",
            "subject_type": "public",
            "token_endpoint_auth_method": "client_secret_basic",
        })
    );
    assert_eq!(provider.events(EventKind::ClientRegistered), 1);
}

#[actix_web::test]
async fn everything_that_is_accepted_is_told_back() {
    let provider = open();
    let asked = json!({
        "application_type": "web",
        "client_name": "Register for a course",
        "client_uri": "https://service.example/",
        "contacts": ["ada@service.example"],
        "default_acr_values": ["Cl"],
        "default_max_age": 3600,
        "dpop_bound_access_tokens": true,
        "frontchannel_logout_session_required": true,
        "frontchannel_logout_uri": "https://service.example/gone",
        "backchannel_logout_session_required": true,
        "backchannel_logout_uri": "https://service.example/told",
        "grant_types": ["authorization_code", "refresh_token"],
        "id_token_signed_response_alg": "ES256",
        "initiate_login_uri": "https://service.example/start",
        "jwks_uri": "https://service.example/jwks",
        "logo_uri": "https://service.example/logo.png",
        "policy_uri": "https://service.example/policy",
        "post_logout_redirect_uris": ["https://service.example/out"],
        "redirect_uris": ["https://service.example/cb", "http://localhost:3000/cb"],
        "request_object_signing_alg": "PS256",
        "request_uris": ["https://service.example/request#1"],
        "require_auth_time": true,
        "require_pushed_authorization_requests": true,
        "response_types": ["code"],
        "scope": "offline_access openid",
        "subject_type": "public",
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "EdDSA",
        "tos_uri": "https://service.example/terms",
        "userinfo_signed_response_alg": "RS256",
    });

    let Registered(mut told) = Registered::at(&provider, &asked).await;

    // A client that signs has no secret of ours.
    let members = told.as_object_mut().unwrap();
    for ours in [
        "client_id",
        "client_id_issued_at",
        "registration_access_token",
        "registration_client_uri",
    ] {
        assert!(members.remove(ours).is_some(), "{ours}");
    }
    assert_eq!(told, asked);
}

#[actix_web::test]
async fn a_client_signs_nobody_in_before_people_agree_and_needs_no_code_challenge() {
    let provider = open();

    let settings = Registered::at(&provider, &plain())
        .await
        .settings(&provider);

    assert_eq!(settings.consent, ConsentPolicy::Ask);
    assert!(!settings.require_pkce);
}

#[actix_web::test]
async fn a_scope_is_cut_to_what_such_clients_may_have() {
    let provider = open();
    let asked = with(json!({ "scope": "openid email trn national_insurance offline_access" }));

    let registered = Registered::at(&provider, &asked).await;

    assert_eq!(registered.text("scope"), "email openid");
    let asked = with(json!({ "grant_types": ["authorization_code", "refresh_token"] }));
    let registered = Registered::at(&provider, &asked).await;
    assert_eq!(
        registered.text("scope"),
        "email offline_access openid profile"
    );
}

#[actix_web::test]
async fn members_that_nobody_knows_are_ignored_and_null_is_nothing() {
    let provider = open();
    let asked = with(json!({
        "client_name#cy": "Cofrestru am gwrs",
        "software_id": "4NRB1-0XZABZI9E6-5SM3R",
        "client_name": null,
        "jwks_uri": null,
    }));

    let registered = Registered::at(&provider, &asked).await;

    assert_eq!(registered.text("client_name"), "service.example");
    assert!(!registered.0.to_string().contains("gwrs"));
}

#[actix_web::test]
async fn a_public_client_gets_no_secret() {
    let provider = open();
    let asked = json!({
        "application_type": "native",
        "redirect_uris": ["http://127.0.0.1/cb", "uk.example.app:/cb"],
        "token_endpoint_auth_method": "none",
    });

    let Registered(told) = Registered::at(&provider, &asked).await;

    assert_eq!(told["client_secret"], Value::Null);
    assert_eq!(told["client_secret_expires_at"], Value::Null);
}

#[actix_web::test]
async fn what_a_client_was_given_is_good_at_the_token_endpoint() {
    let provider = open();
    for method in ["client_secret_basic", "client_secret_post"] {
        let asked = with(json!({ "token_endpoint_auth_method": method }));
        let registered = Registered::at(&provider, &asked).await;
        let (id, secret) = (registered.id(), registered.text("client_secret"));

        let form = [("token", "x")];
        let answer = if method == "client_secret_basic" {
            provider.post_as("/introspect", (id, secret), &form).await
        } else {
            let form = [("client_id", id), ("client_secret", secret), form[0]];
            provider.post("/introspect", &form).await
        };

        assert_eq!(answer.json(), json!({ "active": false }), "{method}");
    }
}

#[actix_web::test]
async fn a_provider_that_is_not_open_has_no_registration() {
    let provider = TestProvider::on_sqlite();

    for request in [
        TestRequest::post().uri("/register"),
        TestRequest::get().uri("/register/some"),
        TestRequest::put().uri("/register/some"),
        TestRequest::delete().uri("/register/some"),
    ] {
        let answer = provider.send(sent(request, None, "{}")).await;
        assert_eq!((answer.status, answer.body.len()), (404, 0));
    }
    let discovery = TestRequest::get().uri("/.well-known/openid-configuration");
    let document = provider.send(discovery).await.json();
    assert_eq!(document["registration_endpoint"], Value::Null);
}

#[actix_web::test]
async fn discovery_says_where_clients_register() {
    let provider = open();

    let discovery = TestRequest::get().uri("/.well-known/openid-configuration");
    let document = provider.send(discovery).await.json();

    let endpoint = format!("{ISSUER}/register");
    assert_eq!(document["registration_endpoint"], endpoint);
}
