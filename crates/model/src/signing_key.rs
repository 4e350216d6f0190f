//! A signing key as it is kept.

use crate::clock::Timestamp;
use crate::signing_algorithm::SigningAlgorithm;

/// One of our signing keys at rest.
///
/// A removed key has no row. At most one key of an algorithm is [`KeyState::Announced`] and at
/// most one is [`KeyState::Active`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// Its name in JOSE headers and in the JWKS: the RFC 7638 thumbprint, 43 characters of base64url.
    pub kid: String,
    /// The one algorithm that it signs in.
    pub algorithm: SigningAlgorithm,
    /// How far in its life it is.
    pub state: KeyState,
    /// The PKCS#8 DER of the private key, sealed ([`Purpose::SigningKey`](crate::keyring::Purpose),
    /// the `kid` as context).
    pub sealed_private_key: Vec<u8>,
    /// The public key as it stands in the JWKS: JSON (RFC 7517 §4).
    pub public_jwk: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When each of its next steps is due, or was taken.
    pub schedule: KeySchedule,
}

/// How far in its life a signing key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum KeyState {
    /// Published so that clients know it before the first token it signs.
    Announced,
    /// Published and signing.
    Active,
    /// Published until no token that it signed is left; signs no more.
    Retired,
}

impl KeyState {
    /// Every state, in the order of a key's life.
    pub const ALL: [Self; 3] = [Self::Announced, Self::Active, Self::Retired];

    /// Its name in the database and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// When a signing key takes each step of its life: planned ahead, then the instant it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySchedule {
    /// When it begins to sign.
    pub activates_at: Timestamp,
    /// When its successor takes over.
    pub retires_at: Timestamp,
    /// When it leaves the JWKS and the database.
    pub removes_at: Timestamp,
}
