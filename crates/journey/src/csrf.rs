//! The token that ties a form to the browser it was shown in and to its interaction.
//!
//! It is a keyed digest of the browser's cookie secret and the interaction's id, so another site
//! cannot know it, it needs no row, and it holds for as long as the interaction does, in any tab.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::keyring::Purpose;
use model::{InteractionId, Keyring, Secret};

/// The token for the forms of an interaction.
pub(crate) fn token(keyring: &Keyring, browser: &Secret<String>, id: &InteractionId) -> String {
    URL_SAFE_NO_PAD.encode(keyring.digest(Purpose::Csrf, &parts(browser, id)))
}

/// Whether a form came with its token, compared in constant time, under any key of the keyring.
pub(crate) fn is_valid(
    keyring: &Keyring,
    browser: &Secret<String>,
    id: &InteractionId,
    presented: &str,
) -> bool {
    URL_SAFE_NO_PAD
        .decode(presented)
        .is_ok_and(|digest| keyring.digest_matches(Purpose::Csrf, &parts(browser, id), &digest))
}

fn parts<'a>(browser: &'a Secret<String>, id: &'a InteractionId) -> [&'a [u8]; 2] {
    [browser.reveal().as_bytes(), id.as_str().as_bytes()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(ids: &[u8]) -> Keyring {
        let keys: Vec<_> = ids.iter().map(|id| (*id, Secret::new([*id; 32]))).collect();
        Keyring::new(&keys).unwrap()
    }

    fn browser(name: &str) -> Secret<String> {
        Secret::new(name.to_owned())
    }

    fn interaction(name: &str) -> InteractionId {
        InteractionId::new(name.to_owned())
    }

    #[test]
    fn a_token_is_good_only_for_its_browser_and_interaction() {
        let keyring = keyring(&[1]);
        let token = token(&keyring, &browser("ada"), &interaction("one"));

        let is_valid = |name, id| is_valid(&keyring, &browser(name), &interaction(id), &token);

        assert!(is_valid("ada", "one"));
        assert!(!is_valid("eve", "one"));
        assert!(!is_valid("ada", "two"));
    }

    #[test]
    fn a_token_outlives_a_rotation_of_the_keys() {
        let token = token(&keyring(&[1]), &browser("ada"), &interaction("one"));

        let is_valid = |keyring: &Keyring, token: &str| {
            is_valid(keyring, &browser("ada"), &interaction("one"), token)
        };

        assert!(is_valid(&keyring(&[2, 1]), &token));
        assert!(!is_valid(&keyring(&[2]), &token));
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let keyring = keyring(&[1]);

        for presented in [
            "",
            "AA",
            "not base64!",
            &"A".repeat(44),
            &"A".repeat(10_000),
        ] {
            assert!(
                !is_valid(&keyring, &browser("ada"), &interaction("one"), presented),
                "{presented:.20}"
            );
        }
    }
}
