//! Revocation: a client gives up what is its own.

use storage::testing::Kind;

use crate::testing::{Answer, TestCode, TestProvider, posted};

/// A client's tokens.
struct Scene {
    app: TestProvider,
    secret: String,
    tokens: Answer,
}

impl Scene {
    async fn on(kind: Kind) -> Self {
        Self::with_resource(kind, None).await
    }

    async fn with_resource(kind: Kind, resource: Option<&str>) -> Self {
        let app = TestProvider::on(kind);
        let secret = app.client("course", |settings| {
            settings.resource = resource.map(str::to_owned);
        });
        let scope = "openid offline_access";
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

    fn client(&self) -> (&str, &str) {
        ("course", &self.secret)
    }

    async fn revoke(&self, token: &str) -> Answer {
        self.app
            .post_as("/revoke", self.client(), &[("token", token)])
            .await
    }

    async fn opens_userinfo(&self) -> bool {
        let token = self.tokens.text("access_token");
        self.app.userinfo(&token).await.status == 200
    }

    async fn can_refresh(&self) -> bool {
        let token = self.tokens.text("refresh_token");
        self.app.refresh(self.client(), &token).await.status == 200
    }
}

#[track_caller]
fn assert_done(answer: &Answer) {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert!(answer.body.is_empty());
}

#[actix_web::test]
async fn a_revoked_access_token_dies_alone() {
    for (kind, resource) in [
        (Kind::Sqlite, None),
        (Kind::Postgres, None),
        (Kind::Sqlite, Some("https://api.example/")),
        (Kind::Postgres, Some("https://api.example/")),
    ] {
        let scene = Scene::with_resource(kind, resource).await;
        assert!(scene.opens_userinfo().await);

        assert_done(&scene.revoke(&scene.tokens.text("access_token")).await);

        assert!(!scene.opens_userinfo().await);
        assert!(scene.can_refresh().await);
    }
}

#[actix_web::test]
async fn a_revoked_refresh_token_takes_its_family_and_its_access_tokens_along() {
    for kind in Kind::BOTH {
        let scene = Scene::on(kind).await;

        assert_done(&scene.revoke(&scene.tokens.text("refresh_token")).await);

        assert!(!scene.opens_userinfo().await);
        assert!(!scene.can_refresh().await);
    }
}

#[actix_web::test]
async fn another_clients_token_stays_and_nobody_is_told() {
    for resource in [None, Some("https://api.example/")] {
        let scene = Scene::with_resource(Kind::Sqlite, resource).await;
        let thief = scene.app.client("thief", |_| ());

        for token in ["access_token", "refresh_token"] {
            let token = scene.tokens.text(token);
            let form = [("token", token.as_str())];
            assert_done(&scene.app.post_as("/revoke", ("thief", &thief), &form).await);
        }

        assert!(scene.opens_userinfo().await);
        assert!(scene.can_refresh().await);
    }
}

#[actix_web::test]
async fn an_unknown_malformed_or_overlong_token_is_as_good_as_revoked() {
    let scene = Scene::on(Kind::Sqlite).await;
    let foreign = format!("gai_rt_{}", "A".repeat(43));
    let overlong = "a".repeat(5_000);

    for token in ["x", "a.b.c", &foreign, &overlong, "é"] {
        assert_done(&scene.revoke(token).await);
    }
    let token = scene.tokens.text("access_token");
    assert_done(&scene.revoke(&token).await);
    assert_done(&scene.revoke(&token).await);
}

#[actix_web::test]
async fn a_public_client_revokes_its_own_tokens() {
    let app = TestProvider::on_sqlite();
    app.public_client("spa");
    let code = app.code(&TestCode::of("spa", &app.ada()));
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "spa"),
        ("code", &code),
        ("redirect_uri", crate::testing::REDIRECT_URI),
        ("code_verifier", crate::testing::VERIFIER),
    ];
    let token = app.post("/token", &form).await.text("access_token");

    let form = [("client_id", "spa"), ("token", token.as_str())];
    assert_done(&app.post("/revoke", &form).await);

    assert_eq!(app.userinfo(&token).await.status, 401);
}

#[actix_web::test]
async fn a_wrong_token_type_hint_does_not_save_a_token() {
    let scene = Scene::on(Kind::Sqlite).await;
    let token = scene.tokens.text("access_token");
    let form = [
        ("token", token.as_str()),
        ("token_type_hint", "refresh_token"),
    ];

    assert_done(&scene.app.post_as("/revoke", scene.client(), &form).await);

    assert!(!scene.opens_userinfo().await);
}

#[actix_web::test]
async fn an_id_token_or_a_code_cannot_be_revoked() {
    let scene = Scene::on(Kind::Sqlite).await;
    let code = scene.app.code(&TestCode::of("course", &scene.app.ada()));

    for token in [scene.tokens.text("id_token"), code.clone()] {
        scene.revoke(&token).await.assert_refused(
            400,
            "unsupported_token_type",
            "Only access tokens and refresh tokens can be revoked.",
        );
    }
    assert_eq!(scene.app.redeem(scene.client(), &code).await.status, 200);
}

#[actix_web::test]
async fn a_request_that_is_malformed_or_unproven_revokes_nothing() {
    let scene = Scene::on(Kind::Sqlite).await;
    let token = scene.tokens.text("access_token");
    let app = &scene.app;

    let anonymous = app.post("/revoke", &[("token", &token)]).await;
    let wrong = app
        .post_as("/revoke", ("course", "wrong"), &[("token", &token)])
        .await;
    let missing = app.post_as("/revoke", scene.client(), &[]).await;
    let twice = [("token", token.as_str()), ("token", token.as_str())];
    let twice = app.post_as("/revoke", scene.client(), &twice).await;
    let untyped = posted("/revoke", &[("token", &token)]).insert_header(("Content-Type", "a/b"));
    let untyped = app.send(untyped).await;

    anonymous.assert_refused(
        401,
        "invalid_client",
        "The request does not authenticate a client.",
    );
    wrong.assert_refused(401, "invalid_client", "The client secret is wrong.");
    missing.assert_refused(400, "invalid_request", "The parameter token is missing.");
    twice.assert_refused(400, "invalid_request", "The parameter token is repeated.");
    untyped.assert_refused(
        400,
        "invalid_request",
        "The body must be application/x-www-form-urlencoded.",
    );
    assert!(scene.opens_userinfo().await);
}
