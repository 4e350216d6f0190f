//! Somebody comes back: what they are asked, and what the service may ask of them.

use std::time::Duration;

use acceptance::{App, Browser, ISSUER, RelyingParty, on_both};

const ADA: &str = "ada@example.test";
const BOB: &str = "bob@example.test";

/// Somebody who signed in to a service a minute ago, in a browser.
async fn signed_in(
    app: &App,
    service: &RelyingParty,
    address: &str,
) -> (Browser, acceptance::Tokens) {
    let mut browser = app.browser();
    browser.open(service.authorization_url()).await;
    let landing = browser.sign_in(address, &app.mailbox()).await;
    let tokens = service.redeem(landing).await;
    app.advance(Duration::from_secs(60));
    browser.trail.clear();
    (browser, tokens)
}

#[tokio::test]
async fn a_returning_person_sees_two_pages() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (_, before) = signed_in(&app, &course, ADA).await;
        let mut elsewhere = app.browser();

        elsewhere.open(course.authorization_url()).await;
        elsewhere
            .fill("Email address", " ADA@Example.test ")
            .press("Continue")
            .await;
        let code = app.mailbox().last_code_for("ADA@Example.test").await;
        elsewhere
            .fill("Code", &format!(" {}-{} ", &code[..3], &code[3..]))
            .press("Continue")
            .await;

        let tokens = course.redeem(elsewhere.landed_on()).await;
        assert_eq!(tokens.sub(), before.sub());
        assert_ne!(tokens.claims["sid"], before.claims["sid"]);
        assert_eq!(tokens.claims["auth_time"], app.now());
    })
    .await;
}

#[tokio::test]
async fn a_live_session_signs_in_to_every_service_without_a_page() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let admissions = app.relying_party("admissions").await;
        let (mut browser, before) = signed_in(&app, &course, ADA).await;

        browser
            .open(admissions.authorization_url_with(&[("prompt", "none")]))
            .await;

        let tokens = admissions.redeem(browser.landed_on()).await;
        assert_eq!(browser.trail, ["/authorize"]);
        assert_eq!(tokens.sub(), before.sub());
        assert_eq!(tokens.claims["sid"], before.claims["sid"]);
        assert_eq!(
            tokens.claims["auth_time"], before.claims["auth_time"],
            "it does not slide"
        );
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_when_it_is_not_used_for_an_hour_and_after_twelve_in_any_case() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut idle, _) = signed_in(&app, &course, ADA).await;
        let mut busy = idle.clone();
        let silent = || course.authorization_url_with(&[("prompt", "none")]);

        app.advance(Duration::from_secs(58 * 60));
        busy.open(silent()).await;
        assert_ne!(busy.landed_on().parameter("code"), "");
        app.advance(Duration::from_secs(59 * 60));
        busy.open(silent()).await;
        assert_ne!(
            busy.landed_on().parameter("code"),
            "",
            "its use has kept it"
        );

        for _ in 0..11 {
            app.advance(Duration::from_secs(59 * 60));
            busy.open(silent()).await;
        }
        assert_eq!(busy.landed_on().parameter("error"), "login_required");
        idle.open(silent()).await;
        assert_eq!(idle.landed_on().parameter("error"), "login_required");
    })
    .await;
}

#[tokio::test]
async fn a_session_that_nobody_uses_ends_within_an_hour() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut browser, _) = signed_in(&app, &course, ADA).await;

        app.advance(Duration::from_secs(60 * 60 + 1));
        browser.open(course.authorization_url()).await;

        assert_eq!(browser.heading(), "Enter your email address");
    })
    .await;
}

#[tokio::test]
async fn prompt_login_asks_for_a_new_code_though_the_session_lives() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut browser, before) = signed_in(&app, &course, ADA).await;

        browser
            .open(course.authorization_url_with(&[("prompt", "login")]))
            .await;
        assert_eq!(browser.heading(), "Enter your email address");
        let landing = browser.sign_in(ADA, &app.mailbox()).await;

        let tokens = course.redeem(landing).await;
        assert_eq!(tokens.sub(), before.sub());
        assert_eq!(tokens.claims["auth_time"], app.now());
    })
    .await;
}

#[tokio::test]
async fn max_age_asks_again_only_when_the_sign_in_is_too_old() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut browser, _) = signed_in(&app, &course, ADA).await;

        browser
            .open(course.authorization_url_with(&[("max_age", "60")]))
            .await;
        assert_eq!(
            course.redeem(browser.landed_on()).await.claims["auth_time"],
            app.now() - 60
        );

        for max_age in ["59", "0"] {
            browser
                .open(course.authorization_url_with(&[("max_age", max_age)]))
                .await;
            assert_eq!(
                browser.heading(),
                "Enter your email address",
                "max_age={max_age}"
            );
        }
        let landing = browser.sign_in(ADA, &app.mailbox()).await;
        assert_eq!(course.redeem(landing).await.claims["auth_time"], app.now());

        app.advance(Duration::from_secs(1));
        let silent = course.authorization_url_with(&[("max_age", "0"), ("prompt", "none")]);
        browser.open(silent).await;
        assert_eq!(browser.landed_on().parameter("error"), "login_required");
    })
    .await;
}

#[tokio::test]
async fn select_account_offers_the_account_of_the_session_or_another() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut browser, ada) = signed_in(&app, &course, ADA).await;
        let choose = || course.authorization_url_with(&[("prompt", "select_account")]);

        browser.open(choose()).await;
        assert_eq!(browser.heading(), "Choose the account to use");
        assert!(
            browser
                .text()
                .contains("You are signed in as ada@example.test.")
        );
        browser.press("Continue with this account").await;
        let tokens = course.redeem(browser.landed_on()).await;
        assert_eq!(tokens.sub(), ada.sub());
        assert_eq!(tokens.claims["auth_time"], ada.claims["auth_time"]);

        app.advance(Duration::from_secs(1));
        browser
            .open(choose())
            .await
            .press("Use another email address")
            .await;
        assert_eq!(browser.heading(), "Enter your email address");
        let landing = browser.sign_in(BOB, &app.mailbox()).await;
        assert_ne!(course.redeem(landing).await.sub(), ada.sub());
    })
    .await;
}

#[tokio::test]
async fn somebody_elses_service_is_told_nothing_that_the_person_did_not_allow() {
    on_both(async |app| {
        let library = app.relying_party("library").await;
        let (mut browser, _) = signed_in(&app, &app.relying_party("course").await, ADA).await;

        browser
            .open(library.authorization_url_with(&[("prompt", "none")]))
            .await;
        assert_eq!(browser.landed_on().parameter("error"), "consent_required");

        browser
            .open(library.authorization_url_with(&[("state", "af0ifjsldkj")]))
            .await;
        assert_eq!(
            browser.landed_on().parameter("error"),
            "invalid_request",
            "state came twice"
        );

        browser.open(library.authorization_url()).await;
        assert_eq!(browser.heading(), "Share your information with The library");
        assert!(
            browser.text().contains("see your email address"),
            "{}",
            browser.text()
        );
        let before = app.rows().await;
        browser.press("Do not share").await;

        let landing = browser.landed_on();
        assert_eq!(landing.parameter("error"), "access_denied");
        assert_eq!(landing.parameter("iss"), ISSUER);
        assert_ne!(landing.parameter("state"), "");
        assert_eq!(landing.parameters.len(), 4, "{landing:?}");
        let after = app.rows().await;
        for table in ["authorization_codes", "consents", "access_tokens"] {
            assert_eq!(after[table], before[table], "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn consent_is_remembered_until_the_service_wants_more_or_asks_again() {
    on_both(async |app| {
        let library = app
            .relying_party("library")
            .await
            .asking_for("openid profile");
        let (mut browser, _) = signed_in(&app, &app.relying_party("course").await, ADA).await;
        browser
            .open(library.authorization_url())
            .await
            .press("Agree and continue")
            .await;
        assert_eq!(
            library.redeem(browser.landed_on()).await.scope,
            "openid profile"
        );

        app.advance(Duration::from_secs(1));
        browser
            .open(library.authorization_url_with(&[("prompt", "none")]))
            .await;
        assert_ne!(browser.landed_on().parameter("code"), "");

        browser
            .open(library.authorization_url_with(&[("prompt", "consent")]))
            .await;
        assert_eq!(browser.heading(), "Share your information with The library");

        let library = library.asking_for("openid email profile");
        browser.open(library.authorization_url()).await;
        assert_eq!(browser.heading(), "Share your information with The library");
        browser.press("Agree and continue").await;
        let tokens = library.redeem(browser.landed_on()).await;
        assert_eq!(library.userinfo(&tokens).await["email"], ADA);
    })
    .await;
}

#[tokio::test]
async fn a_login_hint_stands_in_the_field_already() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();

        browser
            .open(course.authorization_url_with(&[("login_hint", ADA)]))
            .await;
        assert_eq!(browser.value_of("Email address"), ADA);

        browser
            .open(course.authorization_url_with(&[("login_hint", "\"><script>")]))
            .await;
        assert_eq!(
            browser.value_of("Email address"),
            "",
            "only an address is a hint"
        );
    })
    .await;
}

#[tokio::test]
async fn an_id_token_hint_lets_only_that_person_in() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let (mut adas, ada) = signed_in(&app, &course, ADA).await;
        let (mut bobs, _) = signed_in(&app, &course, BOB).await;
        // A hint may have expired long ago.
        app.advance(Duration::from_secs(50 * 60));
        let hinted = [("id_token_hint", ada.id_token.as_str()), ("prompt", "none")];

        adas.open(course.authorization_url_with(&hinted)).await;
        assert_eq!(course.redeem(adas.landed_on()).await.sub(), ada.sub());

        let before = app.rows().await;
        for parameters in [&hinted[..], &hinted[..1]] {
            bobs.open(course.authorization_url_with(parameters)).await;
            assert_eq!(bobs.landed_on().parameter("error"), "login_required");
        }
        assert_eq!(
            app.rows().await,
            before,
            "nothing was issued, nothing was asked"
        );

        // Nobody is signed in: somebody else who signs in is refused at the end.
        let mut third = app.browser();
        third
            .open(course.authorization_url_with(&hinted[..1]))
            .await;
        let landing = third.sign_in(BOB, &app.mailbox()).await;
        assert_eq!(landing.parameter("error"), "login_required");
        assert_eq!(landing.parameter("code"), "");
    })
    .await;
}
