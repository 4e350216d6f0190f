//! A private key, parsed once, that signs in one algorithm.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use model::{Secret, SigningAlgorithm};

use super::public_jwk::PublicKey;

/// A parsed private key and the one algorithm that it signs in: an RSA key for RS256 never
/// signs PS256 as well (RFC 8725 §3.1, one key, one algorithm).
pub(super) struct PrivateKey {
    algorithm: SigningAlgorithm,
    pair: KeyPair,
}

enum KeyPair {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    /// Makes a new key (RSA 2048, P-256 or Ed25519): its PKCS#8 version 1 DER.
    pub(super) fn generate(algorithm: SigningAlgorithm) -> Result<Secret<Vec<u8>>, Unspecified> {
        let pkcs8 = match algorithm {
            SigningAlgorithm::RS256 | SigningAlgorithm::PS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
                let der: Pkcs8V1Der<'_> = pair.as_der()?;
                der.as_ref().to_vec()
            }
            SigningAlgorithm::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?
                .to_pkcs8v1()?
                .as_ref()
                .to_vec(),
            SigningAlgorithm::EdDsa => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
        };
        Ok(Secret::new(pkcs8))
    }

    /// Parses a PKCS#8 DER document.
    pub(super) fn parse(algorithm: SigningAlgorithm, pkcs8: &[u8]) -> Result<Self, KeyRejected> {
        let pair = match algorithm {
            SigningAlgorithm::RS256 => {
                KeyPair::Rsa(RsaKeyPair::from_pkcs8(pkcs8)?, &RSA_PKCS1_SHA256)
            }
            SigningAlgorithm::PS256 => {
                KeyPair::Rsa(RsaKeyPair::from_pkcs8(pkcs8)?, &RSA_PSS_SHA256)
            }
            SigningAlgorithm::ES256 => KeyPair::Ecdsa(EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                pkcs8,
            )?),
            // Version 1 documents hold no public key to compare with, hence "maybe unchecked".
            SigningAlgorithm::EdDsa => {
                KeyPair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8)?)
            }
        };
        Ok(Self { algorithm, pair })
    }

    pub(super) const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The JWS signature of `message`: for ES256 the fixed 64-byte form (RFC 7518 §3.4).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match &self.pair {
            KeyPair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &SystemRandom::new(), message, &mut signature)?;
                Ok(signature)
            }
            KeyPair::Ecdsa(pair) => Ok(pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec()),
            KeyPair::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
        }
    }

    pub(super) fn public_key(&self) -> PublicKey {
        match &self.pair {
            KeyPair::Rsa(pair, _) => PublicKey::Rsa {
                modulus: pair
                    .public_key()
                    .modulus()
                    .big_endian_without_leading_zero()
                    .to_vec(),
                exponent: pair
                    .public_key()
                    .exponent()
                    .big_endian_without_leading_zero()
                    .to_vec(),
            },
            KeyPair::Ecdsa(pair) => PublicKey::P256(pair.public_key().as_ref().to_vec()),
            KeyPair::Ed25519(pair) => PublicKey::Ed25519(pair.public_key().as_ref().to_vec()),
        }
    }
}
