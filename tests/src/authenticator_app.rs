//! An authenticator app, as a person has one: it is given a key and shows codes (RFC 6238).

use model::totp::step_of;
use model::{Clock as _, SystemClock, TotpSeed};

/// It shows each code once, so that none is refused for having been used.
pub struct AuthenticatorApp {
    seed: TotpSeed,
    /// The step whose code was shown last.
    shown: u64,
}

impl AuthenticatorApp {
    /// The app that was given this key, spaces and all.
    pub fn with_key(key: &str) -> Self {
        Self {
            seed: TotpSeed::from_bytes(&bytes_of(key)).expect("a key has 20 bytes"),
            shown: 0,
        }
    }

    /// The code of now, or of the next step when that one was shown: a provider takes it too, from
    /// an app whose clock is a little fast. A third one in half a minute is too early.
    pub fn code(&mut self) -> String {
        let now = step_of(SystemClock.now());
        self.shown = now.max(self.shown + 1);
        assert!(self.shown <= now + 1, "no clock is that fast");
        self.seed.code(self.shown).reveal().clone()
    }
}

/// RFC 4648 §6.
fn bytes_of(key: &str) -> Vec<u8> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => letter - b'A',
        b'2'..=b'7' => letter - b'2' + 26,
        other => panic!("{other} in a key"),
    };
    let letters = key.bytes().filter(|byte| *byte != b' ');
    let bits: Vec<u8> = letters
        .flat_map(|letter| (0..5).rev().map(move |place| value(letter) >> place & 1))
        .collect();
    bits.chunks_exact(8)
        .map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit))
        .collect()
}
