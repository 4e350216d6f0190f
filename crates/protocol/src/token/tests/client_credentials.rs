//! Machines.

use model::ScopeSet;
use model::client::{AuthMethod, ClientSettings, GrantType};
use serde_json::json;
use storage::testing::{Kind, START};

use crate::jws::TokenType;
use crate::testing::{Answer, ISSUER, TestProvider};

fn machine(settings: &mut ClientSettings) {
    settings.grant_types = vec![GrantType::ClientCredentials];
    settings.scope = ScopeSet::parse("openid offline_access api.read api.write").unwrap();
}

fn machine_with_resource(settings: &mut ClientSettings) {
    machine(settings);
    settings.resource = Some("https://api.example/".to_owned());
}

async fn ask(app: &TestProvider, client: (&str, &str), scope: Option<&str>) -> Answer {
    let mut form = vec![("grant_type", "client_credentials")];
    form.extend(scope.map(|scope| ("scope", scope)));
    app.post_as("/token", client, &form).await
}

#[actix_web::test]
async fn a_machine_gets_an_opaque_access_token_and_nothing_else() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let secret = app.client("machine", machine);

        let answer = ask(&app, ("machine", &secret), None).await;

        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.json(),
            json!({
                "access_token": answer.text("access_token"),
                "token_type": "Bearer",
                "expires_in": 900,
                "scope": "api.read api.write",
            })
        );
        let token = answer.text("access_token");
        assert!(token.starts_with("gai_at_"));
        assert_eq!(app.userinfo(&token).await.status, 403);
    }
}

#[actix_web::test]
async fn a_machine_with_a_resource_gets_a_jwt() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("machine", machine_with_resource);

    let answer = ask(&app, ("machine", &secret), Some("api.read")).await;

    let claims = app.claims(&answer.text("access_token"), TokenType::AccessToken);
    let jti = claims["jti"].as_str().unwrap();
    assert!(!jti.contains('.') && jti.len() == 22, "{jti}");
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER,
            "sub": "machine",
            "aud": "https://api.example/",
            "client_id": "machine",
            "exp": START.seconds() + 900,
            "iat": START.seconds(),
            "jti": jti,
            "scope": "api.read",
        })
    );
}

#[actix_web::test]
async fn a_machine_gets_of_a_scope_what_it_may_have_and_never_a_persons() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("machine", machine);
    let client = ("machine", secret.as_str());

    for (asked, given) in [
        ("api.read", "api.read"),
        ("api.read openid offline_access", "api.read"),
        ("api.write api.other", "api.write"),
    ] {
        let answer = ask(&app, client, Some(asked)).await;
        assert_eq!(answer.json()["scope"], given, "{asked}");
        assert_eq!(answer.json().get("refresh_token"), None);
    }
    for refused in ["openid", "openid email", "api.other"] {
        let answer = ask(&app, client, Some(refused)).await;
        answer.assert_refused(
            400,
            "invalid_scope",
            "The scope is not one that the client may have.",
        );
    }
}

#[actix_web::test]
async fn a_machine_without_scope_gets_a_token_without_scope() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("machine", |settings| {
        machine(settings);
        settings.scope = ScopeSet::default();
    });

    let answer = ask(&app, ("machine", &secret), None).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.json().get("scope"), None);
}

#[actix_web::test]
async fn a_public_client_cannot_be_a_machine() {
    let app = TestProvider::on_sqlite();
    app.client("spa", |settings| {
        settings.token_endpoint_auth_method = AuthMethod::None;
        settings.grant_types = vec![GrantType::AuthorizationCode];
    });
    let form = [("grant_type", "client_credentials"), ("client_id", "spa")];

    app.post("/token", &form).await.assert_refused(
        400,
        "unauthorized_client",
        "The client is not registered for this grant_type.",
    );
}
