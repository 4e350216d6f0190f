//! Passkeys as their owners set them up and give them.

use model::UserId;
use model::browser_session::{Acr, Amr};
use model::event::EventKind;
use serde_json::Value;
use storage::second_factors::PasskeyRow;

use super::{CHOOSE, RECOVERY_CODES, SET_UP_APP, required};
use crate::emails::{FactorKind, News, SecondFactorAddedEmail};
use crate::tests::authenticator::Authenticator;
use crate::tests::world::{HOUR, Seen, Tab, World, on_both, on_both_with};

pub(super) const PASSKEY: &str = "/second-factor/passkey";
pub(super) const SET_UP_PASSKEY: &str = "/second-factor/set-up-passkey";
pub(super) const ADDRESS: &str = "ada@example.test";

impl World {
    /// Proves an address in a tab that asks for a second factor, and chooses a passkey.
    pub(super) async fn chooses_a_passkey(&self, tab: &Tab, address: &str) {
        self.proves(tab, address).await;
        let chosen = self.post(tab, CHOOSE, &[("way", "passkey")]).await;
        chosen.goes_to(tab.url(SET_UP_PASSKEY));
    }

    /// What a page has the browser asked for.
    pub(super) async fn asked(&self, tab: &Tab, path: &str) -> Value {
        let page = self.open(tab, path).await;
        page.shows(200, "passkey");
        options(&page)
    }

    pub(super) async fn sets_up_passkey(&self, tab: &Tab, answer: &str, name: &str) -> Seen {
        let fields = [("passkey", answer), ("passkey-name", name)];
        self.post(tab, SET_UP_PASSKEY, &fields).await
    }

    pub(super) async fn gives_passkey(&self, tab: &Tab, answer: &str) -> Seen {
        self.post(tab, PASSKEY, &[("passkey", answer)]).await
    }

    /// Has somebody set a passkey up on a device, and saves the recovery codes.
    pub(super) async fn has_passkey_on(&self, address: &str, device: &mut Authenticator) -> UserId {
        let id = self.account_of(address).await;
        let tab = self.tab_asking(required).await;
        self.chooses_a_passkey(&tab, address).await;
        let answer = device.create(&self.asked(&tab, SET_UP_PASSKEY).await);
        let set_up = self.sets_up_passkey(&tab, &answer, "").await;
        set_up.goes_to(tab.url(RECOVERY_CODES));
        let saved = self.post(&tab, RECOVERY_CODES, &[("action", "saved")]);
        saved.await.goes_to(tab.return_to());
        // The next code may be sent.
        self.clock.advance(HOUR);
        id
    }

    pub(super) async fn passkeys(&self, id: &UserId) -> Vec<PasskeyRow> {
        self.factors(id).await.passkeys
    }

    /// A tab whose person has proven the address and is asked for their passkey.
    pub(super) async fn asked_for_passkey(&self, address: &str) -> Tab {
        let tab = self.tab().await;
        let proven = self.proves(&tab, address).await;
        proven.goes_to(tab.url(PASSKEY));
        tab
    }
}

/// The options in a page, for its script.
pub(super) fn options(page: &Seen) -> Value {
    let (_, rest) = page.body.split_once("data-options=\"").unwrap();
    let (escaped, _) = rest.split_once('"').unwrap();
    let json = escaped
        .replace("&quot;", "\"")
        .replace("&#x3D;", "=")
        .replace("&#x27;", "'")
        .replace("&amp;", "&");
    serde_json::from_str(&json).unwrap()
}

#[actix_web::test]
async fn a_service_that_requires_it_has_a_passkey_set_up_within_the_sign_in() {
    on_both(async |world| {
        let ada = world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        world.chooses_a_passkey(&tab, ADDRESS).await;
        let mut device = Authenticator::new();
        let asked = world.asked(&tab, SET_UP_PASSKEY).await;
        assert_eq!(asked["user"]["name"], ADDRESS);
        world.assert_not_let_through(&tab).await;

        let answer = device.create(&asked);
        let set_up = world.sets_up_passkey(&tab, &answer, " My  phone ").await;

        set_up.goes_to(tab.url(RECOVERY_CODES));
        assert_eq!(world.codes_shown(&tab).await.len(), 10);
        let saved = world.post(&tab, RECOVERY_CODES, &[("action", "saved")]);
        saved.await.goes_to(tab.return_to());
        let signed_in = world.signed_in(&tab).await.unwrap();
        assert_eq!(signed_in.amr, [Amr::Email, Amr::Hwk, Amr::Mfa]);
        assert_eq!(signed_in.acr, Acr::ClCm);
        let passkeys = world.passkeys(&ada).await;
        assert_eq!(passkeys.len(), 1);
        assert_eq!(passkeys[0].name, "My phone");
        assert_eq!(passkeys[0].credential_id, device.credential_id);
        assert_eq!(world.events(EventKind::SecondFactorAdded).await, 1);
        assert_eq!(world.interaction(&tab).await.sealed_factor, None);
        world.deliver_mail().await;
        let factor = FactorKind::Passkey;
        let added = News::SecondFactorAdded(SecondFactorAddedEmail { factor });
        assert_eq!(world.mailbox.news(), [added]);
    })
    .await;
}

#[actix_web::test]
async fn a_passkey_signs_its_owner_in() {
    on_both(async |world| {
        for (mut device, address, amr) in [
            (Authenticator::new(), "ada@example.test", Amr::Hwk),
            (Authenticator::synced(), "bob@example.test", Amr::Swk),
        ] {
            let id = world.has_passkey_on(address, &mut device).await;
            let tab = world.asked_for_passkey(address).await;
            world.assert_nobody_was_let_in(&tab).await;
            let answer = device.get(&world.asked(&tab, PASSKEY).await);

            let given = world.gives_passkey(&tab, &answer).await;

            given.goes_to(tab.return_to());
            let signed_in = world.signed_in(&tab).await.unwrap();
            assert_eq!(signed_in.amr, [Amr::Email, amr, Amr::Mfa]);
            assert_eq!(signed_in.acr, Acr::ClCm);
            let used = world.passkeys(&id).await[0].last_used_at;
            assert_eq!(used, Some(world.store.clock().now()));
        }
    })
    .await;
}

#[actix_web::test]
async fn a_passkey_without_a_name_is_called_by_its_keeper_and_the_day() {
    on_both(async |world| {
        for (aaguid, address, keeper) in [
            (0, "ada@example.test", "Passkey, "),
            (
                0xea9b_8d66_4d01_1d21_3ce4_b6b4_8cb5_75d4,
                "bob@example.test",
                "Google Password Manager, ",
            ),
        ] {
            let mut device = Authenticator::synced();
            device.aaguid = aaguid;

            let id = world.has_passkey_on(address, &mut device).await;

            let name = world.passkeys(&id).await[0].name.clone();
            assert!(name.starts_with(keeper), "{name}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_name_that_is_refused_loses_neither_what_was_typed_nor_the_passkey() {
    on_both(async |world| {
        let ada = world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        world.chooses_a_passkey(&tab, ADDRESS).await;
        let answer = Authenticator::new().create(&world.asked(&tab, SET_UP_PASSKEY).await);
        let long = "x".repeat(61);

        let refused = world.sets_up_passkey(&tab, &answer, &long).await;

        refused.shows(400, "Name for this passkey must be 60 characters or less");
        refused.shows(400, &format!("value=\"{long}\""));
        refused.shows(400, "name=\"passkey\" value=\"{");
        assert!(world.passkeys(&ada).await.is_empty());
        let named = world.sets_up_passkey(&tab, &answer, "My phone").await;
        named.goes_to(tab.url(RECOVERY_CODES));
    })
    .await;
}

#[actix_web::test]
async fn what_went_wrong_in_the_browser_is_told_and_loses_nothing() {
    on_both(async |world| {
        world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;
        world.chooses_a_passkey(&tab, ADDRESS).await;
        let asked = world.asked(&tab, SET_UP_PASSKEY).await;
        for (problem, told) in [
            ("NotAllowedError", "Your passkey was not created"),
            (
                "InvalidStateError",
                "You already have a passkey for this account on that device",
            ),
            (
                "NotSupportedError",
                "This browser or device could not create a passkey",
            ),
            ("", "We could not check your new passkey"),
        ] {
            let fields = [("passkey-problem", problem), ("passkey-name", "My phone")];

            let refused = world.post(&tab, SET_UP_PASSKEY, &fields).await;

            refused.shows(400, told);
            refused.shows(400, "value=\"My phone\"");
            assert_eq!(options(&refused), asked);
        }

        let mut device = Authenticator::new();
        let set_up = world
            .sets_up_passkey(&tab, &device.create(&asked), "")
            .await;
        set_up.goes_to(tab.url(RECOVERY_CODES));
        world
            .post(&tab, RECOVERY_CODES, &[("action", "saved")])
            .await;
        world.clock.advance(HOUR);
        let tab = world.asked_for_passkey(ADDRESS).await;
        let asked = world.asked(&tab, PASSKEY).await;
        let fields = [("passkey-problem", "NotAllowedError")];
        let refused = world.post(&tab, PASSKEY, &fields).await;
        refused.shows(400, "Your passkey was not used");
        let given = world.gives_passkey(&tab, &device.get(&asked)).await;
        given.goes_to(tab.return_to());
    })
    .await;
}

#[actix_web::test]
async fn a_page_that_was_opened_twice_can_be_answered_from_either_tab() {
    on_both(async |world| {
        let mut device = Authenticator::new();
        world.has_passkey_on(ADDRESS, &mut device).await;
        let tab = world.asked_for_passkey(ADDRESS).await;
        let first = world.asked(&tab, PASSKEY).await;
        let second = world.asked(&tab, PASSKEY).await;

        let given = world.gives_passkey(&tab, &device.get(&first)).await;

        assert_eq!(first, second);
        given.goes_to(tab.return_to());
    })
    .await;
}

#[actix_web::test]
async fn a_provider_without_a_domain_name_offers_no_passkeys() {
    let nowhere = |parts: &mut crate::Parts| parts.passkeys = None;
    on_both_with(nowhere, async |world| {
        world.account_of(ADDRESS).await;
        let tab = world.tab_asking(required).await;

        world
            .proves(&tab, ADDRESS)
            .await
            .goes_to(tab.url(SET_UP_APP));

        for path in [CHOOSE, SET_UP_PASSKEY, PASSKEY] {
            world.open(&tab, path).await.goes_to(tab.url(SET_UP_APP));
        }
        let posted = world.sets_up_passkey(&tab, "{}", "").await;
        posted.goes_to(tab.url(SET_UP_APP));
    })
    .await;
}
