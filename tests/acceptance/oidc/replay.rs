//! Codes and refresh tokens that are used more than once (RFC 6749 §4.1.2, RFC 9700 §4.14).

use std::time::Duration;

use acceptance::{Answer, App, Landing, clients, on_both};
use futures::future::join_all;
use serde_json::{Value, json};

const REPLAYED: &str = "The authorization code was used before; what it gave is revoked.";
/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

const REQUEST: &str = "/authorize?client_id=course&response_type=code\
    &redirect_uri=https%3A%2F%2Fcourse.example%2Fcallback&scope=openid+email+offline_access\
    &code_challenge_method=S256&code_challenge=";

async fn a_code(app: &App) -> Landing {
    let mut browser = app.browser();
    browser.open(format!("{REQUEST}{CHALLENGE}")).await;
    browser.sign_in("ada@example.test", &app.mailbox()).await
}

async fn redeem(app: &App, client: &str, code: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", "https://course.example/callback"),
        ("code_verifier", VERIFIER),
    ];
    app.wire()
        .post_as((client, clients::SECRET), "/token", &form)
        .await
}

async fn refresh(app: &App, token: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    app.wire()
        .post_as(("course", clients::SECRET), "/token", &form)
        .await
}

fn text(answer: &Value, key: &str) -> String {
    answer[key]
        .as_str()
        .unwrap_or_else(|| panic!("{key} in {answer}"))
        .to_owned()
}

async fn assert_is_dead(app: &App, granted: &Value) {
    let access = text(granted, "access_token");
    assert_eq!(
        app.wire().get_with_token("/userinfo", &access).await.status,
        401
    );
    let told = app
        .wire()
        .post_as(
            ("course", clients::SECRET),
            "/introspect",
            &[("token", &access)],
        )
        .await;
    assert_eq!(told.json(), json!({ "active": false }));
    let again = refresh(app, &text(granted, "refresh_token")).await;
    assert_eq!(
        (again.status.as_u16(), &again.json()["error"]),
        (400, &json!("invalid_grant"))
    );
}

#[tokio::test]
async fn of_sixteen_parallel_redemptions_one_wins_and_what_it_got_is_revoked() {
    on_both(async |app| {
        let landing = a_code(&app).await;
        let code = landing.parameter("code");

        let answers = join_all((0..16).map(|_| redeem(&app, "course", code))).await;

        let (won, lost): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 15));
        for refusal in lost {
            refusal.assert_refuses(400, "invalid_grant", REPLAYED);
        }
        assert_is_dead(&app, &won[0].json()).await;
    })
    .await;
}

#[tokio::test]
async fn a_code_replayed_half_a_minute_later_revokes_as_well() {
    on_both(async |app| {
        let landing = a_code(&app).await;
        let code = landing.parameter("code");
        let granted = redeem(&app, "course", code).await.json();
        let renewed = refresh(&app, &text(&granted, "refresh_token")).await.json();

        app.advance(Duration::from_secs(30));
        redeem(&app, "course", code)
            .await
            .assert_refuses(400, "invalid_grant", REPLAYED);

        assert_is_dead(&app, &granted).await;
        assert_is_dead(&app, &renewed).await;
    })
    .await;
}

#[tokio::test]
async fn a_code_for_one_client_is_useless_to_another_and_still_good_for_its_own() {
    on_both(async |app| {
        let landing = a_code(&app).await;
        let code = landing.parameter("code");
        let before = app.rows().await;

        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", "https://course.example/callback"),
            ("code_verifier", VERIFIER),
            ("client_id", "admissions"),
            ("client_secret", clients::SECRET),
        ];
        let unknown = "The authorization code is not known, or not of this client.";
        app.wire()
            .post("/token", &form)
            .await
            .assert_refuses(400, "invalid_grant", unknown);
        assert_eq!(app.rows().await, before, "nothing was issued");

        assert_eq!(redeem(&app, "course", code).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_code_lives_for_a_minute() {
    on_both(async |app| {
        let landing = a_code(&app).await;
        app.advance(Duration::from_secs(60));

        let refused = redeem(&app, "course", landing.parameter("code")).await;

        refused.assert_refuses(400, "invalid_grant", "The authorization code has expired.");
        assert_eq!(app.rows().await["grants"], 0);
    })
    .await;
}

#[tokio::test]
async fn twenty_parallel_refreshes_all_get_a_working_successor_of_one_family() {
    on_both(async |app| {
        let landing = a_code(&app).await;
        let granted = redeem(&app, "course", landing.parameter("code"))
            .await
            .json();
        let token = text(&granted, "refresh_token");

        let answers = join_all((0..20).map(|_| refresh(&app, &token))).await;

        let answers: Vec<Value> = answers.iter().map(Answer::json).collect();
        let successor = text(&answers[0], "refresh_token");
        for answer in &answers {
            assert_eq!(text(answer, "refresh_token"), successor);
            let access = text(answer, "access_token");
            assert_eq!(
                app.wire().get_with_token("/userinfo", &access).await.status,
                200
            );
        }
        assert_eq!(refresh(&app, &successor).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_whose_successor_was_used_kills_its_family() {
    on_both(async |app| {
        let landing = a_code(&app).await;
        let granted = redeem(&app, "course", landing.parameter("code"))
            .await
            .json();
        let first = text(&granted, "refresh_token");
        let second = text(&refresh(&app, &first).await.json(), "refresh_token");
        let third = refresh(&app, &second).await.json();

        refresh(&app, &first).await.assert_refuses(
            400,
            "invalid_grant",
            "The refresh token was used before; its whole family is revoked.",
        );

        assert_is_dead(&app, &third).await;
    })
    .await;
}

#[tokio::test]
async fn a_service_that_keeps_the_keys_it_knows_verifies_through_a_rotation() {
    on_both(async |app| {
        let course = app
            .relying_party("course")
            .await
            .asking_for("openid offline_access");
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        let landing = browser.sign_in("ada@example.test", &app.mailbox()).await;
        let before = course.redeem(landing).await;
        let kid = before.header["kid"].clone();

        // Announced: published, and not yet signing.
        rotate(&app).await;
        let published = app.wire().get("/jwks").await.json();
        let of_algorithm = published["keys"].as_array().unwrap();
        let rsa: Vec<_> = of_algorithm
            .iter()
            .filter(|key| key["alg"] == "RS256")
            .collect();
        assert_eq!(rsa.len(), 2);
        let tokens = course.refresh(before.refresh.as_ref().unwrap()).await;
        assert_eq!(
            tokens.header["kid"], kid,
            "the old key signs until every client knows the new"
        );
        let informed = app.relying_party("course").await;

        // Two days later it takes over, and the old key is still published.
        app.advance(Duration::from_secs(2 * 24 * 3600));
        keep_up(&app).await;
        let after = informed.refresh(tokens.refresh.as_ref().unwrap()).await;
        assert_ne!(after.header["kid"], kid);
        assert!(
            informed.still_verifies(&after.id_token),
            "it learnt the key before"
        );
        let published = app.wire().get("/jwks").await.json();
        assert!(
            published["keys"]
                .as_array()
                .unwrap()
                .iter()
                .any(|key| key["kid"] == kid)
        );

        // A hint that the old key signed is still ours.
        browser
            .open(course.end_session_url(&[("id_token_hint", &before.id_token)]))
            .await;
        assert_ne!(browser.status(), 400);
    })
    .await;
}

/// `get-an-identity key rotate --algorithm RS256`.
async fn rotate(app: &App) {
    let upkeep = app.composition().ground.upkeep.clone();
    let rotated = tokio::task::spawn_blocking(move || {
        upkeep.rotate(
            model::SigningAlgorithm::RS256,
            protocol::keys::Takeover::Announced,
        )
    });
    rotated.await.unwrap().unwrap();
    follow(app).await;
}

/// What the job does every half hour.
async fn keep_up(app: &App) {
    let upkeep = app.composition().ground.upkeep.clone();
    tokio::task::spawn_blocking(move || upkeep.keep_up())
        .await
        .unwrap()
        .unwrap();
    follow(app).await;
}

/// What every node does every half minute.
async fn follow(app: &App) {
    let composition = app.composition();
    let stored = app.store().read(storage::signing_keys::list).await.unwrap();
    composition
        .provider
        .keys
        .follow(&stored, &composition.ground.keyring)
        .unwrap();
}
