//! Knowing somebody's name, birth date and numbers is not being them: each way in which that could
//! open their account.

use model::{Interaction, Secret};

use super::super::world::{MINUTE, on_both};
use super::*;
use crate::code_delivery::code_digest;
use crate::code_use::CodeUse;

/// What a thief who knows all about Ada has come to: nothing of hers.
async fn assert_nothing_of_hers(world: &World, thief: &Person<'_>, ada: &UserId) {
    assert_ne!(thief.signed_in().await.as_ref(), Some(ada));
    let answers = world.interaction(&thief.tab).await.answers;
    let proven = answers.authentication.map(|proof| proof.user_id);
    assert_ne!(proven.as_ref(), Some(ada));
    assert_eq!(world.user(ada).await.unwrap().email.as_typed(), OLD);
    assert!(world.user(&thief.user_id).await.is_some());
    assert_eq!(world.events(EventKind::AccountsJoined).await, 0);
    assert_eq!(world.events(EventKind::AddressChanged).await, 0);
}

/// Ada's account, and a thief on the page that offers it.
async fn offered<'a>(world: &'a World, rule: &DetailsRule) -> (UserId, Person<'a>) {
    world.records.add(ada());
    let ada = world.account_with_details(OLD, rule.clone()).await;
    let thief = Person::arrives(world, NEW, rule.clone()).await;
    thief.is("Ada", "Lovelace").await;
    (ada, thief)
}

const PAGES: [&str; 4] = [
    "/details/trn-in-use",
    "/details/existing-account",
    "/details/account-code",
    "/details/keep-address",
];

#[actix_web::test]
async fn details_that_match_a_record_never_open_the_account_that_has_its_trn() {
    on_both(async |world| {
        let (ada, thief) = offered(&world, &trn(TrnRequirement::Required)).await;

        for page in PAGES {
            for fields in [
                &[("action", "continue"), ("address", "this")][..],
                &[("action", "continue"), ("address", "other")],
                &[("action", "continue"), ("code", "")],
                &[("action", "continue"), ("code", "000000")],
            ] {
                thief.post(page, fields).await;
                assert_nothing_of_hers(&world, &thief, &ada).await;
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn a_name_and_a_birth_date_never_open_the_account_that_has_them() {
    on_both(async |world| {
        let (ada, thief) = offered(&world, &profile()).await;

        let early = thief.keeps("this").await;
        early.goes_to(thief.tab.url("/details/existing-account"));
        assert_nothing_of_hers(&world, &thief, &ada).await;
        thief.press("/details/existing-account", "continue").await;
        let early = thief.keeps("other").await;

        early.goes_to(thief.tab.url("/details/account-code"));
        assert_nothing_of_hers(&world, &thief, &ada).await;
    })
    .await;
}

#[actix_web::test]
async fn the_code_of_another_account_is_guessed_no_oftener_than_that_of_a_sign_in() {
    on_both(async |world| {
        let (ada, thief) = offered(&world, &profile()).await;
        thief.press("/details/existing-account", "continue").await;
        let right: u32 = world.account_code().parse().unwrap();

        for guess in 1..=5 {
            let wrong = format!("{:06}", (right + guess) % 1_000_000);
            assert_eq!(thief.types(&wrong).await.status, 400);
        }
        let spent = thief.types(&world.account_code()).await;

        spent.shows(400, "You need a new code");
        assert_eq!(world.events(EventKind::CodeTriesExhausted).await, 1);
        assert_nothing_of_hers(&world, &thief, &ada).await;
    })
    .await;
}

#[actix_web::test]
async fn a_thousand_guesses_at_once_are_five() {
    on_both(async |world| {
        let (ada, thief) = offered(&world, &profile()).await;
        thief.press("/details/existing-account", "continue").await;
        let right = world.account_code();

        let guesses = (0..60)
            .map(|n| format!("{n:06}"))
            .filter(|guess| *guess != right)
            .map(|guess| vec![("code", guess)]);
        let seen = world
            .post_all(&thief.tab, "/details/account-code", guesses)
            .await;

        let wrong = seen.iter().filter(|seen| seen.body.contains("left"));
        assert!(wrong.count() <= 4);
        thief.types(&right).await.shows(400, "You need a new code");
        assert_nothing_of_hers(&world, &thief, &ada).await;
    })
    .await;
}

/// A thief who signs in by a code in the same interaction that asks for details.
async fn signs_in_here<'a>(world: &'a World, rule: &DetailsRule) -> Person<'a> {
    let tab = world.tab_asking(|requirements| requirements.details = rule.clone());
    let tab = tab.await;
    world.enter_email(&tab, NEW).await;
    world.enter_code(&tab, &world.mailbox.code()).await;
    let user_id = world.owner_of(NEW).await.unwrap();
    Person {
        world,
        tab,
        user_id,
    }
}

#[actix_web::test]
async fn the_code_of_a_sign_in_proves_no_other_account() {
    on_both(async |world| {
        let ada = world.account_with_details(OLD, profile()).await;
        let thief = signs_in_here(&world, &profile()).await;
        let own_code = world.mailbox.code();
        thief.is("Ada", "Lovelace").await;
        thief.press("/details/existing-account", "continue").await;

        let typed = thief.types(&own_code).await;

        typed.shows(400, "is not correct");
        assert_nothing_of_hers(&world, &thief, &ada).await;
    })
    .await;
}

#[actix_web::test]
async fn a_code_that_signs_somebody_in_elsewhere_proves_their_account_nowhere_else() {
    on_both(async |world| {
        let (ada, thief) = offered(&world, &profile()).await;
        thief.press("/details/existing-account", "continue").await;
        // Ada signs in herself, and is talked into reading her code out.
        let hers = world.tab().await;
        world.enter_email(&hers, OLD).await;
        let code = world.mailbox.code();

        let typed = thief.types(&code).await;

        typed.shows(400, "is not correct");
        assert_nothing_of_hers(&world, &thief, &ada).await;
    })
    .await;
}

#[actix_web::test]
async fn the_code_for_another_account_signs_nobody_in() {
    on_both(async |world| {
        let (ada, thief) = offered(&world, &profile()).await;
        let elsewhere = world.tab_of(thief.tab.browser.clone(), None, |_| {}).await;
        world.enter_email(&elsewhere, OLD).await;
        thief.press("/details/existing-account", "continue").await;
        let code = world.account_code();

        let typed = world.enter_code(&elsewhere, &code).await;

        typed.shows(400, "is not correct");
        assert_eq!(world.signed_in(&elsewhere).await, None);
        assert_nothing_of_hers(&world, &thief, &ada).await;
    })
    .await;
}

#[actix_web::test]
async fn a_code_of_one_interaction_proves_nothing_on_the_code_page_of_another() {
    on_both(async |world| {
        let (ada, thief) = offered(&world, &profile()).await;
        let second = thief.in_another_tab(profile()).await;
        second.is("Ada", "Lovelace").await;
        for tab in [&thief, &second] {
            tab.press("/details/existing-account", "continue").await;
        }
        let codes: Vec<_> = world
            .mailbox
            .mails()
            .iter()
            .filter_map(|mail| match &mail.kind {
                MailKind::AccountCode(email) => Some(email.code.reveal().clone()),
                _ => None,
            })
            .collect();
        assert_eq!(codes.len(), 2);

        let typed = second.types(&codes[0]).await;

        typed.shows(400, "is not correct");
        assert_nothing_of_hers(&world, &second, &ada).await;
    })
    .await;
}

#[actix_web::test]
async fn a_second_tab_is_not_let_in_by_what_the_first_one_proved() {
    on_both(async |world| {
        let (ada, person) = offered(&world, &profile()).await;
        let second = person.in_another_tab(profile()).await;
        second.is("Ada", "Lovelace").await;
        person
            .proves_the_account_on("/details/existing-account")
            .await;

        let early = second.keeps("this").await;

        early.goes_to(second.tab.url("/details/existing-account"));
        assert_nothing_of_hers(&world, &second, &ada).await;
        assert_nothing_of_hers(&world, &person, &ada).await;
    })
    .await;
}

#[actix_web::test]
async fn a_code_that_was_used_is_used_up() {
    on_both(async |world| {
        let (ada, person) = offered(&world, &profile()).await;
        person
            .proves_the_account_on("/details/existing-account")
            .await;
        let code = world.account_code();

        let again = person.types(&code).await;
        again.goes_to(person.tab.url("/details/keep-address"));

        let thief = Person::arrives(&world, "eve@example.test", profile()).await;
        thief.is("Ada", "Lovelace").await;
        thief.press("/details/existing-account", "continue").await;
        let replayed = thief.types(&code).await;
        assert_eq!(replayed.status, 400);
        assert_nothing_of_hers(&world, &thief, &ada).await;
    })
    .await;
}

#[actix_web::test]
async fn a_code_that_came_too_late_proves_nothing() {
    on_both(async |world| {
        let (ada, thief) = offered(&world, &profile()).await;
        thief.press("/details/existing-account", "continue").await;
        let code = world.account_code();
        world.clock.advance(16 * MINUTE);

        let typed = thief.types(&code).await;

        let code_page = thief.tab.url("/details/account-code");
        typed.goes_to(format!("{code_page}&sent=after-expiry"));
        assert_nothing_of_hers(&world, &thief, &ada).await;
        assert_ne!(world.account_code(), code, "another was sent to her");
    })
    .await;
}

#[actix_web::test]
async fn answers_cannot_be_changed_below_an_offer_so_that_it_becomes_another() {
    on_both(async |world| {
        let (ada, thief) = offered(&world, &profile()).await;
        let bob = Person::arrives(&world, "bob@example.test", profile()).await;
        bob.is("Bob", "Byron").await;
        let before = world.interaction(&thief.tab).await.sealed_details;

        let name = [("first-name", "Bob"), ("last-name", "Byron")];
        let changed = thief.post("/details/name", &name).await;
        changed.goes_to(thief.tab.url("/details/existing-account"));
        let checked = thief.press("/details/check-answers", "continue").await;
        checked.goes_to(thief.tab.url("/details/existing-account"));

        let Interaction {
            sealed_details,
            answers,
            ..
        } = world.interaction(&thief.tab).await;
        assert_eq!(sealed_details, before);
        assert_eq!(answers.other_account.unwrap().user_id, ada);
        thief.press("/details/existing-account", "continue").await;
        let mail = world.mailbox.mails().pop().unwrap();
        assert_eq!(mail.to.as_typed(), OLD);
    })
    .await;
}

#[actix_web::test]
async fn what_one_person_was_offered_is_not_offered_to_the_next_at_the_same_browser() {
    on_both(async |world| {
        let (_, first) = offered(&world, &profile()).await;
        first
            .proves_the_account_on("/details/existing-account")
            .await;
        let (session, _) = world.session_of("eve@example.test").await;
        let next = Person {
            tab: Tab {
                session: Some(session),
                ..first.tab.clone()
            },
            user_id: world.owner_of("eve@example.test").await.unwrap(),
            world: &world,
        };

        let kept = next.keeps("this").await;

        kept.goes_to(next.tab.url("/details/name"));
        assert_eq!(world.events(EventKind::AccountsJoined).await, 0);
        assert!(world.user(&next.user_id).await.is_some());
    })
    .await;
}

#[actix_web::test]
async fn another_browser_sees_nothing_of_an_offer() {
    on_both(async |world| {
        let (ada, person) = offered(&world, &profile()).await;
        person.press("/details/existing-account", "continue").await;
        let code = world.account_code();
        let thief = Person {
            world: &world,
            tab: person.tab.copied_elsewhere(),
            user_id: person.user_id.clone(),
        };

        for page in PAGES {
            let opened = thief.open(page).await;
            opened.shows(403, "We cannot continue your sign-in in this browser");
            assert_eq!(thief.post(page, &[("code", &code)]).await.status, 403);
        }
        assert_nothing_of_hers(&world, &person, &ada).await;
    })
    .await;
}

#[actix_web::test]
async fn of_two_presses_at_once_one_joins() {
    on_both(async |world| {
        let (ada, person) = offered(&world, &profile()).await;
        person
            .proves_the_account_on("/details/existing-account")
            .await;

        let form = || vec![("address", "this".to_owned())];
        let seen = world
            .post_all(
                &person.tab,
                "/details/keep-address",
                [form(), form(), form(), form()],
            )
            .await;

        assert!(seen.iter().all(|seen| seen.status == 303));
        assert_eq!(world.events(EventKind::AccountsJoined).await, 1);
        assert_eq!(person.signed_in().await, Some(ada));
    })
    .await;
}

#[actix_web::test]
async fn who_proved_an_address_is_not_signed_in_when_it_opens_their_account_no_more() {
    on_both(async |world| {
        let (ada, _) = offered(&world, &profile()).await;
        let parked = signs_in_here(&world, &profile()).await;
        let second = signs_in_here(&world, &profile()).await;
        assert_eq!(parked.user_id, second.user_id);
        second.is("Ada", "Lovelace").await;
        second
            .proves_the_account_on("/details/existing-account")
            .await;
        second.keeps("other").await;
        assert_eq!(second.signed_in().await, Some(ada));

        let seen = parked.open("/details/name").await;

        seen.goes_to(parked.tab.url("/sign-in/email-code"));
        let cancelled = parked.press("/details/name", "continue").await;
        cancelled.goes_to(parked.tab.url("/sign-in/email-code"));
        assert_eq!(parked.signed_in().await, None);
        assert!(world.user(&parked.user_id).await.is_none());
    })
    .await;
}

#[actix_web::test]
async fn a_code_for_one_use_is_none_for_another_even_at_one_address() {
    on_both(async |world| {
        let tab = world.tab().await;
        let address = EmailAddress::parse(NEW).unwrap();
        let code = Secret::new("042917".to_owned());
        let uses = [CodeUse::SignIn, CodeUse::OtherAccount, CodeUse::NewAddress];

        let digests =
            uses.map(|code_use| code_digest(&world.journey, code_use, &tab.id, &address, &code));

        assert_ne!(digests[0], digests[1]);
        assert_ne!(digests[0], digests[2]);
        assert_ne!(digests[1], digests[2]);
    })
    .await;
}
