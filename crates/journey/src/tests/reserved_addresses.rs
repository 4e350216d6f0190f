//! A program that drives the pages in development is let through; nobody else is.

use model::email_code;

use crate::Parts;

use super::world::{DAY, HOUR, limit, on_both_with};

const FIXED: &str = "123456";

fn with_a_fixed_code(parts: &mut Parts) {
    let code = email_code::parse(FIXED).unwrap();
    parts.reserved_addresses.fixed_code = Some(code);
}

#[actix_web::test]
async fn an_address_that_nobody_can_have_gets_the_fixed_code() {
    on_both_with(with_a_fixed_code, async |world| {
        for address in ["ada@school.test", "Ada@Sub.Domain.EXAMPLE"] {
            let tab = world.tab().await;
            world.enter_email(&tab, address).await;
            assert_eq!(world.mailbox.code(), FIXED);
            // Asked for twice, it is still one code.
            let resent = [("action", "resend")];
            world.post(&tab, "/sign-in/email-code", &resent).await;

            let entered = world.enter_code(&tab, FIXED).await;

            entered.goes_to(tab.url("/sign-in/account-created"));
        }
    })
    .await;
}

#[actix_web::test]
async fn the_fixed_code_opens_no_address_that_somebody_can_have() {
    on_both_with(with_a_fixed_code, async |world| {
        for (sent, address) in [
            "ada@test.evil.org",
            "ada@example.test.evil",
            "ada@example.com",
            "ada.test@real.org",
            "ada@protest.org",
        ]
        .into_iter()
        .enumerate()
        {
            let tab = world.tab().await;
            world.enter_email(&tab, address).await;

            let entered = world.enter_code(&tab, FIXED).await;

            entered.shows(400, "The code you entered is not correct");
            world.assert_nothing_came_of(&tab, sent + 1).await;
            assert_ne!(world.mailbox.code(), FIXED);
        }
    })
    .await;
}

#[actix_web::test]
async fn a_code_that_nobody_asked_for_is_no_code_though_it_is_the_fixed_one() {
    on_both_with(with_a_fixed_code, async |world| {
        let tab = world.tab().await;

        let entered = world.enter_code(&tab, FIXED).await;

        entered.goes_to(tab.url("/sign-in/email"));
        world.assert_nothing_came_of(&tab, 0).await;
    })
    .await;
}

#[actix_web::test]
async fn reserved_addresses_have_a_limit_of_their_own_and_use_up_nobody_elses() {
    let strict = |parts: &mut Parts| {
        let one = limit(1, DAY);
        parts.limits.sends_per_address = one;
        parts.limits.sends_per_address_long = one;
        parts.limits.sends_per_client_address = one;
        parts.limits.sends_in_all = one;
        parts.limits.tries_per_address = one;
        parts.limits.tries_per_client_address = one;
        parts.limits.tries_in_all = one;
        parts.reserved_addresses.limit = Some(limit(8, HOUR));
    };
    on_both_with(strict, async |world| {
        for _ in 0..8 {
            let tab = world.tab().await;
            let sent = world.enter_email(&tab, "robot@example.test").await;
            sent.goes_to(tab.url("/sign-in/email-code"));
            let wrong = world.enter_code(&tab, &world.wrong_code()).await;
            assert_eq!(wrong.status, 400);
        }
        let ninth = world
            .enter_email(&world.tab().await, "robot@example.test")
            .await;
        ninth.shows(429, "You have asked for too many codes");

        let person = world.tab().await;
        let sent = world.enter_email(&person, "ada@example.com").await;
        sent.goes_to(person.url("/sign-in/email-code"));
        let wrong = world.enter_code(&person, &world.wrong_code()).await;
        assert_eq!(wrong.status, 400);
        let again = world.enter_code(&person, &world.mailbox.code()).await;
        again.shows(429, "You have tried too many codes");
        let another = world.tab().await.at("198.51.100.9");
        let refused = world.enter_email(&another, "ada@example.com").await;
        refused.shows(429, "You have asked for too many codes");
    })
    .await;
}
