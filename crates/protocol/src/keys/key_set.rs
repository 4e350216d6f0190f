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
use crate::published::Published;

/// The signing keys as one immutable whole, opened from the stored rows.
pub struct KeySet {
    signing: Vec<Arc<SigningKey>>,
    verifying: Vec<VerifyingKey>,
    jwks: Published,
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
            jwks: Published::new(jwks),
        })
    }

    /// The JWKS document (RFC 7517 §5): every announced, active and retired public key, as
    /// bytes that need only be sent.
    #[must_use]
    pub fn jwks(&self) -> Bytes {
        self.jwks.body().clone()
    }

    /// The JWKS document as it is served.
    pub(crate) const fn published(&self) -> &Published {
        &self.jwks
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::keys::testing::{LooseKey, key_set, keyring, stored_key};

    fn members(set: &KeySet) -> Vec<Value> {
        let jwks: Value = serde_json::from_slice(&set.jwks()).unwrap();
        jwks["keys"].as_array().unwrap().clone()
    }

    #[test]
    fn every_algorithm_signs_what_the_published_key_verifies() {
        for algorithm in SigningAlgorithm::ALL {
            let set = key_set(&[stored_key(algorithm, KeyState::Active)]);

            let token = set
                .sign(algorithm, TokenType::Jwt, &json!({ "sub": "ada" }))
                .unwrap();

            let published = VerifyingKey::from_jwk(&members(&set)[0]).unwrap();
            let claims: Value = jws::verify(&token, jose_algorithm(algorithm), &published).unwrap();
            assert_eq!(claims, json!({ "sub": "ada" }), "{algorithm}");
        }
    }

    #[test]
    fn the_header_names_type_algorithm_and_key() {
        let stored = stored_key(SigningAlgorithm::ES256, KeyState::Active);
        let set = key_set(std::slice::from_ref(&stored));

        let token = set
            .sign(SigningAlgorithm::ES256, TokenType::AccessToken, &json!({}))
            .unwrap();

        let header = jws::read_header(&token).unwrap();
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
        assert_eq!(header.alg, jsonwebtoken::Algorithm::ES256);
        assert_eq!(header.kid, Some(stored.kid));
    }

    #[test]
    fn the_jwks_holds_public_members_only_with_kid_use_and_alg() {
        let stored = SigningAlgorithm::ALL.map(|it| stored_key(it, KeyState::Active));

        let keys = members(&key_set(&stored));

        let names = |key: &Value| key.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&keys[0]), ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(names(&keys[1]), ["alg", "e", "kid", "kty", "n", "use"]);
        assert_eq!(
            names(&keys[2]),
            ["alg", "crv", "kid", "kty", "use", "x", "y"]
        );
        assert_eq!(names(&keys[3]), ["alg", "crv", "kid", "kty", "use", "x"]);
        assert!(keys.iter().all(|key| key["use"] == "sig"));
    }

    #[test]
    fn announced_and_retired_keys_are_published_and_verify_but_do_not_sign() {
        let mut stored = stored_key(SigningAlgorithm::ES256, KeyState::Active);
        let set = key_set(std::slice::from_ref(&stored));
        let token = set
            .sign(SigningAlgorithm::ES256, TokenType::Jwt, &json!({}))
            .unwrap();

        for state in [KeyState::Announced, KeyState::Retired] {
            stored.state = state;
            let set = key_set(std::slice::from_ref(&stored));

            let signed = set.sign(SigningAlgorithm::ES256, TokenType::Jwt, &json!({}));

            assert!(matches!(
                signed,
                Err(SignError::NoActiveKey(SigningAlgorithm::ES256))
            ));
            assert_eq!(members(&set).len(), 1);
            assert_eq!(set.verify::<Value>(&token, TokenType::Jwt), Ok(json!({})));
        }
    }

    #[test]
    fn the_active_key_of_the_algorithm_signs_and_stands_first_in_the_jwks() {
        let retired = stored_key(SigningAlgorithm::ES256, KeyState::Retired);
        let active = stored_key(SigningAlgorithm::ES256, KeyState::Active);
        let other = stored_key(SigningAlgorithm::EdDsa, KeyState::Active);
        let set = key_set(&[retired, other, active.clone()]);

        let token = set
            .sign(SigningAlgorithm::ES256, TokenType::Jwt, &json!({}))
            .unwrap();

        assert_eq!(
            jws::read_header(&token).unwrap().kid.as_ref(),
            Some(&active.kid)
        );
        assert_eq!(members(&set)[0]["kid"], active.kid);
    }

    #[test]
    fn a_key_opened_before_is_not_opened_again() {
        let stored = [stored_key(SigningAlgorithm::ES256, KeyState::Active)];
        let before = key_set(&stored);

        let after = KeySet::open(&stored, &keyring(), Some(&before)).unwrap();

        assert!(Arc::ptr_eq(&before.signing[0], &after.signing[0]));
    }

    #[test]
    fn a_private_key_moved_to_another_row_does_not_open() {
        let mut stored = stored_key(SigningAlgorithm::ES256, KeyState::Active);
        let other = stored_key(SigningAlgorithm::ES256, KeyState::Active);
        stored.sealed_private_key = other.sealed_private_key;

        let opened = KeySet::open(std::slice::from_ref(&stored), &keyring(), None);

        assert_eq!(opened.err(), Some(UnusableKey::Sealed { kid: stored.kid }));
    }

    #[test]
    fn a_row_whose_public_key_shows_private_members_is_not_published() {
        let mut stored = stored_key(SigningAlgorithm::EdDsa, KeyState::Active);
        stored.public_jwk = stored.public_jwk.replacen('{', r#"{"d":"AAAA","#, 1);

        let opened = KeySet::open(std::slice::from_ref(&stored), &keyring(), None);

        assert_eq!(
            opened.err(),
            Some(UnusableKey::PublicKey { kid: stored.kid })
        );
    }

    #[test]
    fn a_token_of_one_type_is_not_taken_for_another() {
        let set = key_set(&[stored_key(SigningAlgorithm::ES256, KeyState::Active)]);
        let access = set.sign(SigningAlgorithm::ES256, TokenType::AccessToken, &json!({}));

        let verified = set.verify::<Value>(&access.unwrap(), TokenType::Jwt);

        assert_eq!(verified, Err(JwsError::OtherType));
    }

    #[test]
    fn a_token_under_our_kid_by_a_forger_is_refused() {
        let stored = stored_key(SigningAlgorithm::ES256, KeyState::Active);
        let forger = LooseKey::generate(SigningAlgorithm::ES256);
        let header = json!({ "alg": "ES256", "kid": stored.kid, "typ": "JWT" });

        let token = forger.token_with_header(&header, &json!({}));

        let verified = key_set(&[stored]).verify::<Value>(&token, TokenType::Jwt);
        assert_eq!(verified, Err(JwsError::Signature));
    }
}
