//! Introspection: what a token's client and its resource server see, and nobody else.

use std::time::Duration;

use model::ScopeSet;
use model::client::{AuthMethod, ClientSettings, GrantType};
use serde_json::json;
use storage::testing::{Kind, START};

use crate::client_assertion::ASSERTION_TYPE;
use crate::jws::TokenType;
use crate::keys::testing::LooseKey;
use crate::testing::{AUTH_TIME, Answer, ISSUER, TestCode, TestProvider, posted};

const ADA: &str = "0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10";
const API: &str = "https://api.example/";

fn resource_server(settings: &mut ClientSettings) {
    settings.grant_types = Vec::new();
    settings.redirect_uris = Vec::new();
    settings.scope = ScopeSet::default();
    settings.serves_resources = vec![API.to_owned()];
}

/// A client's tokens, and who asks about them.
struct Scene {
    app: TestProvider,
    secret: String,
    tokens: Answer,
}

impl Scene {
    async fn set(kind: Kind, change: impl FnOnce(&mut ClientSettings)) -> Self {
        let app = TestProvider::on(kind);
        let secret = app.client("course", change);
        let scope = "openid email offline_access";
        let code = app.code(&TestCode {
            scope,
            ..TestCode::of("course", &app.ada())
        });
        let tokens = app.redeem(("course", &secret), &code).await;
        Self {
            app,
            secret,
            tokens,
        }
    }

    async fn ask(&self, token: &str) -> Answer {
        self.ask_as(("course", &self.secret), token).await
    }

    async fn ask_as(&self, client: (&str, &str), token: &str) -> Answer {
        self.app
            .post_as("/introspect", client, &[("token", token)])
            .await
    }
}

#[track_caller]
fn assert_inactive(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({ "active": false }))
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[actix_web::test]
async fn a_client_sees_its_own_tokens() {
    for kind in Kind::BOTH {
        let scene = Scene::set(kind, |_| ()).await;

        let access = scene.ask(&scene.tokens.text("access_token")).await;
        let refresh = scene.ask(&scene.tokens.text("refresh_token")).await;

        assert_eq!(access.status, 200);
        assert_eq!(access.header("content-type"), Some("application/json"));
        assert_eq!(access.header("cache-control"), Some("no-store"));
        assert_eq!(
            access.json(),
            json!({
                "active": true,
                "scope": "email offline_access openid",
                "client_id": "course",
                "token_type": "Bearer",
                "exp": START.seconds() + 900,
                "iat": START.seconds(),
                "sub": ADA,
                "iss": ISSUER,
                "acr": "Cl",
                "auth_time": AUTH_TIME.seconds(),
            })
        );
        assert_eq!(
            refresh.json(),
            json!({
                "active": true,
                "scope": "email offline_access openid",
                "client_id": "course",
                "exp": START.seconds() + 14 * 24 * 3600,
                "iat": START.seconds(),
                "sub": ADA,
                "iss": ISSUER,
            })
        );
    }
}

#[actix_web::test]
async fn a_resource_server_sees_the_tokens_for_its_resource_and_no_others() {
    for kind in Kind::BOTH {
        let scene = Scene::set(kind, |settings| {
            settings.resource = Some(API.to_owned());
        })
        .await;
        let api = scene.app.client("api", resource_server);
        let other = scene.app.client("other-api", |settings| {
            resource_server(settings);
            settings.serves_resources = vec!["https://other.example/".to_owned()];
        });
        let token = scene.tokens.text("access_token");

        let seen = scene.ask_as(("api", &api), &token).await;

        let jti = scene.app.claims(&token, TokenType::AccessToken)["jti"].clone();
        assert_eq!(
            seen.json(),
            json!({
                "active": true,
                "scope": "email offline_access openid",
                "client_id": "course",
                "token_type": "Bearer",
                "exp": START.seconds() + 900,
                "iat": START.seconds(),
                "sub": ADA,
                "aud": [API, ISSUER],
                "iss": ISSUER,
                "jti": jti,
                "acr": "Cl",
                "auth_time": AUTH_TIME.seconds(),
            })
        );
        assert_inactive(&scene.ask_as(("other-api", &other), &token).await);
        let refresh = scene.tokens.text("refresh_token");
        assert_inactive(&scene.ask_as(("api", &api), &refresh).await);
    }
}

#[actix_web::test]
async fn a_machines_token_speaks_for_the_machine() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("machine", |settings| {
        settings.grant_types = vec![GrantType::ClientCredentials];
        settings.scope = ScopeSet::parse("api.read").unwrap();
    });
    let client = ("machine", secret.as_str());
    let form = [("grant_type", "client_credentials")];
    let token = app
        .post_as("/token", client, &form)
        .await
        .text("access_token");

    let answer = app
        .post_as("/introspect", client, &[("token", &token)])
        .await;

    assert_eq!(answer.json()["sub"], "machine");
    assert_eq!(answer.json()["scope"], "api.read");
}

#[actix_web::test]
async fn another_clients_token_is_inactive_to_a_stranger() {
    let scene = Scene::set(Kind::Sqlite, |_| ()).await;
    let stranger = scene.app.client("stranger", |_| ());

    for token in ["access_token", "refresh_token"] {
        let token = scene.tokens.text(token);
        assert_inactive(&scene.ask_as(("stranger", &stranger), &token).await);
        assert_eq!(scene.ask(&token).await.json()["active"], true);
    }
}

#[actix_web::test]
async fn an_unknown_expired_or_spent_token_is_inactive() {
    let scene = Scene::set(Kind::Sqlite, |_| ()).await;
    let foreign = format!("gai_at_{}", "A".repeat(43));
    let overlong = "a".repeat(5_000);
    for token in ["x", &foreign, &overlong, &scene.tokens.text("id_token")] {
        assert_inactive(&scene.ask(token).await);
    }

    let spent = scene.tokens.text("refresh_token");
    scene.app.refresh(("course", &scene.secret), &spent).await;
    assert_inactive(&scene.ask(&spent).await);

    scene.app.clock.advance(Duration::from_secs(900));
    assert_inactive(&scene.ask(&scene.tokens.text("access_token")).await);
}

#[actix_web::test]
async fn a_token_type_hint_is_a_hint_only() {
    let scene = Scene::set(Kind::Sqlite, |_| ()).await;
    let token = scene.tokens.text("access_token");

    for hint in ["access_token", "refresh_token", "pin", ""] {
        let form = [("token", token.as_str()), ("token_type_hint", hint)];
        let client = ("course", scene.secret.as_str());
        let answer = scene.app.post_as("/introspect", client, &form).await;

        assert_eq!(answer.json()["active"], true, "{hint}");
    }
}

#[actix_web::test]
async fn whoever_asks_must_prove_to_be_a_client() {
    let scene = Scene::set(Kind::Sqlite, |_| ()).await;
    scene.app.public_client("spa");
    let token = scene.tokens.text("access_token");

    let anonymous = scene.app.post("/introspect", &[("token", &token)]).await;
    let wrong = scene.ask_as(("course", "wrong"), &token).await;
    let form = [("token", token.as_str()), ("client_id", "spa")];
    let public = scene.app.post("/introspect", &form).await;

    anonymous.assert_refused(
        401,
        "invalid_client",
        "The request does not authenticate a client.",
    );
    wrong.assert_refused(401, "invalid_client", "The client secret is wrong.");
    public.assert_refused(401, "invalid_client", "A public client may not do this.");
}

#[actix_web::test]
async fn a_request_that_is_malformed_is_refused() {
    let scene = Scene::set(Kind::Sqlite, |_| ()).await;
    let client = ("course", scene.secret.as_str());

    let missing = scene.app.post_as("/introspect", client, &[]).await;
    let twice = [("token", "a"), ("token", "b")];
    let twice = scene.app.post_as("/introspect", client, &twice).await;
    let hints = [
        ("token", "a"),
        ("token_type_hint", "a"),
        ("token_type_hint", "b"),
    ];
    let hints = scene.app.post_as("/introspect", client, &hints).await;
    let untyped = posted("/introspect", &[("token", "a")]).insert_header(("Content-Type", "a/b"));
    let untyped = scene.app.send(untyped).await;

    missing.assert_refused(400, "invalid_request", "The parameter token is missing.");
    twice.assert_refused(400, "invalid_request", "The parameter token is repeated.");
    hints.assert_refused(
        400,
        "invalid_request",
        "The parameter token_type_hint is repeated.",
    );
    untyped.assert_refused(
        400,
        "invalid_request",
        "The body must be application/x-www-form-urlencoded.",
    );
}

#[actix_web::test]
async fn an_assertion_is_used_up_by_introspection_too() {
    let app = TestProvider::on_sqlite();
    let key = LooseKey::generate(model::SigningAlgorithm::ES256);
    app.client("api", |settings| {
        resource_server(settings);
        settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
        settings.jwks = Some(json!({ "keys": [key.jwk] }));
    });
    let assertion = key.token(&json!({
        "iss": "api", "sub": "api", "aud": ISSUER, "exp": START.seconds() + 60, "jti": "one",
    }));
    let form = [
        ("token", "x"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", &assertion),
    ];

    assert_inactive(&app.post("/introspect", &form).await);
    app.post("/introspect", &form).await.assert_refused(
        401,
        "invalid_client",
        "The client assertion was used before.",
    );
}
