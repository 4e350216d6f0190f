use std::time::Duration;

use model::event::EventKind;

use crate::mailer::MailError;

use super::world::{HOUR, MINUTE, limit, on_both, on_both_with};

#[actix_web::test]
async fn each_mistake_has_its_own_message_and_only_a_guess_is_counted() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;

        for (typed, message) in [
            ("", "Enter the code from the email"),
            ("12a456", "The code must only include numbers"),
            ("12345", "You have not entered enough numbers"),
            ("1234567", "You have entered too many numbers"),
        ] {
            let page = world.enter_code(&tab, typed).await;
            page.shows(400, message);
            page.shows(400, "Error: Check your email");
        }
        assert_eq!(world.interaction(&tab).await.wrong_codes, 0);
        let wrong = world.enter_code(&tab, &world.wrong_code()).await;

        wrong.shows(400, "is not correct");
        wrong.shows(400, "You have 4 tries left");
        world.assert_nothing_came_of(&tab, 1).await;
    })
    .await;
}

#[actix_web::test]
async fn spaces_and_dashes_in_a_code_do_not_matter() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let code = world.mailbox.code();
        let (left, right) = code.split_at(3);

        let entered = world.enter_code(&tab, &format!(" {left} - {right} ")).await;

        entered.goes_to(tab.url("/sign-in/account-created"));
    })
    .await;
}

#[actix_web::test]
async fn the_fifth_wrong_try_kills_the_code_and_a_new_one_opens_the_way() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let (code, link) = (world.mailbox.code(), world.mailbox.link());
        let wrong = world.wrong_code();

        for left in ["4 tries", "3 tries", "2 tries", "1 try"] {
            let page = world.enter_code(&tab, &wrong).await;
            page.shows(400, &format!("You have {left} left"));
        }
        world
            .enter_code(&tab, &wrong)
            .await
            .shows(400, "You need a new code");
        world
            .enter_code(&tab, &code)
            .await
            .shows(400, "You need a new code");
        world
            .enter_code(&tab, "")
            .await
            .shows(400, "You need a new code");
        world
            .open(&tab, "/sign-in/email-code")
            .await
            .shows(200, "You need a new code");
        world
            .open(&tab, &link)
            .await
            .shows(410, "This link no longer works");
        world.assert_nothing_came_of(&tab, 1).await;
        assert_eq!(world.events(EventKind::CodeTriesExhausted).await, 1);

        let again = format!("{}&sent=again", tab.url("/sign-in/email-code"));
        world
            .post(&tab, "/sign-in/email-code", &[("action", "resend")])
            .await
            .goes_to(&again);
        world
            .open(&tab, &again)
            .await
            .shows(200, "We have sent you another code");
        let entered = world.enter_code(&tab, &world.mailbox.code()).await;
        entered.goes_to(tab.url("/sign-in/account-created"));
    })
    .await;
}

#[actix_web::test]
async fn a_new_code_leaves_the_earlier_one_good_and_one_use_ends_both() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let (first, first_link) = (world.mailbox.code(), world.mailbox.link());
        world
            .post(&tab, "/sign-in/email-code", &[("action", "resend")])
            .await;
        let second_link = world.mailbox.link();

        let entered = world.enter_code(&tab, &first).await;

        entered.goes_to(tab.url("/sign-in/account-created"));
        for link in [first_link, second_link] {
            world
                .open(&tab, &link)
                .await
                .shows(410, "This link no longer works");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_code_that_just_expired_says_so_and_another_is_sent() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let late = world.mailbox.code();
        world.clock.advance(15 * MINUTE);

        world
            .open(&tab, "/sign-in/email-code")
            .await
            .shows(200, "has expired");
        let answer = world.enter_code(&tab, &late).await;

        let notice = format!("{}&sent=after-expiry", tab.url("/sign-in/email-code"));
        answer.goes_to(&notice);
        let page = world.open(&tab, &notice).await;
        page.shows(200, "That code had expired. We have sent you another code");
        world.assert_nothing_came_of(&tab, 2).await;
        assert_eq!(world.interaction(&tab).await.wrong_codes, 0);
        let entered = world.enter_code(&tab, &world.mailbox.code()).await;
        entered.goes_to(tab.url("/sign-in/account-created"));
    })
    .await;
}

#[actix_web::test]
async fn an_expired_code_is_not_replaced_beyond_the_send_limit_and_says_so() {
    let one_an_hour = |parts: &mut crate::Parts| parts.limits.sends_per_address = limit(1, HOUR);
    on_both_with(one_an_hour, async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let late = world.mailbox.code();
        world.clock.advance(15 * MINUTE);

        let entered = world.enter_code(&tab, &late).await;

        entered.shows(
            429,
            "has expired. You can ask for another code in 45 minutes",
        );
        world.assert_nothing_came_of(&tab, 1).await;
    })
    .await;
}

#[actix_web::test]
async fn a_code_that_expired_long_ago_is_a_wrong_one_and_a_new_one_is_needed() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let stale = world.mailbox.code();
        world.clock.advance(3 * HOUR);

        let entered = world.enter_code(&tab, &stale).await;

        entered.shows(400, "You need a new code");
        entered.shows(400, "has expired");
        world.assert_nothing_came_of(&tab, 1).await;
    })
    .await;
}

#[actix_web::test]
async fn a_code_still_works_in_the_last_millisecond() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let code = world.mailbox.code();
        world.clock.advance(Duration::from_millis(15 * 60_000 - 1));

        let entered = world.enter_code(&tab, &code).await;

        entered.goes_to(tab.url("/sign-in/account-created"));
    })
    .await;
}

#[actix_web::test]
async fn a_code_for_the_address_before_is_useless_for_the_one_after() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "eve@example.test").await;
        let (code, link) = (world.mailbox.code(), world.mailbox.link());

        world.enter_email(&tab, "ada@example.test").await;
        let entered = world.enter_code(&tab, &code).await;

        entered.shows(400, "is not correct");
        world
            .open(&tab, &link)
            .await
            .shows(410, "This link no longer works");
        world
            .post(&tab, &link, &[])
            .await
            .shows(410, "This link no longer works");
        world.assert_nothing_came_of(&tab, 2).await;
    })
    .await;
}

#[actix_web::test]
async fn using_another_address_kills_the_codes_that_were_sent() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let (code, link) = (world.mailbox.code(), world.mailbox.link());

        let change = [("action", "change-address")];
        let changed = world.post(&tab, "/sign-in/email-code", &change).await;
        changed.goes_to(tab.url("/sign-in/email"));
        let entered = world.enter_code(&tab, &code).await;

        entered.goes_to(tab.url("/sign-in/email"));
        world
            .open(&tab, &link)
            .await
            .shows(410, "This link no longer works");
        // Not even by typing the first address again.
        world.enter_email(&tab, "ada@example.test").await;
        world
            .enter_code(&tab, &code)
            .await
            .shows(400, "is not correct");
        world.assert_nothing_came_of(&tab, 2).await;
    })
    .await;
}

#[actix_web::test]
async fn mail_that_cannot_leave_is_told_and_nothing_is_lost() {
    for (fault, status, text) in [
        (
            MailError::Unavailable,
            503,
            "our email service is not working",
        ),
        (
            MailError::Misconfigured,
            503,
            "our email service is not working",
        ),
        (
            MailError::AddressRefused,
            400,
            "Check that the address is right",
        ),
    ] {
        on_both(async |world| {
            let tab = world.tab().await;
            world.mailbox.fails(Some(fault));

            let failed = world.enter_email(&tab, "ada@example.test").await;
            failed.shows(status, text);
            failed.shows(status, "Try again");
            failed.shows(status, "name=\"email\" value=\"ada@example.test\"");
            let page = world.open(&tab, "/sign-in/email").await;
            page.shows(200, "value=\"ada@example.test\"");
            world.assert_nothing_came_of(&tab, 0).await;

            world.mailbox.fails(None);
            let again = world.enter_email(&tab, "ada@example.test").await;
            again.goes_to(tab.url("/sign-in/email-code"));
            let entered = world.enter_code(&tab, &world.mailbox.code()).await;
            entered.goes_to(tab.url("/sign-in/account-created"));
        })
        .await;
    }
}

#[actix_web::test]
async fn a_failed_second_mail_leaves_the_first_code_good() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let code = world.mailbox.code();

        for fault in [MailError::Misconfigured, MailError::Unavailable] {
            world.mailbox.fails(Some(fault));
            let failed = world
                .post(&tab, "/sign-in/email-code", &[("action", "resend")])
                .await;
            failed.shows(503, "enter the code in it");
        }

        world
            .open(&tab, "/sign-in/email-code")
            .await
            .shows(200, "Check your email");
        let entered = world.enter_code(&tab, &code).await;
        entered.goes_to(tab.url("/sign-in/account-created"));
    })
    .await;
}

#[actix_web::test]
async fn who_was_told_that_mail_failed_may_use_another_address() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.mailbox.fails(Some(MailError::AddressRefused));
        world.enter_email(&tab, "ada@example.test").await;

        let change = [("action", "change-address"), ("email", "ada@example.test")];
        let changed = world.post(&tab, "/sign-in/email", &change).await;

        changed.goes_to(tab.url("/sign-in/email"));
        assert_eq!(world.interaction(&tab).await.answers.email, None);
    })
    .await;
}
