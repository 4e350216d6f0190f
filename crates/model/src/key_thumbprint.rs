//! The name of a public key that follows from the key itself.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The SHA-256 thumbprint of a JSON Web Key (RFC 7638 §3): what a token is bound to
/// (RFC 9449 §6.1).
///
/// Shape: 43 characters of base64url, for example `0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct KeyThumbprint(String);

/// A text that is no thumbprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key's thumbprint is 43 characters of base64url, the SHA-256 of the key")]
pub struct InvalidKeyThumbprint;

impl KeyThumbprint {
    /// Reads a thumbprint.
    ///
    /// # Errors
    ///
    /// [`InvalidKeyThumbprint`] unless it decodes to 32 bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidKeyThumbprint> {
        let is_sha256 = URL_SAFE_NO_PAD
            .decode(text)
            .is_ok_and(|bytes| bytes.len() == 32);
        is_sha256
            .then(|| Self(text.to_owned()))
            .ok_or(InvalidKeyThumbprint)
    }

    /// The thumbprint as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyThumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for KeyThumbprint {
    type Error = InvalidKeyThumbprint;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9449 §6.1.
    const THUMBPRINT: &str = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

    #[test]
    fn the_thumbprint_of_rfc_9449_is_one() {
        assert_eq!(
            KeyThumbprint::parse(THUMBPRINT).unwrap().as_str(),
            THUMBPRINT
        );
    }

    #[test]
    fn a_text_that_is_no_sha256_is_refused() {
        for refused in [
            "",
            "short",
            &format!("{THUMBPRINT}="),
            &"+".repeat(43),
            &"A".repeat(44),
        ] {
            assert_eq!(
                KeyThumbprint::parse(refused),
                Err(InvalidKeyThumbprint),
                "{refused}"
            );
        }
    }
}
