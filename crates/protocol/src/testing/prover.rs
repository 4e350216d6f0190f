//! A client that proves possession of a key (RFC 9449).

use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::digest::sha256;
use model::{KeyThumbprint, SigningAlgorithm, Timestamp};
use serde_json::{Value, json};

use super::ISSUER;
use crate::keys::testing::LooseKey;

/// A key pair and the proofs that are made with it.
pub(crate) struct Prover(pub(crate) LooseKey);

impl Prover {
    pub(crate) fn with(algorithm: SigningAlgorithm) -> Self {
        Self(LooseKey::generate(algorithm))
    }

    pub(crate) fn new() -> Self {
        Self::with(SigningAlgorithm::ES256)
    }

    pub(crate) fn jkt(&self) -> KeyThumbprint {
        KeyThumbprint::parse(self.0.kid()).unwrap()
    }

    /// The header of an honest proof.
    pub(crate) fn header(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": self.0.jwk["alg"], "jwk": self.0.jwk })
    }

    /// The claims of an honest proof, each time with another `jti`.
    pub(crate) fn claims(method: &str, path: &str, now: Timestamp) -> Value {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        json!({
            "jti": format!("proof-{}", NUMBER.fetch_add(1, Ordering::Relaxed)),
            "htm": method,
            "htu": format!("{ISSUER}{path}"),
            "iat": now.seconds(),
        })
    }

    /// A proof for the token endpoint.
    pub(crate) fn for_token(&self, now: Timestamp) -> String {
        self.sign(&Self::claims("POST", "/token", now))
    }

    /// A proof for userinfo, by GET with this access token.
    pub(crate) fn for_userinfo(&self, access_token: &str, now: Timestamp) -> String {
        let mut claims = Self::claims("GET", "/userinfo", now);
        claims["ath"] = ath(access_token);
        self.sign(&claims)
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.0.token_with_header(&self.header(), claims)
    }
}

/// The `ath` of an access token.
pub(crate) fn ath(access_token: &str) -> Value {
    URL_SAFE_NO_PAD
        .encode(sha256(access_token.as_bytes()))
        .into()
}
