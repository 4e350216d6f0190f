//! Refresh tokens: families, lost answers and theft.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use model::ScopeSet;
use model::event::EventKind;
use serde_json::json;
use storage::testing::{Kind, START};

use crate::jws::TokenType;
use crate::testing::{AUTH_TIME, Answer, TestCode, TestProvider};

const UNKNOWN: &str = "The refresh token is not known, has expired, or is not of this client.";
const REPLAYED: &str = "The refresh token was used before; its whole family is revoked.";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A client that holds a refresh token.
struct Scene {
    app: TestProvider,
    secret: String,
    first: Answer,
}

impl Scene {
    async fn on(kind: Kind) -> Self {
        let app = TestProvider::on(kind);
        let secret = app.client("course", |_| ());
        let scope = "openid email offline_access";
        let code = app.code(&TestCode {
            scope,
            ..TestCode::of("course", &app.ada())
        });
        let first = app.redeem(("course", &secret), &code).await;
        Self { app, secret, first }
    }

    fn token(&self) -> String {
        self.first.text("refresh_token")
    }

    async fn refresh(&self, token: &str) -> Answer {
        self.app.refresh(("course", &self.secret), token).await
    }

    async fn refresh_for(&self, token: &str, scope: &str) -> Answer {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("scope", scope),
        ];
        self.app
            .post_as("/token", ("course", &self.secret), &form)
            .await
    }
}

#[actix_web::test]
async fn a_refresh_gives_a_successor_and_tokens_of_the_same_sign_in() {
    for kind in Kind::BOTH {
        let scene = Scene::on(kind).await;
        scene.app.clock.advance(Duration::from_secs(3600));

        let answer = scene.refresh(&scene.token()).await;

        assert_eq!(answer.status, 200);
        assert_ne!(answer.text("refresh_token"), scene.token());
        assert_eq!(
            answer.json(),
            json!({
                "access_token": answer.text("access_token"),
                "token_type": "Bearer",
                "expires_in": 900,
                "scope": "email offline_access openid",
                "refresh_token": answer.text("refresh_token"),
                "id_token": answer.text("id_token"),
            })
        );
        let claims = scene.app.claims(&answer.text("id_token"), TokenType::Jwt);
        assert_eq!(claims["iat"], START.seconds() + 3600);
        assert_eq!(claims["auth_time"], AUTH_TIME.seconds());
        assert_eq!(claims["sid"], "01abc-sid");
        assert_eq!(claims.get("nonce"), None);
        assert_eq!(
            scene
                .app
                .userinfo(&answer.text("access_token"))
                .await
                .status,
            200
        );
    }
}

#[actix_web::test]
async fn a_lost_answer_is_given_again() {
    for kind in Kind::BOTH {
        let scene = Scene::on(kind).await;
        let lost = scene.refresh(&scene.token()).await;

        let again = scene.refresh(&scene.token()).await;

        assert_eq!(again.status, 200);
        assert_eq!(again.text("refresh_token"), lost.text("refresh_token"));
        assert_eq!(
            scene.refresh(&again.text("refresh_token")).await.status,
            200
        );
    }
}

#[actix_web::test]
async fn twenty_parallel_refreshes_all_get_a_working_successor_in_one_family() {
    for kind in Kind::BOTH {
        let scene = Scene::on(kind).await;
        let token = scene.token();

        let answers = join_all((0..20).map(|_| scene.refresh(&token))).await;

        assert!(
            answers.iter().all(|answer| answer.status == 200),
            "{answers:?}"
        );
        let successors: BTreeSet<_> = answers
            .iter()
            .map(|answer| answer.text("refresh_token"))
            .collect();
        assert_eq!(successors.len(), 1);
        for answer in &answers {
            assert_eq!(
                scene
                    .app
                    .userinfo(&answer.text("access_token"))
                    .await
                    .status,
                200
            );
        }
        let successor = successors.first().unwrap();
        assert_eq!(scene.refresh(successor).await.status, 200);
        assert_eq!(scene.app.events(EventKind::RefreshTokenReplayed), 0);
    }
}

#[actix_web::test]
async fn a_spent_token_that_comes_back_after_its_successor_was_used_kills_the_family() {
    for kind in Kind::BOTH {
        let scene = Scene::on(kind).await;
        let second = scene.refresh(&scene.token()).await;
        let third = scene.refresh(&second.text("refresh_token")).await;

        let stolen = scene.refresh(&scene.token()).await;

        stolen.assert_refused(400, "invalid_grant", REPLAYED);
        assert_eq!(scene.app.events(EventKind::RefreshTokenReplayed), 1);
        for answer in [&scene.first, &second, &third] {
            assert_eq!(
                scene
                    .app
                    .userinfo(&answer.text("access_token"))
                    .await
                    .status,
                401
            );
        }
        let next = scene.refresh(&third.text("refresh_token")).await;
        next.assert_refused(400, "invalid_grant", UNKNOWN);
    }
}

#[actix_web::test]
async fn a_refresh_token_of_one_client_is_useless_to_another() {
    let scene = Scene::on(Kind::Sqlite).await;
    let thief = scene.app.client("thief", |_| ());

    let stolen = scene.app.refresh(("thief", &thief), &scene.token()).await;

    stolen.assert_refused(400, "invalid_grant", UNKNOWN);
    assert_eq!(
        scene.refresh(&scene.token()).await.status,
        200,
        "the thief spent nothing"
    );
}

#[actix_web::test]
async fn a_malformed_overlong_or_foreign_refresh_token_is_unknown() {
    let scene = Scene::on(Kind::Sqlite).await;
    let access_token = scene.first.text("access_token");
    let foreign = format!("gai_rt_{}", "A".repeat(43));
    let overlong = format!("{}{}", scene.token(), "A".repeat(5_000));

    for token in ["x", &access_token, &foreign, &overlong, "é"] {
        scene
            .refresh(token)
            .await
            .assert_refused(400, "invalid_grant", UNKNOWN);
    }
    assert_eq!(scene.refresh(&scene.token()).await.status, 200);
}

#[actix_web::test]
async fn a_refresh_may_ask_for_less_and_the_successor_keeps_the_whole() {
    let scene = Scene::on(Kind::Sqlite).await;

    let narrowed = scene.refresh_for(&scene.token(), "email").await;

    assert_eq!(narrowed.json()["scope"], "email");
    assert_eq!(
        narrowed.json().get("id_token"),
        None,
        "no openid, no ID token"
    );
    assert_eq!(
        scene
            .app
            .userinfo(&narrowed.text("access_token"))
            .await
            .status,
        403
    );
    let whole = scene.refresh(&narrowed.text("refresh_token")).await;
    assert_eq!(whole.json()["scope"], "email offline_access openid");
}

#[actix_web::test]
async fn a_scope_that_a_client_may_not_have_any_more_is_in_no_new_token() {
    let scene = Scene::on(Kind::Sqlite).await;
    scene.app.change_client("course", |settings| {
        settings.scope = ScopeSet::parse("openid offline_access").unwrap();
    });

    let refreshed = scene.refresh(&scene.token()).await;

    assert_eq!(refreshed.json()["scope"], "offline_access openid");
    let client = ("course", scene.secret.as_str());
    let form = [("token", &*refreshed.text("access_token"))];
    let introspected = scene.app.post_as("/introspect", client, &form).await;
    assert_eq!(introspected.json()["scope"], "offline_access openid");
}

#[actix_web::test]
async fn a_refresh_that_asks_for_more_is_refused_and_loses_nothing() {
    let scene = Scene::on(Kind::Sqlite).await;

    let wider = scene.refresh_for(&scene.token(), "email profile").await;

    wider.assert_refused(
        400,
        "invalid_scope",
        "The scope goes beyond what was granted.",
    );
    assert_eq!(scene.refresh(&scene.token()).await.status, 200);
    assert_eq!(scene.app.events(EventKind::RefreshTokenReplayed), 0);
}

#[actix_web::test]
async fn a_refresh_token_ends_when_it_is_not_used_for_14_days() {
    let scene = Scene::on(Kind::Sqlite).await;
    scene.app.clock.advance(14 * DAY);

    scene
        .refresh(&scene.token())
        .await
        .assert_refused(400, "invalid_grant", UNKNOWN);
}

#[actix_web::test]
async fn a_chain_of_refresh_tokens_ends_after_90_days_of_use() {
    let scene = Scene::on(Kind::Sqlite).await;
    let mut token = scene.token();
    for _ in 0..8 {
        scene.app.clock.advance(11 * DAY);
        token = scene.refresh(&token).await.text("refresh_token");
    }
    scene.app.clock.advance(2 * DAY);

    scene
        .refresh(&token)
        .await
        .assert_refused(400, "invalid_grant", UNKNOWN);
}

#[actix_web::test]
async fn a_refresh_token_of_a_public_client_needs_its_id_alone() {
    let app = TestProvider::on_sqlite();
    app.public_client("spa");
    let scope = "openid offline_access";
    let code = app.code(&TestCode {
        scope,
        ..TestCode::of("spa", &app.ada())
    });
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "spa"),
        ("code", &code),
        ("redirect_uri", crate::testing::REDIRECT_URI),
        ("code_verifier", crate::testing::VERIFIER),
    ];
    let token = app.post("/token", &form).await.text("refresh_token");

    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "spa"),
        ("refresh_token", &token),
    ];

    assert_eq!(app.post("/token", &form).await.status, 200);
}
