use model::event::EventKind;
use model::requirement::FactorTask;
use storage::second_factors::{self, NewPasskey};

use super::{CODE, Owner, RECOVERY_CODES, REMOVE, SET_UP_APP, to};
use crate::emails::{FactorKind, News, RecoveryCodesReplacedEmail, SecondFactorRemovedEmail};
use crate::tests::world::{MINUTE, Tab, World, on_both};

const ADDRESS: &str = "ada@example.test";

impl World {
    /// A tab that came to change something, whose person has given their app's code.
    async fn comes_to(&self, task: FactorTask, ada: &Owner) -> Tab {
        let tab = self.tab_asking(to(task)).await;
        self.signs_in_with_app(&tab, ada).await;
        tab
    }

    async fn mails_about_factors(&self) -> Vec<News> {
        self.deliver_mail().await;
        self.mailbox.news()
    }

    async fn has_passkey(&self, ada: &Owner) -> FactorTask {
        let id = ada.id.clone();
        let new = NewPasskey {
            id: "0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a11".to_owned(),
            credential_id: vec![1; 16],
            name: "Ada’s phone".to_owned(),
            credential: "{}".to_owned(),
        };
        let task = FactorTask::RemovePasskey(new.id.clone());
        let insert = self
            .store
            .write(move |tx| second_factors::insert_passkey(tx, &id, &new));
        let _ = insert.await.unwrap();
        task
    }
}

fn all_tasks() -> [(FactorTask, &'static str); 3] {
    [
        (FactorTask::SetUpApp, SET_UP_APP),
        (FactorTask::RemoveApp, REMOVE),
        (FactorTask::NewRecoveryCodes, RECOVERY_CODES),
    ]
}

#[actix_web::test]
async fn nothing_is_changed_before_the_factor_was_given_anew() {
    on_both(async |world| {
        let ada = world.owner(ADDRESS).await;
        let elsewhere = world.tab().await;
        world.signs_in_with_app(&elsewhere, &ada).await;
        let before = world.factors(&ada.id).await;
        for (task, page) in all_tasks() {
            let tab = world.tab_asking(to(task)).await;
            world.proves(&tab, ada.address).await.goes_to(tab.url(CODE));

            world.open(&tab, page).await.goes_to(tab.url(CODE));
            for action in ["continue", "remove", "saved"] {
                let posted = world.post(&tab, page, &[("action", action)]).await;
                assert!(posted.status == 400 || posted.location == Some(tab.url(CODE)));
            }

            world.assert_nobody_was_let_in(&tab).await;
            assert!(!world.interaction(&tab).await.answers.task_done);
        }
        assert_eq!(world.factors(&ada.id).await, before);
        assert_eq!(world.mails_about_factors().await, []);
    })
    .await;
}

#[actix_web::test]
async fn a_link_to_a_change_changes_nothing_until_its_button_is_pressed() {
    on_both(async |world| {
        let ada = world.owner(ADDRESS).await;
        for (task, page) in all_tasks() {
            let tab = world.comes_to(task, &ada).await;
            let before = world.factors(&ada.id).await;

            for _ in 0..2 {
                assert_eq!(world.open(&tab, page).await.status, 200);
            }
            let forged = world
                .post_bare(&tab, page, &[("action", "remove"), ("csrf", "forged")])
                .await;

            assert_eq!(forged.status, 403);
            assert_eq!(world.factors(&ada.id).await, before);
            assert_eq!(world.signed_in(&tab).await, None);
            world.clock.advance(MINUTE);
        }
    })
    .await;
}

#[actix_web::test]
async fn another_app_takes_the_place_of_the_one_before() {
    on_both(async |world| {
        let ada = world.owner(ADDRESS).await;
        let tab = world.comes_to(FactorTask::SetUpApp, &ada).await;
        let page = world.open(&tab, SET_UP_APP).await;
        page.shows(200, "the codes of the one before stop working");
        let seed = world.seed_under_way(&tab).await;
        world.clock.advance(MINUTE);

        let code = world.shown(&seed);
        let set_up = world.post(&tab, SET_UP_APP, &[("code", &code)]).await;

        // Their recovery codes stay, so there are none to be shown.
        set_up.goes_to(tab.return_to());
        assert_eq!(world.seed(&ada.id).await, seed);
        assert_eq!(world.factors(&ada.id).await.recovery_codes_left, 10);
        assert!(world.signed_in(&tab).await.is_some());
        world.clock.advance(MINUTE);
        let later = world.tab().await;
        world.proves(&later, ada.address).await;
        let old = world.types(&later, &world.shown(&ada.seed)).await;
        old.shows(400, "The code you entered is not correct");
        let new = world.types(&later, &world.shown(&seed)).await;
        new.goes_to(later.return_to());
    })
    .await;
}

#[actix_web::test]
async fn the_last_factor_goes_with_its_recovery_codes() {
    on_both(async |world| {
        let ada = world.owner(ADDRESS).await;
        let tab = world.comes_to(FactorTask::RemoveApp, &ada).await;
        let page = world.open(&tab, REMOVE).await;
        page.shows(
            200,
            "Are you sure you want to remove your authenticator app?",
        );
        page.shows(200, "Your recovery codes stop working too");

        let removed = world.post(&tab, REMOVE, &[("action", "remove")]).await;

        removed.goes_to(tab.return_to());
        let factors = world.factors(&ada.id).await;
        assert!(!factors.has_any());
        assert_eq!(factors.recovery_codes_left, 0);
        assert_eq!(world.events(EventKind::SecondFactorRemoved).await, 1);
        let factor = FactorKind::App;
        let told = News::SecondFactorRemoved(SecondFactorRemovedEmail { factor });
        assert_eq!(world.mails_about_factors().await, [told]);
        let later = world.tab().await;
        let proven = world.proves(&later, ada.address).await;
        proven.goes_to(later.return_to());
    })
    .await;
}

#[actix_web::test]
async fn a_recovery_code_is_enough_to_remove_a_lost_app() {
    on_both(async |world| {
        let ada = world.owner(ADDRESS).await;
        let tab = world.tab_asking(to(FactorTask::RemoveApp)).await;
        world.proves(&tab, ada.address).await;
        let code = ada.codes[0].grouped();
        world
            .recovers(&tab, code.reveal())
            .await
            .goes_to(tab.url(REMOVE));

        let removed = world.post(&tab, REMOVE, &[("action", "remove")]).await;

        removed.goes_to(tab.return_to());
        assert!(!world.factors(&ada.id).await.has_any());
    })
    .await;
}

#[actix_web::test]
async fn what_is_removed_beside_another_factor_leaves_the_recovery_codes() {
    on_both(async |world| {
        let ada = world.owner(ADDRESS).await;
        let task = world.has_passkey(&ada).await;
        let tab = world.tab_asking(to(task)).await;
        world.proves(&tab, ada.address).await;
        world.types(&tab, &world.shown(&ada.seed)).await;
        let page = world.open(&tab, REMOVE).await;
        page.shows(200, "Are you sure you want to remove this passkey?");
        page.shows(200, "Ada’s phone");
        assert!(!page.body.contains("Your recovery codes stop working"));

        let removed = world.post(&tab, REMOVE, &[("action", "remove")]).await;

        removed.goes_to(tab.return_to());
        let factors = world.factors(&ada.id).await;
        assert!(factors.totp.is_some() && factors.passkeys.is_empty());
        assert_eq!(factors.recovery_codes_left, 10);
        let factor = FactorKind::Passkey;
        let told = News::SecondFactorRemoved(SecondFactorRemovedEmail { factor });
        assert_eq!(world.mails_about_factors().await, [told]);
    })
    .await;
}

#[actix_web::test]
async fn somebody_elses_passkey_cannot_be_removed() {
    on_both(async |world| {
        let bob = world.owner("bob@example.test").await;
        let task = world.has_passkey(&bob).await;
        let ada = world.owner(ADDRESS).await;
        let tab = world.comes_to(task, &ada).await;

        let removed = world.post(&tab, REMOVE, &[("action", "remove")]).await;

        // There is none of that id: nothing to be done.
        removed.goes_to(tab.return_to());
        assert_eq!(world.factors(&bob.id).await.passkeys.len(), 1);
        assert_eq!(world.mails_about_factors().await, []);
    })
    .await;
}

#[actix_web::test]
async fn what_another_tab_removed_already_is_no_obstacle() {
    on_both(async |world| {
        let ada = world.owner(ADDRESS).await;
        world.has_passkey(&ada).await;
        let first = world.comes_to(FactorTask::RemoveApp, &ada).await;
        world.clock.advance(MINUTE);
        let second = world.tab_asking(to(FactorTask::RemoveApp)).await;
        world.proves(&second, ada.address).await;
        world.types(&second, &world.shown(&ada.seed)).await;
        world.post(&first, REMOVE, &[("action", "remove")]).await;

        let opened = world.open(&second, REMOVE).await;

        opened.goes_to(second.return_to());
        assert!(world.signed_in(&second).await.is_some());
        assert_eq!(world.events(EventKind::SecondFactorRemoved).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn new_recovery_codes_take_the_place_of_the_old_ones() {
    on_both(async |world| {
        let ada = world.owner(ADDRESS).await;
        let tab = world.comes_to(FactorTask::NewRecoveryCodes, &ada).await;
        let page = world.open(&tab, RECOVERY_CODES).await;
        page.shows(200, "You have 10 recovery codes left");

        let made = world.post(&tab, RECOVERY_CODES, &[]).await;

        made.goes_to(tab.url(RECOVERY_CODES));
        let codes = world.codes_shown(&tab).await;
        assert_eq!(codes.len(), 10);
        assert!(codes.iter().all(|code| !ada.codes.contains(code)));
        assert_eq!(world.events(EventKind::RecoveryCodesReplaced).await, 1);
        let told = News::RecoveryCodesReplaced(RecoveryCodesReplacedEmail {});
        assert_eq!(world.mails_about_factors().await, [told]);
        let saved = world
            .post(&tab, RECOVERY_CODES, &[("action", "saved")])
            .await;
        saved.goes_to(tab.return_to());
        let later = world.tab().await;
        world.proves(&later, ada.address).await;
        let old = world
            .recovers(&later, ada.codes[0].grouped().reveal())
            .await;
        old.shows(400, "The recovery code you entered is not correct");
        let new = world.recovers(&later, codes[0].grouped().reveal()).await;
        new.goes_to(later.return_to());
    })
    .await;
}

#[actix_web::test]
async fn a_double_click_makes_one_set_of_codes() {
    on_both(async |world| {
        let ada = world.owner(ADDRESS).await;
        let tab = world.comes_to(FactorTask::NewRecoveryCodes, &ada).await;

        let forms = std::iter::repeat_n(vec![("action", "continue".to_owned())], 3);
        let answers = world.post_all(&tab, RECOVERY_CODES, forms).await;

        for answer in answers {
            answer.goes_to(tab.url(RECOVERY_CODES));
        }
        assert_eq!(world.events(EventKind::RecoveryCodesReplaced).await, 1);
    })
    .await;
}
