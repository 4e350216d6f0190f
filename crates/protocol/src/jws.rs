//! JSON Web Signatures in compact form (RFC 7515 §7.1): what is the same for every token that we
//! sign or verify.
//!
//! [`KeySet`](crate::keys::KeySet) signs and verifies our own tokens with it,
//! [`client_assertion`](crate::client_assertion) verifies those of clients.

pub mod claims;
mod token_hash;

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::de::DeserializeOwned;

pub use token_hash::token_hash;

use crate::keys::{self, VerifyingKey};

/// What a token of ours is, as its `typ` header says, so that one kind cannot be passed off
/// as another (RFC 8725 §3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenType {
    /// `JWT`: an ID token or a signed userinfo answer.
    Jwt,
    /// `at+jwt`: an access token (RFC 9068 §2.1).
    AccessToken,
    /// `secevent+jwt`: a security event token (RFC 8417 §2.3).
    SecurityEvent,
    /// `logout+jwt`: a logout token (OpenID Connect Back-Channel Logout 1.0 §2.4).
    Logout,
}

impl TokenType {
    /// Its `typ`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "JWT",
            Self::AccessToken => "at+jwt",
            Self::SecurityEvent => "secevent+jwt",
            Self::Logout => "logout+jwt",
        }
    }

    /// Whether a header's `typ` names this type; media types compare without regard to case
    /// and may be written in full (RFC 7515 §4.1.9).
    pub(crate) fn is_named(self, typ: Option<&str>) -> bool {
        let short = |typ: &str| {
            let lower = typ.to_ascii_lowercase();
            lower
                .strip_prefix("application/")
                .map(str::to_owned)
                .unwrap_or(lower)
        };
        typ.is_some_and(|typ| short(typ) == self.as_str().to_ascii_lowercase())
    }
}

/// Why a token's signature proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// It is not a compact JWS, its `alg` is unknown (`none` is), or its claims do not read.
    #[error("not a compact JWS in a known algorithm")]
    Malformed,
    /// Its header has `crit`: an extension that we would have to understand (RFC 7515 §4.1.11).
    #[error("its header demands an extension")]
    CriticalExtension,
    /// Its `typ` is that of another kind of token.
    #[error("it is another type of token")]
    OtherType,
    /// Its `kid` names no key that could have signed it.
    #[error("no known key could have signed it")]
    UnknownKey,
    /// Its `alg` is not one that the key verifies.
    #[error("its alg is not one of the key's")]
    OtherAlgorithm,
    /// The signature is not the key's.
    #[error("its signature is wrong")]
    Signature,
}

/// The header of a token whose signature is still unproven.
pub(crate) fn read_header(token: &str) -> Result<Header, JwsError> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| JwsError::Malformed)?;
    if header.crit.is_some() {
        return Err(JwsError::CriticalExtension);
    }
    Ok(header)
}

/// The claims of a token that `key` signed in `algorithm`. Nothing that the claims say is
/// judged: our clock is not the library's.
pub(crate) fn verify<C: DeserializeOwned>(
    token: &str,
    algorithm: Algorithm,
    key: &VerifyingKey,
) -> Result<C, JwsError> {
    if !key.accepts(algorithm) {
        return Err(JwsError::OtherAlgorithm);
    }
    // Verification is the stock backend's with either provider, but the first use decides which
    // one stands: it must be ours.
    let _ = keys::install();
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode(token, key.decoding_key(), &validation)
        .map(|token| token.claims)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => JwsError::Signature,
            _ => JwsError::Malformed,
        })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use model::SigningAlgorithm;
    use serde_json::{Value, json};

    use super::*;
    use crate::keys::testing::{LooseKey, hmac_token, part};

    /// The claims of RFC 7515 appendix A.1 to A.3.
    const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    fn joe() -> Value {
        json!({ "iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true })
    }

    #[test]
    fn the_hs256_example_of_rfc_7515_appendix_a_1_verifies() {
        let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let key = VerifyingKey::shared_secret(&URL_SAFE_NO_PAD.decode(secret).unwrap());
        let token = format!(
            "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        );

        assert_eq!(verify::<Value>(&token, Algorithm::HS256, &key), Ok(joe()));
    }

    #[test]
    fn the_rs256_example_of_rfc_7515_appendix_a_2_verifies() {
        let key = json!({
            "kty": "RSA",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
            "e": "AQAB",
        });
        let token = format!(
            "eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
        );

        let key = VerifyingKey::from_jwk(&key).unwrap();

        assert_eq!(verify::<Value>(&token, Algorithm::RS256, &key), Ok(joe()));
    }

    #[test]
    fn the_es256_example_of_rfc_7515_appendix_a_3_verifies() {
        let key = json!({
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        });
        let token = format!(
            "eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
        );

        let key = VerifyingKey::from_jwk(&key).unwrap();

        assert_eq!(verify::<Value>(&token, Algorithm::ES256, &key), Ok(joe()));
    }

    #[test]
    fn our_eddsa_signature_is_that_of_rfc_8037_appendix_a_4() {
        let seed = URL_SAFE_NO_PAD
            .decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
            .unwrap();
        let pkcs8_prefix = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
        let key = LooseKey::from_pkcs8(
            SigningAlgorithm::EdDsa,
            &[&pkcs8_prefix[..], &seed].concat(),
        );
        let input = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";

        let signature = key.signature(input);

        assert_eq!(key.jwk["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(
            signature,
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn a_token_without_signature_is_no_token() {
        let unsigned = format!(
            "{}.{}.",
            part(&json!({ "alg": "none" })),
            part(&json!({ "iss": "joe" }))
        );

        assert_eq!(read_header(&unsigned), Err(JwsError::Malformed));
    }

    #[test]
    fn a_public_key_is_not_accepted_as_a_shared_secret() {
        let key = LooseKey::generate(SigningAlgorithm::ES256);
        let public = VerifyingKey::from_jwk(&key.jwk).unwrap();
        let header = json!({ "alg": "HS256", "kid": key.kid() });

        let confused = hmac_token(&header, &joe(), key.jwk.to_string().as_bytes());

        let verified = verify::<Value>(&confused, Algorithm::HS256, &public);
        assert_eq!(verified, Err(JwsError::OtherAlgorithm));
    }

    #[test]
    fn a_header_that_demands_an_extension_is_refused() {
        let key = LooseKey::generate(SigningAlgorithm::ES256);
        let header = json!({ "alg": "ES256", "crit": ["b64"], "b64": false });

        let token = key.token_with_header(&header, &joe());

        assert_eq!(read_header(&token), Err(JwsError::CriticalExtension));
    }

    #[test]
    fn changed_claims_break_the_signature() {
        let key = LooseKey::generate(SigningAlgorithm::ES256);
        let token = key.token(&json!({ "sub": "ada" }));
        let parts: Vec<&str> = token.split('.').collect();
        let changed = format!(
            "{}.{}.{}",
            parts[0],
            part(&json!({ "sub": "eve" })),
            parts[2]
        );

        let public = VerifyingKey::from_jwk(&key.jwk).unwrap();

        let verified = verify::<Value>(&changed, Algorithm::ES256, &public);
        assert_eq!(verified, Err(JwsError::Signature));
    }

    #[test]
    fn types_compare_as_media_types() {
        assert!(TokenType::AccessToken.is_named(Some("application/AT+JWT")));
        assert!(TokenType::Jwt.is_named(Some("jwt")));
        assert!(!TokenType::Jwt.is_named(Some("at+jwt")));
        assert!(!TokenType::Jwt.is_named(None));
    }
}
