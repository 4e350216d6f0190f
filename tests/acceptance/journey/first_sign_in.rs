//! Somebody signs in for the first time.

use acceptance::on_both;
use serde_json::json;

#[tokio::test]
async fn a_teacher_signs_in_with_an_emailed_code_for_the_first_time() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();

        browser.open(course.authorization_url()).await;
        assert_eq!(browser.heading(), "Enter your email address");
        assert!(
            browser
                .text()
                .contains("Register for a course uses Get an identity")
        );

        browser
            .fill("Email address", "Ada@example.test")
            .press("Continue")
            .await;
        assert_eq!(browser.heading(), "Check your email");
        assert!(
            browser
                .text()
                .contains("We have sent an email to Ada@example.test.")
        );

        let code = app.mailbox().last_code_for("Ada@example.test").await;
        browser.fill("Code", &code).press("Continue").await;
        assert_eq!(browser.heading(), "Account created");
        assert!(
            browser
                .text()
                .contains("Your account uses Ada@example.test.")
        );
        browser.press("Continue").await;

        let tokens = course.redeem(browser.landed_on()).await;
        let userinfo = course.userinfo(&tokens).await;
        assert_eq!(
            userinfo,
            json!({
                "sub": tokens.sub(),
                "email": "Ada@example.test",
                "email_verified": true,
                "updated_at": app.now(),
            })
        );
        let claims = &tokens.claims;
        assert_eq!(claims["auth_time"], app.now());
        assert_eq!(claims["amr"], json!(["email"]));
        assert_eq!(
            claims.get("email"),
            None,
            "only userinfo tells more than who it is"
        );
    })
    .await;
}

#[tokio::test]
async fn the_new_account_is_confirmed_by_email() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        browser.sign_in("ada@example.test", &app.mailbox()).await;

        app.deliver_mail().await;

        let mails = app.mailbox().to("ada@example.test").await;
        assert_eq!(mails.len(), 2);
        assert!(
            mails[0]
                .text
                .contains("You now have an account with Get an identity.")
        );
        assert!(
            mails[0]
                .text
                .contains("when you signed in to Register for a course")
        );
    })
    .await;
}
