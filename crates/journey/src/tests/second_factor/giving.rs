use model::SystemEntropy;
use model::browser_session::{Acr, Amr};
use model::event::EventKind;
use model::totp::TotpSeed;

use super::passkeys::PASSKEY;
use super::{CHOOSE, CODE, RECOVERY_CODE, RECOVERY_CODES, REMOVE, SET_UP_APP};
use crate::tests::authenticator::Authenticator;
use crate::tests::world::{MINUTE, on_both};

#[actix_web::test]
async fn who_has_an_app_gives_its_code_after_the_emailed_one() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        let signed_in_at = world.store.clock().now();

        let proven = world.proves(&tab, ada.address).await;
        proven.goes_to(tab.url(CODE));
        let page = world.open(&tab, CODE).await;
        page.shows(200, "Enter the code from your authenticator app");
        world.assert_not_let_through(&tab).await;
        world.clock.advance(MINUTE);
        let given = world.types(&tab, &world.shown(&ada.seed)).await;

        given.goes_to(tab.return_to());
        let signed_in = world.signed_in(&tab).await.unwrap();
        assert_eq!(signed_in.user_id, ada.id);
        assert_eq!(signed_in.amr, [Amr::Email, Amr::Otp, Amr::Mfa]);
        assert_eq!(signed_in.acr, Acr::ClCm);
        assert_eq!(signed_in.auth_time, signed_in_at);
        let now = world.store.clock().now();
        assert_eq!(signed_in.second_factor_at, Some(now));
        assert_eq!(world.events(EventKind::SecondFactorGiven).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn a_session_that_began_with_one_factor_is_stepped_up_without_another_email() {
    on_both(async |world| {
        let (session, _) = world.session_of("ada@example.test").await;
        let ada = world.owner("ada@example.test").await;
        let browser = world.tab().await.browser;
        let tab = world.tab_of(browser, Some(session), |_| {}).await;

        let begun = world.open(&tab, "/sign-in/email").await;
        begun.goes_to(tab.url(CODE));
        let given = world.types(&tab, &world.shown(&ada.seed)).await;

        given.goes_to(tab.return_to());
        let signed_in = world.signed_in(&tab).await.unwrap();
        let now = world.store.clock().now();
        assert_eq!(signed_in.acr, Acr::ClCm);
        assert_eq!(signed_in.auth_time, now.minus(MINUTE));
        assert_eq!(signed_in.second_factor_at, Some(now));
        assert_eq!(world.mailbox.count(), 0);
    })
    .await;
}

#[actix_web::test]
async fn a_code_typed_with_a_space_is_read() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;
        let code = world.shown(&ada.seed);
        let (first, last) = code.split_at(3);

        let given = world.types(&tab, &format!(" {first} {last}")).await;

        given.goes_to(tab.return_to());
    })
    .await;
}

#[actix_web::test]
async fn a_clock_that_is_one_step_off_is_no_obstacle_and_two_are() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        for (steps, is_accepted) in [(-2, false), (-1, true), (2, false), (1, true)] {
            let tab = world.tab().await;
            world.proves(&tab, ada.address).await;
            let step = world.step().checked_add_signed(steps).unwrap();

            let typed = world.types(&tab, ada.seed.code(step).reveal()).await;

            if is_accepted {
                typed.goes_to(tab.return_to());
            } else {
                typed.shows(400, "The code you entered is not correct");
                world.assert_nobody_was_let_in(&tab).await;
            }
        }
    })
    .await;
}

#[actix_web::test]
async fn a_code_is_good_once_in_whichever_browser() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.signs_in_with_app(&tab, &ada).await;
        let eve = world.tab().await;
        world.proves(&eve, ada.address).await;

        for _ in 0..10 {
            let again = world.types(&eve, &world.shown(&ada.seed)).await;
            again.shows(400, "You have used this code before");
        }

        world.assert_nobody_was_let_in(&eve).await;
        assert_eq!(world.events(EventKind::SecondFactorGiven).await, 1);
        // It was no wrong guess either: the next code is taken.
        world.clock.advance(MINUTE);
        let next = world.types(&eve, &world.shown(&ada.seed)).await;
        next.goes_to(eve.return_to());
    })
    .await;
}

#[actix_web::test]
async fn of_all_who_type_one_code_at_once_one_gets_in() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let mut tabs = Vec::new();
        for _ in 0..5 {
            let tab = world.tab().await;
            world.proves(&tab, ada.address).await;
            tabs.push(tab);
        }
        let code = world.shown(&ada.seed);

        let typing = tabs
            .iter()
            .map(|tab| world.post_all(tab, CODE, [vec![("code", code.clone())]]));
        let answers = futures::future::join_all(typing).await;

        let let_in = answers.iter().flatten().filter(|seen| seen.status == 303);
        assert_eq!(let_in.count(), 1);
        assert_eq!(world.events(EventKind::SecondFactorGiven).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn each_mistake_is_told_and_none_that_is_no_guess_counts() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;

        for (typed, told) in [
            ("", "Enter the code from your authenticator app"),
            ("12345x", "The code must only include numbers"),
            ("12345", "You have not entered enough numbers"),
            ("1234567", "You have entered too many numbers"),
        ] {
            for _ in 0..2 {
                world.types(&tab, typed).await.shows(400, told);
            }
        }
        let wrong = world.types(&tab, &world.not_shown(&ada.seed)).await;

        wrong.shows(400, "The code you entered is not correct");
        wrong.shows(400, "You have 4 tries left");
        world.assert_not_let_through(&tab).await;
    })
    .await;
}

#[actix_web::test]
async fn the_app_of_somebody_else_opens_nothing() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let eve = world.owner("eve@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;

        let app = world.types(&tab, &world.shown(&eve.seed)).await;
        let code = eve.codes[0].grouped();
        let recovery = world.recovers(&tab, code.reveal()).await;

        app.shows(400, "The code you entered is not correct");
        recovery.shows(400, "The recovery code you entered is not correct");
        world.assert_not_let_through(&tab).await;
        assert_eq!(world.factors(&eve.id).await.recovery_codes_left, 10);
    })
    .await;
}

#[actix_web::test]
async fn nobody_sets_up_changes_or_declines_instead_of_giving() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;
        let eves = world.shown(&TotpSeed::mint(&SystemEntropy));

        for page in [CHOOSE, SET_UP_APP, RECOVERY_CODES, REMOVE] {
            world.open(&tab, page).await.goes_to(tab.url(CODE));
            for fields in [
                vec![("code", eves.as_str())],
                vec![("way", "app")],
                vec![("action", "not-now")],
                vec![("action", "remove")],
                vec![("action", "saved")],
            ] {
                let posted = world.post(&tab, page, &fields).await;
                assert!(
                    posted.location == Some(tab.url(CODE)) || posted.status == 400,
                    "{page} {fields:?}"
                );
            }
        }
        let file = world.open(&tab, "/second-factor/recovery-codes.txt").await;
        file.goes_to(tab.url(CODE));
        let declined = world.post(&tab, CODE, &[("action", "not-now")]).await;

        assert_eq!(declined.status, 400);
        world.assert_not_let_through(&tab).await;
        assert!(!world.interaction(&tab).await.answers.declined_second_factor);
        assert_eq!(world.seed(&ada.id).await, ada.seed);
    })
    .await;
}

#[actix_web::test]
async fn the_pages_after_it_do_not_open_before_the_factor_was_given() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world
            .tab_asking(|requirements| requirements.details.profile = true)
            .await;
        world.proves(&tab, ada.address).await;

        for page in [
            "/details/name",
            "/details/check-answers",
            "/sign-in/consent",
            "/sign-in/account-created",
            "/sign-in/email",
        ] {
            world.open(&tab, page).await.goes_to(tab.url(CODE));
            let posted = world.post(&tab, page, &[]).await;
            assert!(posted.status == 400 || posted.location == Some(tab.url(CODE)));
        }
        world.types(&tab, &world.shown(&ada.seed)).await;

        let next = world.open(&tab, "/sign-in/email").await;
        next.goes_to(tab.url("/details/name"));
    })
    .await;
}

#[actix_web::test]
async fn a_factor_given_in_another_interaction_does_not_count_here() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let first = world.tab().await;
        let second = world.tab_of(first.browser.clone(), None, |_| {}).await;
        world.proves(&second, ada.address).await;

        world.signs_in_with_app(&first, &ada).await;

        let still = world.open(&second, "/sign-in/email").await;
        still.goes_to(second.url(CODE));
        world.assert_nobody_was_let_in(&second).await;
    })
    .await;
}

#[actix_web::test]
async fn cancel_on_the_code_page_refuses_the_service() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;

        let cancelled = world.post(&tab, CODE, &[("action", "cancel")]).await;

        cancelled.goes_to(tab.return_to());
        assert!(world.is_refused(&tab).await);
    })
    .await;
}

/// The attack: the link of the email in place of its code.
#[actix_web::test]
async fn the_link_in_the_email_goes_round_no_second_factor() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.enter_email(&tab, ada.address).await;
        let link = world.mailbox.link();

        let pressed = world.post(&tab, &link, &[("action", "continue")]).await;

        pressed.goes_to(tab.url(CODE));
        world.assert_not_let_through(&tab).await;
        for _ in 0..2 {
            let again = world.post(&tab, &link, &[("action", "continue")]).await;
            again.shows(410, "This link no longer works");
            world.assert_not_let_through(&tab).await;
        }
        let given = world.types(&tab, &world.shown(&ada.seed)).await;
        given.goes_to(tab.return_to());
    })
    .await;
}

#[actix_web::test]
async fn the_other_ways_are_a_link_away() {
    on_both(async |world| {
        let ada = world.owner("ada@example.test").await;
        let tab = world.tab().await;
        world.proves(&tab, ada.address).await;

        let app = world.open(&tab, CODE).await;
        let recovery = world.open(&tab, RECOVERY_CODE).await;

        let href = |page| format!("href=\"{}\"", tab.url(page).replace('=', "&#x3D;"));
        app.shows(200, &href(RECOVERY_CODE));
        recovery.shows(200, &href(CODE));
    })
    .await;
}

#[actix_web::test]
async fn who_can_give_none_of_them_finds_help_in_the_same_place_on_every_page() {
    on_both(async |world| {
        let ada = world
            .has_passkey_on("ada@example.test", &mut Authenticator::new())
            .await;
        world.has_app(&ada, &TotpSeed::mint(&SystemEntropy)).await;
        let tab = world.tab().await;
        let proven = world.proves(&tab, "ada@example.test").await;
        proven.goes_to(tab.url(CHOOSE));

        for page in [CHOOSE, CODE, PASSKEY, RECOVERY_CODE] {
            let page = world.open(&tab, page).await;
            let lost = tab.url("/second-factor/lost").replace('=', "&#x3D;");
            let link = format!("href=\"{lost}\">I cannot use any of these</a>");
            page.shows(200, &link);
        }

        let lost = world.open(&tab, "/second-factor/lost").await;
        lost.shows(200, "Ask us to remove your second step");
    })
    .await;
}
