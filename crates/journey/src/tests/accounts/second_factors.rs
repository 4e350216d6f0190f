//! Accounts that have a second factor: neither a code from their emails nor what is known of their
//! person opens them.

use model::slow_hash::Salt;
use model::totp::step_of;
use model::{RecoveryCode, TotpSeed};
use storage::{second_factors, support_tasks};

use super::super::world::{HOUR, on_both};
use super::*;
use crate::accounts::address_change::apply_due;
use crate::support::Case;

const LOST: &str = "/sign-in/lost-address-second-factor";
const OTHER: &str = "/details/account-second-factor";

impl World {
    /// What the app of that seed shows now.
    fn app_code(&self, seed: &TotpSeed) -> String {
        seed.code(step_of(self.store.clock().now()))
            .reveal()
            .clone()
    }

    async fn give_recovery_code(&self, user_id: &UserId) -> RecoveryCode {
        let code = RecoveryCode::mint(&SystemEntropy);
        let (salt, user_id) = (Salt::default(), user_id.clone());
        let secrets = vec![code.plain().clone()];
        let hashes = self
            .journey
            .slow_hash
            .hash_all(salt, secrets)
            .await
            .unwrap();
        let stored = self
            .store
            .write(move |tx| second_factors::replace_recovery_codes(tx, &user_id, &salt, &hashes));
        assert!(stored.await.unwrap());
        code
    }

    /// Somebody who says that they lost that address, and proved another.
    async fn loses(&self, lost: &str, new: &str) -> Tab {
        let tab = self.tab().await;
        self.enter_email(&tab, lost).await;
        let given = [("email", new)];
        self.post(&tab, "/sign-in/lost-address", &given).await;
        let code = self.new_address_code();
        let typed = [("code", code.as_str())];
        let proven = self.post(&tab, "/sign-in/lost-address-code", &typed).await;
        proven.goes_to(tab.url(LOST));
        tab
    }

    async fn types_at(&self, tab: &Tab, page: &str, code: &str) -> Seen {
        self.post(tab, page, &[("code", code)]).await
    }

    async fn open_cases(&self) -> usize {
        let list = self.store.read(|tx| support_tasks::list(tx, 10));
        list.await.unwrap().len()
    }

    async fn has_planned_change(&self) -> bool {
        self.events(EventKind::AddressChangePlanned).await > 0
    }
}

#[actix_web::test]
async fn who_lost_their_address_and_has_the_app_gets_the_new_one_after_the_notice() {
    on_both(async |world| {
        let ada = world.account_of(OLD).await;
        let seed = world.set_up_app(&ada).await;
        let tab = world.loses(OLD, NEW).await;

        let page = world.open(&tab, LOST).await;
        page.shows(
            200,
            "Do you have an authenticator app or recovery codes for this account?",
        );
        let typed = world.types_at(&tab, LOST, &world.app_code(&seed)).await;

        typed.goes_to(tab.url("/sign-in/lost-address-done"));
        let done = world.open(&tab, "/sign-in/lost-address-done").await;
        done.shows(200, "Your email address will change");
        done.shows(200, "In 48 hours");
        assert_eq!(world.open_cases().await, 0);
        assert_eq!(world.signed_in(&tab).await, None);
        assert_eq!(world.user(&ada).await.unwrap().email.as_typed(), OLD);
        let news = world.news().await;
        assert!(matches!(&news[..], [(to, News::AddressChangePlanned(_))] if to == OLD));
        world.clock.advance(48 * HOUR);
        apply_due(&world.journey).await.unwrap();
        assert_eq!(world.user(&ada).await.unwrap().email.as_typed(), NEW);
    })
    .await;
}

#[actix_web::test]
async fn a_recovery_code_does_the_same_once_and_its_owner_is_told() {
    on_both(async |world| {
        let ada = world.account_of(OLD).await;
        world.set_up_app(&ada).await;
        let code = world.give_recovery_code(&ada).await;
        let tab = world.loses(OLD, NEW).await;
        let later = world.loses(OLD, "eve@example.test").await;

        let typed = world.types_at(&tab, LOST, code.grouped().reveal()).await;
        let again = world.types_at(&later, LOST, code.grouped().reveal()).await;

        typed.goes_to(tab.url("/sign-in/lost-address-done"));
        again.shows(400, "is not correct or you have used it before");
        let news = world.news().await;
        let used = news.iter().filter(|(to, news)| {
            to == OLD && matches!(news, News::RecoveryCodeUsed(used) if used.left == 0)
        });
        assert_eq!(used.count(), 1, "{news:?}");
    })
    .await;
}

#[actix_web::test]
async fn a_wrong_code_tells_nobody_whether_there_is_an_account_or_a_factor() {
    on_both(async |world| {
        let ada = world.account_of(OLD).await;
        world.set_up_app(&ada).await;
        world.give_recovery_code(&ada).await;
        world.account_of("plain@education.gov.uk").await;

        let mut seen = Vec::new();
        for (number, lost) in [OLD, "plain@education.gov.uk", "nobody@education.gov.uk"]
            .into_iter()
            .enumerate()
        {
            let tab = world
                .loses(lost, &format!("new{number}@example.test"))
                .await;
            let csrf = crate::csrf::token(&world.journey.keyring, &tab.browser, &tab.id);
            let mut of_this = Vec::new();
            for code in [
                "000000",
                "",
                "12",
                "0000-0000-0000",
                "000000",
                "000000",
                "000000",
                "000000",
            ] {
                let page = world.types_at(&tab, LOST, code).await;
                let body = page.body.replace(&csrf, "").replace(lost, "");
                of_this.push((page.status, body.replace(tab.id.as_str(), "")));
            }
            seen.push(of_this);
        }

        let statuses: Vec<u16> = seen[0].iter().map(|(status, _)| *status).collect();
        assert_eq!(statuses, [400, 400, 400, 400, 400, 400, 429, 429]);
        assert_eq!(seen[0], seen[1]);
        assert_eq!(seen[0], seen[2]);
        assert!(!world.has_planned_change().await);
    })
    .await;
}

#[actix_web::test]
async fn guesses_for_a_lost_address_keep_its_owner_from_nothing() {
    on_both(async |world| {
        let ada = world.account_of(OLD).await;
        let seed = world.set_up_app(&ada).await;
        for number in 0..5 {
            let tab = world.loses(OLD, &format!("eve{number}@example.test")).await;
            for _ in 0..5 {
                world.types_at(&tab, LOST, "0000-0000-0000").await;
            }
            world.clock.advance(HOUR);
        }
        let late = world.loses(OLD, "mallory@example.test").await;
        let refused = world.types_at(&late, LOST, &world.app_code(&seed)).await;
        assert_eq!(
            refused.status, 429,
            "20 a day for the address, right or wrong"
        );

        let tab = world.tab().await;
        world.enter_email(&tab, OLD).await;
        world.enter_code(&tab, &world.mailbox.code()).await;
        let code = world.app_code(&seed);
        let given = world.types_at(&tab, "/second-factor/code", &code).await;

        given.goes_to(tab.return_to());
    })
    .await;
}

#[actix_web::test]
async fn the_code_of_another_account_moves_no_address() {
    on_both(async |world| {
        let ada = world.account_of(OLD).await;
        world.set_up_app(&ada).await;
        let eve = world.account_of("eve@example.test").await;
        let of_eve = world.set_up_app(&eve).await;
        let recovery = world.give_recovery_code(&eve).await;
        let tab = world.loses(OLD, "eve2@example.test").await;

        for code in [&world.app_code(&of_eve), recovery.grouped().reveal()] {
            world
                .types_at(&tab, LOST, code)
                .await
                .shows(400, "is not correct");
        }

        assert!(!world.has_planned_change().await);
    })
    .await;
}

#[actix_web::test]
async fn an_emailed_code_alone_does_not_join_an_account_that_has_a_factor() {
    on_both(async |world| {
        world.records.add(ada());
        let old = world
            .account_with_details(OLD, trn(TrnRequirement::Required))
            .await;
        let seed = world.set_up_app(&old).await;
        let eve = Person::arrives(&world, NEW, trn(TrnRequirement::Required)).await;
        eve.is("Ada", "Lovelace").await;
        eve.press("/details/trn-in-use", "continue").await;

        let typed = eve.types(&world.account_code()).await;

        typed.goes_to(eve.tab.url(OTHER));
        eve.open("/details/keep-address")
            .await
            .goes_to(eve.tab.url(OTHER));
        eve.keeps("this").await.goes_to(eve.tab.url(OTHER));
        let wrong = eve.post(OTHER, &[("code", "000000")]).await;
        wrong.shows(400, "is not correct");
        assert!(!wrong.body.contains(OLD), "its address stays hidden");
        assert_eq!(world.user(&old).await.unwrap().email.as_typed(), OLD);
        assert_eq!(world.events(EventKind::AccountsJoined).await, 0);

        let right = world.app_code(&seed);
        let given = eve.post(OTHER, &[("code", right.as_str())]).await;
        given.goes_to(eve.tab.url("/details/keep-address"));
        eve.keeps("other").await.goes_to(eve.tab.return_to());
        assert_eq!(eve.signed_in().await, Some(old));
        let signed_in = world.signed_in(&eve.tab).await.unwrap();
        assert_eq!(signed_in.acr.as_str(), "Cl.Cm");
    })
    .await;
}

#[actix_web::test]
async fn a_factor_that_was_set_up_meanwhile_is_asked_for_before_two_accounts_become_one() {
    on_both(async |world| {
        world.records.add(ada());
        let old = world
            .account_with_details(OLD, trn(TrnRequirement::Required))
            .await;
        let eve = Person::arrives(&world, NEW, trn(TrnRequirement::Required)).await;
        eve.is("Ada", "Lovelace").await;
        eve.proves_the_account_on("/details/trn-in-use").await;

        world.set_up_app(&old).await;
        let kept = eve.keeps("this").await;

        kept.goes_to(eve.tab.url(OTHER));
        assert_eq!(world.events(EventKind::AccountsJoined).await, 0);
        assert_eq!(world.user(&old).await.unwrap().email.as_typed(), OLD);
    })
    .await;
}

#[actix_web::test]
async fn who_cannot_give_the_other_accounts_factor_is_given_a_number() {
    on_both(async |world| {
        world.records.add(ada());
        let old = world
            .account_with_details(OLD, trn(TrnRequirement::Optional))
            .await;
        world.set_up_app(&old).await;
        let person = Person::arrives(&world, NEW, trn(TrnRequirement::Optional)).await;
        person.is("Ada", "Lovelace").await;
        person.press("/details/trn-in-use", "continue").await;
        person.types(&world.account_code()).await;

        person.press(OTHER, "skip").await;

        let page = person.open("/details/trn-in-use").await;
        page.shows(200, "We have your request");
        assert_eq!(world.open_cases().await, 1);
        assert_eq!(world.events(EventKind::AccountsJoined).await, 0);
    })
    .await;
}

#[actix_web::test]
async fn who_lost_every_factor_is_given_a_number_once_and_nothing_else() {
    on_both(async |world| {
        let ada = world.account_of(OLD).await;
        world.set_up_app(&ada).await;
        let mut references = Vec::new();
        for _ in 0..2 {
            let tab = world.tab().await;
            world.enter_email(&tab, OLD).await;
            world.enter_code(&tab, &world.mailbox.code()).await;
            let page = world.open(&tab, "/second-factor/code").await;
            page.shows(200, "href=\"/second-factor/lost?i");

            let asked = world.open(&tab, "/second-factor/lost").await;
            asked.shows(200, "Ask us to remove your second step");
            let asked = [("action", "continue")];
            let asked = world.post(&tab, "/second-factor/lost", &asked).await;
            asked.goes_to(tab.url("/second-factor/lost-done"));
            let done = world.open(&tab, "/second-factor/lost-done").await;
            done.shows(200, "We have your request");
            references.push(reference_on(&done));
            assert_eq!(world.signed_in(&tab).await, None);
        }

        assert_eq!(references[0], references[1]);
        let task = world.task(&references[0]).await;
        assert_eq!(
            (task.user_id, task.case),
            (Some(ada.clone()), Case::SecondFactorLost {})
        );
        assert_eq!(task.contact.as_typed(), OLD);
        assert!(world.user(&ada).await.unwrap().has_second_factor);
    })
    .await;
}

#[actix_web::test]
async fn nobody_asks_for_the_factor_of_an_account_that_they_are_not_signed_in_to() {
    on_both(async |world| {
        let ada = world.account_of(OLD).await;
        world.set_up_app(&ada).await;
        let tab = world.tab().await;
        world.enter_email(&tab, OLD).await;

        let asked = [("action", "continue")];
        let asked = world.post(&tab, "/second-factor/lost", &asked).await;

        asked.goes_to(tab.url("/sign-in/email-code"));
        assert_eq!(world.open_cases().await, 0);
    })
    .await;
}
