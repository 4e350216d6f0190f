//! What ties a form, and the news that a change is done, to the session they were made for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::keyring::Purpose;
use model::{Keyring, SecretDigest};

/// The token that goes with something in a session, for example with the form at a path.
pub(crate) fn token(keyring: &Keyring, session: &SecretDigest, what: &str) -> String {
    URL_SAFE_NO_PAD.encode(keyring.digest(Purpose::Csrf, &parts(session, what)))
}

/// Whether a token goes with it, compared in constant time, under any key of the keyring.
pub(crate) fn is_valid(
    keyring: &Keyring,
    session: &SecretDigest,
    what: &str,
    presented: &str,
) -> bool {
    URL_SAFE_NO_PAD
        .decode(presented)
        .is_ok_and(|digest| keyring.digest_matches(Purpose::Csrf, &parts(session, what), &digest))
}

fn parts<'a>(session: &'a SecretDigest, what: &'a str) -> [&'a [u8]; 3] {
    [b"account", what.as_bytes(), session.as_bytes()]
}

#[cfg(test)]
mod tests {
    use model::Secret;

    use super::*;

    #[test]
    fn a_token_is_good_for_one_thing_in_one_session_and_outlives_a_rotation_of_the_keys() {
        let keyring = |ids: &[u8]| {
            let keys: Vec<_> = ids.iter().map(|id| (*id, Secret::new([*id; 32]))).collect();
            Keyring::new(&keys).unwrap()
        };
        let (ada, eve) = (SecretDigest::of("ada"), SecretDigest::of("eve"));
        let token = token(&keyring(&[1]), &ada, "one");

        let is_valid =
            |ids, session, what, presented: &str| is_valid(&keyring(ids), session, what, presented);

        assert!(is_valid(&[2, 1], &ada, "one", &token));
        assert!(!is_valid(&[2], &ada, "one", &token));
        assert!(!is_valid(&[1], &eve, "one", &token));
        assert!(!is_valid(&[1], &ada, "two", &token));
        for foreign in ["", "AA", "not base64", &"A".repeat(10_000)] {
            assert!(!is_valid(&[1], &ada, "one", foreign), "{foreign:.20}");
        }
    }
}
