//! Tabs, Back and double clicks.

use acceptance::on_both;

const ADA: &str = "ada@example.test";

#[tokio::test]
async fn two_tabs_sign_in_without_disturbing_each_other() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let admissions = app.relying_party("admissions").await;
        let mut first = app.browser();
        first.open(course.authorization_url()).await;
        let mut second = first.new_tab();
        second.open(admissions.authorization_url()).await;
        assert_eq!(first.cookies, second.cookies, "one cookie for both");

        first.fill("Email address", ADA).press("Continue").await;
        second
            .fill("Email address", "bob@example.test")
            .press("Continue")
            .await;
        let codes = [
            app.mailbox().last_code_for(ADA).await,
            app.mailbox().last_code_for("bob@example.test").await,
        ];
        second
            .fill("Code", &codes[1])
            .press("Continue")
            .await
            .press("Continue")
            .await;
        let bob = admissions.redeem(second.landed_on()).await;
        // The next person at this browser signs him out.
        assert_eq!(admissions.userinfo(&bob).await["email"], "bob@example.test");
        first.cookies.clone_from(&second.cookies);
        first
            .fill("Code", &codes[0])
            .press("Continue")
            .await
            .press("Continue")
            .await;
        let ada = course.redeem(first.landed_on()).await;

        assert_ne!(ada.sub(), bob.sub());
        assert_eq!(course.userinfo(&ada).await["email"], ADA);
    })
    .await;
}

#[tokio::test]
async fn a_tab_that_waited_goes_on_silently_when_another_has_signed_in() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let admissions = app.relying_party("admissions").await;
        let mut waiting = app.browser();
        waiting.open(admissions.authorization_url()).await;
        let mut busy = waiting.new_tab();
        busy.open(course.authorization_url()).await;
        let ada = course.redeem(busy.sign_in(ADA, &app.mailbox()).await).await;

        waiting.cookies.clone_from(&busy.cookies);
        waiting.reload().await;

        assert_eq!(
            admissions.redeem(waiting.landed_on()).await.sub(),
            ada.sub()
        );
    })
    .await;
}

#[tokio::test]
async fn back_after_the_end_begins_the_same_request_again_and_succeeds_silently() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        let first = browser.sign_in(ADA, &app.mailbox()).await;
        let state = first.parameter("state").to_owned();
        let mails = app.mailbox().all().await.len();

        for _ in 0..3 {
            browser.back().reload().await;
            let again = browser.landed_on();
            assert_eq!(again.parameter("state"), state);
            assert_ne!(again.parameter("code"), first.parameter("code"));
            assert_ne!(again.parameter("code"), "");
        }
        let resume = browser
            .trail
            .iter()
            .find(|path| path.starts_with("/authorize/resume/"));
        let resume = resume.unwrap().clone();
        browser.open(&resume).await;
        assert_eq!(
            browser.landed_on().parameter("state"),
            state,
            "resumed twice"
        );
        assert_eq!(app.mailbox().all().await.len(), mails, "no mail");
        course.redeem(browser.landed_on()).await;
    })
    .await;
}

#[tokio::test]
async fn a_form_that_is_sent_twice_does_its_work_once() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        browser.fill("Email address", ADA).press("Continue").await;
        let code = app.mailbox().last_code_for(ADA).await;

        let mut twice = browser.clone();
        twice.fill("Code", &code).press("Continue").await;
        browser.fill("Code", &code).press("Continue").await;
        assert_eq!(
            (twice.heading(), browser.heading()),
            ("Account created".into(), "Account created".into())
        );

        let mut again = browser.clone();
        browser.press("Continue").await;
        again.cookies.clone_from(&browser.cookies);
        again.press("Continue").await;
        assert_eq!(
            browser.landed_on().parameter("state"),
            again.landed_on().parameter("state")
        );
        course.redeem(again.landed_on()).await;
        let rows = app.rows().await;
        assert_eq!((rows["users"], rows["outbox"]), (1, 1));
    })
    .await;
}
