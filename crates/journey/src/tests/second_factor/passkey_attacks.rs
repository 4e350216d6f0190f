//! What others try with passkeys, and what is tried with a passkey of one's own.

use model::event::EventKind;

use super::passkeys::{ADDRESS, PASSKEY, SET_UP_PASSKEY, options};
use super::{RECOVERY_CODE, required};
use crate::tests::authenticator::Authenticator;
use crate::tests::world::{HOUR, Tab, World, on_both};

const EVE: &str = "eve@example.test";

impl World {
    /// Asserts that an answer to the passkey that the tab asks for is refused with those words.
    async fn refuses(&self, tab: &Tab, answer: &str, told: &str) {
        self.gives_passkey(tab, answer).await.shows(400, told);
        self.assert_nobody_was_let_in(tab).await;
    }
}

const WRONG: &str = "We could not check your passkey. Try again";

#[actix_web::test]
async fn an_answer_for_another_site_is_refused() {
    on_both(async |world| {
        let mut device = Authenticator::new();
        world.has_passkey_on(ADDRESS, &mut device).await;
        let tab = world.asked_for_passkey(ADDRESS).await;
        let asked = world.asked(&tab, PASSKEY).await;

        device.origin = "https://identity.example.evil.example".to_owned();
        world.refuses(&tab, &device.get(&asked), WRONG).await;

        device.origin = "https://identity.example".to_owned();
        device.rp_id = "evil.example".to_owned();
        let asked = world.asked(&tab, PASSKEY).await;
        world.refuses(&tab, &device.get(&asked), WRONG).await;
    })
    .await;
}

#[actix_web::test]
async fn a_passkey_made_for_another_site_is_refused() {
    on_both(async |world| {
        let ada = world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        world.chooses_a_passkey(&tab, ADDRESS).await;
        let asked = world.asked(&tab, SET_UP_PASSKEY).await;
        let mut device = Authenticator::new();
        device.origin = "https://evil.example".to_owned();

        let refused = world
            .sets_up_passkey(&tab, &device.create(&asked), "")
            .await;

        refused.shows(400, "We could not check your new passkey. Try again");
        assert!(world.passkeys(&ada).await.is_empty());
        world.assert_not_let_through(&tab).await;
    })
    .await;
}

#[actix_web::test]
async fn a_device_that_anyone_can_use_is_no_second_factor() {
    on_both(async |world| {
        let mut device = Authenticator::new();
        let ada = world.has_passkey_on(ADDRESS, &mut device).await;
        device.verifies = false;
        let tab = world.asked_for_passkey(ADDRESS).await;
        let asked = world.asked(&tab, PASSKEY).await;
        let told = "Your device did not check that it is you";
        world.refuses(&tab, &device.get(&asked), told).await;

        let eve = world.account_of(EVE).await;
        let tab = world.tab_asking(required).await;
        world.chooses_a_passkey(&tab, EVE).await;
        let asked = world.asked(&tab, SET_UP_PASSKEY).await;
        let mut unlocked = Authenticator::new();
        unlocked.verifies = false;
        let answer = unlocked.create(&asked);
        let refused = world.sets_up_passkey(&tab, &answer, "").await;
        refused.shows(400, told);

        assert_eq!(world.passkeys(&ada).await.len(), 1);
        assert!(world.passkeys(&eve).await.is_empty());
    })
    .await;
}

#[actix_web::test]
async fn an_answer_that_was_overheard_is_worth_nothing_later() {
    on_both(async |world| {
        let mut device = Authenticator::synced();
        world.has_passkey_on(ADDRESS, &mut device).await;
        let tab = world.asked_for_passkey(ADDRESS).await;
        let answer = device.get(&world.asked(&tab, PASSKEY).await);
        world
            .gives_passkey(&tab, &answer)
            .await
            .goes_to(tab.return_to());
        world.clock.advance(HOUR);

        let thief = world.asked_for_passkey(ADDRESS).await;
        world.asked(&thief, PASSKEY).await;
        world.refuses(&thief, &answer, WRONG).await;
    })
    .await;
}

#[actix_web::test]
async fn an_answer_in_one_interaction_is_worth_nothing_in_another() {
    on_both(async |world| {
        let mut device = Authenticator::synced();
        world.has_passkey_on(ADDRESS, &mut device).await;
        let one = world.asked_for_passkey(ADDRESS).await;
        world.clock.advance(HOUR);
        let other = world.asked_for_passkey(ADDRESS).await;
        let asked = world.asked(&one, PASSKEY).await;
        world.asked(&other, PASSKEY).await;

        world.refuses(&other, &device.get(&asked), WRONG).await;
        let never_asked = world.asked_for_passkey(ADDRESS).await;
        world
            .refuses(&never_asked, &device.get(&asked), WRONG)
            .await;
    })
    .await;
}

#[actix_web::test]
async fn a_challenge_is_spent_by_the_first_answer_right_or_wrong() {
    on_both(async |world| {
        let mut device = Authenticator::synced();
        world.has_passkey_on(ADDRESS, &mut device).await;
        let tab = world.asked_for_passkey(ADDRESS).await;
        let asked = world.asked(&tab, PASSKEY).await;
        let right = device.get(&asked);

        let refused = world.gives_passkey(&tab, "{}").await;

        refused.shows(400, WRONG);
        assert_ne!(options(&refused)["challenge"], asked["challenge"]);
        world.refuses(&tab, &right, WRONG).await;
    })
    .await;
}

#[actix_web::test]
async fn of_many_who_send_one_answer_at_once_one_is_let_in() {
    on_both(async |world| {
        let mut device = Authenticator::synced();
        world.has_passkey_on(ADDRESS, &mut device).await;
        let before = world.events(EventKind::SecondFactorGiven).await;
        let tab = world.asked_for_passkey(ADDRESS).await;
        let answer = device.get(&world.asked(&tab, PASSKEY).await);

        let forms = (0..20).map(|_| vec![("passkey", answer.clone())]);
        world.post_all(&tab, PASSKEY, forms).await;

        assert_eq!(world.events(EventKind::SecondFactorGiven).await, before + 1);
    })
    .await;
}

#[actix_web::test]
async fn a_passkey_of_ones_own_does_not_open_anothers_account() {
    on_both(async |world| {
        world
            .has_passkey_on(ADDRESS, &mut Authenticator::new())
            .await;
        let mut eves = Authenticator::new();
        world.has_passkey_on(EVE, &mut eves).await;

        let tab = world.asked_for_passkey(ADDRESS).await;
        let asked = world.asked(&tab, PASSKEY).await;

        let told = "That passkey is not for this account";
        world.refuses(&tab, &eves.get(&asked), told).await;
    })
    .await;
}

#[actix_web::test]
async fn a_copy_of_a_passkey_is_refused_and_written_down() {
    on_both(async |world| {
        let mut device = Authenticator::new();
        device.counter = Some(10);
        let ada = world.has_passkey_on(ADDRESS, &mut device).await;
        let tab = world.asked_for_passkey(ADDRESS).await;
        let asked = world.asked(&tab, PASSKEY).await;
        let stored = world.passkeys(&ada).await[0].clone();

        device.counter = Some(3);
        let told = "You cannot use that passkey because there may be a copy of it";
        world.refuses(&tab, &device.get(&asked), told).await;

        assert_eq!(world.events(EventKind::PasskeyMayBeCopied).await, 1);
        assert_eq!(world.passkeys(&ada).await[0], stored);
        world
            .open(&tab, RECOVERY_CODE)
            .await
            .shows(200, "Enter a recovery code");
    })
    .await;
}

#[actix_web::test]
async fn a_passkey_of_somebody_else_is_not_taken_over_by_its_id() {
    on_both(async |world| {
        let mut adas = Authenticator::new();
        let ada = world.has_passkey_on(ADDRESS, &mut adas).await;
        let before = world.passkeys(&ada).await;
        let eve = world.account_of(EVE).await;
        let tab = world.tab_asking(required).await;
        world.chooses_a_passkey(&tab, EVE).await;
        let mut eves = Authenticator::new();
        eves.credential_id.clone_from(&adas.credential_id);

        let answer = eves.create(&world.asked(&tab, SET_UP_PASSKEY).await);
        let refused = world.sets_up_passkey(&tab, &answer, "").await;

        refused.shows(400, "That passkey is already in use. Create another one");
        assert!(world.passkeys(&eve).await.is_empty());
        assert_eq!(world.passkeys(&ada).await, before);
        assert_eq!(world.factors(&eve).await.recovery_codes_left, 0);
        world.assert_nobody_was_let_in(&tab).await;
    })
    .await;
}

#[actix_web::test]
async fn an_answer_that_makes_a_passkey_makes_one() {
    on_both(async |world| {
        let ada = world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        world.chooses_a_passkey(&tab, ADDRESS).await;
        let answer = Authenticator::new().create(&world.asked(&tab, SET_UP_PASSKEY).await);

        let forms = (0..5).map(|_| vec![("passkey", answer.clone())]);
        world.post_all(&tab, SET_UP_PASSKEY, forms).await;

        assert_eq!(world.passkeys(&ada).await.len(), 1);
        assert_eq!(world.events(EventKind::SecondFactorAdded).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn whoever_has_a_passkey_cannot_set_up_another_instead_of_giving_it() {
    on_both(async |world| {
        let ada = world
            .has_passkey_on(ADDRESS, &mut Authenticator::new())
            .await;
        let tab = world.asked_for_passkey(ADDRESS).await;

        world
            .open(&tab, SET_UP_PASSKEY)
            .await
            .goes_to(tab.url(PASSKEY));
        let posted = world.sets_up_passkey(&tab, "{}", "").await;

        posted.goes_to(tab.url(PASSKEY));
        assert_eq!(world.passkeys(&ada).await.len(), 1);
    })
    .await;
}

#[actix_web::test]
async fn what_is_under_way_is_sealed() {
    on_both(async |world| {
        world
            .has_passkey_on(ADDRESS, &mut Authenticator::new())
            .await;
        let tab = world.asked_for_passkey(ADDRESS).await;
        let asked = world.asked(&tab, PASSKEY).await;
        let challenge = asked["challenge"].as_str().unwrap().as_bytes();

        let sealed = world.interaction(&tab).await.sealed_factor.unwrap();

        let mut windows = sealed.windows(challenge.len());
        assert!(!windows.any(|window| window == challenge));
    })
    .await;
}
