use actix_web::http::header::RETRY_AFTER;
use actix_web::rt::task::JoinHandle;
use futures::StreamExt as _;
use model::SlowHash;
use model::browser_session::{Acr, Amr};
use model::event::EventKind;
use model::slow_hash::Salt;

use super::{CODE, RECOVERY_CODE, wrong_recovery_code};
use crate::emails::{News, RecoveryCodeUsedEmail};
use crate::tests::world::{DAY, limit, on_both, on_both_with};

#[actix_web::test]
async fn a_recovery_code_signs_its_owner_in_once() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;
        let code = ada.codes[3].grouped();

        let page = world.open(&tab, RECOVERY_CODE).await;
        page.shows(200, "Enter a recovery code");
        let given = world.recovers(&tab, code.reveal()).await;

        given.goes_to(tab.return_to());
        let signed_in = world.signed_in(&tab).await.unwrap();
        assert_eq!(signed_in.amr, [Amr::Email, Amr::Recovery, Amr::Mfa]);
        assert_eq!(signed_in.acr, Acr::ClCm);
        assert_eq!(world.factors(&ada.id).await.recovery_codes_left, 9);

        let eve = world.tab().await;
        world.proves(&eve, ada.address).await;
        let again = world.recovers(&eve, code.reveal()).await;
        again.shows(400, "you have used it before");
        again.shows(400, "You have 4 tries left");
        world.assert_nobody_was_let_in(&eve).await;
        let other = world.recovers(&eve, ada.codes[4].grouped().reveal()).await;
        other.goes_to(eve.return_to());
    })
    .await;
}

#[actix_web::test]
async fn its_owner_is_told_how_many_are_left() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;

        let code = ada.codes[0].grouped();
        world.recovers(&tab, code.reveal()).await;

        world.deliver_mail().await;
        let used = News::RecoveryCodeUsed(RecoveryCodeUsedEmail { left: 9 });
        assert_eq!(world.mailbox.news(), [used]);
        let mails = world.mailbox.mails();
        let mail = mails.last().unwrap();
        assert_eq!(mail.to.as_typed(), ada.address);
        assert!(mail.content.text.contains("You have 9 left"));
        assert!(!mail.content.text.contains(code.reveal()));
    })
    .await;
}

#[actix_web::test]
async fn a_code_is_read_however_it_is_typed() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let typed = |code: &str| [code.to_lowercase(), code.replace('-', " ")];
        let first = typed(ada.codes[0].grouped().reveal())[0].clone();
        let second = typed(ada.codes[1].grouped().reveal())[1].clone();

        for code in [first, second] {
            let tab = world.tab().await;
            world.proves(&tab, ada.address).await;
            let given = world.recovers(&tab, &code).await;
            given.goes_to(tab.return_to());
        }
    })
    .await;
}

/// The limits would look at twenty; the code must be good once without them, too.
#[actix_web::test]
async fn of_a_hundred_sign_ins_with_one_recovery_code_at_once_one_gets_in() {
    let hundreds = |parts: &mut crate::Parts| {
        for limited in [
            &mut parts.limits.factor_tries_per_account,
            &mut parts.limits.sends_per_address,
            &mut parts.limits.sends_per_address_long,
        ] {
            *limited = limit(500, DAY);
        }
    };
    on_both_with(hundreds, async |world| {
        let ada = world.owner("ada@example.test").await;
        let mut tabs = Vec::new();
        for _ in 0..100 {
            let tab = world.tab().await;
            world.proves(&tab, ada.address).await;
            tabs.push(tab);
        }
        let code = ada.codes[0].grouped().reveal().clone();

        // More than so many at once would be told to come again.
        let typing = futures::stream::iter(&tabs)
            .map(async |tab| (tab, world.recovers(tab, &code).await))
            .buffer_unordered(60);
        let answers: Vec<_> = typing.collect().await;

        let let_in = answers.iter().filter(|(tab, seen)| {
            let is_let_in = seen.location == Some(tab.return_to());
            assert!(is_let_in || seen.status == 400, "{}", seen.status);
            is_let_in
        });
        assert_eq!(let_in.count(), 1);
        assert_eq!(world.events(EventKind::SecondFactorGiven).await, 1);
        assert_eq!(world.factors(&ada.id).await.recovery_codes_left, 9);
    })
    .await;
}

#[actix_web::test]
async fn each_mistake_is_told_and_what_cannot_be_a_code_stays_in_the_field() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;

        for (typed, told) in [
            ("", "Enter a recovery code"),
            ("7K3Q-WX0M-9TB", "You have not entered enough characters"),
            ("7K3Q-WX0M-9TBAA", "You have entered too many characters"),
            ("7K3Q-WX0M-9TB?", "must only include letters and numbers"),
        ] {
            let refused = world.recovers(&tab, typed).await;
            refused.shows(400, told);
            refused.shows(400, &format!("value=\"{typed}\""));
        }
        let wrong = wrong_recovery_code();
        let refused = world.recovers(&tab, wrong.reveal()).await;

        refused.shows(400, "The recovery code you entered is not correct");
        refused.shows(400, "You have 4 tries left");
        assert!(!refused.body.contains(wrong.reveal()));
        world.assert_not_let_through(&tab).await;
    })
    .await;
}

#[actix_web::test]
async fn who_has_no_code_left_is_not_asked_for_one() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        world.has_codes(&ada.id, &[]).await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;

        let app = world.open(&tab, CODE).await;

        assert!(!app.body.contains(RECOVERY_CODE));
        world.open(&tab, RECOVERY_CODE).await.goes_to(tab.url(CODE));
        let typed = world.recovers(&tab, ada.codes[0].grouped().reveal()).await;
        typed.goes_to(tab.url(CODE));
        world.assert_not_let_through(&tab).await;
    })
    .await;
}

#[actix_web::test]
async fn a_code_that_could_not_be_looked_at_is_good_a_moment_later() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;
        let code = ada.codes[0].grouped();
        let crowd = crowd(&world.journey.slow_hash).await;

        let busy = world.recovers(&tab, code.reveal()).await;

        busy.shows(503, "The service is busy");
        assert_eq!(busy.headers.get(RETRY_AFTER).unwrap(), "5");
        world.assert_not_let_through(&tab).await;
        for one in crowd {
            assert!(one.await.unwrap());
        }
        let later = world.recovers(&tab, code.reveal()).await;
        later.goes_to(tab.return_to());
    })
    .await;
}

/// Fills the hashing threads and the queue before them for a second or more.
async fn crowd(slow_hash: &SlowHash) -> Vec<JoinHandle<bool>> {
    let mut crowd = Vec::new();
    while crowd.len() < 3 {
        let slow_hash = slow_hash.clone();
        let one = actix_web::rt::spawn(async move {
            let secrets = vec![wrong_recovery_code(); 64];
            slow_hash.hash_all(Salt::default(), secrets).await.is_ok()
        });
        actix_web::rt::task::yield_now().await;
        // Who was turned away comes again.
        if !one.is_finished() {
            crowd.push(one);
        }
    }
    crowd
}
