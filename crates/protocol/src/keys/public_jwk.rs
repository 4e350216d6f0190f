//! The public half of one of our keys as a JSON Web Key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters,
    EllipticCurveKeyType, Jwk, OctetKeyPairParameters, OctetKeyPairType, PublicKeyUse,
    RSAKeyParameters, RSAKeyType, ThumbprintHash,
};
use model::SigningAlgorithm;

use super::crypto_provider::jose_algorithm;

/// The numbers of a public key.
pub(super) enum PublicKey {
    /// Big-endian, without leading zeros (RFC 7518 §6.3.1).
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    /// The uncompressed point: `04`, 32 bytes x, 32 bytes y (SEC 1 §2.3.3).
    P256(Vec<u8>),
    /// 32 bytes (RFC 8032 §5.1.5).
    Ed25519(Vec<u8>),
}

/// A public key with `kid` (its RFC 7638 thumbprint), `use` and `alg`.
///
/// Built from the public numbers alone, so that no private member can be in it. `None` when
/// the numbers are not of the size that their kind has.
pub(super) fn public_jwk(algorithm: SigningAlgorithm, key: &PublicKey) -> Option<Jwk> {
    let mut jwk = Jwk {
        common: CommonParameters::default(),
        algorithm: parameters(key)?,
    };
    let kid = jwk.thumbprint(ThumbprintHash::SHA256).ok()?;
    jwk.common.key_id = Some(kid);
    jwk.common.key_algorithm = Some(jose_algorithm(algorithm).into());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    Some(jwk)
}

fn parameters(key: &PublicKey) -> Option<AlgorithmParameters> {
    match key {
        PublicKey::Rsa { modulus, exponent } => Some(AlgorithmParameters::RSA(RSAKeyParameters {
            key_type: RSAKeyType::RSA,
            n: URL_SAFE_NO_PAD.encode(modulus),
            e: URL_SAFE_NO_PAD.encode(exponent),
        })),
        PublicKey::P256(point) => {
            let (x, y) = point.get(1..65)?.split_at(32);
            Some(AlgorithmParameters::EllipticCurve(
                EllipticCurveKeyParameters {
                    key_type: EllipticCurveKeyType::EC,
                    curve: EllipticCurve::P256,
                    x: URL_SAFE_NO_PAD.encode(x),
                    y: URL_SAFE_NO_PAD.encode(y),
                },
            ))
        }
        PublicKey::Ed25519(x) => Some(AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
            key_type: OctetKeyPairType::OctetKeyPair,
            curve: EllipticCurve::Ed25519,
            x: URL_SAFE_NO_PAD.encode(x),
        })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::crypto_provider;

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    #[test]
    fn an_rsa_key_has_the_thumbprint_of_rfc_7638_section_3_1() {
        crypto_provider::install().unwrap();
        let modulus = decode(
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_\
             BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_\
             FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI\
             4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
        );
        let key = PublicKey::Rsa {
            modulus,
            exponent: decode("AQAB"),
        };

        let jwk = public_jwk(SigningAlgorithm::RS256, &key).unwrap();

        assert_eq!(
            jwk.common.key_id.as_deref(),
            Some("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
        );
    }

    #[test]
    fn an_ed25519_key_has_the_thumbprint_of_rfc_8037_appendix_a_3() {
        crypto_provider::install().unwrap();
        let key = PublicKey::Ed25519(decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));

        let jwk = public_jwk(SigningAlgorithm::EdDsa, &key).unwrap();

        assert_eq!(
            jwk.common.key_id.as_deref(),
            Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
        );
    }
}
