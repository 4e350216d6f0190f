//! A key that signs: one active row of the signing keys, opened.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Header;
use model::keyring::Purpose;
use model::signing_key::{KeySchedule, KeyState, StoredKey};
use model::{Entropy, Keyring, SigningAlgorithm, Timestamp};
use serde::Serialize;

use super::crypto_provider::{self, ParsedKey, ProviderTaken, jose_algorithm};
use super::private_key::PrivateKey;
use super::public_jwk::public_jwk;
use crate::jws::TokenType;

/// A private key that is ready to sign, with the JOSE header of each [`TokenType`] rendered once.
pub(super) struct SigningKey {
    pub(super) kid: String,
    pub(super) algorithm: SigningAlgorithm,
    parsed: ParsedKey,
    jwt_header: String,
    access_token_header: String,
    event_header: String,
    logout_header: String,
}

/// A key could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyGenerationError {
    /// jsonwebtoken is in use with another provider.
    #[error(transparent)]
    Provider(#[from] ProviderTaken),
    /// The cryptographic library refused.
    #[error("the cryptographic library could not make a key")]
    Unmade,
}

/// A stored key could not be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKey {
    /// jsonwebtoken is in use with another provider.
    #[error(transparent)]
    Provider(#[from] ProviderTaken),
    /// None of the configured sealing keys opens it.
    #[error("signing key {kid} is sealed under a key that is not configured")]
    Sealed {
        /// Which key.
        kid: String,
    },
    /// What was sealed is not a private key of its algorithm.
    #[error("signing key {kid} is not a private key of its algorithm")]
    Unparsable {
        /// Which key.
        kid: String,
    },
    /// The stored public key does not read as one.
    #[error("signing key {kid} has no usable public key")]
    PublicKey {
        /// Which key.
        kid: String,
    },
}

/// A token could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// No key of the algorithm is active.
    #[error("no active signing key for {0}")]
    NoActiveKey(SigningAlgorithm),
    /// The claims cannot be written as JSON.
    #[error("the claims cannot be written as JSON")]
    Claims(#[from] serde_json::Error),
    /// The cryptographic library refused.
    #[error("the cryptographic library could not sign")]
    Signature(#[from] jsonwebtoken::errors::Error),
}

/// Makes a key pair as it is stored, the private half sealed.
///
/// An RSA key takes some 100 ms, so this is called outside a unit of work.
///
/// # Errors
///
/// [`KeyGenerationError`] when the cryptographic library cannot be used.
pub fn generate(
    algorithm: SigningAlgorithm,
    state: KeyState,
    schedule: KeySchedule,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<StoredKey, KeyGenerationError> {
    crypto_provider::install()?;
    let pkcs8 = PrivateKey::generate(algorithm).map_err(|_| KeyGenerationError::Unmade)?;
    let private = PrivateKey::parse(algorithm, pkcs8.reveal());
    let jwk = private
        .ok()
        .and_then(|private| public_jwk(algorithm, &private.public_key()))
        .ok_or(KeyGenerationError::Unmade)?;
    let public_jwk = serde_json::to_string(&jwk).map_err(|_| KeyGenerationError::Unmade)?;
    let kid = jwk.common.key_id.unwrap_or_default();
    Ok(StoredKey {
        sealed_private_key: keyring.seal(Purpose::SigningKey, &kid, pkcs8.reveal(), entropy),
        kid,
        algorithm,
        state,
        public_jwk,
        created_at: now,
        schedule,
    })
}

impl SigningKey {
    pub(super) fn open(stored: &StoredKey, keyring: &Keyring) -> Result<Self, UnusableKey> {
        let kid = || stored.kid.clone();
        let pkcs8 = keyring
            .open(Purpose::SigningKey, &stored.kid, &stored.sealed_private_key)
            .map_err(|_| UnusableKey::Sealed { kid: kid() })?;
        let private = PrivateKey::parse(stored.algorithm, pkcs8.reveal())
            .map_err(|_| UnusableKey::Unparsable { kid: kid() })?;
        let header = |token_type| {
            rendered_header(stored, token_type).map_err(|_| UnusableKey::Unparsable { kid: kid() })
        };
        Ok(Self {
            jwt_header: header(TokenType::Jwt)?,
            access_token_header: header(TokenType::AccessToken)?,
            event_header: header(TokenType::SecurityEvent)?,
            logout_header: header(TokenType::Logout)?,
            kid: kid(),
            algorithm: stored.algorithm,
            parsed: ParsedKey::register(private)?,
        })
    }

    /// The compact JWS of `claims` (RFC 7515 §7.1).
    pub(super) fn sign<C: Serialize>(
        &self,
        token_type: TokenType,
        claims: &C,
    ) -> Result<String, SignError> {
        let header = match token_type {
            TokenType::Jwt => &self.jwt_header,
            TokenType::AccessToken => &self.access_token_header,
            TokenType::SecurityEvent => &self.event_header,
            TokenType::Logout => &self.logout_header,
        };
        let claims = serde_json::to_vec(claims)?;
        let mut token = String::with_capacity(header.len() + claims.len() * 4 / 3 + 360);
        token.push_str(header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.parsed.sign(&token)?;
        token.push('.');
        token.push_str(&signature);
        Ok(token)
    }
}

fn rendered_header(stored: &StoredKey, token_type: TokenType) -> serde_json::Result<String> {
    let mut header = Header::new(jose_algorithm(stored.algorithm));
    header.typ = Some(token_type.as_str().to_owned());
    header.kid = Some(stored.kid.clone());
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header)?))
}
