//! Keys for tests: a whole key set of ours, and single keys that sign whatever they are told.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::signing_key::{KeySchedule, KeyState, StoredKey};
use model::{Keyring, Secret, SigningAlgorithm, SystemEntropy, Timestamp};
use serde_json::{Value, json};

use super::private_key::PrivateKey;
use super::public_jwk::public_jwk;
use super::{KeySet, crypto_provider, generate};

pub(crate) fn keyring() -> Keyring {
    Keyring::new(&[(1, Secret::new([7; 32]))]).unwrap()
}

pub(crate) fn stored_key(algorithm: SigningAlgorithm, state: KeyState) -> StoredKey {
    let now = Timestamp::from_seconds(1_000_000);
    let schedule = KeySchedule {
        activates_at: now,
        retires_at: now,
        removes_at: now,
    };
    generate(algorithm, state, schedule, &keyring(), &SystemEntropy, now).unwrap()
}

pub(crate) fn key_set(stored: &[StoredKey]) -> KeySet {
    KeySet::open(stored, &keyring(), None).unwrap()
}

/// A key pair outside any key set: a client's, or a forger's.
pub(crate) struct LooseKey {
    private: PrivateKey,
    pub(crate) jwk: Value,
}

impl LooseKey {
    pub(crate) fn generate(algorithm: SigningAlgorithm) -> Self {
        crypto_provider::install().unwrap();
        let pkcs8 = PrivateKey::generate(algorithm).unwrap();
        Self::from_pkcs8(algorithm, pkcs8.reveal())
    }

    pub(crate) fn from_pkcs8(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Self {
        crypto_provider::install().unwrap();
        let private = PrivateKey::parse(algorithm, pkcs8).unwrap();
        let jwk = public_jwk(algorithm, &private.public_key()).unwrap();
        Self {
            private,
            jwk: serde_json::to_value(jwk).unwrap(),
        }
    }

    pub(crate) fn kid(&self) -> &str {
        self.jwk["kid"].as_str().unwrap()
    }

    /// The header that an honest owner writes.
    pub(crate) fn header(&self) -> Value {
        json!({ "alg": self.jwk["alg"], "kid": self.jwk["kid"], "typ": "JWT" })
    }

    pub(crate) fn token(&self, claims: &Value) -> String {
        self.token_with_header(&self.header(), claims)
    }

    pub(crate) fn token_with_header(&self, header: &Value, claims: &Value) -> String {
        let input = format!("{}.{}", part(header), part(claims));
        format!("{input}.{}", self.signature(&input))
    }

    pub(crate) fn signature(&self, input: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.private.sign(input.as_bytes()).unwrap())
    }
}

/// A JSON value as one part of a compact JWS.
pub(crate) fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token under a shared secret (HS256).
pub(crate) fn hmac_token(header: &Value, claims: &Value, secret: &[u8]) -> String {
    crypto_provider::install().unwrap();
    let input = format!("{}.{}", part(header), part(claims));
    let key = jsonwebtoken::EncodingKey::from_secret(secret);
    let signature =
        jsonwebtoken::crypto::sign(input.as_bytes(), &key, jsonwebtoken::Algorithm::HS256);
    format!("{input}.{}", signature.unwrap())
}
