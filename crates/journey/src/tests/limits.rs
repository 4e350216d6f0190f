use actix_web::http::header::RETRY_AFTER;

use crate::Parts;
use crate::mailer::MailError;

use super::world::{HOUR, MINUTE, limit, on_both, on_both_with};

#[actix_web::test]
async fn a_sixth_code_in_a_quarter_of_an_hour_is_refused_until_it_is_over() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        for _ in 0..4 {
            world
                .post(&tab, "/sign-in/email-code", &[("action", "resend")])
                .await;
        }
        world.clock.advance(3 * MINUTE);

        let refused = world
            .post(&tab, "/sign-in/email-code", &[("action", "resend")])
            .await;
        refused.shows(429, "You have asked for too many codes");
        refused.shows(429, "You can try again in 12 minutes");
        assert_eq!(refused.headers.get(RETRY_AFTER).unwrap(), "720");
        // Neither another browser nor another client address gets round it.
        let elsewhere = world.tab().await.at("198.51.100.9");
        let elsewhere_refused = world.enter_email(&elsewhere, "ADA@example.test").await;
        elsewhere_refused.shows(429, "You have asked for too many codes");
        assert_eq!(world.interaction(&elsewhere).await.answers.email, None);
        world.assert_nothing_came_of(&tab, 5).await;

        world.clock.advance(12 * MINUTE);
        world
            .post(&tab, "/sign-in/email-code", &[("action", "resend")])
            .await
            .goes_to(format!("{}&sent=again", tab.url("/sign-in/email-code")));
    })
    .await;
}

#[actix_web::test]
async fn sends_have_a_limit_by_day_by_client_address_and_in_all() {
    let settings: [fn(&mut Parts); 3] = [
        |parts| parts.limits.sends_per_address_long = limit(1, HOUR),
        |parts| parts.limits.sends_per_client_address = limit(1, HOUR),
        |parts| parts.limits.sends_in_all = limit(1, HOUR),
    ];
    for setting in settings {
        on_both_with(setting, async |world| {
            let tab = world.tab().await;
            world.enter_email(&tab, "ada@example.test").await;

            let refused = world
                .post(&tab, "/sign-in/email-code", &[("action", "resend")])
                .await;

            refused.shows(429, "You can try again in 60 minutes");
            refused.shows(429, "Cancel and go back to Demo service");
            world.assert_nothing_came_of(&tab, 1).await;
        })
        .await;
    }
}

#[actix_web::test]
async fn a_refused_send_after_the_warning_changes_nothing() {
    let never = |parts: &mut Parts| parts.limits.sends_in_all = limit(0, HOUR);
    on_both_with(never, async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "office@example.test").await;

        let refused = world.post(&tab, "/sign-in/address-warning", &[]).await;

        refused.shows(429, "You have asked for too many codes");
        assert!(!world.interaction(&tab).await.answers.keeps_address);
        world.assert_nothing_came_of(&tab, 0).await;
    })
    .await;
}

#[actix_web::test]
async fn mail_that_did_not_leave_does_not_count_against_its_addressee() {
    for fault in [
        MailError::Unavailable,
        MailError::Misconfigured,
        MailError::AddressRefused,
    ] {
        on_both(async |world| {
            let tab = world.tab().await;
            world.mailbox.fails(Some(fault));
            for _ in 0..10 {
                let failed = world.enter_email(&tab, "ada@example.test").await;
                assert_ne!(failed.status, 429);
            }

            world.mailbox.fails(None);
            for _ in 0..5 {
                let sent = world.enter_email(&tab, "ada@example.test").await;
                sent.goes_to(tab.url("/sign-in/email-code"));
            }
            assert_eq!(
                world.enter_email(&tab, "ada@example.test").await.status,
                429
            );
        })
        .await;
    }
}

#[actix_web::test]
async fn trying_out_refused_addresses_counts_against_whoever_does() {
    let three = |parts: &mut Parts| parts.limits.sends_per_client_address = limit(3, HOUR);
    on_both_with(three, async |world| {
        let tab = world.tab().await;
        world.mailbox.fails(Some(MailError::AddressRefused));
        for number in 0..3 {
            let address = format!("ada{number}@example.test");
            assert_eq!(world.enter_email(&tab, &address).await.status, 400);
        }

        let refused = world.enter_email(&tab, "ada3@example.test").await;

        refused.shows(429, "You have asked for too many codes");
    })
    .await;
}

#[actix_web::test]
async fn a_twenty_first_wrong_code_in_a_day_is_not_looked_at() {
    let roomy = |parts: &mut Parts| parts.limits.sends_per_address = limit(100, MINUTE);
    on_both_with(roomy, async |world| {
        for browser in 0..4 {
            let tab = world.tab().await.at(&format!("192.0.2.{browser}"));
            world.enter_email(&tab, "ada@example.test").await;
            for _ in 0..5 {
                assert_eq!(
                    world.enter_code(&tab, &world.wrong_code()).await.status,
                    400
                );
            }
        }
        let tab = world.tab().await.at("198.51.100.9");
        world.enter_email(&tab, "ada@example.test").await;

        // Not even the right one.
        let refused = world.enter_code(&tab, &world.mailbox.code()).await;

        refused.shows(429, "You have tried too many codes");
        refused.shows(429, "You can try again in 24 hours");
        assert_eq!(world.interaction(&tab).await.wrong_codes, 0);
        world.assert_nothing_came_of(&tab, 5).await;
        // The link cannot be guessed, so it still lets its owner in.
        let link = world.mailbox.link();
        let pressed = world.post(&tab, &link, &[]).await;
        pressed.goes_to(tab.url("/sign-in/account-created"));
    })
    .await;
}

#[actix_web::test]
async fn wrong_codes_have_a_limit_by_client_address_and_in_all() {
    let settings: [fn(&mut Parts); 2] = [
        |parts| parts.limits.tries_per_client_address = limit(2, HOUR),
        |parts| parts.limits.tries_in_all = limit(2, HOUR),
    ];
    for setting in settings {
        on_both_with(setting, async |world| {
            for address in ["ada@example.test", "bob@example.test"] {
                let tab = world.tab().await;
                world.enter_email(&tab, address).await;
                assert_eq!(
                    world.enter_code(&tab, &world.wrong_code()).await.status,
                    400
                );
            }
            let tab = world.tab().await;
            world.enter_email(&tab, "eve@example.test").await;

            let refused = world.enter_code(&tab, &world.mailbox.code()).await;

            refused.shows(429, "You have tried too many codes");
            world.assert_nothing_came_of(&tab, 3).await;
        })
        .await;
    }
}

#[actix_web::test]
async fn right_and_late_codes_use_up_no_tries() {
    let one = |parts: &mut Parts| parts.limits.tries_per_client_address = limit(1, HOUR);
    on_both_with(one, async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "late@example.test").await;
        let late = world.mailbox.code();
        world.clock.advance(15 * MINUTE);
        assert_eq!(world.enter_code(&tab, &late).await.status, 303);

        for address in ["ada@example.test", "bob@example.test"] {
            let tab = world.tab().await;
            world.enter_email(&tab, address).await;
            let entered = world.enter_code(&tab, &world.mailbox.code()).await;
            entered.goes_to(tab.url("/sign-in/account-created"));
        }
    })
    .await;
}

#[actix_web::test]
async fn of_a_thousand_parallel_guesses_five_are_tried() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let right: u32 = world.mailbox.code().parse().unwrap();

        let guesses = (1..=1_000).map(|step| {
            let guess = (right + step) % 1_000_000;
            vec![("code", format!("{guess:06}"))]
        });
        let answers = world.post_all(&tab, "/sign-in/email-code", guesses).await;

        let tried = |text| {
            answers
                .iter()
                .filter(|answer| answer.body.contains(text))
                .count()
        };
        assert_eq!(tried("left"), 4);
        assert_eq!(tried("You need a new code"), 996);
        assert_eq!(world.interaction(&tab).await.wrong_codes, 5);
        world.assert_nothing_came_of(&tab, 1).await;
        // The limits counted the five and no more: the day's 20 are not used up.
        let other = world.tab().await;
        world.enter_email(&other, "ada@example.test").await;
        let entered = world.enter_code(&other, &world.mailbox.code()).await;
        entered.goes_to(other.url("/sign-in/account-created"));
    })
    .await;
}

#[actix_web::test]
async fn parallel_guesses_in_many_browsers_never_pass_the_limit_of_an_address() {
    let roomy = |parts: &mut Parts| {
        parts.limits.sends_per_address = limit(100, MINUTE);
        parts.limits.tries_per_address = limit(7, HOUR);
    };
    on_both_with(roomy, async |world| {
        let mut tabs = Vec::new();
        for _ in 0..4 {
            let tab = world.tab().await;
            world.enter_email(&tab, "ada@example.test").await;
            tabs.push((tab, world.wrong_code()));
        }

        let guesses = tabs.iter().map(|(tab, wrong)| {
            let forms = std::iter::repeat_n(vec![("code", wrong.clone())], 5);
            world.post_all(tab, "/sign-in/email-code", forms)
        });
        let answers = futures::future::join_all(guesses).await;

        let refused = answers
            .iter()
            .flatten()
            .filter(|answer| answer.status == 429);
        assert_eq!(refused.count(), 20 - 7);
    })
    .await;
}
