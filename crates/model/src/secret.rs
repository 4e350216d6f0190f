//! Values that must not be printed, and the random ones that we mint.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::digest::SecretDigest;
use crate::entropy::Entropy;

/// A value that prints as `Secret(..)`, so that it cannot reach a log by accident.
///
/// It is serialised as the bare value: do so only into sealed columns and answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Hides a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Shows the value; every call of this name is a place to look at in review.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What a minted secret is for; its prefix lets scanners and people recognise a leaked one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// An authorization code (RFC 6749 §4.1.2).
    AuthorizationCode,
    /// An opaque access token (RFC 6749 §1.4).
    AccessToken,
    /// A refresh token (RFC 6749 §1.5).
    RefreshToken,
    /// A client secret made by us (RFC 6749 §2.3.1).
    ClientSecret,
    /// The secret of a browser session cookie.
    BrowserSession,
    /// The secret that proves which browser began an interaction.
    Browser,
    /// The secret in the link of a sign-in email.
    EmailLink,
    /// The secret in the link that stops the change of an account's address.
    FreezeLink,
    /// The token with which a client manages its registration (RFC 7592 §1.2).
    RegistrationAccess,
    /// The token that lets somebody register a client (RFC 7591 §1.2).
    InitialAccess,
    /// The end of the `request_uri` of a pushed authorization request (RFC 9126 §2.2).
    PushedRequest,
}

impl SecretKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "gai_ac_",
            Self::AccessToken => "gai_at_",
            Self::RefreshToken => "gai_rt_",
            Self::ClientSecret => "gai_cs_",
            Self::BrowserSession => "gai_bs_",
            Self::Browser => "gai_br_",
            Self::EmailLink => "gai_el_",
            Self::FreezeLink => "gai_fl_",
            Self::RegistrationAccess => "gai_ra_",
            Self::InitialAccess => "gai_ia_",
            Self::PushedRequest => "gai_pr_",
        }
    }

    /// Mints a secret: the prefix, then 32 random bytes as base64url (43 characters).
    #[must_use]
    pub fn mint(self, entropy: &dyn Entropy) -> Secret<String> {
        self.wrap(&entropy.bytes32())
    }

    /// The secret whose 32 bytes are given, for a secret derived from another.
    #[must_use]
    pub fn wrap(self, bytes: &[u8; 32]) -> Secret<String> {
        let mut text = String::with_capacity(50);
        text.push_str(self.prefix());
        URL_SAFE_NO_PAD.encode_string(bytes, &mut text);
        Secret(text)
    }

    /// The digest to look a presented secret up by; `None` when it cannot be one of this
    /// kind, so that nothing foreign or oversized ever reaches the database.
    #[must_use]
    pub fn digest(self, presented: &str) -> Option<SecretDigest> {
        let random = presented.strip_prefix(self.prefix())?;
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (random.len() == 43 && random.bytes().all(is_base64url))
            .then(|| SecretDigest::of(presented))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_secret_never_prints_its_value() {
        let secret = SecretKind::AccessToken.mint(&SystemEntropy);

        assert_eq!(format!("{secret:?}"), "Secret(..)");
    }

    #[test]
    fn a_minted_secret_is_found_by_its_digest_and_by_no_other_kind() {
        let secret = SecretKind::AccessToken.mint(&SystemEntropy);

        let digest = SecretKind::AccessToken.digest(secret.reveal());

        assert_eq!(digest, Some(SecretDigest::of(secret.reveal())));
        assert_eq!(SecretKind::RefreshToken.digest(secret.reveal()), None);
        assert_eq!(SecretKind::AccessToken.digest("gai_at_short"), None);
    }
}
