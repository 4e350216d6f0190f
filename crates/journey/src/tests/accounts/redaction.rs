//! What a person sees of an account that they have not proven.

use std::time::Duration;

use super::super::world::{MINUTE, on_both, on_both_with};
use super::*;
use crate::mailer::MailError;

/// Nothing but the redaction of the other account's address is on a page.
#[track_caller]
fn shows_no_more_than_the_redaction(page: &Seen) {
    for part in ["lovelace@", "ada.lovelace", "education", OLD] {
        assert!(!page.body.contains(part), "{part} in {}", page.body);
    }
    for (_, value) in &page.headers {
        let value = value.to_str().unwrap();
        assert!(!value.contains("education"), "{value}");
    }
}

#[actix_web::test]
async fn no_page_shows_more_of_an_account_than_its_redacted_address_before_it_is_proven() {
    on_both(async |world| {
        world.account_with_details(OLD, profile()).await;
        let person = Person::arrives(&world, NEW, profile()).await;
        let sent = person.is("Ada", "Lovelace").await;
        shows_no_more_than_the_redaction(&sent);

        let offer = person.open("/details/existing-account").await;
        offer.shows(200, "a****@****.gov.uk");
        shows_no_more_than_the_redaction(&offer);

        world.mailbox.fails(Some(MailError::AddressRefused));
        let not_sent = person.press("/details/existing-account", "continue").await;
        not_sent.shows(400, "a****@****.gov.uk");
        shows_no_more_than_the_redaction(&not_sent);
        world.mailbox.fails(None);

        person.press("/details/existing-account", "continue").await;
        let code_page = person.open("/details/account-code").await;
        code_page.shows(200, "a****@****.gov.uk");
        shows_no_more_than_the_redaction(&code_page);
        for typed in ["", "12", "abcdef", "000000", "111111"] {
            shows_no_more_than_the_redaction(&person.types(typed).await);
        }

        world.clock.advance(16 * MINUTE);
        let expired = person.open("/details/account-code").await;
        expired.shows(200, "has expired");
        shows_no_more_than_the_redaction(&expired);
    })
    .await;
}

#[actix_web::test]
async fn nor_does_the_page_that_says_when_codes_may_be_asked_for_again() {
    let none = |parts: &mut crate::Parts| {
        parts.limits.sends_per_address.count = 0;
        parts.limits.sends_per_address.per = Duration::from_secs(60);
    };
    on_both_with(none, async |world| {
        world.account_with_details(OLD, profile()).await;
        let person = Person::arrives(&world, NEW, profile()).await;
        person.is("Ada", "Lovelace").await;

        let refused = person.press("/details/existing-account", "continue").await;

        refused.shows(429, "You have asked for too many codes");
        shows_no_more_than_the_redaction(&refused);
    })
    .await;
}

#[actix_web::test]
async fn neither_does_the_mail_about_two_accounts_nor_any_answer_that_is_stored_in_clear() {
    on_both(async |world| {
        world.account_with_details(OLD, profile()).await;
        let person = Person::arrives(&world, NEW, profile()).await;
        person.is("Ada", "Lovelace").await;
        person.press("/details/existing-account", "continue").await;

        let answers = world.interaction(&person.tab).await.answers;

        let stored = serde_json::to_string(&answers).unwrap();
        assert!(!stored.contains("education"), "{stored}");
        let mail = world.mailbox.mails().pop().unwrap();
        assert_eq!(mail.to.as_typed(), OLD);
        assert!(!mail.content.text.contains(NEW), "{}", mail.content.text);
        assert!(!mail.content.text.contains("Lovelace"));
        assert!(!mail.content.text.contains("sign-in/link"));
    })
    .await;
}
