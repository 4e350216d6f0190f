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
}

impl TokenType {
    /// Its `typ`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "JWT",
            Self::AccessToken => "at+jwt",
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
