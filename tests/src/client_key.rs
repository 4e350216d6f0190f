//! The key pair of a client that signs its requests, made with nothing of the provider's own code.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A key, and the algorithm that it signs in.
pub enum ClientKey {
    /// `RS256` or `PS256`.
    Rsa(RsaKeyPair, &'static str),
    /// `ES256`.
    Ec(EcdsaKeyPair),
    /// `EdDSA`.
    Ed(Ed25519KeyPair),
    /// `HS256` with a secret that both know.
    Shared(String),
}

impl ClientKey {
    /// Makes a key for an algorithm by its name on the wire.
    pub fn generate(algorithm: &str) -> Self {
        let rsa = || RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        match algorithm {
            "RS256" => Self::Rsa(rsa(), "RS256"),
            "PS256" => Self::Rsa(rsa(), "PS256"),
            "ES256" => Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()),
            "EdDSA" => Self::Ed(Ed25519KeyPair::generate().unwrap()),
            other => panic!("no key is made for {other}"),
        }
    }

    /// The algorithm's name on the wire.
    pub const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_, algorithm) => algorithm,
            Self::Ec(_) => "ES256",
            Self::Ed(_) => "EdDSA",
            Self::Shared(_) => "HS256",
        }
    }

    /// The public half as a JSON Web Key Set (RFC 7517 §5).
    pub fn jwks(&self) -> Value {
        let mut key = match self {
            Self::Rsa(pair, _) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({ "kty": "RSA", "n": encoded(&public.n), "e": encoded(&public.e) })
            }
            Self::Ec(pair) => {
                // An uncompressed point: 4, then both coordinates.
                let point = pair.public_key().as_ref();
                json!({
                    "kty": "EC", "crv": "P-256", "x": encoded(&point[1..33]), "y": encoded(&point[33..]),
                })
            }
            Self::Ed(pair) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key().as_ref()) })
            }
            Self::Shared(_) => panic!("a shared secret has no public half"),
        };
        key["alg"] = self.algorithm().into();
        key["use"] = "sig".into();
        key["kid"] = "1".into();
        json!({ "keys": [key] })
    }

    /// An assertion by which the client proves itself (RFC 7523 §3).
    pub fn assertion(&self, client_id: &str, audience: &str, now: i64, jti: &str) -> String {
        self.signed(&json!({
            "iss": client_id, "sub": client_id, "aud": audience, "jti": jti, "iat": now, "exp": now + 60,
        }))
    }

    /// A proof that the client holds the key (RFC 9449 §4.2).
    pub fn proof(&self, claims: &Value) -> String {
        let jwk = &self.jwks()["keys"][0];
        let header = json!({ "typ": "dpop+jwt", "alg": self.algorithm(), "jwk": jwk });
        self.signed_under(&header, claims)
    }

    /// Any claims, signed (RFC 7515 §5.1).
    pub fn signed(&self, claims: &Value) -> String {
        let mut header = json!({ "alg": self.algorithm() });
        if !matches!(self, Self::Shared(_)) {
            header["kid"] = "1".into();
        }
        self.signed_under(&header, claims)
    }

    fn signed_under(&self, header: &Value, claims: &Value) -> String {
        let parts = [header, claims].map(|part| encoded(part.to_string().as_bytes()));
        let message = parts.join(".");
        format!("{message}.{}", encoded(&self.sign(message.as_bytes())))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair, algorithm) => {
                let padding: &'static dyn RsaEncoding = if *algorithm == "PS256" {
                    &RSA_PSS_SHA256
                } else {
                    &RSA_PKCS1_SHA256
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Self::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Shared(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
                hmac::sign(&key, message).as_ref().to_vec()
            }
        }
    }
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
