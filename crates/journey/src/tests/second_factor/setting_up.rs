use model::browser_session::{Acr, Amr};
use model::event::EventKind;
use model::totp::TotpSeed;
use storage::testing::dump;

use super::{CHOOSE, CODE, RECOVERY_CODES, SET_UP_APP, preferred, required};
use crate::emails::{FactorKind, News, SecondFactorAddedEmail};
use crate::tests::world::{MINUTE, Seen, Tab, World, on_both};

const ADDRESS: &str = "ada@example.test";

impl World {
    /// Proves the address in a tab that asks for a second factor, and chooses the app.
    async fn chooses_the_app(&self, tab: &Tab) -> TotpSeed {
        self.proves(tab, ADDRESS).await;
        let chosen = self.post(tab, CHOOSE, &[("way", "app")]).await;
        chosen.goes_to(tab.url(SET_UP_APP));
        self.seed_under_way(tab).await
    }

    /// Nothing of this stands anywhere in the database, though other things do.
    async fn assert_unreadable(&self, texts: &[String], seed: &[u8]) {
        let dumped = self.store.read(dump).await.unwrap();
        let values = dumped.into_iter().flat_map(|column| column.values);
        let stolen = values.collect::<Vec<_>>().join(&0);
        let holds = |bytes: &[u8]| stolen.windows(bytes.len()).any(|part| part == bytes);
        assert!(holds(ADDRESS.as_bytes()), "what is in clear");
        assert!(!holds(seed), "the seed");
        for text in texts {
            assert!(!holds(text.as_bytes()), "{text}");
        }
    }

    async fn sets_up(&self, tab: &Tab, code: &str) -> Seen {
        self.post(tab, SET_UP_APP, &[("code", code)]).await
    }
}

#[actix_web::test]
async fn a_service_that_requires_it_has_an_app_set_up_within_the_sign_in() {
    on_both(async |world| {
        let ada = world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        let seed = world.chooses_the_app(&tab).await;
        world.assert_not_let_through(&tab).await;

        let set_up = world.sets_up(&tab, &world.shown(&seed)).await;

        set_up.goes_to(tab.url(RECOVERY_CODES));
        assert_eq!(world.seed(&ada).await, seed);
        let codes = world.codes_shown(&tab).await;
        assert_eq!(codes.len(), 10);
        assert_eq!(world.factors(&ada).await.recovery_codes_left, 10);
        assert_eq!(world.signed_in(&tab).await, None);
        let saved = world
            .post(&tab, RECOVERY_CODES, &[("action", "saved")])
            .await;
        saved.goes_to(tab.return_to());
        let signed_in = world.signed_in(&tab).await.unwrap();
        assert_eq!(signed_in.amr, [Amr::Email, Amr::Otp, Amr::Mfa]);
        assert_eq!(signed_in.acr, Acr::ClCm);
        assert_eq!(world.events(EventKind::SecondFactorAdded).await, 1);
        world.deliver_mail().await;
        let factor = FactorKind::App;
        let added = News::SecondFactorAdded(SecondFactorAddedEmail { factor });
        assert_eq!(world.mailbox.news(), [added]);
    })
    .await;
}

/// The attack: somebody steals the database, at any moment of setting up.
#[actix_web::test]
async fn neither_key_nor_recovery_codes_can_be_read_in_the_database() {
    on_both(async |world| {
        world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        let seed = world.chooses_the_app(&tab).await;
        let key = seed.grouped_key().reveal().clone();
        let shapes = vec![key.replace(' ', ""), key];
        world.assert_unreadable(&shapes, seed.as_bytes()).await;

        world.sets_up(&tab, &world.shown(&seed)).await;
        let codes = world.codes_shown(&tab).await;
        let plain = codes.iter().map(|code| code.plain().reveal().clone());
        let grouped = codes.iter().map(|code| code.grouped().reveal().clone());
        let shapes: Vec<String> = shapes.into_iter().chain(plain).chain(grouped).collect();
        world.assert_unreadable(&shapes, seed.as_bytes()).await;

        world
            .post(&tab, RECOVERY_CODES, &[("action", "saved")])
            .await;
        world.assert_unreadable(&shapes, seed.as_bytes()).await;
    })
    .await;
}

#[actix_web::test]
async fn the_codes_that_were_shown_are_the_ones_that_work() {
    on_both(async |world| {
        world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        let seed = world.chooses_the_app(&tab).await;
        world.sets_up(&tab, &world.shown(&seed)).await;
        let codes = world.codes_shown(&tab).await;
        world
            .post(&tab, RECOVERY_CODES, &[("action", "saved")])
            .await;

        for code in [&codes[0], &codes[9]] {
            let tab = world.tab().await;
            world.proves(&tab, ADDRESS).await.goes_to(tab.url(CODE));
            let given = world.recovers(&tab, code.grouped().reveal()).await;
            given.goes_to(tab.return_to());
        }
    })
    .await;
}

#[actix_web::test]
async fn recovery_codes_are_shown_until_they_are_saved_and_never_again() {
    on_both(async |world| {
        world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        let seed = world.chooses_the_app(&tab).await;
        world.sets_up(&tab, &world.shown(&seed)).await;
        let codes = world.codes_shown(&tab).await;

        assert_eq!(world.codes_shown(&tab).await, codes);
        let begun_again = world.open(&tab, "/sign-in/email").await;
        begun_again.goes_to(tab.url(RECOVERY_CODES));
        let file = world.open(&tab, "/second-factor/recovery-codes.txt").await;
        file.shows(200, "Recovery codes for Get an identity\r\n");
        for code in &codes {
            file.shows(200, code.grouped().reveal());
        }
        let header = |name: &str| file.headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "text/plain; charset=utf-8");
        assert!(header("content-disposition").starts_with("attachment"));
        assert_eq!(header("cache-control"), "no-store");
        let elsewhere = world.open(&tab.copied_elsewhere(), RECOVERY_CODES).await;
        elsewhere.shows(403, "We cannot continue your sign-in in this browser");

        world
            .post(&tab, RECOVERY_CODES, &[("action", "saved")])
            .await;

        for path in [RECOVERY_CODES, "/second-factor/recovery-codes.txt"] {
            world.open(&tab, path).await.goes_to(tab.return_to());
        }
        assert_eq!(world.interaction(&tab).await.sealed_factor, None);
    })
    .await;
}

#[actix_web::test]
async fn the_key_stays_the_same_however_often_the_page_is_opened() {
    on_both(async |world| {
        world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        world.chooses_the_app(&tab).await;
        let key = world.key(&tab).await;

        let wrong = world.sets_up(&tab, "000").await;

        wrong.shows(400, &key);
        assert_eq!(world.key(&tab).await, key);
        assert_eq!(key.len(), 39, "32 letters in groups of four");
        let stored = world.interaction(&tab).await.sealed_factor.unwrap();
        let stored = String::from_utf8_lossy(&stored).into_owned();
        assert!(!stored.contains(&key.replace(' ', "")));
        let other = world.tab_asking(required).await;
        world.chooses_the_app(&other).await;
        assert_ne!(world.key(&other).await, key);
    })
    .await;
}

#[actix_web::test]
async fn the_page_says_the_key_in_a_picture_with_words_instead() {
    on_both(async |world| {
        world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        world.chooses_the_app(&tab).await;

        let page = world.open(&tab, SET_UP_APP).await;

        page.shows(200, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
        page.shows(200, "role=\"img\" aria-label=\"QR code");
        assert!(!page.body.contains("<?xml"));
    })
    .await;
}

#[actix_web::test]
async fn each_mistake_is_told_and_nothing_is_set_up() {
    on_both(async |world| {
        let ada = world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        let seed = world.chooses_the_app(&tab).await;
        let wrong = world.not_shown(&seed);

        for (typed, told) in [
            ("", "Enter the code from your authenticator app"),
            ("12345x", "The code must only include numbers"),
            ("12345", "You have not entered enough numbers"),
            ("1234567", "You have entered too many numbers"),
            (wrong.as_str(), "The code you entered is not correct"),
        ] {
            // As often as they like: they know the key, so there is nothing to guess.
            for _ in 0..3 {
                world.sets_up(&tab, typed).await.shows(400, told);
            }
        }

        assert!(!world.factors(&ada).await.has_any());
        world.assert_not_let_through(&tab).await;
        let right = world.sets_up(&tab, &world.shown(&seed)).await;
        right.goes_to(tab.url(RECOVERY_CODES));
    })
    .await;
}

#[actix_web::test]
async fn the_code_that_set_an_app_up_signs_nobody_in() {
    on_both(async |world| {
        world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        let seed = world.chooses_the_app(&tab).await;
        let code = world.shown(&seed);
        world.sets_up(&tab, &code).await;

        let eve = world.tab().await;
        world.proves(&eve, ADDRESS).await.goes_to(eve.url(CODE));
        let again = world.types(&eve, &code).await;

        again.shows(400, "You have used this code before");
        world.assert_nobody_was_let_in(&eve).await;
    })
    .await;
}

#[actix_web::test]
async fn an_app_set_up_twice_at_once_is_set_up_once() {
    on_both(async |world| {
        let ada = world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        let seed = world.chooses_the_app(&tab).await;
        let code = world.shown(&seed);

        let forms = std::iter::repeat_n(vec![("code", code)], 3);
        let answers = world.post_all(&tab, SET_UP_APP, forms).await;

        for answer in answers {
            answer.goes_to(tab.url(RECOVERY_CODES));
        }
        assert_eq!(world.events(EventKind::SecondFactorAdded).await, 1);
        assert_eq!(world.codes_shown(&tab).await.len(), 10);
        assert_eq!(world.factors(&ada).await.recovery_codes_left, 10);
    })
    .await;
}

#[actix_web::test]
async fn what_a_service_only_recommends_can_wait() {
    on_both(async |world| {
        let ada = world.account_of(ADDRESS).await;
        for page in [CHOOSE, SET_UP_APP] {
            let tab = world.tab_asking(preferred).await;
            world.chooses_the_app(&tab).await;

            let declined = world.post(&tab, page, &[("action", "not-now")]).await;

            let path = declined.location.clone();
            if page == CHOOSE && path == Some(tab.url(SET_UP_APP)) {
                continue;
            }
            declined.goes_to(tab.return_to());
            let signed_in = world.signed_in(&tab).await.unwrap();
            assert_eq!((signed_in.acr, signed_in.amr), (Acr::Cl, vec![Amr::Email]));
        }
        assert!(!world.factors(&ada).await.has_any());
    })
    .await;
}

#[actix_web::test]
async fn what_a_service_requires_cannot_wait() {
    on_both(async |world| {
        world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        world.chooses_the_app(&tab).await;

        for page in [CHOOSE, SET_UP_APP] {
            assert!(!world.open(&tab, page).await.body.contains("not-now"));
            let declined = world.post(&tab, page, &[("action", "not-now")]).await;
            assert!(
                declined.status == 400 || declined.location == Some(tab.url(SET_UP_APP)),
                "{page}"
            );
        }

        world.assert_not_let_through(&tab).await;
        assert!(!world.interaction(&tab).await.answers.declined_second_factor);
    })
    .await;
}

#[actix_web::test]
async fn who_has_a_factor_gives_it_where_a_service_recommends_one() {
    on_both(async |world| {
        let ada = world.owner(ADDRESS).await;
        let tab = world.tab_asking(preferred).await;

        world.proves(&tab, ada.address).await.goes_to(tab.url(CODE));
        let page = world.open(&tab, CODE).await;
        let declined = world.post(&tab, CODE, &[("action", "not-now")]).await;

        assert!(!page.body.contains("not-now"));
        assert_eq!(declined.status, 400);
        world.assert_not_let_through(&tab).await;
    })
    .await;
}

#[actix_web::test]
async fn declining_in_one_tab_lets_nobody_through_who_has_a_factor_by_now() {
    on_both(async |world| {
        world.account_of(ADDRESS).await;
        let tab = world
            .tab_asking(|requirements| {
                preferred(requirements);
                requirements.details.profile = true;
            })
            .await;
        world.chooses_the_app(&tab).await;
        let declined = world.post(&tab, SET_UP_APP, &[("action", "not-now")]).await;
        declined.goes_to(tab.url("/details/name"));

        world.owner(ADDRESS).await;

        let next = world.open(&tab, "/details/name").await;
        next.goes_to(tab.url(CODE));
    })
    .await;
}

#[actix_web::test]
async fn a_key_that_was_begun_for_one_person_is_not_the_next_ones() {
    on_both(async |world| {
        let (session, _) = world.session_of("eve@example.test").await;
        let eve = world.account_of("eve@example.test").await;
        let ada = world.account_of(ADDRESS).await;
        let browser = world.tab().await.browser;
        let tab = world
            .tab_of(browser, Some(session), |interaction| {
                required(&mut interaction.requirements);
            })
            .await;
        world.post(&tab, CHOOSE, &[("way", "app")]).await;
        let eves = world.seed_under_way(&tab).await;

        // In the same interaction the session ends, and somebody else signs in.
        let tab = Tab {
            session: None,
            ..tab
        };
        let adas = world.chooses_the_app(&tab).await;
        let set_up = world.sets_up(&tab, &world.shown(&eves)).await;

        assert_ne!(adas, eves);
        set_up.shows(400, "The code you entered is not correct");
        for account in [&ada, &eve] {
            assert!(!world.factors(account).await.has_any());
        }
    })
    .await;
}

#[actix_web::test]
async fn a_key_of_another_interaction_sets_nothing_up() {
    on_both(async |world| {
        let ada = world.account_of(ADDRESS).await;
        let eve = world.tab_asking(required).await;
        let eves = world.chooses_the_app(&eve).await;
        let tab = world.tab_asking(required).await;
        world.chooses_the_app(&tab).await;

        let set_up = world.sets_up(&tab, &world.shown(&eves)).await;

        set_up.shows(400, "The code you entered is not correct");
        assert!(!world.factors(&ada).await.has_any());
    })
    .await;
}

#[actix_web::test]
async fn a_second_tab_cannot_finish_setting_up_what_the_first_one_has() {
    on_both(async |world| {
        let ada = world.account_of(ADDRESS).await;
        let first = world.tab_asking(required).await;
        let seed = world.chooses_the_app(&first).await;
        let second = world.tab_asking(required).await;
        let other = world.chooses_the_app(&second).await;
        world.sets_up(&first, &world.shown(&seed)).await;

        world.clock.advance(MINUTE);
        let late = world.sets_up(&second, &world.shown(&other)).await;

        late.goes_to(second.url(CODE));
        assert_eq!(world.seed(&ada).await, seed);
        world.assert_nobody_was_let_in(&second).await;
    })
    .await;
}
