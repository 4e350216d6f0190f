//! A client's JSON Web Key Set, of which the keys that we cannot use are left out.

use std::sync::Arc;

use jsonwebtoken::Algorithm;
use serde_json::Value;

use super::NoClientKey;
use crate::keys::VerifyingKey;

/// The usable keys of a set.
pub(super) struct ClientKeySet(Vec<Arc<VerifyingKey>>);

/// How many keys answer to a `kid` and an algorithm.
pub(super) enum Match {
    One(Arc<VerifyingKey>),
    None,
    Several,
}

impl ClientKeySet {
    /// Reads a JWK Set (RFC 7517 §5). A key of an unknown kind, for another use, too short, or
    /// published with its private half is left out, as §5 tells us to. `None` when there is no
    /// array `keys`.
    pub(super) fn read(jwks: &Value) -> Option<Self> {
        let keys = jwks.get("keys")?.as_array()?;
        let usable = keys
            .iter()
            .filter_map(|jwk| VerifyingKey::from_jwk(jwk).ok());
        Some(Self(usable.map(Arc::new).collect()))
    }

    /// The key with this `kid`, or without a `kid` the only one, that accepts this algorithm.
    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Match {
        let mut candidates = self
            .0
            .iter()
            .filter(|key| key.accepts(algorithm))
            .filter(|key| kid.is_none() || key.kid() == kid);
        match (candidates.next(), candidates.next()) {
            (Some(key), None) => Match::One(Arc::clone(key)),
            (None, _) => Match::None,
            (Some(_), Some(_)) => Match::Several,
        }
    }
}

impl Match {
    pub(super) fn into_key(self) -> Result<Arc<VerifyingKey>, NoClientKey> {
        match self {
            Self::One(key) => Ok(key),
            Self::None => Err(NoClientKey::Unknown),
            Self::Several => Err(NoClientKey::Ambiguous),
        }
    }
}
