//! The jsonwebtoken [`CryptoProvider`] that keeps parsed private keys.
//!
//! jsonwebtoken asks its provider for a signer at every signature and hands it an
//! [`EncodingKey`], which can hold nothing but bytes; the stock `aws_lc_rs` provider therefore
//! parses the private key each time, which takes longer than the signature. Here the bytes of
//! an [`EncodingKey`] of ours are not the key but the number of a parsed key in a register of
//! this process. [`ParsedKey`] is the entry: made when a key set is opened, gone when the last
//! key set that knows the key is dropped, and the private key's DER is kept nowhere.
//!
//! Everything else (verification, HMAC, key utilities, and signing with an ordinary
//! [`EncodingKey`] of another part of the program) is the stock provider's.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, aws_lc};
use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::signature::{self, Signer};
use jsonwebtoken::{Algorithm, AlgorithmFamily, EncodingKey};
use model::SigningAlgorithm;

use super::private_key::PrivateKey;

static PROVIDER: LazyLock<CryptoProvider> = LazyLock::new(|| CryptoProvider {
    signer_factory: |algorithm, key| signer(*algorithm, key),
    ..aws_lc::DEFAULT_PROVIDER.clone()
});

/// Whether ours became the process's provider; decided once, at the first call of [`install`].
static INSTALLED: LazyLock<bool> = LazyLock::new(|| PROVIDER.install_default().is_ok());

static REGISTER: LazyLock<RwLock<HashMap<u64, Arc<PrivateKey>>>> = LazyLock::new(RwLock::default);

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(0);

/// Something used jsonwebtoken, or installed a provider of its own, before [`install`] was
/// first called in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("jsonwebtoken was used with another CryptoProvider before ours was installed")]
pub struct ProviderTaken;

/// Makes ours the process's provider. Calling it again changes nothing.
///
/// Generating and opening keys calls it; a program that uses jsonwebtoken for something else
/// as well calls it first thing.
///
/// # Errors
///
/// [`ProviderTaken`] when jsonwebtoken is already in use with another provider.
pub fn install() -> Result<(), ProviderTaken> {
    if *INSTALLED {
        Ok(())
    } else {
        Err(ProviderTaken)
    }
}

/// A private key in the register, for as long as this value lives.
pub(super) struct ParsedKey {
    number: u64,
    algorithm: SigningAlgorithm,
    handle: EncodingKey,
}

impl ParsedKey {
    pub(super) fn register(key: PrivateKey) -> Result<Self, ProviderTaken> {
        install()?;
        let number = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed);
        let algorithm = key.algorithm();
        let bytes = number.to_be_bytes();
        let handle = match algorithm {
            SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => EncodingKey::from_rsa_der(&bytes),
            SigningAlgorithm::ES256 => EncodingKey::from_ec_der(&bytes),
            SigningAlgorithm::EdDsa => EncodingKey::from_ed_der(&bytes),
        };
        REGISTER
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(number, Arc::new(key));
        Ok(Self {
            number,
            algorithm,
            handle,
        })
    }

    /// The base64url signature of a JWS signing input (RFC 7515 §5.1).
    pub(super) fn sign(&self, signing_input: &str) -> Result<String, Error> {
        let algorithm = jose_algorithm(self.algorithm);
        jsonwebtoken::crypto::sign(signing_input.as_bytes(), &self.handle, algorithm)
    }
}

impl Drop for ParsedKey {
    fn drop(&mut self) {
        REGISTER
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.number);
    }
}

/// jsonwebtoken's word for one of our signing algorithms.
pub(crate) const fn jose_algorithm(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::RS256 => Algorithm::RS256,
        SigningAlgorithm::PS256 => Algorithm::PS256,
        SigningAlgorithm::ES256 => Algorithm::ES256,
        SigningAlgorithm::EdDsa => Algorithm::EdDSA,
    }
}

fn signer(algorithm: Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    match registered(key) {
        Some(key) if jose_algorithm(key.algorithm()) == algorithm => Ok(Box::new(KeptKey(key))),
        Some(_) => Err(new_error(ErrorKind::InvalidAlgorithm)),
        None => (aws_lc::DEFAULT_PROVIDER.signer_factory)(&algorithm, key),
    }
}

/// The key that an [`EncodingKey`] names: eight bytes of an asymmetric family, which no DER
/// document of a private key is as short as.
fn registered(key: &EncodingKey) -> Option<Arc<PrivateKey>> {
    if key.family() == AlgorithmFamily::Hmac {
        return None;
    }
    let number = u64::from_be_bytes(key.as_bytes().try_into().ok()?);
    REGISTER
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .get(&number)
        .cloned()
}

struct KeptKey(Arc<PrivateKey>);

impl Signer<Vec<u8>> for KeptKey {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        self.0.sign(message).map_err(signature::Error::from_source)
    }
}

impl JwtSigner for KeptKey {
    fn algorithm(&self) -> Algorithm {
        jose_algorithm(self.0.algorithm())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered_es256() -> ParsedKey {
        let pkcs8 = PrivateKey::generate(SigningAlgorithm::ES256).unwrap();
        let key = PrivateKey::parse(SigningAlgorithm::ES256, pkcs8.reveal()).unwrap();
        ParsedKey::register(key).unwrap()
    }

    #[test]
    fn installing_twice_is_as_good_as_once() {
        assert_eq!(install(), Ok(()));
        assert_eq!(install(), Ok(()));
    }

    #[test]
    fn a_kept_key_signs_in_no_other_algorithm() {
        let key = registered_es256();

        let signed = jsonwebtoken::crypto::sign(b"message", &key.handle, Algorithm::ES384);

        assert_eq!(signed.unwrap_err(), new_error(ErrorKind::InvalidAlgorithm));
    }

    #[test]
    fn a_dropped_key_signs_no_more() {
        let key = registered_es256();
        let handle = key.handle.clone();

        drop(key);

        assert!(jsonwebtoken::crypto::sign(b"message", &handle, Algorithm::ES256).is_err());
    }

    #[test]
    fn an_ordinary_secret_of_eight_bytes_is_not_taken_for_a_kept_key() {
        let key = registered_es256();
        let secret = EncodingKey::from_secret(&key.number.to_be_bytes());

        assert!(registered(&secret).is_none());
        assert!(jsonwebtoken::crypto::sign(b"message", &secret, Algorithm::HS256).is_ok());
    }
}
