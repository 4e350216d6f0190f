//! Services that get tokens from the authorization endpoint, by the `openidconnect` crate: it
//! verifies every signature, nonce and hash (OpenID Connect Core §3.2.2.11, §3.3.2.12).

use acceptance::{App, Carrier, Kind, clients};
use model::SigningAlgorithm;
use model::client::{AuthMethod, ClientSettings};
use serde_json::json;
use server::config::clients::ClientEntry;

fn web(id: &str, change: impl FnOnce(&mut ClientSettings)) -> ClientEntry {
    let mut client = clients::web(id, "Exams");
    clients::allow_every_response_type(&mut client.settings);
    change(&mut client.settings);
    client
}

/// A program in the browser, which can keep no secret.
fn in_browser() -> ClientEntry {
    let mut client = web("in-browser", |settings| {
        settings.token_endpoint_auth_method = AuthMethod::None;
    });
    client.secret = None;
    client
}

#[tokio::test]
async fn a_service_gets_id_token_and_code_at_once_and_both_say_the_same() {
    for kind in Kind::BOTH {
        let exams = web("exams", |settings| {
            settings.id_token_signed_response_alg = SigningAlgorithm::EdDsa;
        });
        let app = App::start_with(kind, vec![exams], &[]).await;
        let exams = app.relying_party("exams").await;
        let mut browser = app.browser();
        for (response_type, signed_in) in [("code id_token", false), ("code id_token token", true)]
        {
            browser
                .open(exams.authorization_url_for(response_type, &[]))
                .await;
            let landing = if signed_in {
                browser.landed_on()
            } else {
                browser.sign_in("ada@example.test", &app.mailbox()).await
            };

            assert_eq!(landing.carrier, Carrier::Fragment);
            let at_once = exams.verified_at_once(&landing);
            let tokens = exams.redeem(landing.clone()).await;

            for claim in [
                "iss",
                "sub",
                "aud",
                "sid",
                "auth_time",
                "nonce",
                "acr",
                "amr",
            ] {
                assert_eq!(at_once[claim], tokens.claims[claim], "{claim}");
            }
            assert_eq!(at_once.get("email"), None);
            let userinfo = exams.userinfo(&tokens).await;
            assert_eq!(userinfo["email"], "ada@example.test");
            if response_type.ends_with(" token") {
                let beside = landing.parameter("access_token");
                let told = app.wire().get_with_token("/userinfo", beside).await;
                assert_eq!(told.json(), userinfo);
            }
        }
    }
}

#[tokio::test]
async fn a_program_in_the_browser_gets_its_tokens_without_a_secret_or_a_challenge() {
    for kind in Kind::BOTH {
        let app = App::start_with(kind, vec![in_browser()], &[]).await;
        let program = app.relying_party("in-browser").await;
        let mut browser = app.browser();
        let silently = [("prompt", "none")];

        browser
            .open(program.authorization_url_for("id_token token", &silently))
            .await;
        let landing = browser.landed_on();
        assert_eq!(
            (landing.carrier, landing.parameter("error")),
            (Carrier::Fragment, "login_required")
        );

        browser
            .open(program.authorization_url_for("id_token token", &[]))
            .await;
        let landing = browser.sign_in("ada@example.test", &app.mailbox()).await;
        assert_eq!(landing.carrier, Carrier::Fragment);
        let claims = program.verified_at_once(&landing);
        let access = landing.parameter("access_token");
        let told = app.wire().get_with_token("/userinfo", access).await.json();
        assert_eq!(
            told,
            json!({ "sub": claims["sub"], "email": "ada@example.test", "email_verified": true, "updated_at": told["updated_at"] })
        );

        // Where nothing else comes, the ID token tells it all.
        browser
            .open(program.authorization_url_for("id_token", &silently))
            .await;
        let claims = program.verified_at_once(&browser.landed_on());
        assert_eq!(claims["email"], "ada@example.test");
    }
}

#[tokio::test]
async fn tokens_may_be_posted_and_nobody_else_sees_them_in_a_url() {
    for kind in Kind::BOTH {
        let app = App::start_with(kind, vec![web("exams", |_| ())], &[]).await;
        let exams = app.relying_party("exams").await;
        let mut browser = app.browser();
        browser.open(exams.authorization_url()).await;
        browser.sign_in("ada@example.test", &app.mailbox()).await;

        let posted = [("response_mode", "form_post")];
        browser
            .open(exams.authorization_url_for("code id_token token", &posted))
            .await
            .press("Continue")
            .await;

        let landing = browser.landed_on();
        assert_eq!(landing.carrier, Carrier::Form);
        assert_eq!(landing.uri, "https://exams.example/callback");
        exams.verified_at_once(&landing);
        exams.redeem(landing).await;
    }
}

/// The attack: a link that makes the provider put somebody's tokens into a query, which servers
/// and proxies log.
#[tokio::test]
async fn tokens_are_never_put_in_the_query() {
    let app = App::start_with(Kind::Sqlite, vec![web("exams", |_| ())], &[]).await;
    let exams = app.relying_party("exams").await;
    let mut browser = app.browser();
    browser.open(exams.authorization_url()).await;
    browser.sign_in("ada@example.test", &app.mailbox()).await;
    let before = app.rows().await;
    for response_type in ["id_token", "id_token token", "code id_token", "code token"] {
        let in_query = [("response_mode", "query")];
        browser
            .open(exams.authorization_url_for(response_type, &in_query))
            .await;

        let landing = browser.landed_on();
        let came: Vec<&str> = landing
            .parameters
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(landing.carrier, Carrier::Fragment);
        assert_eq!(came, ["error", "error_description", "state", "iss"]);
        assert_eq!(landing.parameter("error"), "invalid_request");
    }
    assert_eq!(app.rows().await, before);
}

/// The attack: a service that is registered for codes has its people sent with another response
/// type, so that tokens pass through their browsers.
#[tokio::test]
async fn a_service_of_the_code_flow_gets_no_tokens_in_the_fragment() {
    let app = App::start().await;
    let course = app.relying_party("course").await;
    let mut browser = app.browser();
    browser.open(course.authorization_url()).await;
    browser.sign_in("ada@example.test", &app.mailbox()).await;
    let before = app.rows().await;
    for response_type in ["id_token", "id_token token", "code id_token", "code token"] {
        browser
            .open(course.authorization_url_for(response_type, &[]))
            .await;

        let landing = browser.landed_on();
        assert_eq!(
            (landing.carrier, landing.parameter("error")),
            (Carrier::Fragment, "unauthorized_client")
        );
    }
    assert_eq!(app.rows().await, before);
}
