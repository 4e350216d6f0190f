//! Two accounts of one person become one.

use model::trn_lookup::TrnLookupStatus;
use storage::{trn_links, trn_watchers};

use super::super::world::on_both;
use super::*;
use crate::support::Case;

#[actix_web::test]
async fn a_person_whose_record_is_anothers_proves_that_account_and_keeps_their_new_address() {
    on_both(async |world| {
        world.records.add(ada());
        let old = world
            .account_with_details(OLD, trn(TrnRequirement::Required))
            .await;
        world.news().await;
        let person = Person::arrives(&world, NEW, trn(TrnRequirement::Required)).await;

        let sent = person.is("Ada", "Lovelace").await;
        sent.goes_to(person.tab.url("/details/trn-in-use"));
        let offer = person.open("/details/trn-in-use").await;
        offer.shows(200, "a****@****.gov.uk");
        person.proves_the_account_on("/details/trn-in-use").await;
        let choice = person.open("/details/keep-address").await;
        choice.shows(200, OLD);
        choice.shows(200, NEW);
        let kept = person.keeps("this").await;

        kept.goes_to(person.tab.return_to());
        assert_eq!(person.signed_in().await, Some(old.clone()));
        assert_eq!(world.user(&old).await.unwrap().email.as_typed(), NEW);
        assert_eq!(world.user(&person.user_id).await, None);
        assert_eq!(world.owner_of(OLD).await, None);
        assert_eq!(world.events(EventKind::AccountsJoined).await, 1);
        assert_eq!(world.events(EventKind::AddressChanged).await, 1);
        let news = world.news().await;
        let told: Vec<_> = news.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(told, [OLD, NEW]);
        assert!(matches!(news[0].1, News::AddressReplaced(_)), "{news:?}");
        assert!(matches!(news[1].1, News::AddressChanged(_)), "{news:?}");
    })
    .await;
}

#[actix_web::test]
async fn a_person_who_keeps_the_old_address_goes_on_under_it_and_both_are_told() {
    on_both(async |world| {
        world.records.add(ada());
        let old = world
            .account_with_details(OLD, trn(TrnRequirement::Required))
            .await;
        world.news().await;
        let person = Person::arrives(&world, NEW, trn(TrnRequirement::Required)).await;
        person.is("Ada", "Lovelace").await;
        person.proves_the_account_on("/details/trn-in-use").await;

        let nothing = person.post("/details/keep-address", &[]).await;
        nothing.shows(400, "Select the email address you want to use");
        let kept = person.keeps("other").await;

        kept.goes_to(person.tab.return_to());
        assert_eq!(person.signed_in().await, Some(old.clone()));
        assert_eq!(world.user(&old).await.unwrap().email.as_typed(), OLD);
        assert_eq!(world.owner_of(NEW).await, None);
        let news = world.news().await;
        let told: Vec<_> = news.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(told, [OLD, NEW]);
        for (_, news) in &news {
            let News::AccountsJoined(email) = news else {
                panic!("{news:?}");
            };
            assert_eq!(email.kept, "a****@****.gov.uk");
        }
    })
    .await;
}

#[actix_web::test]
async fn who_was_signed_in_to_the_account_that_went_is_signed_out() {
    on_both(async |world| {
        world.records.add(ada());
        world
            .account_with_details(OLD, trn(TrnRequirement::Optional))
            .await;
        let person = Person::arrives(&world, NEW, trn(TrnRequirement::Optional)).await;
        let other_tab = person.in_another_tab(profile()).await;
        person.is("Ada", "Lovelace").await;
        person.proves_the_account_on("/details/trn-in-use").await;

        person.keeps("other").await;

        let asked = other_tab.open("/details/name").await;
        asked.goes_to(other_tab.tab.url("/sign-in/email"));
        let again = Person {
            tab: other_tab.tab.clone(),
            ..other_tab
        };
        assert_eq!(again.signed_in().await, None);
    })
    .await;
}

#[actix_web::test]
async fn an_account_of_the_same_name_and_birth_date_is_offered_also_by_a_synonym() {
    on_both(async |world| {
        for (first, address) in [
            ("Elizabeth", "eli@example.test"),
            ("Liz", "liz@example.org"),
        ] {
            let person = Person::arrives(&world, address, profile()).await;
            let sent = person.is(first, "Bennet").await;

            if first == "Elizabeth" {
                sent.goes_to(person.tab.return_to());
            } else {
                sent.goes_to(person.tab.url("/details/existing-account"));
                let offer = person.open("/details/existing-account").await;
                offer.shows(200, "e****@****.test");
                person
                    .proves_the_account_on("/details/existing-account")
                    .await;
                person.keeps("this").await.goes_to(person.tab.return_to());
                assert_eq!(person.signed_in().await, world.owner_of(address).await);
                assert_eq!(world.user(&person.user_id).await, None);
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn somebody_else_of_the_same_name_goes_on_with_their_own_account_and_is_not_asked_twice() {
    on_both(async |world| {
        let other = world.account_with_details(OLD, profile()).await;
        let person = Person::arrives(&world, NEW, profile()).await;
        let sent = person.is("Ada", "Lovelace").await;
        sent.goes_to(person.tab.url("/details/existing-account"));

        let left = person.press("/details/existing-account", "skip").await;

        left.goes_to(person.tab.return_to());
        assert_eq!(person.signed_in().await, Some(person.user_id.clone()));
        assert!(world.user(&other).await.is_some());
        let again = Person::arrives(&world, NEW, profile()).await;
        let entry = again.open("/sign-in/email").await;
        entry.goes_to(again.tab.return_to());
    })
    .await;
}

#[actix_web::test]
async fn neither_another_birth_date_nor_another_name_is_the_same_person() {
    on_both(async |world| {
        world.account_with_details(OLD, profile()).await;

        for (name, address) in [("Byron", "b@example.test"), ("Lovelace", "c@example.test")] {
            let person = Person::arrives(&world, address, profile()).await;
            person.says("Ada", name).await;
            let day = if name == "Byron" { "27" } else { "28" };
            let born = [
                ("date-of-birth-day", day),
                ("date-of-birth-month", "3"),
                ("date-of-birth-year", "1990"),
            ];
            person.post("/details/date-of-birth", &born).await;
            let sent = person.press("/details/check-answers", "continue").await;
            sent.goes_to(person.tab.return_to());
        }
        let person = Person::arrives(&world, "d@example.test", profile()).await;
        let sent = person.is("Mary", "Lovelace").await;
        sent.goes_to(person.tab.return_to());
    })
    .await;
}

#[actix_web::test]
async fn what_was_said_before_two_accounts_became_one_is_not_asked_again() {
    on_both(async |world| {
        let old = world.account_with_details(OLD, profile()).await;
        let person = Person::arrives(&world, NEW, trn(TrnRequirement::Optional)).await;
        person.says("Ada", "Lovelace").await;
        let number = [("has-national-insurance-number", "no")];
        person
            .post("/details/has-national-insurance-number", &number)
            .await;
        person.post("/details/has-trn", &[("has-trn", "no")]).await;
        person.post("/details/has-qts", &[("has-qts", "no")]).await;
        let sent = person.press("/details/check-answers", "continue").await;
        sent.goes_to(person.tab.url("/details/existing-account"));
        person
            .proves_the_account_on("/details/existing-account")
            .await;

        let kept = person.keeps("this").await;

        kept.goes_to(person.tab.url("/details/check-answers"));
        person.press("/details/check-answers", "continue").await;
        let link = world.store.read(move |tx| trn_links::find(tx, &old));
        let link = link.await.unwrap().unwrap();
        assert_eq!(link.status, TrnLookupStatus::None);
    })
    .await;
}

#[actix_web::test]
async fn who_cannot_read_the_emails_of_the_other_account_gets_a_number_and_goes_on() {
    on_both(async |world| {
        world.records.add(ada());
        let old = world
            .account_with_details(OLD, trn(TrnRequirement::Optional))
            .await;
        world.news().await;
        let person = Person::arrives(&world, NEW, trn(TrnRequirement::Optional)).await;
        person.is("Ada", "Lovelace").await;

        let referred = person.press("/details/trn-in-use", "skip").await;
        referred.goes_to(person.tab.url("/details/trn-in-use"));
        let page = person.open("/details/trn-in-use").await;
        page.shows(200, "We have your request");
        let reference = reference_on(&page);
        let went_on = person.press("/details/trn-in-use", "continue").await;

        went_on.goes_to(person.tab.return_to());
        assert_eq!(person.signed_in().await, Some(person.user_id.clone()));
        let task = world.task(&reference).await;
        assert_eq!(task.user_id, Some(person.user_id.clone()));
        assert_eq!(task.contact.as_typed(), NEW);
        let Case::TrnInUse { trn, owner, .. } = task.case else {
            panic!("{:?}", task.case);
        };
        assert_eq!((trn, owner), (ada().trn, old.clone()));
        let user_id = person.user_id.clone();
        let (theirs, owners, watchers) = world
            .store
            .read(move |tx| {
                let theirs = trn_links::find(tx, &user_id)?.unwrap();
                let owners = trn_links::find(tx, &old)?.unwrap();
                Ok((theirs, owners, trn_watchers::list(tx, &user_id)?))
            })
            .await
            .unwrap();
        assert_eq!(theirs.status, TrnLookupStatus::Pending);
        assert_eq!(owners.status, TrnLookupStatus::Found);
        assert_eq!(watchers.len(), 1);
        let news = world.news().await;
        assert_eq!(news.len(), 1);
        assert_eq!(news[0].0, NEW);
        assert!(
            matches!(&news[0].1, News::SupportTaskOpened(email) if email.reference == reference)
        );
    })
    .await;
}

#[actix_web::test]
async fn a_service_that_requires_the_trn_is_told_that_there_is_none_yet() {
    on_both(async |world| {
        world.records.add(ada());
        world
            .account_with_details(OLD, trn(TrnRequirement::Required))
            .await;
        let person = Person::arrives(&world, NEW, trn(TrnRequirement::Required)).await;
        person.is("Ada", "Lovelace").await;
        person.press("/details/trn-in-use", "skip").await;

        let went_on = person.press("/details/trn-in-use", "continue").await;

        went_on.goes_to(person.tab.url("/details/trn-not-found"));
        assert_eq!(person.signed_in().await, None);
    })
    .await;
}

#[actix_web::test]
async fn a_stricter_service_does_not_open_a_second_case() {
    on_both(async |world| {
        world.records.add(ada());
        world
            .account_with_details(OLD, trn(TrnRequirement::Optional))
            .await;
        let person = Person::arrives(&world, NEW, trn(TrnRequirement::Optional)).await;
        person.is("Ada", "Lovelace").await;
        person.press("/details/trn-in-use", "skip").await;
        let reference = reference_on(&person.open("/details/trn-in-use").await);
        let mut strict = trn(TrnRequirement::Optional);
        if let Some(rule) = &mut strict.trn {
            rule.policy = MatchPolicy::Strict;
        }

        let again = Person::arrives(&world, NEW, strict).await;
        for (page, fields) in [
            (
                "has-national-insurance-number",
                [("has-national-insurance-number", "yes")],
            ),
            (
                "national-insurance-number",
                [("national-insurance-number", "AB123456C")],
            ),
            ("has-trn", [("has-trn", "yes")]),
            ("trn", [("trn", "1234567")]),
        ] {
            again.post(&format!("/details/{page}"), &fields).await;
        }
        let sent = again.press("/details/check-answers", "continue").await;
        sent.goes_to(again.tab.url("/details/trn-in-use"));
        again.press("/details/trn-in-use", "skip").await;

        let page = again.open("/details/trn-in-use").await;
        assert_eq!(reference_on(&page), reference);
        assert_eq!(world.events(EventKind::SupportTaskOpened).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn eight_registrations_of_one_record_at_once_give_it_to_one_and_offer_it_to_the_others() {
    on_both(async |world| {
        let addresses: Vec<_> = (0..8).map(|n| format!("ada{n}@example.test")).collect();
        world.records.add(TeacherRecord {
            email_addresses: addresses.clone(),
            ..ada()
        });
        let mut people = Vec::new();
        for address in &addresses {
            let person = Person::arrives(&world, address, trn(TrnRequirement::Required)).await;
            person.says("Ada", "Lovelace").await;
            people.push(person);
        }

        let checks = people
            .iter()
            .map(|person| person.press("/details/check-answers", "continue"));
        let seen = futures::future::join_all(checks).await;

        let mut winners = 0;
        for (person, seen) in people.iter().zip(&seen) {
            assert_eq!(seen.status, 303, "{}", seen.body);
            if seen.location == Some(person.tab.return_to()) {
                winners += 1;
            } else {
                seen.goes_to(person.tab.url("/details/trn-in-use"));
                let offer = person.open("/details/trn-in-use").await;
                offer.shows(200, "a****@****.test");
            }
        }
        assert_eq!(winners, 1);
    })
    .await;
}

#[actix_web::test]
async fn an_account_that_went_away_meanwhile_is_no_longer_offered() {
    on_both(async |world| {
        let old = world.account_with_details(OLD, profile()).await;
        let third = world.account_of("third@example.test").await;
        let person = Person::arrives(&world, NEW, profile()).await;
        person.is("Ada", "Lovelace").await;
        person.press("/details/existing-account", "continue").await;
        let journey = world.journey.clone();
        let merged = world
            .store
            .write(move |tx| crate::accounts::joining::merge(tx, &journey, &old, &third))
            .await;
        assert_eq!(merged.unwrap(), users::Merged::Merged);

        let typed = person.types(&world.account_code()).await;

        typed.goes_to(person.tab.url("/details/check-answers"));
        let sent = person.press("/details/check-answers", "continue").await;
        sent.goes_to(person.tab.return_to());
        assert_eq!(person.signed_in().await, Some(person.user_id.clone()));
    })
    .await;
}
