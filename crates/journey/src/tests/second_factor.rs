//! The second factor: given, set up, changed, and attacked.

mod changing;
mod giving;
mod limits;
mod passkey_attacks;
mod passkeys;
mod recovering;
mod setting_up;

use model::event::EventKind;
use model::interaction::Outcome;
use model::requirement::{FactorTask, Requirements, SecondFactorRule};
use model::slow_hash::Salt;
use model::totp::{TotpSeed, step_of};
use model::{Entropy, RecoveryCode, Secret, SystemEntropy, UserId};
use storage::second_factors::{self, Factors, NewTotp};

use super::world::{Seen, Tab, World};

pub(super) const CODE: &str = "/second-factor/code";
pub(super) const RECOVERY_CODE: &str = "/second-factor/recovery-code";
pub(super) const CHOOSE: &str = "/second-factor/choose";
pub(super) const SET_UP_APP: &str = "/second-factor/set-up-app";
pub(super) const RECOVERY_CODES: &str = "/second-factor/recovery-codes";
pub(super) const REMOVE: &str = "/second-factor/remove";

/// Somebody with an account, an authenticator app and recovery codes.
struct Owner {
    id: UserId,
    address: &'static str,
    seed: TotpSeed,
    codes: Vec<RecoveryCode>,
}

impl World {
    /// Gives an account an authenticator app and recovery codes.
    async fn owner(&self, address: &'static str) -> Owner {
        let id = self.account_of(address).await;
        let seed = TotpSeed::mint(&SystemEntropy);
        self.has_app(&id, &seed).await;
        let codes = RecoveryCode::mint_set(&SystemEntropy);
        self.has_codes(&id, &codes).await;
        Owner {
            id,
            address,
            seed,
            codes,
        }
    }

    async fn has_app(&self, id: &UserId, seed: &TotpSeed) {
        let long_ago = self.step() - 100;
        let new = NewTotp::seal(seed, long_ago, id, &self.journey.keyring, &SystemEntropy);
        let id = id.clone();
        self.store
            .write(move |tx| second_factors::set_totp(tx, &id, &new))
            .await
            .unwrap();
    }

    async fn has_codes(&self, id: &UserId, codes: &[RecoveryCode]) {
        let mut salt = Salt::default();
        SystemEntropy.fill(&mut salt);
        let plain = codes.iter().map(|code| code.plain().clone()).collect();
        let hashes = self.journey.slow_hash.hash_all(salt, plain).await.unwrap();
        let id = id.clone();
        let stored = self
            .store
            .write(move |tx| second_factors::replace_recovery_codes(tx, &id, &salt, &hashes));
        assert!(stored.await.unwrap());
    }

    async fn factors(&self, id: &UserId) -> Factors {
        let id = id.clone();
        let read = self.store.read(move |tx| second_factors::standing(tx, &id));
        read.await.unwrap()
    }

    /// The seed of an account's app.
    async fn seed(&self, id: &UserId) -> TotpSeed {
        let app = self.factors(id).await.totp.unwrap();
        app.seed(id, &self.journey.keyring).unwrap()
    }

    fn step(&self) -> u64 {
        step_of(self.store.clock().now())
    }

    /// What an app shows now.
    fn shown(&self, seed: &TotpSeed) -> String {
        seed.code(self.step()).reveal().clone()
    }

    /// A code that an app shows in none of the steps that count.
    fn not_shown(&self, seed: &TotpSeed) -> String {
        let codes = |code: &String| {
            let steps = self.step() - 1..=self.step() + 1;
            steps.clone().any(|step| seed.code(step).reveal() == code)
        };
        let mut guesses = (0..10).map(|number| format!("{number:06}"));
        guesses.find(|code| !codes(code)).unwrap()
    }

    /// Proves an address, and returns where that leads.
    async fn proves(&self, tab: &Tab, address: &str) -> Seen {
        self.enter_email(tab, address).await;
        self.enter_code(tab, &self.mailbox.code()).await
    }

    async fn types(&self, tab: &Tab, code: &str) -> Seen {
        self.post(tab, CODE, &[("code", code)]).await
    }

    async fn recovers(&self, tab: &Tab, code: &str) -> Seen {
        self.post(tab, RECOVERY_CODE, &[("recovery-code", code)])
            .await
    }

    /// Proves the address and gives the app's code.
    async fn signs_in_with_app(&self, tab: &Tab, owner: &Owner) {
        self.proves(tab, owner.address).await;
        self.types(tab, &self.shown(&owner.seed)).await;
    }

    /// The key that the page shows to be put into an app.
    async fn key(&self, tab: &Tab) -> String {
        let page = self.open(tab, SET_UP_APP).await;
        page.shows(200, "Set up an authenticator app");
        let (_, rest) = page.body.split_once("id=\"key\">").unwrap();
        rest.split_once('<').unwrap().0.to_owned()
    }

    /// The seed under way whose key the page shows.
    async fn seed_under_way(&self, tab: &Tab) -> TotpSeed {
        let key = self.key(tab).await.replace(' ', "");
        TotpSeed::from_bytes(&base32(&key)).unwrap()
    }

    /// The recovery codes that the page shows.
    async fn codes_shown(&self, tab: &Tab) -> Vec<RecoveryCode> {
        let page = self.open(tab, RECOVERY_CODES).await;
        page.shows(200, "Save your recovery codes");
        let codes = page.body.split("<code class=\"app-key\">").skip(1);
        codes
            .map(|rest| RecoveryCode::parse(rest.split_once('<').unwrap().0).unwrap())
            .collect()
    }

    /// Asserts that whoever is in the tab is still not let through.
    async fn assert_not_let_through(&self, tab: &Tab) {
        let interaction = self.interaction(tab).await;
        assert_eq!(interaction.outcome, None);
        assert_eq!(interaction.answers.given_factor, None);
        assert_eq!(self.events(EventKind::SecondFactorGiven).await, 0);
    }

    /// The same, where somebody else was let through before.
    async fn assert_nobody_was_let_in(&self, tab: &Tab) {
        let interaction = self.interaction(tab).await;
        assert_eq!(interaction.outcome, None);
        assert_eq!(interaction.answers.given_factor, None);
    }

    async fn is_refused(&self, tab: &Tab) -> bool {
        let outcome = self.interaction(tab).await.outcome;
        matches!(outcome, Some(Outcome::Refused { .. }))
    }
}

/// RFC 4648 §6, as an app reads a key.
fn base32(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for character in text.bytes() {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'2'..=b'7' => character - b'2' + 26,
            other => panic!("{other} in a key"),
        };
        held = held << 5 | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    bytes
}

fn required(requirements: &mut Requirements) {
    requirements.second_factor = SecondFactorRule::Required;
}

fn preferred(requirements: &mut Requirements) {
    requirements.second_factor = SecondFactorRule::Preferred;
}

/// What the account area asks for.
fn to(task: FactorTask) -> impl FnOnce(&mut Requirements) {
    move |requirements| {
        requirements.second_factor = SecondFactorRule::Anew;
        requirements.task = Some(task);
    }
}

fn wrong_recovery_code() -> Secret<String> {
    RecoveryCode::mint(&SystemEntropy).grouped()
}
