use actix_web::http::header::RETRY_AFTER;

use super::{CODE, wrong_recovery_code};
use crate::tests::world::limit;
use crate::tests::world::{DAY, MINUTE, on_both, on_both_with};

#[actix_web::test]
async fn after_five_wrong_codes_not_even_the_right_one_is_looked_at_for_a_quarter_of_an_hour() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;
        for left in ["4 tries", "3 tries", "2 tries", "1 try"] {
            let wrong = world.types(&tab, &world.not_shown(&ada.seed)).await;
            wrong.shows(400, &format!("You have {left} left"));
        }

        let fifth = world.types(&tab, &world.not_shown(&ada.seed)).await;
        fifth.shows(429, "You have entered too many wrong codes");
        fifth.shows(429, "You can try again in 15 minutes");
        fifth.shows(429, "Cancel and go back to Demo service");
        assert_eq!(fifth.headers.get(RETRY_AFTER).unwrap(), "900");
        world.clock.advance(5 * MINUTE);
        let right = world.types(&tab, &world.shown(&ada.seed)).await;
        right.shows(429, "You can try again in 10 minutes");
        let recovery = ada.codes[0].grouped();
        let recovery = world.recovers(&tab, recovery.reveal()).await;
        recovery.shows(429, "You have entered too many wrong codes");
        world.assert_not_let_through(&tab).await;

        world.clock.advance(10 * MINUTE);
        let later = world.types(&tab, &world.shown(&ada.seed)).await;
        later.goes_to(tab.return_to());
        assert_eq!(world.factors(&ada.id).await.recovery_codes_left, 10);
    })
    .await;
}

#[actix_web::test]
async fn wrong_codes_of_the_app_and_wrong_recovery_codes_count_together() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;
        for _ in 0..2 {
            world.types(&tab, &world.not_shown(&ada.seed)).await;
            world.recovers(&tab, wrong_recovery_code().reveal()).await;
        }

        let fifth = world.recovers(&tab, wrong_recovery_code().reveal()).await;

        fifth.shows(429, "You have entered too many wrong codes");
    })
    .await;
}

#[actix_web::test]
async fn a_twenty_first_wrong_code_in_a_day_is_not_looked_at_in_any_browser() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        for number in 1..=4 {
            let eve = world.tab().await.at(&format!("198.51.100.{number}"));
            world.proves(&eve, ada.address).await;
            for _ in 0..5 {
                world.types(&eve, &world.not_shown(&ada.seed)).await;
            }
        }
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;

        let right = world.types(&tab, &world.shown(&ada.seed)).await;

        right.shows(429, "You can try again in 24 hours");
        world.assert_not_let_through(&tab).await;
        // Another account is none the worse.
        let bob = world.owner("bob@example.test").await;
        let his = world.tab().await;
        world.signs_in_with_app(&his, &bob).await;
        assert!(world.signed_in(&his).await.is_some());
        world.clock.advance(DAY);
        let another_day = world.tab().await;
        world.signs_in_with_app(&another_day, &ada).await;
        assert!(world.signed_in(&another_day).await.is_some());
    })
    .await;
}

#[actix_web::test]
async fn right_codes_use_up_no_tries() {
    let one = |parts: &mut crate::Parts| parts.limits.factor_tries_per_account = limit(1, DAY);
    on_both_with(one, async |world| {
        let ada = world.owner("ada@example.test").await;
        for code in &ada.codes[..2] {
            let tab = world.tab().await;
            world.signs_in_with_app(&tab, &ada).await;
            assert!(world.signed_in(&tab).await.is_some());
            world.clock.advance(MINUTE);
            let tab = world.tab().await;
            world.proves(&tab, ada.address).await;
            let given = world.recovers(&tab, code.grouped().reveal()).await;
            given.goes_to(tab.return_to());
        }
    })
    .await;
}

#[actix_web::test]
async fn of_three_hundred_parallel_guesses_five_are_looked_at() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;
        let wrong = world.not_shown(&ada.seed);

        let guesses = std::iter::repeat_n(vec![("code", wrong)], 300);
        let answers = world.post_all(&tab, CODE, guesses).await;

        let with = |status| answers.iter().filter(|seen| seen.status == status).count();
        assert_eq!((with(400), with(429)), (4, 296));
        world.assert_not_let_through(&tab).await;
        // The five and no more were counted for the account.
        let other = world.tab().await;
        world.signs_in_with_app(&other, &ada).await;
        assert!(world.signed_in(&other).await.is_some());
    })
    .await;
}
