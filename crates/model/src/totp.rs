//! The codes of authenticator apps (RFC 6238).

use std::fmt;

use serde::{Deserialize, Serialize};
use totp_rs::{Algorithm, Builder, Totp};

use crate::clock::Timestamp;
use crate::email_address::EmailAddress;
use crate::entropy::Entropy;
use crate::recovery_code::in_fours;
use crate::secret::Secret;

/// How long a code is shown, in seconds (RFC 6238 §5.2).
const STEP: u64 = 30;

/// How many steps a clock may be behind or ahead (RFC 6238 §5.2).
const DRIFT: u16 = 1;

/// The seed that an authenticator app and we share.
///
/// Shape: 20 random bytes (RFC 4226 §4, R6), from which HMAC-SHA-1 makes a code of six digits for
/// each step of 30 seconds: what every app can do.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TotpSeed(Secret<[u8; 20]>);

impl TotpSeed {
    /// Draws a seed.
    #[must_use]
    pub fn mint(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 20];
        entropy.fill(&mut bytes);
        Self(Secret::new(bytes))
    }

    /// The seed of these bytes; `None` unless they are 20.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Secret::new(bytes)))
    }

    /// The 20 bytes; to be stored sealed.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        self.0.reveal()
    }

    /// The seed as people type it into an app: base 32 (RFC 4648 §6) in groups of four.
    #[must_use]
    pub fn grouped_key(&self) -> Secret<String> {
        Secret::new(in_fours(&self.shared_key(), ' '))
    }

    /// What an app reads from the QR code: an `otpauth:` URI that names the provider, as the app
    /// lists it, and the account.
    #[must_use]
    pub fn uri(&self, provider: &str, account: &EmailAddress) -> Secret<String> {
        // A colon parts the two in the label; an address has none and is not empty, so that
        // nothing is left that could be refused.
        let totp = self
            .builder()
            .with_issuer(Some(provider.replace(':', " ")))
            .with_account_name(account.as_typed());
        Secret::new(totp.build_noncompliant().to_url().unwrap_or_default())
    }

    /// The code that an app shows in a step: six digits.
    #[must_use]
    pub fn code(&self, step: u64) -> Secret<String> {
        let code = self.totp().generate(step.saturating_mul(STEP));
        Secret::new(code.to_string())
    }

    /// The step whose code was typed, if it is that of now, or of one step before or after, and
    /// later than the last one that was used: a code is good once (RFC 6238 §5.2).
    ///
    /// `code` is six digits. Whoever asks still has to mark the step as used.
    #[must_use]
    pub fn verify(&self, code: &str, now: Timestamp, last_step: Option<u64>) -> Option<u64> {
        let totp = self.totp();
        let step = totp.check(code, step_of(now).saturating_mul(STEP))?;
        last_step.is_none_or(|last| step > last).then_some(step)
    }

    fn shared_key(&self) -> String {
        totp_rs::Secret::from(self.0.reveal().as_slice()).to_base32()
    }

    fn totp(&self) -> Totp {
        self.builder().build_noncompliant()
    }

    fn builder(&self) -> Builder {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(DRIFT)
            .with_step_duration(STEP)
            .with_secret(self.0.reveal().as_slice())
    }
}

impl fmt::Debug for TotpSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSeed(..)")
    }
}

/// The step that an instant lies in, counted from 1970 (RFC 6238 §4.2).
#[must_use]
pub fn step_of(now: Timestamp) -> u64 {
    u64::try_from(now.seconds()).unwrap_or(0) / STEP
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    /// The seed of RFC 6238 appendix B.
    fn seed() -> TotpSeed {
        TotpSeed::from_bytes(b"12345678901234567890").unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn the_vectors_of_rfc_6238_are_met() {
        // Appendix B, SHA1, the last six of eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = step_of(at(seconds));
            assert_eq!(seed().code(step).reveal(), code, "{seconds}");
            assert_eq!(seed().verify(code, at(seconds), None), Some(step));
        }
    }

    #[test]
    fn a_clock_may_be_one_step_off_and_no_more() {
        let now = at(1_111_111_111);
        let step = step_of(now);

        for (other, accepted) in [
            (step - 2, false),
            (step - 1, true),
            (step, true),
            (step + 1, true),
            (step + 2, false),
        ] {
            let found = seed().verify(seed().code(other).reveal(), now, None);
            assert_eq!(found, accepted.then_some(other), "{other}");
        }
    }

    #[test]
    fn a_step_that_was_used_is_dead_and_so_are_those_before_it() {
        let now = at(1_111_111_111);
        let step = step_of(now);
        let code = |step| seed().code(step).reveal().clone();

        assert_eq!(seed().verify(&code(step), now, Some(step)), None);
        assert_eq!(seed().verify(&code(step - 1), now, Some(step)), None);
        let next = step + 1;
        assert_eq!(seed().verify(&code(next), now, Some(step)), Some(next));
    }

    #[test]
    fn anything_but_the_code_is_refused() {
        let now = at(59);

        for typed in ["", "287083", "28708", "2870820", "287 082", "２８７０８２"] {
            assert_eq!(seed().verify(typed, now, None), None, "{typed}");
        }
    }

    #[test]
    fn the_uri_says_what_an_app_needs_and_names_the_account() {
        let ada = EmailAddress::parse("ada+school@example.test").unwrap();

        let uri = seed().uri("Get: an identity", &ada);

        let uri = url::Url::parse(uri.reveal()).unwrap();
        assert_eq!((uri.scheme(), uri.host_str()), ("otpauth", Some("totp")));
        let label = uri.path().trim_start_matches('/');
        let label: Vec<_> = form_urlencoded::parse(label.replace('+', "%2B").as_bytes())
            .map(|(label, _)| label.into_owned())
            .collect();
        assert_eq!(label, ["Get  an identity:ada+school@example.test"]);
        let value = |name| {
            let mut pairs = uri.query_pairs();
            pairs
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let secret = value("secret").unwrap();
        assert_eq!(secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(value("issuer").unwrap(), "Get  an identity");
        assert_eq!(seed().grouped_key().reveal().replace(' ', ""), secret);
        assert!(seed().grouped_key().reveal().starts_with("GEZD GNBV"));
    }

    #[test]
    fn a_seed_is_drawn_kept_and_never_printed() {
        let drawn = TotpSeed::mint(&SystemEntropy);

        assert_ne!(drawn, TotpSeed::mint(&SystemEntropy));
        assert_eq!(TotpSeed::from_bytes(drawn.as_bytes()), Some(drawn.clone()));
        assert_eq!(TotpSeed::from_bytes(&[0; 19]), None);
        assert_eq!(format!("{drawn:?}"), "TotpSeed(..)");
    }
}
