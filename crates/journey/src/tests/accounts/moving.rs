//! Staff give a TRN to the account that asked, and take it from the account that has it.

use model::asked_claims::AskedClaims;
use model::authorization_code::Grant;
use model::browser_session::Authentication;
use model::trn_lookup::{LookupSource, TrnLookupStatus, VerificationLevel};
use model::{Entropy, ScopeSet};
use storage::{grants, support_tasks, trn_links, trn_watchers};

use super::super::world::{DAY, HOUR, MINUTE, on_both};
use super::*;
use crate::support::{Case, NotSettled, Opening, Settlement};

/// Ada, whose TRN the account of the old address has, and who cannot read emails there.
struct Claim<'a> {
    world: &'a World,
    owner: UserId,
    asker: UserId,
    reference: Reference,
}

impl<'a> Claim<'a> {
    async fn made(world: &'a World) -> Self {
        world.records.add(ada());
        let owner = world
            .account_with_details(OLD, trn(TrnRequirement::Optional))
            .await;
        let person = Person::arrives(world, NEW, trn(TrnRequirement::Optional)).await;
        person.is("Ada", "Lovelace").await;
        person.press("/details/trn-in-use", "skip").await;
        let page = person.open("/details/trn-in-use").await;
        world.news().await;
        Self {
            world,
            owner,
            asker: person.user_id,
            reference: Reference::parse(&reference_on(&page)).unwrap(),
        }
    }

    async fn is_settled(&self) -> Result<(), NotSettled> {
        self.world
            .settles(&self.reference, Settlement::MoveTrn)
            .await
    }

    /// Where the account that asked stands, and the one that has the TRN.
    async fn statuses(&self) -> [TrnLookupStatus; 2] {
        let asker = self.world.link(&self.asker).await.unwrap();
        let owner = self.world.link(&self.owner).await.unwrap();
        [asker.status, owner.status]
    }
}

impl World {
    /// Has an account let go of its TRN, or take another one.
    async fn has(&self, user_id: &UserId, trn: Option<&str>) {
        let status = match trn {
            Some(_) => TrnLookupStatus::Found,
            None => TrnLookupStatus::None,
        };
        let outcome = model::TrnOutcome {
            status,
            trn: trn.map(|digits| Trn::parse(digits).unwrap()),
            level: None,
            policy: MatchPolicy::Default,
            policy_version: model::trn_lookup::POLICY_VERSION,
            agreed: Vec::new(),
            source: LookupSource::Lookup,
            is_unavailable: false,
        };
        let (keyring, id) = (&self.journey.keyring, user_id.clone());
        let link = trn_links::NewLink::seal(&outcome, user_id, None, keyring, &SystemEntropy);
        let replace = self
            .store
            .write(move |tx| trn_links::replace(tx, &id, &link));
        assert_eq!(replace.await.unwrap(), trn_links::Linked::Linked);
    }

    /// A service has a token of the account's person.
    async fn has_grant(&self, user_id: &UserId, client_id: &ClientId, scope: &str) {
        let grant = Grant {
            id: (&SystemEntropy as &dyn Entropy).uuid(),
            client_id: client_id.clone(),
            authentication: Authentication::by_email(user_id.clone(), self.store.clock().now()),
            sid: "sid".to_owned(),
            scope: ScopeSet::parse(scope).unwrap(),
            claims: AskedClaims::default(),
        };
        self.store
            .write(move |tx| grants::insert(tx, &grant, tx.now().plus(HOUR)))
            .await
            .unwrap();
    }

    /// How many security events wait.
    async fn events_to_push(&self) -> usize {
        let mut events = 0;
        while let Some(message) = self
            .store
            .write(|tx| outbox::claim(tx, MINUTE))
            .await
            .unwrap()
        {
            events += usize::from(message.kind == storage::security_events::KIND);
        }
        events
    }
}

#[actix_web::test]
async fn the_account_that_asked_gets_the_trn_and_the_other_loses_it() {
    on_both(async |world| {
        let claim = Claim::made(&world).await;

        assert_eq!(claim.is_settled().await, Ok(()));

        let link = world.link(&claim.asker).await.unwrap();
        assert_eq!(link.status, TrnLookupStatus::Found);
        assert_eq!(link.level, Some(VerificationLevel::Medium));
        assert_eq!(link.source, LookupSource::Support);
        let found = link.trn(&claim.asker, &world.journey.keyring).unwrap();
        assert_eq!(found, Some(ada().trn));
        let link = world.link(&claim.owner).await.unwrap();
        assert_eq!(link.status, TrnLookupStatus::Pending);
        assert_eq!(link.sealed_trn, None);
        assert_eq!(world.events(EventKind::TrnLinkedBySupport).await, 1);
        assert_eq!(world.events(EventKind::TrnTakenBySupport).await, 1);
        let task = world.task(claim.reference.as_str()).await;
        assert_eq!(task.settled.unwrap().outcome, "trn_moved");
        assert_eq!(
            world.settles(&claim.reference, Settlement::MoveTrn).await,
            Err(NotSettled::AlreadySettled)
        );
    })
    .await;
}

#[actix_web::test]
async fn both_are_told_and_neither_learns_who_the_other_is() {
    on_both(async |world| {
        let claim = Claim::made(&world).await;
        claim.is_settled().await.unwrap();

        let news = world.news().await;

        let [(loser, taken), (winner, given)] = &news[..] else {
            panic!("{news:?}");
        };
        assert_eq!((loser.as_str(), winner.as_str()), (OLD, NEW));
        let News::TrnMoved(taken) = taken else {
            panic!("{taken:?}");
        };
        let News::SupportTaskClosed(given) = given else {
            panic!("{given:?}");
        };
        assert!(given.outcome.starts_with("Your account now has your"));
        assert_ne!(taken.reference, claim.reference.as_str());
        for mail in world.mailbox.mails() {
            let written = format!("{} {}", mail.content.text, mail.content.html);
            let other = if mail.to.as_typed() == OLD { NEW } else { OLD };
            assert!(!written.contains(other), "{written}");
            assert!(!written.contains("1234567"), "{written}");
        }
    })
    .await;
}

#[actix_web::test]
async fn staff_look_for_the_record_of_whoever_lost_the_trn_and_no_look_up_does() {
    on_both(async |world| {
        let claim = Claim::made(&world).await;
        claim.is_settled().await.unwrap();
        let news = world.news().await;
        let News::TrnMoved(email) = &news[0].1 else {
            panic!("{news:?}");
        };

        let task = world.task(&email.reference).await;
        assert_eq!(task.user_id.as_ref(), Some(&claim.owner));
        assert_eq!(task.contact.as_typed(), OLD);
        let Case::TrnLookup { details } = &task.case else {
            panic!("{:?}", task.case);
        };
        assert_eq!(details.name.as_ref().unwrap().full(), "Ada Lovelace");
        world.clock.advance(2 * DAY);
        let owner = claim.owner.clone();
        let soon = world
            .store
            .write(move |tx| trn_links::look_up_soon(tx, &owner));
        assert!(!soon.await.unwrap());
        let again = Person::arrives(&world, OLD, trn(TrnRequirement::Optional)).await;
        again
            .open("/sign-in/email")
            .await
            .goes_to(again.tab.return_to());

        let reference = Reference::parse(&email.reference).unwrap();
        let another = Settlement::Trn(Trn::parse("7654321").unwrap());
        assert_eq!(world.settles(&reference, another).await, Ok(()));
        assert_eq!(claim.statuses().await, [TrnLookupStatus::Found; 2]);
    })
    .await;
}

#[actix_web::test]
async fn who_lost_the_trn_and_had_a_case_already_is_told_its_number() {
    on_both(async |world| {
        let claim = Claim::made(&world).await;
        let (journey, owner) = (world.journey.clone(), claim.owner.clone());
        let opened = world.store.write(move |tx| {
            let opening = Opening {
                user_id: Some(&owner),
                client_id: None,
                contact: &EmailAddress::parse(OLD).unwrap(),
                case: &Case::TrnLookup {
                    details: model::TeacherDetails::default(),
                },
            };
            support::open(tx, &journey, &opening)
        });
        let reference = opened.await.unwrap();
        world.news().await;

        claim.is_settled().await.unwrap();

        let news = world.news().await;
        assert!(
            matches!(&news[0].1, News::TrnMoved(email) if email.reference == reference.as_str()),
            "{news:?}"
        );
        let open = world.store.read(|tx| support_tasks::list(tx, 10));
        assert_eq!(open.await.unwrap().len(), 1);
    })
    .await;
}

#[actix_web::test]
async fn services_that_wait_for_either_account_or_were_given_the_trn_are_told() {
    on_both(async |world| {
        let claim = Claim::made(&world).await;
        let service = service_with_events(&world).await;
        let (asker, waiting) = (claim.asker.clone(), service.clone());
        world
            .store
            .write(move |tx| trn_watchers::watch(tx, &asker, &waiting))
            .await
            .unwrap();
        world.has_grant(&claim.owner, &service, "openid trn").await;
        world.news().await;

        claim.is_settled().await.unwrap();

        assert_eq!(world.events_to_push().await, 2);
    })
    .await;
}

#[actix_web::test]
async fn a_service_that_was_never_given_the_trn_is_not_told_of_it() {
    on_both(async |world| {
        let claim = Claim::made(&world).await;
        let service = service_with_events(&world).await;
        world
            .has_grant(&claim.owner, &service, "openid email")
            .await;
        world.news().await;

        claim.is_settled().await.unwrap();

        assert_eq!(world.events_to_push().await, 0);
    })
    .await;
}

#[actix_web::test]
async fn a_third_account_that_has_the_trn_by_now_keeps_it() {
    on_both(async |world| {
        let claim = Claim::made(&world).await;
        world.has(&claim.owner, Some("7654321")).await;
        let third = world.account_of("third@example.test").await;
        world.has(&third, Some("1234567")).await;

        assert_eq!(claim.is_settled().await, Err(NotSettled::TrnOfAnother));

        let third = world.link(&third).await.unwrap();
        assert_eq!(third.status, TrnLookupStatus::Found);
        assert_eq!(
            claim.statuses().await,
            [TrnLookupStatus::Pending, TrnLookupStatus::Found]
        );
        assert_eq!(world.news().await, []);
    })
    .await;
}

#[actix_web::test]
async fn a_trn_that_nobody_has_any_more_is_given_and_nobody_else_is_told() {
    on_both(async |world| {
        let claim = Claim::made(&world).await;
        world.has(&claim.owner, None).await;

        assert_eq!(claim.is_settled().await, Ok(()));

        assert_eq!(
            claim.statuses().await,
            [TrnLookupStatus::Found, TrnLookupStatus::None]
        );
        let news = world.news().await;
        assert_eq!(news.len(), 1);
        assert_eq!(news[0].0, NEW);
    })
    .await;
}

#[actix_web::test]
async fn nothing_is_taken_for_an_account_that_is_gone() {
    on_both(async |world| {
        let claim = Claim::made(&world).await;
        let (asker, into) = (
            claim.asker.clone(),
            world.account_of("x@example.test").await,
        );
        let journey = world.journey.clone();
        let merged = world
            .store
            .write(move |tx| crate::accounts::joining::merge(tx, &journey, &asker, &into));
        let _ = merged.await.unwrap();

        assert_eq!(claim.is_settled().await, Err(NotSettled::NoSuchAccount));

        let owner = world.link(&claim.owner).await.unwrap();
        assert_eq!(owner.status, TrnLookupStatus::Found);
        assert_eq!(world.news().await, []);
    })
    .await;
}
