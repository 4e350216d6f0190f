//! What an ID token must hold before its claims are believed.
//!
//! `openidconnect` checks signature, issuer, audience, times and nonce; `at_hash` and `max_age` are
//! left to the service (OpenID Connect Core §3.1.3.7 and §3.1.3.8).

use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
    CoreTokenType,
};
use openidconnect::{
    AccessTokenHash, AdditionalClaims, ClaimsVerificationError, EmptyExtraTokenFields,
    IdTokenClaims, IdTokenFields, IdTokenVerifier, Nonce, OAuth2TokenResponse,
    SignatureVerificationError, SigningError, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The claims that OpenID Connect Core does not name, such as `trn` and `sid`.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct OtherClaims(Map<String, Value>);

impl AdditionalClaims for OtherClaims {}

/// An ID token as it came, not yet checked.
pub(crate) type IdToken = openidconnect::IdToken<
    OtherClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The claims of an ID token.
pub(crate) type Claims = IdTokenClaims<OtherClaims, CoreGenderClaim>;

/// The answer of the token endpoint.
pub(crate) type Tokens = StandardTokenResponse<
    IdTokenFields<
        OtherClaims,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// What the authorization request asked, as far as the ID token must answer it.
pub(crate) struct Asked {
    pub(crate) nonce: Nonce,
    /// Seconds.
    pub(crate) max_age: Option<u64>,
    /// The `acr` without which the service lets nobody in.
    pub(crate) acr: Option<&'static str>,
}

/// Why an ID token is not believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the answer holds no ID token")]
    Missing,
    #[error(transparent)]
    Claims(#[from] ClaimsVerificationError),
    #[error(transparent)]
    Signature(#[from] SignatureVerificationError),
    #[error("its at_hash cannot be made")]
    Hash(#[from] SigningError),
    #[error("its at_hash is of another access token")]
    ForeignAccessToken,
    #[error("the sign-in is older than max_age allows, or auth_time is missing")]
    TooOld,
    #[error("its acr is not the one that this service needs")]
    TooWeak,
}

/// The claims of an ID token that passed every check.
///
/// # Errors
///
/// [`Refusal`] names the first check that failed.
pub(crate) fn checked_claims<'t>(
    id_token: &'t IdToken,
    verifier: &IdTokenVerifier<'_, CoreJsonWebKey>,
    tokens: &Tokens,
    asked: &Asked,
) -> Result<&'t Claims, Refusal> {
    let claims = id_token.claims(verifier, &asked.nonce)?;
    if let Some(stated) = claims.access_token_hash() {
        let key = id_token.signing_key(verifier)?;
        let made =
            AccessTokenHash::from_token(tokens.access_token(), id_token.signing_alg()?, key)?;
        if made != *stated {
            return Err(Refusal::ForeignAccessToken);
        }
    }
    if !is_recent_enough(claims, asked.max_age) {
        return Err(Refusal::TooOld);
    }
    if !is_strong_enough(claims, asked.acr) {
        return Err(Refusal::TooWeak);
    }
    Ok(claims)
}

/// A request with `max_age` gets `auth_time`, and it fits (OpenID Connect Core §3.1.3.7 step 13).
fn is_recent_enough(claims: &Claims, max_age: Option<u64>) -> bool {
    let Some(seconds) = max_age.and_then(|seconds| i64::try_from(seconds).ok()) else {
        return true;
    };
    claims.auth_time().is_some_and(|auth_time| {
        // A sign-in takes a moment between its proof and the token that tells of it.
        (claims.issue_time() - auth_time).num_seconds() <= seconds.saturating_add(60)
    })
}

/// A service that needs an `acr` looks at it (OpenID Connect Core §3.1.3.7 step 12).
fn is_strong_enough(claims: &Claims, needed: Option<&str>) -> bool {
    needed.is_none_or(|needed| claims.auth_context_ref().is_some_and(|acr| **acr == needed))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(auth_time: Option<i64>) -> Claims {
        let mut claims = json!({
            "iss": "http://localhost:8080", "aud": ["demo"], "sub": "1", "sid": "s",
            "email": "ada@example.test", "trn": "1234567", "exp": 2_000, "iat": 1_000,
        });
        if let Some(auth_time) = auth_time {
            claims["auth_time"] = json!(auth_time);
        }
        serde_json::from_value(claims).unwrap()
    }

    #[test]
    fn claims_of_the_standard_and_all_others_are_kept() {
        let kept = serde_json::to_value(claims(Some(990))).unwrap();

        assert_eq!(
            kept,
            json!({
                "iss": "http://localhost:8080", "aud": ["demo"], "sub": "1", "sid": "s",
                "email": "ada@example.test", "trn": "1234567", "exp": 2_000, "iat": 1_000,
                "auth_time": 990,
            })
        );
    }

    #[test]
    fn a_sign_in_with_one_factor_is_too_weak_where_two_are_needed() {
        let with = |acr: &str| {
            let mut claims = serde_json::to_value(claims(None)).unwrap();
            claims["acr"] = json!(acr);
            serde_json::from_value::<Claims>(claims).unwrap()
        };

        assert!(is_strong_enough(&with("Cl"), None));
        assert!(is_strong_enough(&with("Cl.Cm"), Some("Cl.Cm")));
        assert!(!is_strong_enough(&with("Cl"), Some("Cl.Cm")));
        assert!(!is_strong_enough(&claims(None), Some("Cl.Cm")));
    }

    #[test]
    fn a_sign_in_older_than_max_age_is_too_old() {
        assert!(is_recent_enough(&claims(Some(0)), None));
        assert!(is_recent_enough(&claims(Some(990)), Some(0)));
        assert!(!is_recent_enough(&claims(Some(0)), Some(100)));
        assert!(!is_recent_enough(&claims(None), Some(100)));
    }
}
