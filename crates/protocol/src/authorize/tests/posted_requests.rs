//! Requests that a browser brings in another site's form, without our cookies.

use storage::testing::Kind;

use super::*;
use crate::testing::{CODE_REQUEST, ISSUER, REDIRECT_URI, TestProvider, posted};

/// What the service sends a browser with.
fn form<'a>(beside: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let named = [("client_id", "service")];
    let is_beside = |name: &str| beside.iter().any(|(it, _)| *it == name);
    let usual = CODE_REQUEST.iter().filter(|(name, _)| !is_beside(name));
    named.iter().chain(usual).chain(beside).copied().collect()
}

async fn post(app: &TestProvider, form: &[(&str, &str)]) -> Answer {
    app.send(posted("/authorize", form)).await
}

/// Where the browser is to ask again, by GET.
#[track_caller]
fn again(answer: &Answer) -> &str {
    assert_eq!(answer.status, 303);
    let location = answer.header("location").unwrap();
    let name =
        "/authorize?client_id=service&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3A";
    assert!(location.starts_with(name), "{location}");
    location
}

/// The attack on whoever shares a computer, or reads a proxy's log: an address in a URL.
#[actix_web::test]
async fn nothing_of_a_posted_form_stands_in_the_url_that_asks_again() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        app.client("service", |_| ());

        let answer = post(&app, &form(&[("login_hint", "ada@example.test")])).await;

        let location = again(&answer);
        assert!(!location.contains("ada"), "{location}");
        assert!(location.len() < 200, "{location}");
        assert!(app.browser().open(location).await.is_question());
        assert!(
            answer.header("set-cookie").is_none(),
            "it may have a cookie"
        );
    }
}

#[actix_web::test]
async fn a_form_longer_than_a_url_sees_the_live_session_too() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        app.client("service", |_| ());
        let mut browser = app.browser();
        browser.sign_in(&app.ada()).await;
        let state = "s".repeat(12_000);
        let form = form(&[("state", &state), ("prompt", "none")]);

        let answer = post(&app, &form).await;
        let back = browser.open(again(&answer)).await;

        assert!(back.parameter("code").is_some(), "{back:?}");
        assert_eq!(back.parameter("state"), Some(state));
    }
}

#[actix_web::test]
async fn a_form_of_more_than_16_kib_is_refused() {
    let app = TestProvider::on_sqlite();
    app.client("service", |_| ());
    let state = "s".repeat(16_384);

    let answer = post(&app, &form(&[("state", &state)])).await;

    answer.assert_sent_back(&[
        ("error", "invalid_request"),
        (
            "error_description",
            "The authorization request is longer than 16384 bytes in all.",
        ),
        ("state", &state),
        ("iss", ISSUER),
    ]);
}

#[actix_web::test]
async fn a_form_that_cannot_be_answered_is_refused_at_once() {
    let app = TestProvider::on_sqlite();
    app.client("service", |_| ());

    let wrong = post(&app, &form(&[("response_type", "all")])).await;
    let elsewhere = form(&[("redirect_uri", "https://evil.example/")]);
    let elsewhere = post(&app, &elsewhere).await;

    assert_eq!(
        wrong.parameter("error").as_deref(),
        Some("unsupported_response_type")
    );
    assert_eq!(
        (elsewhere.status, elsewhere.header("location")),
        (400, None)
    );
}

/// The attack: a form to pass for a request that its client pushed.
#[actix_web::test]
async fn a_client_that_must_push_does_not_do_so_by_a_form() {
    let app = TestProvider::on_sqlite();
    app.client("service", |settings| {
        settings.require_pushed_authorization_requests = true;
    });

    let answer = post(&app, &form(&[])).await;

    let told = answer.parameter("error_description");
    assert!(answer.header("location").unwrap().starts_with(REDIRECT_URI));
    assert_eq!(
        told.as_deref(),
        Some("This client must push its authorization requests.")
    );
}

#[actix_web::test]
async fn a_form_that_cannot_be_kept_is_a_server_error_where_no_page_may_be_shown() {
    let app = TestProvider::on_sqlite();
    app.client("service", |_| ());
    // The client is known from now on.
    post(&app, &form(&[])).await;
    app.provider.store.revert_all().unwrap();

    let silently = post(&app, &form(&[("prompt", "none")])).await;
    let with_pages = post(&app, &form(&[])).await;

    assert_eq!(silently.parameter("error").as_deref(), Some("server_error"));
    assert_eq!(
        (with_pages.status, with_pages.header("location")),
        (500, None)
    );
}
