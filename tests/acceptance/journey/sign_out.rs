//! Signing out (OpenID Connect RP-Initiated Logout).

use acceptance::{App, Browser, ISSUER, RelyingParty, Tokens, on_both};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const SIGNED_OUT: &str = "https://course.example/signed-out";

async fn signed_in(app: &App, service: &RelyingParty, address: &str) -> (Browser, Tokens) {
    let mut browser = app.browser();
    browser.open(service.authorization_url()).await;
    let landing = browser.sign_in(address, &app.mailbox()).await;
    let tokens = service.redeem(landing).await;
    (browser, tokens)
}

async fn is_signed_in(browser: &Browser, service: &RelyingParty) -> bool {
    let mut tab = browser.clone();
    tab.open(service.authorization_url_with(&[("prompt", "none")]))
        .await;
    !tab.landed_on().parameter("code").is_empty()
}

#[tokio::test]
async fn with_a_good_hint_the_person_is_signed_out_and_sent_back_with_the_state() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut browser, tokens) = signed_in(&app, &course, "ada@example.test").await;

        let parameters = [
            ("id_token_hint", tokens.id_token.as_str()),
            ("post_logout_redirect_uri", SIGNED_OUT),
            ("state", "af0 ifj&ldkj"),
        ];
        browser.open(course.end_session_url(&parameters)).await;

        let landing = browser.landed_on();
        assert_eq!(landing.uri, SIGNED_OUT);
        assert_eq!(
            landing.parameters,
            [("state".to_owned(), "af0 ifj&ldkj".to_owned())]
        );
        assert!(!browser.cookies.contains_key("__Host-session"));
        assert!(!is_signed_in(&browser, &course).await);
        let userinfo = app.wire().get_with_token("/userinfo", &tokens.access).await;
        assert_eq!(userinfo.status, 401, "the session's tokens are revoked");
    })
    .await;
}

/// A person may be named, too: whose session it is says the browser.
#[tokio::test]
async fn a_service_may_post_its_request() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut browser, tokens) = signed_in(&app, &course, "ada@example.test").await;

        let form = [
            ("id_token_hint", tokens.id_token.as_str()),
            ("logout_hint", "eve@example.test"),
            ("post_logout_redirect_uri", SIGNED_OUT),
            ("state", "s"),
        ];
        browser.post_from_another_site("/end-session", &form).await;

        let landing = browser.landed_on();
        assert_eq!(landing.uri, SIGNED_OUT);
        assert_eq!(landing.parameters, [("state".to_owned(), "s".to_owned())]);
        assert!(!is_signed_in(&browser, &course).await);
    })
    .await;
}

#[tokio::test]
async fn what_the_person_allowed_while_they_are_away_outlives_the_session() {
    on_both(async |app| {
        let course = app
            .relying_party("course")
            .await
            .asking_for("openid offline_access");
        let (mut browser, tokens) = signed_in(&app, &course, "ada@example.test").await;

        browser
            .open(course.end_session_url(&[("id_token_hint", &tokens.id_token)]))
            .await;

        assert!(!is_signed_in(&browser, &course).await);
        course.refresh(tokens.refresh.as_ref().unwrap()).await;
    })
    .await;
}

#[tokio::test]
async fn a_code_is_useless_once_its_session_was_signed_out() {
    on_both(async |app| {
        for scope in ["openid", "openid offline_access"] {
            let course = app.relying_party("course").await.asking_for(scope);
            let (mut browser, tokens) = signed_in(&app, &course, "ada@example.test").await;
            let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
            let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
            browser
                .open(format!(
                    "/authorize?client_id=course&response_type=code&scope={}\
                     &redirect_uri=https%3A%2F%2Fcourse.example%2Fcallback\
                     &code_challenge_method=S256&code_challenge={challenge}&prompt=none",
                    scope.replace(' ', "+")
                ))
                .await;
            let code = browser.landed_on().parameter("code").to_owned();
            browser
                .open(course.end_session_url(&[("id_token_hint", &tokens.id_token)]))
                .await;
            let before = app.rows().await;

            let form = [
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", "https://course.example/callback"),
                ("code_verifier", verifier),
            ];
            let client = ("course", acceptance::clients::SECRET);
            let answer = app.wire().post_as(client, "/token", &form).await;

            answer.assert_refuses(400, "invalid_grant", "The authorization code has expired.");
            assert_eq!(app.rows().await, before, "nothing was issued");
        }
    })
    .await;
}

#[tokio::test]
async fn the_cookie_of_a_session_that_was_signed_out_is_worth_nothing() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut browser, tokens) = signed_in(&app, &course, "ada@example.test").await;
        let stolen = browser.clone();

        browser
            .open(course.end_session_url(&[("id_token_hint", &tokens.id_token)]))
            .await;

        assert_eq!(browser.heading(), "You have signed out");
        assert!(
            browser.text().contains("Go back to Register for a course"),
            "{}",
            browser.text()
        );
        assert!(!is_signed_in(&stolen, &course).await);
    })
    .await;
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked_first() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut browser, _) = signed_in(&app, &course, "ada@example.test").await;
        let parameters = [
            ("client_id", "course"),
            ("post_logout_redirect_uri", SIGNED_OUT),
            ("state", "s"),
        ];

        browser.open(course.end_session_url(&parameters)).await;
        assert_eq!(browser.heading(), "Do you want to sign out?");
        assert!(
            browser
                .text()
                .contains("Register for a course has asked to sign you out")
        );
        browser.press("Stay signed in").await;
        assert_eq!(browser.heading(), "You are still signed in");
        assert!(is_signed_in(&browser, &course).await);

        browser
            .open(course.end_session_url(&parameters))
            .await
            .press("Sign out")
            .await;
        assert_eq!(browser.landed_on().uri, SIGNED_OUT);
        assert_eq!(browser.landed_on().parameter("state"), "s");
        assert!(!is_signed_in(&browser, &course).await);
    })
    .await;
}

#[tokio::test]
async fn a_request_that_names_no_client_is_never_redirected() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut browser, _) = signed_in(&app, &course, "ada@example.test").await;

        let parameters = [("post_logout_redirect_uri", SIGNED_OUT), ("state", "s")];
        browser
            .open(course.end_session_url(&parameters))
            .await
            .press("Sign out")
            .await;

        assert_eq!(browser.heading(), "You have signed out");
        assert!(!is_signed_in(&browser, &course).await);
    })
    .await;
}

#[tokio::test]
async fn the_hint_of_another_persons_session_does_not_sign_this_person_out() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut adas, _) = signed_in(&app, &course, "ada@example.test").await;
        let (_, eve) = signed_in(&app, &course, "eve@example.test").await;

        adas.open(course.end_session_url(&[("id_token_hint", &eve.id_token)]))
            .await;

        assert_eq!(adas.heading(), "Do you want to sign out?");
        assert!(is_signed_in(&adas, &course).await);
    })
    .await;
}

#[tokio::test]
async fn a_logout_request_that_cannot_be_believed_gets_a_page_and_ends_nothing() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut browser, tokens) = signed_in(&app, &course, "ada@example.test").await;
        let parts: Vec<&str> = tokens.id_token.split('.').collect();
        let forged = format!(
            "{}.{}.{}",
            parts[0],
            parts[1],
            URL_SAFE_NO_PAD.encode([7; 256])
        );
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let unsigned = format!("{none}.{}.", parts[1]);
        let hint = tokens.id_token.as_str();
        let before = app.rows().await;

        for parameters in [
            &[
                ("id_token_hint", forged.as_str()),
                ("post_logout_redirect_uri", SIGNED_OUT),
            ][..],
            &[
                ("id_token_hint", unsigned.as_str()),
                ("post_logout_redirect_uri", SIGNED_OUT),
            ],
            &[("id_token_hint", "x"), ("client_id", "course")],
            &[("id_token_hint", hint), ("client_id", "admissions")],
            &[
                ("id_token_hint", hint),
                ("post_logout_redirect_uri", "https://evil.example/"),
            ],
            &[
                ("id_token_hint", hint),
                (
                    "post_logout_redirect_uri",
                    "https://course.example/signed-out/",
                ),
            ],
            &[
                ("client_id", "course"),
                ("post_logout_redirect_uri", "https://evil.example/"),
            ],
            &[
                ("client_id", "nobody"),
                ("post_logout_redirect_uri", SIGNED_OUT),
            ],
            &[("id_token_hint", hint), ("state", "1"), ("state", "2")],
        ] {
            browser.open(course.end_session_url(parameters)).await;
            assert_eq!(
                (browser.status(), browser.heading().as_str()),
                (400, "We could not understand that request"),
                "{parameters:?}"
            );
        }
        assert_eq!(app.rows().await, before);
        assert!(is_signed_in(&browser, &course).await);
    })
    .await;
}

#[tokio::test]
async fn a_hint_under_a_key_that_is_gone_is_as_good_as_none() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut browser, tokens) = signed_in(&app, &course, "ada@example.test").await;
        let parts: Vec<&str> = tokens.id_token.split('.').collect();
        let gone = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT","kid":"gone"}"#);
        let hint = format!("{gone}.{}.{}", parts[1], parts[2]);
        let parameters = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", SIGNED_OUT),
        ];

        browser.open(course.end_session_url(&parameters)).await;

        assert_eq!(browser.heading(), "Do you want to sign out?");
        browser.press("Sign out").await;
        assert_eq!(browser.heading(), "You have signed out");
        assert!(!is_signed_in(&browser, &course).await);
    })
    .await;
}

#[tokio::test]
async fn another_site_cannot_sign_a_person_out() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut browser, _) = signed_in(&app, &course, "ada@example.test").await;

        let form = [
            ("client_id", "course"),
            ("action", "sign-out"),
            ("csrf", "x"),
        ];
        browser.post_from_another_site("/end-session", &form).await;
        assert_eq!(browser.heading(), "Do you want to sign out?");
        browser.post("/end-session", &form).await;
        assert_eq!(browser.heading(), "Do you want to sign out?");

        assert!(is_signed_in(&browser, &course).await);
        assert_eq!(browser.page().url.origin().ascii_serialization(), ISSUER);
    })
    .await;
}
