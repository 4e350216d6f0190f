//! A public key that verifies, read from a JSON Web Key of ours or of a client.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations,
    PublicKeyUse, ThumbprintHash,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use model::KeyThumbprint;
use serde_json::Value;

/// The shortest RSA modulus that we accept, in bits (RFC 7518 §3.3).
const MIN_RSA_BITS: usize = 2048;
/// The longest, so that a client cannot make one verification arbitrarily slow.
const MAX_RSA_BITS: usize = 8192;
/// Members that only a private or symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4, RFC 8037 §2).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key and the algorithms that it may verify.
pub(crate) struct VerifyingKey {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

/// Why a JSON Web Key verifies nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UnfitKey {
    #[error("it is not a JSON Web Key of a kind that we know")]
    Unknown,
    #[error("its private half is published with it, or it is a shared secret")]
    Private,
    #[error("its use is not to verify signatures")]
    OtherUse,
    #[error("its alg is not one that we accept for its kty")]
    OtherAlgorithm,
    #[error("its RSA modulus is not of 2048 to 8192 bits")]
    RsaSize,
    #[error("its numbers are not of the size that its curve has")]
    Numbers,
}

impl VerifyingKey {
    /// Reads a public JWK (RFC 7517 §4): RSA of at least 2048 bits, P-256 or Ed25519, for
    /// signatures.
    ///
    /// A key with private members is refused: whoever can read it could sign with it.
    pub(crate) fn from_jwk(value: &Value) -> Result<Self, UnfitKey> {
        if PRIVATE_MEMBERS
            .iter()
            .any(|member| value.get(member).is_some())
        {
            return Err(UnfitKey::Private);
        }
        let jwk: Jwk = serde_json::from_value(value.clone()).map_err(|_| UnfitKey::Unknown)?;
        if !is_for_verification(&jwk.common) {
            return Err(UnfitKey::OtherUse);
        }
        let (family, key) = read_numbers(&jwk.algorithm)?;
        let algorithms = match jwk.common.key_algorithm {
            None => family.to_vec(),
            Some(declared) => family
                .iter()
                .copied()
                .filter(|algorithm| KeyAlgorithm::from(*algorithm) == declared)
                .collect(),
        };
        if algorithms.is_empty() {
            return Err(UnfitKey::OtherAlgorithm);
        }
        Ok(Self {
            kid: jwk.common.key_id,
            algorithms,
            key,
        })
    }

    /// A secret that a client and we share, for HS256 alone (`client_secret_jwt`).
    pub(crate) fn shared_secret(secret: &[u8]) -> Self {
        let algorithms = vec![Algorithm::HS256];
        Self {
            kid: None,
            algorithms,
            key: DecodingKey::from_secret(secret),
        }
    }

    /// Its name, when it has one.
    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether a signature in `algorithm` may be verified with it.
    pub(crate) fn accepts(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// The key as jsonwebtoken takes it.
    pub(crate) const fn decoding_key(&self) -> &DecodingKey {
        &self.key
    }
}

/// The thumbprint of a public JWK (RFC 7638 §3).
pub(crate) fn thumbprint(value: &Value) -> Result<KeyThumbprint, UnfitKey> {
    let _ = super::install();
    let jwk = serde_json::from_value::<Jwk>(value.clone()).map_err(|_| UnfitKey::Unknown)?;
    let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256);
    let thumbprint = thumbprint.map_err(|_| UnfitKey::Unknown)?;
    KeyThumbprint::parse(&thumbprint).map_err(|_| UnfitKey::Unknown)
}

fn is_for_verification(common: &CommonParameters) -> bool {
    let for_signatures = common
        .public_key_use
        .as_ref()
        .is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    let may_verify = common
        .key_operations
        .as_ref()
        .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    for_signatures && may_verify
}

fn read_numbers(
    parameters: &AlgorithmParameters,
) -> Result<(&'static [Algorithm], DecodingKey), UnfitKey> {
    match parameters {
        AlgorithmParameters::RSA(rsa) => {
            let modulus = without_leading_zeros(decode(&rsa.n)?);
            let exponent = without_leading_zeros(decode(&rsa.e)?);
            let bits = modulus.len() * 8
                - modulus
                    .first()
                    .map_or(0, |first| first.leading_zeros() as usize);
            if !(MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits) {
                return Err(UnfitKey::RsaSize);
            }
            let key = DecodingKey::from_rsa_raw_components(&modulus, &exponent);
            Ok((&[Algorithm::RS256, Algorithm::PS256], key))
        }
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            let point = [vec![4], decode_32(&ec.x)?, decode_32(&ec.y)?].concat();
            Ok((&[Algorithm::ES256], DecodingKey::from_ec_der(&point)))
        }
        AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => Ok((
            &[Algorithm::EdDSA],
            DecodingKey::from_ed_der(&decode_32(&okp.x)?),
        )),
        _ => Err(UnfitKey::Unknown),
    }
}

fn decode(text: &str) -> Result<Vec<u8>, UnfitKey> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| UnfitKey::Numbers)
}

fn decode_32(text: &str) -> Result<Vec<u8>, UnfitKey> {
    decode(text).and_then(|bytes| {
        if bytes.len() == 32 {
            Ok(bytes)
        } else {
            Err(UnfitKey::Numbers)
        }
    })
}

fn without_leading_zeros(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
mod tests {
    use model::SigningAlgorithm;
    use serde_json::json;

    use super::*;
    use crate::keys::testing::LooseKey;

    fn unfit(jwk: &Value) -> Option<UnfitKey> {
        VerifyingKey::from_jwk(jwk).err()
    }

    fn with(mut jwk: Value, member: &str, value: Value) -> Value {
        jwk[member] = value;
        jwk
    }

    fn rsa_of(bytes: usize) -> Value {
        json!({ "kty": "RSA", "e": "AQAB", "n": URL_SAFE_NO_PAD.encode(vec![0xff; bytes]) })
    }

    #[test]
    fn a_key_without_alg_accepts_the_algorithms_of_its_kind() {
        let key = VerifyingKey::from_jwk(&rsa_of(256)).unwrap();

        assert!(key.accepts(Algorithm::RS256) && key.accepts(Algorithm::PS256));
        assert!(!key.accepts(Algorithm::HS256) && !key.accepts(Algorithm::ES256));
        assert!(!key.accepts(Algorithm::RS512));
    }

    #[test]
    fn a_key_with_alg_accepts_that_alone() {
        let jwk = with(rsa_of(256), "alg", json!("PS256"));

        let key = VerifyingKey::from_jwk(&jwk).unwrap();

        assert!(key.accepts(Algorithm::PS256) && !key.accepts(Algorithm::RS256));
    }

    #[test]
    fn an_rsa_key_of_less_than_2048_or_more_than_8192_bits_is_refused() {
        let padded = URL_SAFE_NO_PAD.encode([vec![0; 128], vec![0xff; 128]].concat());

        assert_eq!(unfit(&rsa_of(128)), Some(UnfitKey::RsaSize));
        assert_eq!(
            unfit(&with(rsa_of(0), "n", json!(padded))),
            Some(UnfitKey::RsaSize)
        );
        assert_eq!(unfit(&rsa_of(1025)), Some(UnfitKey::RsaSize));
        assert_eq!(unfit(&rsa_of(1024)), None);
    }

    #[test]
    fn a_key_that_is_not_for_signatures_is_refused() {
        let jwk = LooseKey::generate(SigningAlgorithm::ES256).jwk;

        assert_eq!(
            unfit(&with(jwk.clone(), "use", json!("enc"))),
            Some(UnfitKey::OtherUse)
        );
        assert_eq!(
            unfit(&with(jwk.clone(), "key_ops", json!(["sign"]))),
            Some(UnfitKey::OtherUse)
        );
        assert_eq!(
            unfit(&with(jwk.clone(), "key_ops", json!(["verify"]))),
            None
        );
        assert_eq!(
            unfit(&with(jwk, "alg", json!("RS256"))),
            Some(UnfitKey::OtherAlgorithm)
        );
    }

    #[test]
    fn a_key_published_with_its_private_half_is_refused() {
        let jwk = LooseKey::generate(SigningAlgorithm::EdDsa).jwk;

        assert_eq!(
            unfit(&with(jwk, "d", json!("AAAA"))),
            Some(UnfitKey::Private)
        );
    }

    #[test]
    fn a_shared_secret_in_a_key_set_is_refused() {
        let jwk = json!({ "kty": "oct", "k": "c2VjcmV0", "alg": "HS256" });

        assert_eq!(unfit(&jwk), Some(UnfitKey::Private));
    }

    #[test]
    fn keys_of_unknown_kinds_and_wrong_sizes_are_refused() {
        let p256 = LooseKey::generate(SigningAlgorithm::ES256).jwk;

        assert_eq!(
            unfit(&json!({ "kty": "EC", "crv": "secp256k1" })),
            Some(UnfitKey::Unknown)
        );
        assert_eq!(unfit(&json!("text")), Some(UnfitKey::Unknown));
        assert_eq!(
            unfit(&with(p256.clone(), "crv", json!("P-384"))),
            Some(UnfitKey::Unknown)
        );
        assert_eq!(
            unfit(&with(p256, "x", json!("AAAA"))),
            Some(UnfitKey::Numbers)
        );
    }
}
