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
