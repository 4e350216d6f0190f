//! What changes the same accounts at once: nobody waits in vain, and nobody meets a fault.

use model::{SecretDigest, TeacherDetails};
use storage::users::Merged;
use storage::{interactions, trn_links};

use super::super::world::{DAY, MINUTE, on_both};
use super::*;
use crate::accounts::address_change::{apply_due, plan_change};
use crate::look_up_again::{LookedUp, look_up_next};
use crate::support::{Case, NotSettled, Opening, Settlement, settle};

impl World {
    /// Two accounts in the order of their ids.
    async fn two_accounts(&self) -> [UserId; 2] {
        let mut ids = [self.account_of(OLD).await, self.account_of(NEW).await];
        ids.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        ids
    }

    /// Merges one account into the other; meanwhile something else happens that changes the first.
    async fn merges_while<T>(
        &self,
        [from, into]: [&UserId; 2],
        meanwhile: impl Future<Output = T>,
    ) -> T {
        let (locked, from, into) = (from.clone(), from.clone(), into.clone());
        let journey = self.journey.clone();
        let (merged, value) = self
            .interleaved(
                move |tx| users::lock(tx, &[&locked]),
                meanwhile,
                move |tx, _| crate::accounts::joining::merge(tx, &journey, &from, &into),
            )
            .await;
        assert_eq!(merged.unwrap(), Merged::Merged);
        value
    }
}

#[actix_web::test]
async fn a_planned_change_that_joins_two_accounts_locks_them_in_the_order_of_all() {
    on_both(async |world| {
        let [first, second] = world.two_accounts().await;
        let (journey, owner, joined) = (world.journey.clone(), second.clone(), first.clone());
        let planned = world.store.write(move |tx| {
            let owner = users::find(tx, &owner)?.unwrap();
            let joined = users::find(tx, &joined)?.unwrap();
            plan_change(tx, &journey, &owner, &joined.email, Some(&joined.id))
        });
        planned.await.unwrap();
        world.clock.advance(2 * DAY);
        let (lower, higher) = (first.clone(), second.clone());

        let (locked, applied) = world
            .interleaved(
                move |tx| users::lock(tx, &[&lower]),
                apply_due(&world.journey),
                move |tx, _| users::lock(tx, &[&higher]),
            )
            .await;

        assert_eq!(locked.unwrap(), 1);
        applied.unwrap();
        assert_eq!(world.user(&first).await, None);
        assert!(world.user(&second).await.is_some());
    })
    .await;
}

#[actix_web::test]
async fn a_change_is_stopped_while_a_page_is_being_answered_by_whoever_is_signed_in() {
    on_both(async |world| {
        let ada = world.account_of(OLD).await;
        let tab = world.tab_asking(|requirements| requirements.details = profile());
        let tab = tab.await;
        world.enter_email(&tab, OLD).await;
        world.enter_code(&tab, &world.mailbox.code()).await;
        let (journey, owner) = (world.journey.clone(), ada.clone());
        let planned = world.store.write(move |tx| {
            let owner = users::find(tx, &owner)?.unwrap();
            let new = EmailAddress::parse(NEW).unwrap();
            plan_change(tx, &journey, &owner, &new, None)
        });
        planned.await.unwrap();
        let link = freezing::freeze_link(&world.news().await);
        let (id, browser) = (tab.id.clone(), tab.browser.clone());

        let (locked, pressed) = world
            .interleaved(
                move |tx| {
                    let browser = SecretDigest::of(browser.reveal());
                    interactions::find_to_change(tx, &id, Some(&browser))
                },
                world.presses(&link),
                move |tx, _| users::lock(tx, &[&ada]),
            )
            .await;

        assert_eq!(locked.unwrap(), 1);
        pressed.shows(200, "The change was stopped");
        let seen = world.open(&tab, "/details/name").await;
        seen.goes_to(tab.return_to());
    })
    .await;
}

#[actix_web::test]
async fn staff_settle_a_case_of_an_account_that_is_being_merged() {
    on_both(async |world| {
        let [ada, bob] = world.two_accounts().await;
        let (journey, user_id) = (world.journey.clone(), ada.clone());
        let opened = world.store.write(move |tx| {
            let opening = Opening {
                user_id: Some(&user_id),
                client_id: None,
                contact: &EmailAddress::parse(OLD).unwrap(),
                case: &Case::TrnLookup {
                    details: TeacherDetails::default(),
                },
            };
            support::open(tx, &journey, &opening)
        });
        let reference = opened.await.unwrap();
        let journey = world.journey.clone();
        let settling = world
            .store
            .write(move |tx| settle(tx, &journey, &reference, &Settlement::NoTrn));

        let settled = world.merges_while([&ada, &bob], settling).await;

        assert_eq!(settled.unwrap(), Err(NotSettled::NoSuchAccount));
    })
    .await;
}

#[actix_web::test]
async fn a_person_who_is_looked_for_again_while_their_account_is_merged_holds_up_nobody() {
    on_both(async |world| {
        let ada = Person::arrives(&world, OLD, trn(TrnRequirement::Optional)).await;
        ada.says("Ada", "Lovelace").await;
        for page in ["has-national-insurance-number", "has-trn", "has-qts"] {
            ada.post(&format!("/details/{page}"), &[(page, "no")]).await;
        }
        ada.press("/details/check-answers", "continue").await;
        let bob = world.account_of(NEW).await;
        // Two records are as likely: a case for staff.
        for trn in ["1234567", "7654321"] {
            world.records.add(TeacherRecord {
                trn: Trn::parse(trn).unwrap(),
                ..super::ada()
            });
        }
        world.clock.advance(DAY);
        let user_id = ada.user_id.clone();
        let soon = world
            .store
            .write(move |tx| trn_links::look_up_soon(tx, &user_id));
        assert!(soon.await.unwrap());

        let looked_up = look_up_next(&world.journey, MINUTE);
        let looked_up = world.merges_while([&ada.user_id, &bob], looked_up).await;

        assert_ne!(looked_up.unwrap(), LookedUp::Unavailable);
        assert_eq!(world.user(&ada.user_id).await, None);
    })
    .await;
}

#[actix_web::test]
async fn answers_that_are_sent_while_their_account_is_merged_hold_up_nobody() {
    on_both(async |world| {
        let user_id = world.account_with_details(OLD, profile()).await;
        let bob = world.account_of(NEW).await;
        let again = Person::arrives(&world, OLD, trn(TrnRequirement::Optional)).await;
        for page in ["has-national-insurance-number", "has-trn", "has-qts"] {
            again
                .post(&format!("/details/{page}"), &[(page, "no")])
                .await;
        }

        let sent = again.press("/details/check-answers", "continue");
        let sent = world.merges_while([&user_id, &bob], sent).await;

        assert_eq!(sent.status, 303, "{}", sent.body);
        let seen = again.open("/details/check-answers").await;
        seen.goes_to(again.tab.url("/sign-in/email"));
    })
    .await;
}
