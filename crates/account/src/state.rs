//! The `state` that goes along to sign in and comes back (RFC 6749 §10.12), and the code verifier
//! that belongs to it (RFC 7636).
//!
//! Both are made from the secret of the browser's own cookie, so no other browser can come back
//! with them, no row has to be kept, and any number of tabs can be away at once. The verifier never
//! leaves: only its challenge is sent, and compared with the one that the code was issued for.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::digest::sha256;
use model::keyring::Purpose;
use model::{Entropy, Keyring, Secret, Timestamp};

use crate::news::News;

/// What somebody leaves the account area for, and so what they come back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// To sign in and see their account.
    Overview,
    /// To sign in and see their second factor.
    SecondFactor,
    /// To sign in and see with whom they share.
    Services,
    /// To change it: with the news that it is done.
    Change(News),
}

impl Errand {
    /// Its name in a `state`.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::SecondFactor => "second-factor",
            Self::Services => "services",
            Self::Change(news) => news.as_str(),
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        match name {
            "overview" => Some(Self::Overview),
            "second-factor" => Some(Self::SecondFactor),
            "services" => Some(Self::Services),
            news => News::from_name(news).map(Self::Change),
        }
    }
}

/// A `state`: `errand.when.chance.proof`, of which the proof binds the rest to a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct State(String);

/// Longest `state` that is looked at, in bytes.
const LONGEST: usize = 200;

impl State {
    /// The state of who leaves in that browser now.
    pub(crate) fn mint(
        keyring: &Keyring,
        entropy: &dyn Entropy,
        browser: &Secret<String>,
        errand: Errand,
        now: Timestamp,
    ) -> Self {
        let chance = URL_SAFE_NO_PAD.encode(entropy.bytes32());
        let claim = format!("{}.{}.{chance}", errand.as_str(), now.millis());
        let proof = keyring.digest(Purpose::AccountVisit, &proof_of(browser, &claim));
        Self(format!("{claim}.{}", URL_SAFE_NO_PAD.encode(proof)))
    }

    /// What somebody comes back from; `None` when the state is not one of this browser, or they
    /// left longer ago than they may be away.
    pub(crate) fn read(
        keyring: &Keyring,
        browser: &Secret<String>,
        presented: &str,
        now: Timestamp,
        absence: Duration,
    ) -> Option<(Self, Errand)> {
        if presented.len() > LONGEST {
            return None;
        }
        let (claim, proof) = presented.rsplit_once('.')?;
        let proof = URL_SAFE_NO_PAD.decode(proof).ok()?;
        let parts = proof_of(browser, claim);
        if !keyring.digest_matches(Purpose::AccountVisit, &parts, &proof) {
            return None;
        }
        let mut words = claim.split('.');
        let errand = Errand::from_name(words.next()?)?;
        let left_at = Timestamp::from_millis(words.next()?.parse().ok()?);
        let is_in_time = now.since(left_at) <= absence;
        is_in_time.then(|| (Self(presented.to_owned()), errand))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The S256 code challenge to leave with.
    pub(crate) fn challenge(&self, keyring: &Keyring, browser: &Secret<String>) -> String {
        let verifier = keyring
            .derive(Purpose::AccountVisit, &self.verifier_of(browser))
            .next();
        challenge_of(&verifier.unwrap_or_default())
    }

    /// Whether a code was issued for the request that left with this state. The keys may have
    /// been rotated since.
    pub(crate) fn asked_for(
        &self,
        keyring: &Keyring,
        browser: &Secret<String>,
        challenge: Option<&str>,
    ) -> bool {
        keyring
            .derive(Purpose::AccountVisit, &self.verifier_of(browser))
            .any(|verifier| challenge == Some(challenge_of(&verifier).as_str()))
    }

    fn verifier_of<'a>(&'a self, browser: &'a Secret<String>) -> [&'a [u8]; 3] {
        [b"verifier", browser.reveal().as_bytes(), self.0.as_bytes()]
    }
}

fn proof_of<'a>(browser: &'a Secret<String>, claim: &'a str) -> [&'a [u8]; 3] {
    [b"state", browser.reveal().as_bytes(), claim.as_bytes()]
}

/// RFC 7636 §4.2, of the verifier whose 32 bytes are given, in base64url (§4.1).
fn challenge_of(verifier: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(sha256(URL_SAFE_NO_PAD.encode(verifier).as_bytes()))
}

#[cfg(test)]
mod tests {
    use model::SystemEntropy;

    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_795_000_000);
    const ABSENCE: Duration = Duration::from_secs(3600);

    fn keyring(ids: &[u8]) -> Keyring {
        let keys: Vec<_> = ids.iter().map(|id| (*id, Secret::new([*id; 32]))).collect();
        Keyring::new(&keys).unwrap()
    }

    fn browser(name: &str) -> Secret<String> {
        Secret::new(name.to_owned())
    }

    fn minted(errand: Errand) -> State {
        State::mint(
            &keyring(&[1]),
            &SystemEntropy,
            &browser("ada"),
            errand,
            START,
        )
    }

    fn read(state: &str, name: &str, after: Duration) -> Option<Errand> {
        let now = START.plus(after);
        let read = State::read(&keyring(&[2, 1]), &browser(name), state, now, ABSENCE);
        read.map(|(_, errand)| errand)
    }

    #[test]
    fn a_browser_comes_back_to_what_it_left_for_also_after_the_keys_were_rotated() {
        let changes = News::ALL.map(Errand::Change);
        for errand in [Errand::Overview, Errand::SecondFactor, Errand::Services]
            .into_iter()
            .chain(changes)
        {
            let state = minted(errand);

            assert_eq!(read(state.as_str(), "ada", ABSENCE), Some(errand));
        }
    }

    #[test]
    fn a_state_of_another_browser_is_nothing() {
        let state = minted(Errand::Overview);

        assert_eq!(read(state.as_str(), "eve", Duration::ZERO), None);
    }

    #[test]
    fn who_was_away_for_too_long_does_not_come_back() {
        let state = minted(Errand::Overview);

        let late = ABSENCE + Duration::from_millis(1);

        assert_eq!(read(state.as_str(), "ada", late), None);
    }

    #[test]
    fn a_forged_state_is_nothing() {
        let state = minted(Errand::Overview);
        let (claim, proof) = state.as_str().rsplit_once('.').unwrap();
        let renamed = claim.replace("overview", "app-removed");
        let later = claim.replace("1795", "1796");

        for forged in [
            "",
            "overview",
            claim,
            &format!("{renamed}.{proof}"),
            &format!("{later}.{proof}"),
            &format!("{claim}."),
            &format!("{claim}.AA"),
            &format!("{claim}.not base64"),
            &format!("{}.{proof}", "a".repeat(10_000)),
        ] {
            assert_eq!(read(forged, "ada", Duration::ZERO), None, "{forged:.40}");
        }
    }

    #[test]
    fn a_code_belongs_to_the_state_that_its_challenge_left_with() {
        let (state, other) = (minted(Errand::Overview), minted(Errand::Overview));
        let left_with = state.challenge(&keyring(&[1]), &browser("ada"));

        let belongs = |state: &State, name, challenge| {
            state.asked_for(&keyring(&[2, 1]), &browser(name), challenge)
        };

        assert!(belongs(&state, "ada", Some(&left_with)));
        assert!(!belongs(&other, "ada", Some(&left_with)));
        assert!(!belongs(&state, "eve", Some(&left_with)));
        assert!(!belongs(&state, "ada", Some(other.as_str())));
        assert!(!belongs(&state, "ada", None));
        assert_eq!(left_with.len(), 43);
    }
}
