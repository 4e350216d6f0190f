//! `id_token_hint`: an ID token of ours that a client gives back to say whom it means
//! (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2).

use model::Timestamp;
use serde::Deserialize;

use crate::jws::claims::{Audience, NumericDate};
use crate::jws::{JwsError, TokenType};
use crate::keys::KeySet;

/// What an ID token of ours said when it was issued. It may have expired since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokenHint {
    /// Whom it was about.
    pub sub: String,
    /// The clients that it was issued to: one, unless another rule ever adds more.
    pub audience: Vec<String>,
    /// The browser session that it came from, when it named one.
    pub sid: Option<String>,
    /// When it was issued.
    pub issued_at: Timestamp,
}

/// Why a hint is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHint {
    /// It is not an ID token that one of our keys signed.
    #[error(transparent)]
    Signature(#[from] JwsError),
    /// Our key signed it for another issuer.
    #[error("it is of another issuer")]
    OtherIssuer,
}

/// The claims that every ID token of ours has and no signed userinfo answer has (`exp`).
#[derive(Deserialize)]
struct HintClaims {
    iss: String,
    sub: String,
    aud: Audience,
    #[serde(rename = "exp")]
    _exp: NumericDate,
    iat: NumericDate,
    sid: Option<String>,
}

/// Reads a hint: signed by one of our announced, active or retired keys, in that key's algorithm,
/// for `issuer`. Its expiry does not matter; whether the caller's client is in its audience is
/// the caller's to ask.
///
/// # Errors
///
/// [`InvalidHint`] when it is anything else than an ID token of ours.
pub fn verify(hint: &str, keys: &KeySet, issuer: &str) -> Result<IdTokenHint, InvalidHint> {
    let claims: HintClaims = keys.verify(hint, TokenType::Jwt)?;
    if claims.iss != issuer {
        return Err(InvalidHint::OtherIssuer);
    }
    Ok(IdTokenHint {
        sub: claims.sub,
        audience: claims.aud.members().to_vec(),
        sid: claims.sid,
        issued_at: claims.iat.0,
    })
}

#[cfg(test)]
mod tests {
    use model::SigningAlgorithm;
    use model::signing_key::KeyState;
    use serde_json::{Value, json};

    use super::*;
    use crate::keys::testing::{LooseKey, hmac_token, key_set, part, stored_key};

    const ISSUER: &str = "https://identity.example";

    fn claims() -> Value {
        json!({ "iss": ISSUER, "sub": "ada", "aud": "service", "iat": 1000, "exp": 1300, "sid": "s1" })
    }

    fn keys() -> KeySet {
        key_set(&[stored_key(SigningAlgorithm::ES256, KeyState::Active)])
    }

    fn signed(keys: &KeySet, claims: &Value) -> String {
        keys.sign(SigningAlgorithm::ES256, TokenType::Jwt, claims)
            .unwrap()
    }

    fn published_key(keys: &KeySet) -> Value {
        serde_json::from_slice::<Value>(&keys.jwks()).unwrap()["keys"][0].clone()
    }

    #[test]
    fn a_hint_that_expired_long_ago_still_says_whom_it_means() {
        let keys = keys();

        let hint = verify(&signed(&keys, &claims()), &keys, ISSUER).unwrap();

        assert_eq!(
            hint,
            IdTokenHint {
                sub: "ada".to_owned(),
                audience: vec!["service".to_owned()],
                sid: Some("s1".to_owned()),
                issued_at: Timestamp::from_seconds(1000),
            }
        );
    }

    #[test]
    fn a_hint_of_another_issuer_is_refused_though_our_key_signed_it() {
        let keys = keys();
        let mut claims = claims();
        claims["iss"] = json!("https://identity.example/");

        let refusal = verify(&signed(&keys, &claims), &keys, ISSUER);

        assert_eq!(refusal, Err(InvalidHint::OtherIssuer));
    }

    #[test]
    fn a_hint_of_another_providers_key_is_refused() {
        let stranger = LooseKey::generate(SigningAlgorithm::ES256);

        let refusal = verify(&stranger.token(&claims()), &keys(), ISSUER);

        assert_eq!(refusal, Err(InvalidHint::Signature(JwsError::UnknownKey)));
    }

    #[test]
    fn a_hint_forged_under_our_kid_is_refused() {
        let keys = keys();
        let forger = LooseKey::generate(SigningAlgorithm::ES256);
        let mut header = forger.header();
        header["kid"] = published_key(&keys)["kid"].clone();

        let refusal = verify(&forger.token_with_header(&header, &claims()), &keys, ISSUER);

        assert_eq!(refusal, Err(InvalidHint::Signature(JwsError::Signature)));
    }

    #[test]
    fn an_unsigned_hint_is_refused() {
        let keys = keys();
        let header = json!({ "alg": "none", "kid": published_key(&keys)["kid"], "typ": "JWT" });
        let unsigned = format!("{}.{}.", part(&header), part(&claims()));

        assert_eq!(
            verify(&unsigned, &keys, ISSUER),
            Err(InvalidHint::Signature(JwsError::Malformed))
        );
    }

    #[test]
    fn a_hint_signed_with_our_public_key_as_a_secret_is_refused() {
        let keys = keys();
        let public = published_key(&keys);
        let header = json!({ "alg": "HS256", "kid": public["kid"], "typ": "JWT" });

        let confused = hmac_token(&header, &claims(), public.to_string().as_bytes());

        assert_eq!(
            verify(&confused, &keys, ISSUER),
            Err(InvalidHint::Signature(JwsError::OtherAlgorithm))
        );
    }

    #[test]
    fn an_access_token_or_a_signed_userinfo_answer_is_not_a_hint() {
        let keys = keys();
        let access = keys
            .sign(SigningAlgorithm::ES256, TokenType::AccessToken, &claims())
            .unwrap();
        let mut userinfo = claims();
        userinfo.as_object_mut().unwrap().remove("exp");

        assert_eq!(
            verify(&access, &keys, ISSUER),
            Err(InvalidHint::Signature(JwsError::OtherType))
        );
        assert_eq!(
            verify(&signed(&keys, &userinfo), &keys, ISSUER),
            Err(InvalidHint::Signature(JwsError::Malformed))
        );
    }
}
