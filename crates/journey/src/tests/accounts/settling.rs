//! Staff settle the cases that people were told a number of.

use model::trn_lookup::{LookupSource, TrnLookupStatus, VerificationLevel};
use model::{SecretDigest, TeacherDetails};
use storage::trn_links::{self, TrnLink};
use storage::{browser_sessions, outbox, support_tasks, trn_watchers};

use super::super::world::{HOUR, MINUTE, on_both};
use super::*;
use crate::accounts::address_change::apply_due;
use crate::look_up_again::look_up_next;
use crate::support::{Case, NotSettled, Opening, Settlement, settle};

impl World {
    /// A case of a person whose record nobody could decide over.
    async fn opened(&self, user_id: &UserId, case: Case) -> Reference {
        let (journey, user_id) = (self.journey.clone(), user_id.clone());
        self.store
            .write(move |tx| {
                let client_id = ClientId::parse("demo").unwrap();
                let contact = EmailAddress::parse(NEW).unwrap();
                let opening = Opening {
                    user_id: Some(&user_id),
                    client_id: Some(&client_id),
                    contact: &contact,
                    case: &case,
                };
                support::open(tx, &journey, &opening)
            })
            .await
            .unwrap()
    }

    pub(super) async fn settles(
        &self,
        reference: &Reference,
        settlement: Settlement,
    ) -> Result<(), NotSettled> {
        let (journey, reference) = (self.journey.clone(), reference.clone());
        self.store
            .write(move |tx| settle(tx, &journey, &reference, &settlement))
            .await
            .unwrap()
    }

    pub(super) async fn link(&self, user_id: &UserId) -> Option<TrnLink> {
        let user_id = user_id.clone();
        let find = self.store.read(move |tx| trn_links::find(tx, &user_id));
        find.await.unwrap()
    }
}

fn undecided() -> Case {
    Case::TrnLookup {
        details: TeacherDetails::default(),
    }
}

fn lost() -> Case {
    Case::LostAddress {
        lost: EmailAddress::parse(OLD).unwrap(),
        new: EmailAddress::parse(NEW).unwrap(),
    }
}

fn its_trn() -> Settlement {
    Settlement::Trn(ada().trn)
}

#[actix_web::test]
async fn a_case_is_stored_sealed_and_found_however_its_number_is_written() {
    on_both(async |world| {
        let user_id = world.account_of(OLD).await;
        let reference = world.opened(&user_id, lost()).await;

        let stored = world.store.read(|tx| support_tasks::list(tx, 10));
        let stored = stored.await.unwrap();

        let [task] = &stored[..] else {
            panic!("{stored:?}");
        };
        assert_eq!(task.kind, "lost_address");
        let sealed = String::from_utf8_lossy(&task.sealed);
        assert!(!sealed.contains("education") && !sealed.contains("example"));
        let typed = reference.as_str().to_ascii_lowercase().replace('-', " ");
        assert_eq!(world.task(&typed).await.case, lost());
    })
    .await;
}

#[actix_web::test]
async fn a_trn_that_staff_found_is_linked_and_everybody_who_waits_is_told() {
    on_both(async |world| {
        let user_id = world.account_of(NEW).await;
        let reference = world.opened(&user_id, undecided()).await;
        world.news().await;

        assert_eq!(world.settles(&reference, its_trn()).await, Ok(()));

        let link = world.link(&user_id).await.unwrap();
        assert_eq!(link.status, TrnLookupStatus::Found);
        assert_eq!(link.level, Some(VerificationLevel::Medium));
        assert_eq!(link.source, LookupSource::Support);
        let trn = link.trn(&user_id, &world.journey.keyring).unwrap();
        assert_eq!(trn, Some(ada().trn));
        let news = world.news().await;
        assert_eq!(news.len(), 1);
        let News::SupportTaskClosed(email) = &news[0].1 else {
            panic!("{news:?}");
        };
        assert_eq!(email.reference, reference.as_str());
        assert!(
            email
                .outcome
                .starts_with("We have found your teacher reference number")
        );
        assert_eq!(world.events(EventKind::TrnLinkedBySupport).await, 1);
        assert_eq!(world.events(EventKind::SupportTaskClosed).await, 1);
        let task = world.task(reference.as_str()).await;
        assert_eq!(task.settled.unwrap().outcome, "trn_found");
    })
    .await;
}

#[actix_web::test]
async fn a_service_that_watches_is_told_of_either_decision() {
    on_both(async |world| {
        for (address, settlement) in [(NEW, its_trn()), (OLD, Settlement::NoTrn)] {
            let user_id = world.account_of(address).await;
            let reference = world.opened(&user_id, undecided()).await;
            world.news().await;
            let service = service_with_events(&world).await;
            let watching = user_id.clone();
            world
                .store
                .write(move |tx| trn_watchers::watch(tx, &watching, &service))
                .await
                .unwrap();

            assert_eq!(world.settles(&reference, settlement).await, Ok(()));

            let mut kinds = Vec::new();
            while let Some(message) = world
                .store
                .write(|tx| outbox::claim(tx, MINUTE))
                .await
                .unwrap()
            {
                kinds.push(message.kind);
            }
            kinds.sort();
            assert_eq!(kinds, ["mail", "security_event"]);
        }
    })
    .await;
}

#[actix_web::test]
async fn staff_can_decide_that_there_is_no_trn() {
    on_both(async |world| {
        let user_id = world.account_of(NEW).await;
        let reference = world.opened(&user_id, undecided()).await;

        assert_eq!(world.settles(&reference, Settlement::NoTrn).await, Ok(()));

        let link = world.link(&user_id).await.unwrap();
        assert_eq!(link.status, TrnLookupStatus::Failed);
        assert_eq!(link.source, LookupSource::Support);
        assert_eq!(world.events(EventKind::TrnRefusedBySupport).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn what_does_not_fit_is_refused_and_changes_nothing() {
    on_both(async |world| {
        let user_id = world.account_of(OLD).await;
        let undecided = world.opened(&user_id, undecided()).await;
        let lost = world.opened(&user_id, lost()).await;
        let frozen = Case::ChangeFrozen {
            kept: EmailAddress::parse(OLD).unwrap(),
            refused: EmailAddress::parse(NEW).unwrap(),
        };
        let frozen = world.opened(&user_id, frozen).await;
        world.news().await;
        let unknown = Reference::parse("GAI-2222-2222").unwrap();

        for (reference, settlement, refusal) in [
            (&undecided, Settlement::ApplyAddress, NotSettled::DoesNotFit),
            (&lost, its_trn(), NotSettled::DoesNotFit),
            (&lost, Settlement::NoTrn, NotSettled::DoesNotFit),
            (&lost, Settlement::MoveTrn, NotSettled::DoesNotFit),
            (&undecided, Settlement::MoveTrn, NotSettled::DoesNotFit),
            (&frozen, Settlement::ApplyAddress, NotSettled::DoesNotFit),
            (&frozen, its_trn(), NotSettled::DoesNotFit),
            (&unknown, Settlement::NoChange, NotSettled::Unknown),
        ] {
            let settled = world.settles(reference, settlement.clone()).await;
            assert_eq!(settled, Err(refusal), "{settlement:?}");
        }

        assert_eq!(world.news().await, []);
        assert_eq!(world.link(&user_id).await, None);
        assert!(world.task(lost.as_str()).await.settled.is_none());
    })
    .await;
}

#[actix_web::test]
async fn a_case_is_settled_once() {
    on_both(async |world| {
        let user_id = world.account_of(NEW).await;
        let reference = world.opened(&user_id, undecided()).await;

        let first = world.settles(&reference, Settlement::NoChange).await;
        let second = world.settles(&reference, its_trn()).await;

        assert_eq!(first, Ok(()));
        assert_eq!(second, Err(NotSettled::AlreadySettled));
        assert_eq!(world.link(&user_id).await, None);
    })
    .await;
}

#[actix_web::test]
async fn staff_do_not_give_a_trn_away_that_another_account_has() {
    on_both(async |world| {
        world.records.add(ada());
        world
            .account_with_details(OLD, trn(TrnRequirement::Optional))
            .await;
        let user_id = world.account_of(NEW).await;
        let reference = world.opened(&user_id, undecided()).await;

        let settled = world.settles(&reference, its_trn()).await;

        assert_eq!(settled, Err(NotSettled::TrnOfAnother));
        assert!(world.task(reference.as_str()).await.settled.is_none());
    })
    .await;
}

#[actix_web::test]
async fn a_lost_address_is_replaced_only_after_its_notice() {
    on_both(async |world| {
        let user_id = world.account_of(OLD).await;
        let reference = world.opened(&user_id, lost()).await;
        world.news().await;

        assert_eq!(
            world.settles(&reference, Settlement::ApplyAddress).await,
            Ok(())
        );
        let news = world.news().await;
        assert_eq!(news.len(), 2);
        assert_eq!((news[0].0.as_str(), news[1].0.as_str()), (OLD, NEW));
        assert!(matches!(&news[0].1, News::AddressChangePlanned(one) if one.hours == 48));
        assert!(matches!(&news[1].1, News::SupportTaskClosed(_)));
        world.clock.advance(47 * HOUR);
        apply_due(&world.journey).await.unwrap();
        assert_eq!(world.user(&user_id).await.unwrap().email.as_typed(), OLD);
        world.clock.advance(HOUR);
        apply_due(&world.journey).await.unwrap();
        apply_due(&world.journey).await.unwrap();

        assert_eq!(world.user(&user_id).await.unwrap().email.as_typed(), NEW);
        let news = world.news().await;
        assert_eq!(news.len(), 2, "both addresses, once");
        assert_eq!(news[0].0, OLD);
        assert!(matches!(&news[0].1, News::AddressReplaced(_)));
        assert_eq!(news[1].0, NEW);
        assert!(matches!(&news[1].1, News::AddressChanged(_)));
        assert_eq!(world.events(EventKind::AddressChanged).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn whoever_signed_in_by_a_lost_address_is_signed_out_when_it_is_replaced() {
    on_both(async |world| {
        let thief = Person::arrives(&world, OLD, profile()).await;
        let reference = world.opened(&thief.user_id, lost()).await;
        world
            .settles(&reference, Settlement::ApplyAddress)
            .await
            .unwrap();
        world.clock.advance(48 * HOUR);
        let (session, _) = world.session_of(OLD).await;
        let browser = SecretKind::Browser.mint(&SystemEntropy);
        let signed_in = world.tab_of(browser, Some(session), |_| {}).await;

        apply_due(&world.journey).await.unwrap();

        let seen = world.open(&signed_in, "/sign-in/email").await;
        seen.shows(200, "Enter your email address");
        assert_eq!(world.signed_in(&signed_in).await, None);
    })
    .await;
}

#[actix_web::test]
async fn a_lost_address_is_not_replaced_for_an_account_that_has_another_by_now_or_never_was() {
    on_both(async |world| {
        let user_id = world.account_of("other@example.test").await;
        let reference = world.opened(&user_id, lost()).await;
        let settled = world.settles(&reference, Settlement::ApplyAddress).await;
        assert_eq!(settled, Err(NotSettled::NoSuchAccount));

        let owner = world.account_of(OLD).await;
        world.account_of(NEW).await;
        let reference = world.opened(&owner, lost()).await;
        let settled = world.settles(&reference, Settlement::ApplyAddress).await;

        assert_eq!(settled, Err(NotSettled::AddressTaken));
    })
    .await;
}

#[actix_web::test]
async fn a_new_address_that_got_an_account_during_the_notice_goes_back_to_staff() {
    on_both(async |world| {
        let user_id = world.account_of(OLD).await;
        let reference = world.opened(&user_id, lost()).await;
        world
            .settles(&reference, Settlement::ApplyAddress)
            .await
            .unwrap();
        world.news().await;
        let meanwhile = world.account_of(NEW).await;
        world.clock.advance(48 * HOUR);

        apply_due(&world.journey).await.unwrap();

        assert_eq!(world.user(&user_id).await.unwrap().email.as_typed(), OLD);
        assert!(world.user(&meanwhile).await.is_some());
        let news = world.news().await;
        let News::SupportTaskOpened(email) = &news[0].1 else {
            panic!("{news:?}");
        };
        let task = world.task(&email.reference).await;
        assert_eq!(task.case.kind(), "address_taken");
        assert_eq!(task.user_id, Some(user_id));
    })
    .await;
}

#[actix_web::test]
async fn the_account_that_has_a_persons_trn_becomes_theirs_after_the_notice() {
    on_both(async |world| {
        world.records.add(ada());
        let old = world
            .account_with_details(OLD, trn(TrnRequirement::Optional))
            .await;
        let person = Person::arrives(&world, NEW, trn(TrnRequirement::Optional)).await;
        person.is("Ada", "Lovelace").await;
        person.press("/details/trn-in-use", "skip").await;
        let page = person.open("/details/trn-in-use").await;
        let reference = Reference::parse(&reference_on(&page)).unwrap();
        world
            .settles(&reference, Settlement::ApplyAddress)
            .await
            .unwrap();
        assert!(world.user(&person.user_id).await.is_some());
        world.clock.advance(48 * HOUR);

        apply_due(&world.journey).await.unwrap();

        assert_eq!(world.user(&old).await.unwrap().email.as_typed(), NEW);
        assert_eq!(world.user(&person.user_id).await, None);
        assert_eq!(
            world.link(&old).await.unwrap().status,
            TrnLookupStatus::Found
        );
    })
    .await;
}

impl Person<'_> {
    /// Says that they have a TRN that no record of theirs has.
    async fn claims_a_trn(&self) -> Seen {
        self.says("Ada", "Lovelace").await;
        for (page, field, value) in [
            (
                "has-national-insurance-number",
                "has-national-insurance-number",
                "no",
            ),
            ("has-trn", "has-trn", "yes"),
            ("trn", "trn", "1234567"),
            ("has-qts", "has-qts", "no"),
        ] {
            let page = format!("/details/{page}");
            self.post(&page, &[(field, value)]).await;
        }
        self.press("/details/check-answers", "continue").await
    }
}

#[actix_web::test]
async fn a_person_who_claims_a_trn_that_is_not_found_is_given_to_staff_until_it_is() {
    on_both(async |world| {
        let person = Person::arrives(&world, NEW, trn(TrnRequirement::Optional)).await;
        person.claims_a_trn().await;

        let news = world.news().await;
        let News::SupportTaskOpened(email) = &news[0].1 else {
            panic!("{news:?}");
        };
        let task = world.task(&email.reference).await;
        let Case::TrnLookup { details } = &task.case else {
            panic!("{:?}", task.case);
        };
        assert_eq!(details.stated_trn(), Some(&ada().trn));
        assert_eq!(task.user_id, Some(person.user_id.clone()));

        world.records.add(ada());
        world.clock.advance(24 * HOUR);
        let user_id = person.user_id.clone();
        let soon = world
            .store
            .write(move |tx| trn_links::look_up_soon(tx, &user_id));
        soon.await.unwrap();
        look_up_next(&world.journey, MINUTE).await.unwrap();

        let link = world.link(&person.user_id).await.unwrap();
        assert_eq!(link.status, TrnLookupStatus::Found);
        let task = world.task(&email.reference).await;
        assert_eq!(task.settled.unwrap().outcome, "found_by_lookup");
        let settled = world
            .settles(
                &Reference::parse(&email.reference).unwrap(),
                Settlement::NoTrn,
            )
            .await;
        assert_eq!(settled, Err(NotSettled::AlreadySettled));
        let news = world.news().await;
        assert_eq!(news.len(), 1);
        assert!(matches!(news[0].1, News::TrnFound(_)), "{news:?}");
    })
    .await;
}

#[actix_web::test]
async fn nobody_is_given_to_staff_who_has_no_record_and_claims_none() {
    on_both(async |world| {
        let person = Person::arrives(&world, NEW, trn(TrnRequirement::Optional)).await;
        person.says("Ada", "Lovelace").await;
        for page in ["has-national-insurance-number", "has-trn", "has-qts"] {
            person
                .post(&format!("/details/{page}"), &[(page, "no")])
                .await;
        }
        person.press("/details/check-answers", "continue").await;

        let open = world.store.read(|tx| support_tasks::list(tx, 10));
        assert_eq!(open.await.unwrap(), []);
        assert_eq!(world.news().await, []);
    })
    .await;
}

#[actix_web::test]
async fn a_record_that_cannot_be_asked_for_is_no_case_yet() {
    on_both(async |world| {
        world.records.are_down(true);
        let person = Person::arrives(&world, NEW, trn(TrnRequirement::Optional)).await;
        person.claims_a_trn().await;

        let open = world.store.read(|tx| support_tasks::list(tx, 10));
        assert_eq!(open.await.unwrap(), []);
    })
    .await;
}

#[actix_web::test]
async fn a_lost_second_factor_is_removed_and_everybody_is_signed_out() {
    on_both(async |world| {
        let user_id = world.account_of(NEW).await;
        let (session, _) = world.session_of(NEW).await;
        world.set_up_app(&user_id).await;
        let reference = world.opened(&user_id, Case::SecondFactorLost {}).await;
        world.news().await;

        let settled = world
            .settles(&reference, Settlement::RemoveSecondFactor)
            .await;

        assert_eq!(settled, Ok(()));
        assert!(!world.user(&user_id).await.unwrap().has_second_factor);
        let digest = SecretDigest::of(session.reveal());
        let session = world
            .store
            .read(move |tx| browser_sessions::find(tx, &digest));
        assert_eq!(session.await.unwrap(), None);
        let news = world.news().await;
        assert_eq!(news.len(), 1);
        assert_eq!(news[0].0, NEW);
        assert!(
            matches!(&news[0].1, News::SupportTaskClosed(email)
                if email.outcome.starts_with("We have removed your passkeys")),
            "{news:?}"
        );
        let events = world.events(EventKind::SecondFactorsRemovedBySupport).await;
        assert_eq!(events, 1);
    })
    .await;
}

#[actix_web::test]
async fn a_second_factor_is_removed_by_no_other_case_and_for_no_other_address() {
    on_both(async |world| {
        let user_id = world.account_of(OLD).await;
        world.set_up_app(&user_id).await;
        let of_another_address = world.opened(&user_id, Case::SecondFactorLost {}).await;
        let of_another_kind = world.opened(&user_id, lost()).await;

        for (reference, refusal) in [
            (of_another_address, NotSettled::NoSuchAccount),
            (of_another_kind, NotSettled::DoesNotFit),
        ] {
            let settled = world
                .settles(&reference, Settlement::RemoveSecondFactor)
                .await;
            assert_eq!(settled, Err(refusal));
        }

        assert!(world.user(&user_id).await.unwrap().has_second_factor);
        let lost = world.opened(&user_id, Case::SecondFactorLost {}).await;
        let settled = world.settles(&lost, Settlement::ApplyAddress).await;
        assert_eq!(settled, Err(NotSettled::DoesNotFit));
    })
    .await;
}
