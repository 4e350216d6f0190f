use model::event::EventKind;
use model::interaction::{Outcome, RefusalReason};

use super::world::{MINUTE, on_both};

#[actix_web::test]
async fn opening_a_link_signs_nobody_in_and_its_button_does() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let (code, link) = (world.mailbox.code(), world.mailbox.link());

        for _ in 0..3 {
            let page = world.open(&tab, &link).await;
            page.shows(200, "Sign in to Demo service");
            page.shows(200, "ada@example.test");
        }
        world.assert_nothing_came_of(&tab, 1).await;
        let pressed = world.post(&tab, &link, &[("action", "continue")]).await;

        pressed.goes_to(tab.url("/sign-in/account-created"));
        assert_eq!(world.events(EventKind::SignedIn).await, 1);
        let entered = world.enter_code(&tab, &code).await;
        entered.goes_to(tab.url("/sign-in/account-created"));
        assert_eq!(world.events(EventKind::SignedIn).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn a_link_in_another_browser_says_nothing_and_does_nothing() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let link = world.mailbox.link();
        let other_interaction = world.tab().await;

        for stranger in [
            tab.copied_elsewhere(),
            tab.without_cookies(),
            other_interaction,
        ] {
            let opened = world.open(&stranger, &link).await;
            let pressed = world.post(&stranger, &link, &[]).await;

            for page in [opened, pressed] {
                page.shows(403, "Go back to where you started");
                assert!(!page.body.contains("ada@example.test"));
                assert!(!page.body.contains("Demo service"));
            }
        }
        world.assert_nothing_came_of(&tab, 1).await;
    })
    .await;
}

#[actix_web::test]
async fn a_used_link_is_spent() {
    on_both(async |world| {
        world.account_of("ada@example.test").await;
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let link = world.mailbox.link();
        world.post(&tab, &link, &[]).await.goes_to(tab.return_to());

        world
            .open(&tab, &link)
            .await
            .shows(410, "This link no longer works");
        world
            .post(&tab, &link, &[])
            .await
            .shows(410, "This link no longer works");

        assert_eq!(world.events(EventKind::SignedIn).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn a_button_pressed_twice_at_once_signs_in_once() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let link = world.mailbox.link();

        let answers = world.post_all(&tab, &link, [vec![], vec![]]).await;

        let went_on = answers.iter().filter(|answer| answer.status == 303).count();
        assert_eq!(went_on, 1);
        assert_eq!(world.events(EventKind::SignedIn).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn an_expired_link_leads_back_to_the_sign_in_that_goes_on() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let link = world.mailbox.link();
        world.clock.advance(15 * MINUTE);

        let page = world.open(&tab, &link).await;

        page.shows(410, "This link no longer works");
        page.shows(410, "Go back to your sign-in");
        world.assert_nothing_came_of(&tab, 1).await;
    })
    .await;
}

#[actix_web::test]
async fn what_was_never_a_link_is_spent_too() {
    on_both(async |world| {
        let tab = world.tab().await;

        for token in ["x", "gai_el_short", &format!("gai_el_{}", "A".repeat(43))] {
            let page = world.open(&tab, &format!("/sign-in/link/{token}")).await;
            page.shows(410, "This link no longer works");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_forged_press_of_the_button_does_nothing() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let link = world.mailbox.link();

        for fields in [&[][..], &[("csrf", "AAAA")]] {
            let forged = world.post_bare(&tab, &link, fields).await;
            forged.shows(403, "This form can no longer be sent");
        }

        world.assert_nothing_came_of(&tab, 1).await;
        world
            .open(&tab, &link)
            .await
            .shows(200, "Sign in to Demo service");
    })
    .await;
}

#[actix_web::test]
async fn a_person_may_cancel_at_the_link() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let link = world.mailbox.link();

        let cancelled = world.post(&tab, &link, &[("action", "cancel")]).await;

        cancelled.goes_to(tab.return_to());
        assert_eq!(
            world.interaction(&tab).await.outcome,
            Some(Outcome::Refused {
                reason: RefusalReason::Declined
            })
        );
        world
            .open(&tab, &link)
            .await
            .shows(410, "This link no longer works");
    })
    .await;
}
