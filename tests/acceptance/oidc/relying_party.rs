//! A relying party on the `openidconnect` crate, all the way. Others that we did not write are in
//! `tests/browser` and `tests/relying_parties`.

use acceptance::on_both;

#[tokio::test]
async fn a_person_signs_in_stays_and_signs_out() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let course = course.asking_for("openid email offline_access");
        let mut browser = app.browser();

        browser.open(course.authorization_url()).await;
        let landing = browser.sign_in("ada@example.test", &app.mailbox()).await;
        let tokens = course.redeem(landing).await;
        assert_eq!(course.userinfo(&tokens).await["email"], "ada@example.test");

        let refreshed = course.refresh(&tokens.refresh.clone().unwrap()).await;
        assert_ne!(refreshed.access, tokens.access);
        assert_eq!(course.userinfo(&refreshed).await["sub"], *tokens.sub());

        let out = course.logout_url(&tokens, "on the way out").await;
        browser.open(out).await;
        let landing = browser.landed_on();
        assert_eq!(landing.uri, "https://course.example/signed-out");
        assert_eq!(landing.parameter("state"), "on the way out");
        browser.open(course.authorization_url()).await;
        assert_eq!(browser.heading(), "Enter your email address");
    })
    .await;
}
