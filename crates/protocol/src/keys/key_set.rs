//! All the keys in force at one moment: those that sign, those that verify, and the JWKS.

use std::sync::Arc;

use actix_web::web::Bytes;
use model::signing_key::{KeyState, StoredKey};
use model::{Keyring, SigningAlgorithm};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::crypto_provider::jose_algorithm;
use super::signing_key::{SignError, SigningKey, UnusableKey};
use super::verifying_key::VerifyingKey;
use crate::jws::{self, JwsError, TokenType};

/// The signing keys as one immutable whole, opened from the stored rows.
pub struct KeySet {
    signing: Vec<Arc<SigningKey>>,
    verifying: Vec<VerifyingKey>,
    jwks: Bytes,
}

impl KeySet {
    /// Opens the stored keys. A private key that `previous` has open already is not parsed again.
    ///
    /// # Errors
    ///
    /// [`UnusableKey`] names the first key that cannot be opened or read.
    pub fn open(
        stored: &[StoredKey],
        keyring: &Keyring,
        previous: Option<&Self>,
    ) -> Result<Self, UnusableKey> {
        let mut published: Vec<&StoredKey> = stored.iter().collect();
        published.sort_by_key(|key| (publication_order(key.state), key.algorithm, key.created_at));
        let signing = published
            .iter()
            .filter(|key| key.state == KeyState::Active)
            .map(
                |key| match previous.and_then(|previous| previous.opened(&key.kid)) {
                    Some(opened) => Ok(opened),
                    None => SigningKey::open(key, keyring).map(Arc::new),
                },
            )
            .collect::<Result<_, _>>()?;
        let verifying = published
            .iter()
            .map(|key| public_half(key))
            .collect::<Result<_, _>>()?;
        let members: Vec<&str> = published
            .iter()
            .map(|key| key.public_jwk.as_str())
            .collect();
        let jwks = Bytes::from(format!(r#"{{"keys":[{}]}}"#, members.join(",")));
        Ok(Self {
            signing,
            verifying,
            jwks,
        })
    }

    /// The JWKS document (RFC 7517 §5): every announced, active and retired public key, as
    /// bytes that need only be sent.
    #[must_use]
    pub fn jwks(&self) -> Bytes {
        self.jwks.clone()
    }

    /// Signs `claims` with the active key of `algorithm`: a compact JWS (RFC 7515 §7.1) whose
    /// header has `typ`, `alg` and `kid`.
    ///
    /// # Errors
    ///
    /// [`SignError`] when no key of the algorithm is active, or the claims are not JSON.
    pub fn sign<C: Serialize>(
        &self,
        algorithm: SigningAlgorithm,
        token_type: TokenType,
        claims: &C,
    ) -> Result<String, SignError> {
        self.signing
            .iter()
            .find(|key| key.algorithm == algorithm)
            .ok_or(SignError::NoActiveKey(algorithm))?
            .sign(token_type, claims)
    }

    /// The claims of a token that we signed, whether with an announced, an active or a retired
    /// key. Only the signature, its algorithm and `typ` are checked here: what the claims say
    /// (`iss`, `exp`, `aud`) is the caller's to judge.
    ///
    /// # Errors
    ///
    /// [`JwsError`] when it is not a token of that type under one of our keys.
    pub fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        token_type: TokenType,
    ) -> Result<C, JwsError> {
        let header = jws::read_header(token)?;
        if !token_type.is_named(header.typ.as_deref()) {
            return Err(JwsError::OtherType);
        }
        let kid = header.kid.as_deref().ok_or(JwsError::UnknownKey)?;
        let key = self
            .verifying
            .iter()
            .find(|key| key.kid() == Some(kid))
            .ok_or(JwsError::UnknownKey)?;
        jws::verify(token, header.alg, key)
    }

    fn opened(&self, kid: &str) -> Option<Arc<SigningKey>> {
        self.signing.iter().find(|key| key.kid == kid).cloned()
    }
}

/// Active keys first, for clients that take the first one they find.
const fn publication_order(state: KeyState) -> u8 {
    match state {
        KeyState::Active => 0,
        KeyState::Announced => 1,
        KeyState::Retired => 2,
    }
}

/// The stored public key, which must name and limit itself as its row does.
fn public_half(stored: &StoredKey) -> Result<VerifyingKey, UnusableKey> {
    serde_json::from_str::<Value>(&stored.public_jwk)
        .ok()
        .and_then(|jwk| VerifyingKey::from_jwk(&jwk).ok())
        .filter(|key| key.kid() == Some(stored.kid.as_str()))
        .filter(|key| key.accepts(jose_algorithm(stored.algorithm)))
        .ok_or_else(|| UnusableKey::PublicKey {
            kid: stored.kid.clone(),
        })
}
