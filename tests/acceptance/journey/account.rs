//! The account area: as the provider's own client, and as others try to misuse it.

use acceptance::{App, Browser, on_both};

/// Somebody who made their account by looking at it.
async fn at_their_account(app: &App, address: &str) -> Browser {
    let mut browser = app.browser();
    browser.open("/account").await;
    browser
        .fill("Email address", address)
        .press("Continue")
        .await;
    let code = app.mailbox().last_code_for(address).await;
    browser.fill("Code", &code).press("Continue").await;
    assert_eq!(browser.heading(), "Account created");
    browser.press("Continue").await;
    browser
}

#[tokio::test]
async fn a_person_signs_in_to_their_account_as_to_any_service() {
    on_both(async |app| {
        let browser = at_their_account(&app, "ada@example.test").await;

        assert_eq!(browser.path(), "/account");
        assert_eq!(browser.heading(), "Your account");
        assert!(browser.text().contains("ada@example.test"));
        let grants = app.rows().await["grants"];
        assert_eq!(grants, 0, "the account area needs no tokens");
    })
    .await;
}

#[tokio::test]
async fn who_is_signed_in_at_a_service_sees_their_account_at_once() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        browser.sign_in("ada@example.test", &app.mailbox()).await;
        browser.trail.clear();

        browser.open("/account").await;

        assert_eq!(browser.heading(), "Your account");
        assert_eq!(browser.trail, ["/account"]);
    })
    .await;
}

#[tokio::test]
async fn the_way_back_that_an_attacker_signed_in_on_signs_nobody_else_in() {
    let app = App::start().await;
    let mut attacker = at_their_account(&app, "eve@example.test").await;
    attacker.cookies.remove("__Host-session");
    attacker.open("/account").await;
    attacker
        .fill("Email address", "eve@example.test")
        .press("Continue")
        .await;
    let code = app.mailbox().last_code_for("eve@example.test").await;
    let (method, url, form) = attacker.fill("Code", &code).filled_form("Continue");
    let mut next = attacker.ask(method, &url, &form).await.location().unwrap();
    while next.path() != "/account/signed-in" {
        let answer = attacker.ask(reqwest::Method::GET, &next, &[]).await;
        next = answer.location().unwrap();
    }

    let mut victim = app.browser();
    victim.open(next.as_str()).await;

    assert_eq!(victim.heading(), "We cannot continue from this page");
    assert!(!victim.cookies.contains_key("__Host-session"));
    let mut victim = at_their_account(&app, "ada@example.test").await;
    victim.open(next.as_str()).await;
    assert_eq!(victim.heading(), "We cannot continue from this page");
    victim.open("/account").await;
    assert!(victim.text().contains("ada@example.test"));
}

#[tokio::test]
async fn nobody_else_signs_a_person_out_of_their_account() {
    let app = App::start().await;
    let mut browser = at_their_account(&app, "ada@example.test").await;
    let forms: [&[(&str, &str)]; 3] = [
        &[("action", "sign-out")],
        &[("action", "sign-out"), ("csrf", "")],
        &[("action", "sign-out"), ("csrf", "forged")],
    ];

    for form in forms {
        browser.post_from_another_site("/end-session", form).await;
        assert_eq!(browser.heading(), "Do you want to sign out?");
        browser.post("/end-session", form).await;
        assert_eq!(browser.heading(), "Do you want to sign out?");
    }
    browser.open("/end-session").await;

    browser.open("/account").await;
    assert_eq!(browser.heading(), "Your account");
}

#[tokio::test]
async fn no_other_site_frames_the_account_or_keeps_a_hold_of_its_window() {
    let app = App::start().await;
    let mut browser = at_their_account(&app, "ada@example.test").await;

    for path in ["/account", "/account/second-factor", "/account/signed-in"] {
        let page = browser.open(path).await.page();
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
        let policy = page.header("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
    }
}

#[tokio::test]
async fn no_service_can_ask_for_a_change_in_the_account_areas_place() {
    let app = App::start().await;
    let course = app.relying_party("course").await;
    let mut browser = at_their_account(&app, "ada@example.test").await;

    for action in ["set_up_app", "remove_app", "new_recovery_codes"] {
        browser
            .open(course.authorization_url_with(&[("action", action)]))
            .await;

        let landing = browser.landed_on();
        assert_eq!(landing.parameter("error"), "invalid_request", "{action}");
        assert_eq!(landing.parameter("code"), "");
    }
}
