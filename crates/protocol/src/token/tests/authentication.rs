//! Client authentication: every method, and every way to get it wrong.

use std::time::Duration;

use actix_web::http::header::AUTHORIZATION;
use actix_web::test::TestRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::future::join_all;
use model::client::{AuthMethod, ClientSettings, GrantType};
use model::{ScopeSet, SigningAlgorithm};
use serde_json::{Value, json};
use storage::testing::{Kind, START};
use url::Url;

use crate::client_assertion::ASSERTION_TYPE;
use crate::keys::testing::{LooseKey, hmac_token};
use crate::testing::client_site::ClientSite;
use crate::testing::{Answer, ISSUER, TestProvider, basic, posted};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

fn machine(method: AuthMethod) -> impl Fn(&mut ClientSettings) {
    move |settings| {
        settings.grant_types = vec![GrantType::ClientCredentials];
        settings.scope = ScopeSet::parse("api").unwrap();
        settings.token_endpoint_auth_method = method;
    }
}

async fn with_header(app: &TestProvider, header: &str, form: &[(&str, &str)]) -> Answer {
    let request: TestRequest = posted("/token", form);
    app.send(request.insert_header((AUTHORIZATION, header)))
        .await
}

fn assertion_claims(jti: &str) -> Value {
    json!({
        "iss": "machine",
        "sub": "machine",
        "aud": format!("{ISSUER}/token"),
        "iat": START.seconds(),
        "exp": START.seconds() + 60,
        "jti": jti,
    })
}

#[actix_web::test]
async fn basic_and_post_prove_the_client_that_is_registered_for_them() {
    let app = TestProvider::on_sqlite();
    let by_header = app.client("header", machine(AuthMethod::ClientSecretBasic));
    let in_form = app.client("form", machine(AuthMethod::ClientSecretPost));

    let header = app
        .post_as("/token", ("header", &by_header), &[GRANT])
        .await;
    let form = app
        .post(
            "/token",
            &[GRANT, ("client_id", "form"), ("client_secret", &in_form)],
        )
        .await;

    assert_eq!((header.status, form.status), (200, 200));
}

#[actix_web::test]
async fn a_client_proves_itself_only_by_the_method_it_registered() {
    let app = TestProvider::on_sqlite();
    let by_header = app.client("header", machine(AuthMethod::ClientSecretBasic));
    let in_form = app.client("form", machine(AuthMethod::ClientSecretPost));
    app.public_client("spa");
    let other = "The client is registered for another way to authenticate.";

    let header = app.post_as("/token", ("form", &in_form), &[GRANT]).await;
    let form = app
        .post(
            "/token",
            &[
                GRANT,
                ("client_id", "header"),
                ("client_secret", &by_header),
            ],
        )
        .await;
    let public = app
        .post(
            "/token",
            &[GRANT, ("client_id", "spa"), ("client_secret", "x")],
        )
        .await;

    for answer in [header, form, public] {
        answer.assert_refused(401, "invalid_client", other);
    }
}

#[actix_web::test]
async fn a_confidential_client_is_not_known_by_its_id_alone() {
    let app = TestProvider::on_sqlite();
    app.client("header", machine(AuthMethod::ClientSecretBasic));

    let answer = app.post("/token", &[GRANT, ("client_id", "header")]).await;

    answer.assert_refused(
        401,
        "invalid_client",
        "The request does not authenticate a client.",
    );
}

#[actix_web::test]
async fn a_wrong_empty_or_overlong_secret_is_refused() {
    let app = TestProvider::on_sqlite();
    app.client("header", machine(AuthMethod::ClientSecretBasic));
    let anothers = app.client("another", machine(AuthMethod::ClientSecretBasic));
    let overlong = "a".repeat(5_000);

    for secret in ["wrong", "", &anothers, &overlong, "é+%"] {
        app.post_as("/token", ("header", secret), &[GRANT])
            .await
            .assert_refused(401, "invalid_client", "The client secret is wrong.");
    }
}

#[actix_web::test]
async fn an_authorization_header_that_is_not_basic_is_refused() {
    let app = TestProvider::on_sqlite();
    app.client("header", machine(AuthMethod::ClientSecretBasic));
    let no_colon = format!("Basic {}", STANDARD.encode("header"));

    for header in [
        "Basic",
        "Basic ???",
        "Bearer gai_at_x",
        &no_colon,
        "Negotiate x",
    ] {
        with_header(&app, header, &[GRANT]).await.assert_refused(
            401,
            "invalid_client",
            "The Authorization header is not of the form Basic base64(client_id:client_secret).",
        );
    }
}

#[actix_web::test]
async fn more_than_one_way_to_authenticate_is_refused() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("header", machine(AuthMethod::ClientSecretBasic));
    let header = basic("header", &secret);
    let several = "The request authenticates the client in more than one way.";

    let with_secret = [GRANT, ("client_id", "header"), ("client_secret", &secret)];
    let with_assertion = [
        GRANT,
        ("client_assertion", "x"),
        ("client_assertion_type", ASSERTION_TYPE),
    ];
    let with_both = [GRANT, ("client_secret", "x"), ("client_assertion", "x")];

    for form in [&with_secret, &with_assertion] {
        with_header(&app, &header, form)
            .await
            .assert_refused(400, "invalid_request", several);
    }
    app.post("/token", &with_both)
        .await
        .assert_refused(400, "invalid_request", several);
    let request = posted("/token", &[GRANT])
        .append_header((AUTHORIZATION, header.as_str()))
        .append_header((AUTHORIZATION, header.as_str()));
    app.send(request)
        .await
        .assert_refused(400, "invalid_request", several);
}

#[actix_web::test]
async fn the_client_id_parameter_has_to_agree_with_the_header() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("header", machine(AuthMethod::ClientSecretBasic));
    let header = basic("header", &secret);

    let same = with_header(&app, &header, &[GRANT, ("client_id", "header")]).await;
    let other = with_header(&app, &header, &[GRANT, ("client_id", "other")]).await;

    assert_eq!(same.status, 200);
    other.assert_refused(
        400,
        "invalid_request",
        "The parameter client_id is not the client that the request authenticates.",
    );
}

#[actix_web::test]
async fn a_client_that_is_switched_off_is_unknown_within_seconds() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("header", machine(AuthMethod::ClientSecretBasic));
    assert_eq!(
        app.post_as("/token", ("header", &secret), &[GRANT])
            .await
            .status,
        200
    );
    app.write(|tx| {
        let id = model::ClientId::parse("header").unwrap();
        storage::clients::replace_disabled(tx, &id, true)
    });
    app.clock.advance(Duration::from_secs(5));

    app.post_as("/token", ("header", &secret), &[GRANT])
        .await
        .assert_refused(
            401,
            "invalid_client",
            "The client is not known, or it is switched off.",
        );
}

#[actix_web::test]
async fn a_client_id_and_secret_of_any_characters_are_form_url_decoded() {
    let app = TestProvider::on_sqlite();
    let id = "https://service.example/client:1";
    let secret = app.client(id, machine(AuthMethod::ClientSecretBasic));

    assert_eq!(
        app.post_as("/token", (id, &secret), &[GRANT]).await.status,
        200
    );
}

/// A client that registered a key, and that key.
fn with_key(app: &TestProvider) -> LooseKey {
    let key = LooseKey::generate(SigningAlgorithm::ES256);
    app.client("machine", |settings| {
        machine(AuthMethod::PrivateKeyJwt)(settings);
        settings.jwks = Some(json!({ "keys": [key.jwk] }));
    });
    key
}

async fn assert_by(app: &TestProvider, assertion: &str) -> Answer {
    let form = [
        GRANT,
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    app.post("/token", &form).await
}

#[actix_web::test]
async fn an_assertion_by_the_clients_key_is_good_once() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let key = with_key(&app);
        let assertion = key.token(&assertion_claims("one"));

        let answers = join_all((0..8).map(|_| assert_by(&app, &assertion))).await;

        let (good, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((good.len(), refused.len()), (1, 7), "{kind:?}");
        for answer in refused {
            answer.assert_refused(
                401,
                "invalid_client",
                "The client assertion was used before.",
            );
        }
        let next = assert_by(&app, &key.token(&assertion_claims("two"))).await;
        assert_eq!(next.status, 200);
    }
}

/// A client changes its key by changing what stands at its `jwks_uri` (OpenID Connect Core §10.1.1).
#[actix_web::test]
async fn a_new_key_at_jwks_uri_is_picked_up_and_the_old_one_refused() {
    let app = TestProvider::on_sqlite();
    let (old, new) = (
        LooseKey::generate(SigningAlgorithm::ES256),
        LooseKey::generate(SigningAlgorithm::ES256),
    );
    let site = ClientSite::publishing(&[&old]);
    app.client("machine", |settings| {
        machine(AuthMethod::PrivateKeyJwt)(settings);
        settings.jwks_uri = Url::parse(&site.url("/jwks")).ok();
    });
    let before = assert_by(&app, &old.token(&assertion_claims("one"))).await;
    assert_eq!(before.status, 200);

    site.now_publishes(&[&new]);
    app.clock.advance(Duration::from_secs(30));
    let after = assert_by(&app, &new.token(&assertion_claims("two"))).await;
    let gone = assert_by(&app, &old.token(&assertion_claims("three"))).await;

    assert_eq!(after.status, 200);
    gone.assert_refused(
        401,
        "invalid_client",
        "The client assertion cannot be accepted: the client has no key of that kid and alg.",
    );
    assert_eq!(site.times_asked(), 2);
}

#[actix_web::test]
async fn an_assertion_is_good_once_for_a_jwt_that_needs_no_row_too() {
    let app = TestProvider::on_sqlite();
    let key = LooseKey::generate(SigningAlgorithm::ES256);
    app.client("machine", |settings| {
        machine(AuthMethod::PrivateKeyJwt)(settings);
        settings.jwks = Some(json!({ "keys": [key.jwk] }));
        settings.resource = Some("https://api.example/".to_owned());
    });
    let assertion = key.token(&assertion_claims("one"));

    assert_eq!(assert_by(&app, &assertion).await.status, 200);
    assert_eq!(assert_by(&app, &assertion).await.status, 401);
}

#[actix_web::test]
async fn a_client_secret_jwt_is_signed_with_the_shared_secret() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("machine", machine(AuthMethod::ClientSecretJwt));
    let header = json!({ "alg": "HS256", "typ": "JWT" });

    let good = hmac_token(&header, &assertion_claims("one"), secret.as_bytes());
    let forged = hmac_token(
        &header,
        &assertion_claims("two"),
        b"another secret of some length",
    );

    assert_eq!(assert_by(&app, &good).await.status, 200);
    assert_by(&app, &forged).await.assert_refused(
        401,
        "invalid_client",
        "The client assertion cannot be accepted: its signature is wrong.",
    );
}

#[actix_web::test]
async fn an_assertion_for_another_endpoint_or_by_another_key_is_refused() {
    let app = TestProvider::on_sqlite();
    let key = with_key(&app);
    let mut elsewhere = assertion_claims("one");
    elsewhere["aud"] = json!("https://other.example/token");
    let forger = LooseKey::generate(SigningAlgorithm::ES256);

    assert_by(&app, &key.token(&elsewhere))
        .await
        .assert_refused(
            401,
            "invalid_client",
            "The client assertion cannot be accepted: its aud is not ours.",
        );
    assert_by(&app, &forger.token(&assertion_claims("two")))
        .await
        .assert_refused(
            401,
            "invalid_client",
            "The client assertion cannot be accepted: the client has no key of that kid and alg.",
        );
}

#[actix_web::test]
async fn an_assertion_that_is_incomplete_malformed_or_overlong_is_refused() {
    let app = TestProvider::on_sqlite();
    let key = with_key(&app);
    let assertion = key.token(&assertion_claims("one"));
    let overlong = "a".repeat(50_000);

    let untyped = app
        .post("/token", &[GRANT, ("client_assertion", &assertion)])
        .await;
    let type_alone = app
        .post(
            "/token",
            &[GRANT, ("client_assertion_type", ASSERTION_TYPE)],
        )
        .await;
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    let form = [
        GRANT,
        ("client_assertion", &assertion),
        ("client_assertion_type", saml),
    ];
    let other_type = app.post("/token", &form).await;
    let form = [
        GRANT,
        ("client_id", "other"),
        ("client_assertion", &assertion),
        ("client_assertion_type", ASSERTION_TYPE),
    ];
    let other_id = app.post("/token", &form).await;

    untyped.assert_refused(
        400,
        "invalid_request",
        "The parameter client_assertion_type is missing.",
    );
    type_alone.assert_refused(
        400,
        "invalid_request",
        "The parameter client_assertion is missing.",
    );
    other_type.assert_refused(
        401,
        "invalid_client",
        "The client_assertion_type is not supported.",
    );
    other_id.assert_refused(
        400,
        "invalid_request",
        "The parameter client_id is not the client that the request authenticates.",
    );
    for malformed in ["x", "a.b.c", &overlong] {
        assert_by(&app, malformed).await.assert_refused(
            401,
            "invalid_client",
            "The client assertion names no client.",
        );
    }
    assert_eq!(
        assert_by(&app, &assertion).await.status,
        200,
        "it was not used up"
    );
}
