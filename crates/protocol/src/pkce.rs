//! Proof Key for Code Exchange, S256 only (RFC 7636).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::digest::{same_bytes, sha256};

/// A code challenge made by S256 (RFC 7636 §4.2): 43 characters of base64url. A `plain` challenge
/// cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeChallenge(String);

/// A text that is no S256 code challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("code_challenge must be 43 characters of base64url, the SHA-256 of the code verifier")]
pub struct InvalidCodeChallenge;

impl CodeChallenge {
    /// Reads a `code_challenge` parameter.
    ///
    /// # Errors
    ///
    /// [`InvalidCodeChallenge`] unless it decodes to 32 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidCodeChallenge> {
        let is_sha256 = URL_SAFE_NO_PAD
            .decode(text)
            .is_ok_and(|bytes| bytes.len() == 32);
        is_sha256
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidCodeChallenge)
    }

    /// The challenge as it came, for storage.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether `verifier` is what `challenge` was made of (RFC 7636 §4.6). A verifier has 43 to 128
/// unreserved characters (§4.1).
#[must_use]
pub fn verifier_matches(challenge: &str, verifier: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(is_unreserved) {
        return false;
    }
    let made = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
    same_bytes(made.as_bytes(), challenge.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_matches() {
        assert_eq!(CodeChallenge::parse(CHALLENGE).unwrap().as_str(), CHALLENGE);
        assert!(verifier_matches(CHALLENGE, VERIFIER));
    }

    #[test]
    fn another_verifier_does_not_match_and_the_challenge_is_not_its_own_verifier() {
        assert!(!verifier_matches(CHALLENGE, &VERIFIER.replace('d', "e")));
        assert!(!verifier_matches(CHALLENGE, CHALLENGE));
        assert!(!verifier_matches(CHALLENGE, ""));
        assert!(!verifier_matches(CHALLENGE, &"a".repeat(129)));
    }

    #[test]
    fn a_challenge_that_is_no_sha256_is_refused() {
        for refused in [
            "",
            "short",
            &format!("{CHALLENGE}="),
            &"+".repeat(43),
            &"A".repeat(44),
        ] {
            assert_eq!(
                CodeChallenge::parse(refused),
                Err(InvalidCodeChallenge),
                "{refused}"
            );
        }
    }
}
