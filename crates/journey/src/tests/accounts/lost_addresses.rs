//! People who can no longer read the emails of their account.

use std::time::Duration;

use model::interaction::{Outcome, RefusalReason};

use super::super::world::{HOUR, MINUTE, on_both};
use super::*;
use crate::support::Case;

const FACTOR: &str = "/sign-in/lost-address-second-factor";

/// Somebody on the code page of an address.
async fn at_the_code_page(world: &World, address: &str) -> Tab {
    let tab = world.tab().await;
    world.enter_email(&tab, address).await;
    tab
}

async fn give(world: &World, tab: &Tab, address: &str) -> Seen {
    let fields = [("email", address)];
    world.post(tab, "/sign-in/lost-address", &fields).await
}

/// Types the code, and where that proves the address says to have no second factor.
async fn prove(world: &World, tab: &Tab) -> Seen {
    let code = world.new_address_code();
    let fields = [("code", code.as_str())];
    let typed = world.post(tab, "/sign-in/lost-address-code", &fields).await;
    if typed.location != Some(tab.url(FACTOR)) {
        return typed;
    }
    world.post(tab, FACTOR, &[("action", "skip")]).await
}

#[actix_web::test]
async fn a_new_address_that_is_proven_gives_the_case_to_staff_and_the_old_one_is_told() {
    on_both(async |world| {
        let ada = world.account_of(OLD).await;
        let tab = at_the_code_page(&world, OLD).await;
        let code_page = world.open(&tab, "/sign-in/email-code").await;
        code_page.shows(200, "href=\"/sign-in/lost-address?i");

        let page = world.open(&tab, "/sign-in/lost-address").await;
        page.shows(200, "What email address can you use now?");
        let given = give(&world, &tab, NEW).await;
        given.goes_to(tab.url("/sign-in/lost-address-code"));
        let mail = world.mailbox.mails().pop().unwrap();
        assert_eq!(mail.to.as_typed(), NEW);
        assert!(!mail.content.text.contains("sign-in/link"));
        let proven = prove(&world, &tab).await;
        proven.goes_to(tab.url("/sign-in/lost-address-done"));

        let done = world.open(&tab, "/sign-in/lost-address-done").await;
        let reference = reference_on(&done);
        let task = world.task(&reference).await;
        assert_eq!(task.user_id, Some(ada));
        assert!(
            matches!(&task.case, Case::LostAddress { lost, new }
                if lost.as_typed() == OLD && new.as_typed() == NEW),
            "{:?}",
            task.case
        );
        let news = world.news().await;
        assert_eq!(news.len(), 2);
        assert_eq!((news[0].0.as_str(), news[1].0.as_str()), (OLD, NEW));
        assert!(matches!(&news[0].1, News::AddressChangeAsked(one) if one.reference == reference));
        assert!(matches!(&news[1].1, News::SupportTaskOpened(one) if one.reference == reference));
    })
    .await;
}

#[actix_web::test]
async fn the_service_is_told_that_its_person_does_not_go_on() {
    on_both(async |world| {
        let tab = at_the_code_page(&world, OLD).await;
        give(&world, &tab, NEW).await;
        prove(&world, &tab).await;

        let foreign = [("action", "continue")];
        let foreign = world
            .post(&tab, "/sign-in/lost-address-done", &foreign)
            .await;
        assert_eq!(foreign.status, 400);
        let back = [("action", "cancel")];
        let back = world.post(&tab, "/sign-in/lost-address-done", &back).await;

        back.goes_to(tab.return_to());
        let outcome = world.interaction(&tab).await.outcome;
        let reason = RefusalReason::Declined;
        assert_eq!(outcome, Some(Outcome::Refused { reason }));
    })
    .await;
}

/// Everything that a person sees of a lost address, with what differs by chance left out.
async fn seen_of(world: &World, lost: &str, new: &str) -> Vec<(u16, Option<String>, String)> {
    let tab = at_the_code_page(world, lost).await;
    let mut seen = vec![
        world.open(&tab, "/sign-in/email-code").await,
        world.open(&tab, "/sign-in/lost-address").await,
        give(world, &tab, "").await,
        give(world, &tab, lost).await,
        give(world, &tab, new).await,
        world.open(&tab, "/sign-in/lost-address-code").await,
        world
            .post(&tab, "/sign-in/lost-address-code", &[("code", "12")])
            .await,
        prove(world, &tab).await,
    ];
    let done = world.open(&tab, "/sign-in/lost-address-done").await;
    let reference = reference_on(&done);
    seen.push(done);
    let chance = [tab.id.as_str(), &reference, lost, new];
    let csrf = crate::csrf::token(&world.journey.keyring, &tab.browser, &tab.id);
    let without_chance = |text: String| {
        let text = text.replace(&csrf, "");
        chance.iter().fold(text, |text, one| text.replace(one, ""))
    };
    seen.into_iter()
        .map(|seen| {
            let location = seen.location.map(&without_chance);
            (seen.status, location, without_chance(seen.body))
        })
        .collect()
}

#[actix_web::test]
async fn every_page_is_the_same_whether_or_not_an_address_has_an_account() {
    on_both(async |world| {
        world.account_of(OLD).await;
        world.account_of("taken@example.test").await;

        let known = seen_of(&world, OLD, "one@example.test").await;
        let unknown = seen_of(&world, "nobody@education.gov.uk", "two@example.test").await;
        let new_is_taken = seen_of(&world, OLD, "taken@example.test").await;

        assert_eq!(known, unknown);
        assert_eq!(known, new_is_taken);
    })
    .await;
}

#[actix_web::test]
async fn nobody_is_mailed_at_an_address_without_an_account_but_who_proved_a_new_one() {
    on_both(async |world| {
        let tab = at_the_code_page(&world, "nobody@example.test").await;
        give(&world, &tab, NEW).await;
        prove(&world, &tab).await;

        let news = world.news().await;

        assert_eq!(news.len(), 1);
        assert_eq!(news[0].0, NEW);
        let done = world.open(&tab, "/sign-in/lost-address-done").await;
        let task = world.task(&reference_on(&done)).await;
        assert_eq!(task.user_id, None);
    })
    .await;
}

#[actix_web::test]
async fn each_mistake_in_a_new_address_is_told_and_kept() {
    on_both(async |world| {
        let tab = at_the_code_page(&world, OLD).await;

        for (typed, message) in [
            ("", "Enter your email address"),
            (
                "ada.example.test",
                "Enter an email address in the correct format",
            ),
            (OLD, "that is not the one you can no longer use"),
            (
                "ADA.Lovelace@Education.gov.UK",
                "that is not the one you can no longer use",
            ),
        ] {
            let refused = give(&world, &tab, typed).await;
            refused.shows(400, message);
            refused.shows(400, &format!("value=\"{typed}\""));
        }
        assert_eq!(world.mailbox.count(), 1, "the sign-in code alone");
    })
    .await;
}

#[actix_web::test]
async fn who_finds_the_first_email_after_all_goes_back_and_signs_in() {
    on_both(async |world| {
        let ada = world.account_of(OLD).await;
        let tab = at_the_code_page(&world, OLD).await;
        let code = world.mailbox.code();
        give(&world, &tab, NEW).await;
        let page = world.open(&tab, "/sign-in/lost-address-code").await;
        page.shows(200, "href=\"/sign-in/lost-address?i");

        world
            .open(&tab, "/sign-in/lost-address")
            .await
            .shows(200, NEW);
        world
            .open(&tab, "/sign-in/email-code")
            .await
            .shows(200, OLD);
        let entered = world.enter_code(&tab, &code).await;

        entered.goes_to(tab.return_to());
        assert_eq!(world.signed_in(&tab).await.unwrap().user_id, ada);
    })
    .await;
}

#[actix_web::test]
async fn another_new_address_takes_the_place_of_the_first_whose_code_dies() {
    on_both(async |world| {
        let tab = at_the_code_page(&world, OLD).await;
        give(&world, &tab, NEW).await;
        let first = world.new_address_code();
        let change = [("action", "change-address")];
        let changed = world
            .post(&tab, "/sign-in/lost-address-code", &change)
            .await;
        changed.goes_to(tab.url("/sign-in/lost-address"));

        give(&world, &tab, "other@example.test").await;
        let typed = [("code", first.as_str())];
        let typed = world.post(&tab, "/sign-in/lost-address-code", &typed).await;

        typed.shows(400, "is not correct");
        prove(&world, &tab)
            .await
            .goes_to(tab.url("/sign-in/lost-address-done"));
    })
    .await;
}

#[actix_web::test]
async fn a_new_code_can_be_asked_for_and_an_old_one_says_that_it_expired() {
    on_both(async |world| {
        let tab = at_the_code_page(&world, OLD).await;
        give(&world, &tab, NEW).await;
        let again = [("action", "resend")];
        let again = world.post(&tab, "/sign-in/lost-address-code", &again).await;
        let code_page = tab.url("/sign-in/lost-address-code");
        again.goes_to(format!("{code_page}&sent=again"));
        let notice = world.open(&tab, &format!("{code_page}&sent=again")).await;
        notice.shows(200, "We have sent you another code");

        world.clock.advance(16 * MINUTE);
        let late = prove(&world, &tab).await;

        late.goes_to(format!("{code_page}&sent=after-expiry"));
        prove(&world, &tab)
            .await
            .goes_to(tab.url("/sign-in/lost-address-done"));
    })
    .await;
}

#[actix_web::test]
async fn proving_a_new_address_opens_neither_the_account_nor_the_service() {
    on_both(async |world| {
        let ada = world.account_of(OLD).await;
        let tab = at_the_code_page(&world, OLD).await;
        give(&world, &tab, "eve@example.test").await;
        prove(&world, &tab).await;

        for page in [
            "/sign-in/email",
            "/sign-in/email-code",
            "/sign-in/lost-address",
            "/sign-in/lost-address-code",
            "/sign-in/consent",
            "/sign-in/account-created",
            "/details/name",
            "/details/keep-address",
        ] {
            let opened = world.open(&tab, page).await;
            opened.goes_to(tab.url("/sign-in/lost-address-done"));
            for action in ["continue", "skip", "resend", "allow"] {
                let code = world.new_address_code();
                let fields = [("code", code.as_str()), ("action", action)];
                world.post(&tab, page, &fields).await;
            }
        }

        assert_eq!(world.signed_in(&tab).await, None);
        assert_eq!(world.interaction(&tab).await.answers.authentication, None);
        assert_eq!(world.events(EventKind::SignedIn).await, 0);
        assert_eq!(world.owner_of("eve@example.test").await, None);
        assert_eq!(world.user(&ada).await.unwrap().email.as_typed(), OLD);
        // However long nobody settles the case.
        world.clock.advance(90 * 24 * HOUR);
        crate::accounts::address_change::apply_due(&world.journey)
            .await
            .unwrap();
        assert_eq!(world.user(&ada).await.unwrap().email.as_typed(), OLD);
    })
    .await;
}

#[actix_web::test]
async fn the_code_to_a_new_address_signs_nobody_in_and_the_one_to_the_old_proves_no_new_one() {
    on_both(async |world| {
        let ada = world.account_of(OLD).await;
        let tab = at_the_code_page(&world, OLD).await;
        give(&world, &tab, "eve@example.test").await;
        let hers = world.new_address_code();

        let signed_in = world.enter_code(&tab, &hers).await;
        signed_in.shows(400, "is not correct");
        // Eve's own sign-in code, of the same address in the same interaction.
        let second = at_the_code_page(&world, "eve@example.test").await;
        let own = world.mailbox.code();
        give(&world, &second, NEW).await;
        let typed = [("code", own.as_str())];
        let typed = world
            .post(&second, "/sign-in/lost-address-code", &typed)
            .await;

        typed.shows(400, "is not correct");
        assert_eq!(world.signed_in(&tab).await, None);
        assert!(world.user(&ada).await.is_some());
        assert_eq!(world.events(EventKind::SupportTaskOpened).await, 0);
    })
    .await;
}

#[actix_web::test]
async fn wrong_codes_for_a_new_address_are_counted_as_everywhere() {
    on_both(async |world| {
        let tab = at_the_code_page(&world, OLD).await;
        give(&world, &tab, NEW).await;
        let right: u32 = world.new_address_code().parse().unwrap();

        for guess in 1..=5 {
            let wrong = format!("{:06}", (right + guess) % 1_000_000);
            let fields = [("code", wrong.as_str())];
            let seen = world
                .post(&tab, "/sign-in/lost-address-code", &fields)
                .await;
            assert_eq!(seen.status, 400);
        }
        prove(&world, &tab).await.shows(400, "You need a new code");
        let resend = [("action", "resend")];
        world
            .post(&tab, "/sign-in/lost-address-code", &resend)
            .await;
        prove(&world, &tab)
            .await
            .goes_to(tab.url("/sign-in/lost-address-done"));
    })
    .await;
}

#[actix_web::test]
async fn nobody_mails_strangers_through_the_page_beyond_the_limit_of_an_address() {
    on_both(async |world| {
        let tab = at_the_code_page(&world, OLD).await;

        for _ in 0..5 {
            give(&world, &tab, NEW)
                .await
                .goes_to(tab.url("/sign-in/lost-address-code"));
        }
        let refused = give(&world, &tab, NEW).await;

        refused.shows(429, "You have asked for too many codes");
        refused.shows(429, "href=\"/sign-in/lost-address-code?i");
        world.clock.advance(Duration::from_secs(15 * 60));
        give(&world, &tab, NEW)
            .await
            .goes_to(tab.url("/sign-in/lost-address-code"));
    })
    .await;
}

#[actix_web::test]
async fn the_page_is_not_there_before_a_code_was_sent_nor_after_signing_in() {
    on_both(async |world| {
        let tab = world.tab().await;
        let early = world.open(&tab, "/sign-in/lost-address").await;
        early.goes_to(tab.url("/sign-in/email"));
        world.enter_email(&tab, NEW).await;
        world.enter_code(&tab, &world.mailbox.code()).await;

        let late = give(&world, &tab, OLD).await;

        late.goes_to(tab.url("/sign-in/account-created"));
        assert_eq!(world.mailbox.count(), 1);
    })
    .await;
}
