use std::time::Duration;

use model::keyring::Purpose;
use model::{EmailAddress, SystemEntropy};
use pages::samples;
use pages::{Pages, PagesSettings};
use storage::outbox;
use storage::outbox::OutboxMessage;

use super::world::{World, on_both};
use crate::emails::{
    AccountCodeEmail, AccountCreatedEmail, AccountsJoinedEmail, AddressChangeAskedEmail,
    AddressChangePlannedEmail, AddressChangedEmail, AddressReplacedEmail, DetailsDifferEmail,
    NewAddressCodeEmail, News, RecoveryCodeUsedEmail, RecoveryCodesReplacedEmail,
    SecondFactorAddedEmail, SecondFactorRemovedEmail, SignInCodeEmail, SupportTaskClosedEmail,
    SupportTaskOpenedEmail, TrnFoundEmail,
};
use crate::mailer::{MailError, MailKind};
use crate::outbox::{Undelivered, deliver};

#[actix_web::test]
async fn the_code_mail_carries_code_and_link_and_the_subject_begins_with_the_code() {
    on_both(async |world| {
        let tab = world.tab().await;

        world.enter_email(&tab, "Ada@Example.test").await;

        let mails = world.mailbox.mails();
        let [mail] = &mails[..] else {
            panic!("one mail, not {}", mails.len());
        };
        let (code, link) = (world.mailbox.code(), world.mailbox.link());
        let url = format!("https://identity.example{link}");
        assert_eq!(mail.to.as_typed(), "Ada@Example.test");
        assert!(
            mail.content
                .subject
                .starts_with(&format!("{code} is your code"))
        );
        assert!(mail.content.text.contains(&code) && mail.content.text.contains(&url));
        assert!(mail.content.html.contains(&code));
        assert!(!mail.reference.contains("Ada"));
        assert_eq!(code.len(), 6);
        assert!(link.starts_with("/sign-in/link/gai_el_"));
    })
    .await;
}

#[actix_web::test]
async fn the_owner_of_a_new_account_is_told_once_by_the_outbox() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        world.enter_code(&tab, &world.mailbox.code()).await;
        assert_eq!(world.mailbox.count(), 1, "it waits in the outbox");

        let message = claimed(&world).await.unwrap();
        deliver(&world.journey, &message).await.unwrap();

        let mails = world.mailbox.mails();
        let mail = mails.last().unwrap();
        assert_eq!(mail.to, EmailAddress::parse("ada@example.test").unwrap());
        assert_eq!(mail.reference, message.id);
        let service = "Demo service".to_owned();
        let news = News::AccountCreated(AccountCreatedEmail { service });
        assert_eq!(mail.kind, MailKind::News(news));
        assert_eq!(claimed(&world).await, None);
        let stored = String::from_utf8_lossy(&message.sealed);
        assert!(!stored.contains("ada@example.test"));
    })
    .await;
}

#[actix_web::test]
async fn a_returning_person_gets_no_second_mail() {
    on_both(async |world| {
        world.account_of("ada@example.test").await;
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;

        world.enter_code(&tab, &world.mailbox.code()).await;

        assert_eq!(claimed(&world).await, None);
    })
    .await;
}

#[actix_web::test]
async fn a_message_that_cannot_be_delivered_says_whether_to_try_again() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        world.enter_code(&tab, &world.mailbox.code()).await;
        let message = claimed(&world).await.unwrap();

        for (fault, is_final) in [
            (MailError::Unavailable, false),
            (MailError::Misconfigured, false),
            (MailError::AddressRefused, true),
        ] {
            world.mailbox.fails(Some(fault));
            let undelivered = deliver(&world.journey, &message).await.unwrap_err();
            assert_eq!(undelivered.is_final(), is_final, "{fault:?}");
        }
        world.mailbox.fails(None);
        for unreadable in unreadable(&world, &message) {
            let undelivered = deliver(&world.journey, &unreadable).await.unwrap_err();
            assert!(matches!(undelivered, Undelivered::Unreadable));
            assert!(!undelivered.is_final());
        }
        assert_eq!(world.mailbox.count(), 1);
    })
    .await;
}

/// Messages of another kind, moved to another row, tampered with, or holding something else.
fn unreadable(world: &World, message: &OutboxMessage) -> Vec<OutboxMessage> {
    let change = |change: &dyn Fn(&mut OutboxMessage)| {
        let mut message = message.clone();
        change(&mut message);
        message
    };
    let keyring = &world.journey.keyring;
    vec![
        change(&|message| message.kind = "unheard_of".to_owned()),
        change(&|message| message.id = "another".to_owned()),
        change(&|message| message.sealed[20] ^= 1),
        change(&|message| {
            message.sealed = keyring.seal(Purpose::Outbox, &message.id, b"{}", &SystemEntropy);
        }),
    ]
}

async fn claimed(world: &World) -> Option<OutboxMessage> {
    let lease = Duration::from_secs(60);
    let claim = world.store.write(move |tx| outbox::claim(tx, lease));
    claim.await.unwrap()
}

#[test]
fn every_mail_can_be_written() {
    let pages = Pages::new(PagesSettings::default()).unwrap();

    for written in [
        samples::rendered_emails::<SignInCodeEmail>(&pages),
        samples::rendered_emails::<AccountCodeEmail>(&pages),
        samples::rendered_emails::<NewAddressCodeEmail>(&pages),
        samples::rendered_emails::<AccountCreatedEmail>(&pages),
        samples::rendered_emails::<TrnFoundEmail>(&pages),
        samples::rendered_emails::<DetailsDifferEmail>(&pages),
        samples::rendered_emails::<AddressChangedEmail>(&pages),
        samples::rendered_emails::<AddressReplacedEmail>(&pages),
        samples::rendered_emails::<AddressChangePlannedEmail>(&pages),
        samples::rendered_emails::<AddressChangeAskedEmail>(&pages),
        samples::rendered_emails::<AccountsJoinedEmail>(&pages),
        samples::rendered_emails::<SecondFactorAddedEmail>(&pages),
        samples::rendered_emails::<SecondFactorRemovedEmail>(&pages),
        samples::rendered_emails::<RecoveryCodeUsedEmail>(&pages),
        samples::rendered_emails::<RecoveryCodesReplacedEmail>(&pages),
        samples::rendered_emails::<SupportTaskOpenedEmail>(&pages),
        samples::rendered_emails::<SupportTaskClosedEmail>(&pages),
    ] {
        assert!(!written.unwrap().is_empty());
    }
}
