//! Looking for the records of people who were not found, while they are not there.

use std::sync::{Arc, Mutex};

use model::client::{ClientSettings, Credential};
use model::event::EventKind;
use model::keyring::Purpose;
use model::trn_lookup::{TrnLookupStatus, VerificationLevel};
use model::{ClientId, Keyring, Secret};
use storage::clients::{self, NewClient, Source};
use storage::user_details::NewDetails;
use storage::{Store, outbox, security_events, support_tasks};

use super::super::world::{DAY, HOUR, MINUTE, World, on_both, on_both_with};
use super::*;
use crate::Parts;
use crate::emails::News;
use crate::look_up_again::{LookedUp, look_up_next};
use crate::mailer::MailKind;
use crate::teacher_records::{Asking, RecordQuery, TeacherRecords};

/// Somebody who said that they have neither number nor TRN, and was not found.
async fn not_found(world: &World) -> Teacher<'_> {
    let teacher = Teacher::asked(world, trn(OPTIONAL)).await;
    teacher.answers(&ABOUT).await;
    teacher.answers(&[NO_NUMBER, NO_TRN, NO_QTS, CHECK]).await;
    teacher
}

/// Somebody who was found by default, and whom a strict service asked when the records were down.
async fn asked_strictly_in_vain(world: &World) -> Teacher<'_> {
    world.records.add(ada());
    let teacher = Teacher::asked(world, trn(OPTIONAL)).await;
    teacher.answers(&ABOUT).await;
    teacher.answers(&[HAS_NUMBER, NUMBER, CHECK]).await;
    assert_eq!(teacher.trn().await, Some(ada().trn));
    world.records.are_down(true);
    let teacher = Teacher::asked(world, trn(STRICT)).await;
    teacher.answers(&[NO_TRN, CHECK]).await;
    teacher
}

impl Teacher<'_> {
    /// Signing in makes a look-up due, if one may be.
    async fn signs_in(&self) -> bool {
        let user_id = self.user_id.clone();
        let soon = self
            .world
            .store
            .write(move |tx| trn_links::look_up_soon(tx, &user_id));
        soon.await.unwrap()
    }

    async fn status(&self) -> TrnLookupStatus {
        self.link().await.unwrap().status
    }
}

impl World {
    async fn looks_up(&self) -> LookedUp {
        look_up_next(&self.journey, MINUTE).await.unwrap()
    }

    /// Sends the mail that waits; how many security events waited beside it.
    async fn sends(&self) -> usize {
        let mut events = 0;
        while let Some(message) = self
            .store
            .write(|tx| outbox::claim(tx, HOUR))
            .await
            .unwrap()
        {
            if message.kind == security_events::KIND {
                events += 1;
            } else {
                crate::outbox::deliver(&self.journey, &message)
                    .await
                    .unwrap();
            }
        }
        events
    }

    async fn tasks(&self) -> Vec<String> {
        let tasks = self.store.read(|tx| support_tasks::list(tx, 10));
        let tasks = tasks.await.unwrap();
        tasks.into_iter().map(|task| task.kind).collect()
    }

    /// An account of which nothing is known is to be looked for now.
    async fn is_due(&self, user_id: &UserId) {
        let outcome = TrnOutcome {
            status: TrnLookupStatus::None,
            trn: None,
            level: None,
            policy: MatchPolicy::Default,
            policy_version: POLICY_VERSION,
            agreed: Vec::new(),
            source: LookupSource::Lookup,
            is_unavailable: true,
        };
        let (keyring, due_at) = (&self.journey.keyring, Some(self.store.clock().now()));
        let link = NewLink::seal(&outcome, user_id, due_at, keyring, &SystemEntropy);
        let id = user_id.clone();
        let replace = self
            .store
            .write(move |tx| trn_links::replace(tx, &id, &link));
        replace.await.unwrap();
    }

    /// Whether an account's look-up is over.
    async fn was_looked_for(&self, user_id: &UserId) -> bool {
        let id = user_id.clone();
        let find = self.store.read(move |tx| trn_links::find(tx, &id));
        !find.await.unwrap().unwrap().is_unavailable
    }

    fn mails_of_a_found_trn(&self) -> Vec<String> {
        let mails = self.mailbox.mails().into_iter();
        mails
            .filter(|mail| matches!(mail.kind, MailKind::News(News::TrnFound(_))))
            .map(|mail| mail.to.as_typed().to_owned())
            .collect()
    }
}

/// Registers the service that everybody here comes from, to be told of events.
async fn has_events_pushed(store: &Store) {
    let mut settings = ClientSettings::named("Demo service");
    settings.event_endpoint = "https://service.example/events".parse().ok();
    let insert = store.write(move |tx| {
        let client = NewClient {
            id: &ClientId::parse("demo").unwrap(),
            settings: &settings,
            credential: &Credential::default(),
            source: Source::CommandLine,
            source_digest: None,
        };
        clients::insert(tx, &client)
    });
    assert!(insert.await.unwrap());
}

/// Makes what is stored of a person under a key that nobody has.
async fn loses_its_key(world: &World, user_id: &UserId) {
    let (lost, id) = (
        Keyring::new(&[(9, Secret::new([9; 32]))]).unwrap(),
        user_id.clone(),
    );
    let new = NewDetails {
        sealed: lost.seal(Purpose::Details, id.as_str(), b"{}", &SystemEntropy),
        has_profile: true,
        national_insurance_asked: true,
        person_digest: None,
    };
    let replace = world
        .store
        .write(move |tx| user_details::replace(tx, &id, &new));
    replace.await.unwrap();
}

#[actix_web::test]
async fn somebody_whose_answers_no_key_opens_keeps_nobody_else_waiting_and_has_their_turn_again() {
    on_both(async |world| {
        let teacher = not_found(&world).await;
        world.clock.advance(DAY);
        assert!(teacher.signs_in().await);
        let readable = teacher.details().await.unwrap();
        loses_its_key(&world, &teacher.user_id).await;
        world.clock.advance(MINUTE);
        let next = world.account_of("next@example.test").await;
        world.is_due(&next).await;
        world.records.add(ada_by_address());

        assert_eq!(world.looks_up().await, LookedUp::Somebody);
        assert_eq!(world.looks_up().await, LookedUp::Somebody);
        assert_eq!(world.looks_up().await, LookedUp::Nobody);

        assert!(world.was_looked_for(&next).await);
        assert_eq!(teacher.status().await, TrnLookupStatus::None);
        world.clock.advance(DAY.saturating_sub(MINUTE));
        assert_eq!(world.looks_up().await, LookedUp::Nobody);
        let sealed = crate::details::seal(&world.journey, &teacher.user_id, &readable).unwrap();
        let (id, new) = (
            teacher.user_id.clone(),
            NewDetails {
                sealed,
                has_profile: true,
                national_insurance_asked: true,
                person_digest: None,
            },
        );
        let put_back = world
            .store
            .write(move |tx| user_details::replace(tx, &id, &new));
        put_back.await.unwrap();
        world.clock.advance(MINUTE);
        assert_eq!(world.looks_up().await, LookedUp::Somebody);
        assert_eq!(teacher.status().await, TrnLookupStatus::Found);
    })
    .await;
}

#[actix_web::test]
async fn somebody_whose_trn_no_key_opens_is_put_off_too() {
    on_both(async |world| {
        let teacher = asked_strictly_in_vain(&world).await;
        world.records.are_down(false);
        let asked = teacher.lookups();
        let (lost, id) = (
            Keyring::new(&[(9, Secret::new([9; 32]))]).unwrap(),
            teacher.user_id.clone(),
        );
        let earlier = teacher.link().await.unwrap();
        let outcome = TrnOutcome {
            status: earlier.status,
            trn: Some(ada().trn),
            level: earlier.level,
            policy: earlier.policy,
            policy_version: earlier.policy_version,
            agreed: earlier.agreed,
            source: earlier.source,
            is_unavailable: true,
        };
        let due_at = Some(world.store.clock().now());
        let link = NewLink::seal(&outcome, &id, due_at, &lost, &SystemEntropy);
        let replace = world
            .store
            .write(move |tx| trn_links::replace(tx, &id, &link));
        replace.await.unwrap();

        assert_eq!(world.looks_up().await, LookedUp::Somebody);
        assert_eq!(world.looks_up().await, LookedUp::Nobody);

        assert_eq!(teacher.lookups(), asked);
        world.clock.advance(DAY);
        assert_eq!(world.looks_up().await, LookedUp::Somebody);
    })
    .await;
}

#[actix_web::test]
async fn who_was_not_found_is_looked_for_once_a_day_and_told_when_found() {
    on_both(async |world| {
        has_events_pushed(&world.store).await;
        let teacher = not_found(&world).await;
        assert_eq!(world.looks_up().await, LookedUp::Nobody);
        assert!(!teacher.signs_in().await, "not twice a day");
        world.records.add(ada_by_address());
        world.clock.advance(DAY);

        assert!(teacher.signs_in().await);
        assert_eq!(world.looks_up().await, LookedUp::Somebody);

        let link = teacher.link().await.unwrap();
        assert_eq!(link.status, TrnLookupStatus::Found);
        assert_eq!(link.level, Some(VerificationLevel::Low));
        assert_eq!(teacher.trn().await, Some(ada().trn));
        assert_eq!(world.sends().await, 1);
        assert_eq!(world.mails_of_a_found_trn(), [ADDRESS]);
        assert_eq!(world.events(EventKind::TrnFound).await, 1);
        world.clock.advance(DAY);
        assert!(!teacher.signs_in().await, "found for good");
        assert_eq!(world.looks_up().await, LookedUp::Nobody);
    })
    .await;
}

#[actix_web::test]
async fn who_is_still_not_found_hears_nothing_and_is_looked_for_another_day() {
    on_both(async |world| {
        let teacher = not_found(&world).await;
        let asked = teacher.lookups();
        for day in 1..=3 {
            world.clock.advance(DAY);
            assert!(teacher.signs_in().await);

            assert_eq!(world.looks_up().await, LookedUp::Somebody);

            assert_eq!(world.looks_up().await, LookedUp::Nobody);
            assert_eq!(teacher.status().await, TrnLookupStatus::None);
            assert_eq!(teacher.lookups(), asked + day);
        }
        assert_eq!(world.sends().await, 0);
        assert_eq!(world.mailbox.count(), 0);
        assert_eq!(world.tasks().await, [""; 0]);
    })
    .await;
}

#[actix_web::test]
async fn records_that_cannot_be_asked_are_asked_again_without_a_sign_in() {
    on_both(async |world| {
        has_events_pushed(&world.store).await;
        world.records.are_down(true);
        let teacher = not_found(&world).await;
        assert!(teacher.link().await.unwrap().is_unavailable);
        world.clock.advance(5 * MINUTE);
        assert_eq!(world.looks_up().await, LookedUp::Unavailable);
        assert_eq!(world.looks_up().await, LookedUp::Nobody);
        assert_eq!(teacher.status().await, TrnLookupStatus::None);

        world.records.are_down(false);
        world.records.add(ada_by_address());
        world.clock.advance(15 * MINUTE);
        assert_eq!(world.looks_up().await, LookedUp::Somebody);

        assert_eq!(teacher.status().await, TrnLookupStatus::Found);
        assert_eq!(world.sends().await, 1);
        assert_eq!(world.mails_of_a_found_trn(), [ADDRESS]);
    })
    .await;
}

#[actix_web::test]
async fn staff_look_at_who_claims_a_record_once_the_records_answered_that_there_is_none() {
    on_both(async |world| {
        world.records.are_down(true);
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher.answers(&[NO_NUMBER, HAS_TRN, TRN]).await;
        teacher.answers(&[NO_QTS, CHECK]).await;
        assert_eq!(teacher.status().await, TrnLookupStatus::Pending);
        assert_eq!(world.tasks().await, [""; 0]);

        world.records.are_down(false);
        world.clock.advance(5 * MINUTE);
        assert_eq!(world.looks_up().await, LookedUp::Somebody);
        assert_eq!(world.tasks().await, ["trn_lookup"]);

        // What is as undecided as it was is not given to them again, whatever they did with it.
        let closed = world.store.write(|tx| {
            let tasks = support_tasks::list(tx, 10)?;
            support_tasks::close(tx, &tasks[0].id, "no_change")
        });
        closed.await.unwrap();
        world.clock.advance(DAY);
        assert!(teacher.signs_in().await);
        assert_eq!(world.looks_up().await, LookedUp::Somebody);
        assert_eq!(world.tasks().await, [""; 0]);
    })
    .await;
}

#[actix_web::test]
async fn a_record_of_another_account_is_never_taken_from_it() {
    on_both(async |world| {
        let teacher = not_found(&world).await;
        let (_, owner) = world.session_of("owner@example.test").await;
        let journey = world.journey.clone();
        let found = TrnOutcome {
            status: TrnLookupStatus::Found,
            trn: Some(ada().trn),
            level: Some(VerificationLevel::Medium),
            policy: MatchPolicy::Strict,
            policy_version: POLICY_VERSION,
            agreed: Vec::new(),
            source: LookupSource::Support,
            is_unavailable: false,
        };
        let link = NewLink::seal(&found, &owner, None, &journey.keyring, &SystemEntropy);
        let holder = owner.clone();
        let linked = world
            .store
            .write(move |tx| trn_links::replace(tx, &holder, &link));
        assert_eq!(linked.await.unwrap(), Linked::Linked);
        world.records.add(ada_by_address());
        world.clock.advance(DAY);

        assert!(teacher.signs_in().await);
        assert_eq!(world.looks_up().await, LookedUp::Somebody);

        assert_eq!(teacher.status().await, TrnLookupStatus::Pending);
        assert_eq!(teacher.trn().await, None);
        assert_eq!(world.tasks().await, ["trn_in_use"]);
        assert_eq!(world.sends().await, 0);
        assert_eq!(world.mails_of_a_found_trn(), [""; 0]);
        let digests = trn_links::digests(&world.journey.keyring, &ada().trn);
        let holder = world
            .store
            .read(move |tx| trn_links::find_owner(tx, &digests));
        assert_eq!(holder.await.unwrap(), Some(owner));
    })
    .await;
}

#[actix_web::test]
async fn who_has_a_trn_keeps_it_when_a_strict_look_up_finds_no_more() {
    on_both(async |world| {
        let teacher = asked_strictly_in_vain(&world).await;
        world.records.are_down(false);
        world.clock.advance(5 * MINUTE);

        assert_eq!(world.looks_up().await, LookedUp::Somebody);

        let link = teacher.link().await.unwrap();
        assert_eq!(link.status, TrnLookupStatus::Found);
        assert_eq!(link.level, Some(VerificationLevel::Low));
        assert_eq!(link.policy, MatchPolicy::Strict);
        assert!(!link.is_unavailable);
        assert_eq!(teacher.trn().await, Some(ada().trn));
        assert_eq!(world.looks_up().await, LookedUp::Nobody);
        assert_eq!(world.mails_of_a_found_trn(), [""; 0]);
    })
    .await;
}

/// Records during whose answer staff decide over an account, once they are to.
struct Slow {
    store: Store,
    answering: Arc<dyn TeacherRecords>,
    decision: Decision,
}

type Decision = Arc<Mutex<Option<(UserId, NewLink)>>>;

impl TeacherRecords for Slow {
    fn find<'a>(&'a self, query: &'a RecordQuery) -> Asking<'a, Vec<TeacherRecord>> {
        let decision = self.decision.lock().unwrap().take();
        Box::pin(async move {
            if let Some((user_id, link)) = decision {
                let decide = self
                    .store
                    .write(move |tx| trn_links::replace(tx, &user_id, &link));
                assert_eq!(decide.await.unwrap(), Linked::Linked);
            }
            self.answering.find(query).await
        })
    }

    fn record<'a>(&'a self, trn: &'a Trn) -> Asking<'a, Option<TeacherRecord>> {
        self.answering.record(trn)
    }
}

#[actix_web::test]
async fn what_staff_decide_while_the_records_are_asked_stands() {
    let decision = Decision::default();
    let slow = |parts: &mut Parts| {
        parts.teacher_records = Arc::new(Slow {
            store: parts.store.clone(),
            answering: Arc::clone(&parts.teacher_records),
            decision: Arc::clone(&decision),
        });
    };
    on_both_with(slow, async |world| {
        let teacher = not_found(&world).await;
        world.records.add(ada_by_address());
        world.clock.advance(DAY);
        assert!(teacher.signs_in().await);
        let refused = teacher.refused_by_staff();
        *decision.lock().unwrap() = Some((teacher.user_id.clone(), refused));

        assert_eq!(world.looks_up().await, LookedUp::Somebody);

        assert_eq!(teacher.status().await, TrnLookupStatus::Failed);
        assert_eq!(world.sends().await, 0);
        assert_eq!(world.mails_of_a_found_trn(), [""; 0]);
        assert_eq!(world.looks_up().await, LookedUp::Nobody);
    })
    .await;
}

#[actix_web::test]
async fn of_many_nodes_one_looks_a_person_up() {
    on_both(async |world| {
        let teacher = not_found(&world).await;
        let asked = teacher.lookups();
        world.records.add(ada_by_address());
        world.clock.advance(DAY);
        assert!(teacher.signs_in().await);

        let nodes = (0..16).map(|_| world.looks_up());
        let looked_up = futures::future::join_all(nodes).await;

        let somebody = looked_up.iter().filter(|one| **one == LookedUp::Somebody);
        assert_eq!(somebody.count(), 1);
        assert_eq!(teacher.lookups(), asked + 1);
        world.sends().await;
        assert_eq!(world.mails_of_a_found_trn(), [ADDRESS]);
    })
    .await;
}
