//! Client authentication by a signed assertion (RFC 7523 §3, OpenID Connect Core §9).
//!
//! The token endpoint's client authentication calls [`claimed_client`] to learn whose assertion
//! it has, loads that client, calls [`verify`], and then writes the assertion's `jti` down, which
//! must succeed once only.

use std::time::Duration;

use jsonwebtoken::Algorithm;
use model::client::{AssertionAudience, Client};
use model::{ClientId, Secret, Timestamp};
use serde::Deserialize;

use crate::client_keys::{ClientKeys, NoClientKey};
use crate::jws::claims::{Audience, CLOCK_SKEW, Times, Untimely};
use crate::jws::{self, JwsError};
use crate::keys::VerifyingKey;

/// The only `client_assertion_type` (RFC 7523 §2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far ahead an assertion may expire: for so long its `jti` must be remembered.
const MAX_LIFE: Duration = Duration::from_secs(60 * 60);
/// The longest `jti`, in bytes.
const MAX_JTI: usize = 255;

/// The algorithms of `private_key_jwt`, in the order that discovery lists them.
const PUBLIC_KEY_ALGORITHMS: [Algorithm; 4] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
];

/// Every value of `token_endpoint_auth_signing_alg_values_supported` (OpenID Connect Discovery §3).
pub const SIGNING_ALGORITHMS: [&str; 5] = ["RS256", "PS256", "ES256", "EdDSA", "HS256"];

/// Who we are, in the eyes of a client that addresses an assertion to us.
#[derive(Clone, Copy, Debug)]
pub struct Addressee<'a> {
    /// Our issuer identifier.
    pub issuer: &'a str,
    /// The endpoints that are taken for us: the token endpoint and the one of pushed requests
    /// (RFC 7523 §3, RFC 9126 §2).
    pub endpoints: [&'a str; 2],
}

/// What a client's assertions are verified with.
#[derive(Clone, Copy)]
pub enum AssertionKeys<'a> {
    /// `private_key_jwt`: the keys it registered.
    Registered(&'a ClientKeys),
    /// `client_secret_jwt`: its secrets in force, HS256 only.
    Secrets(&'a [Secret<Vec<u8>>]),
}

/// An assertion that proves the client, provided that its `jti` was not seen before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedAssertion {
    /// Its name, to be written down as used: 1 to 255 bytes, unique for this client.
    pub jti: String,
    /// From when on it is refused anyway, so that its `jti` can be forgotten.
    pub forget_after: Timestamp,
}

/// Why an assertion does not prove the client (`invalid_client`, RFC 7523 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAssertion {
    /// It is no JWS that can be verified.
    #[error(transparent)]
    Signature(#[from] JwsError),
    /// Its `alg` is not one of the client's authentication method.
    #[error("its alg is not allowed")]
    AlgorithmNotAllowed,
    /// There is no key to verify it with.
    #[error(transparent)]
    NoKey(#[from] NoClientKey),
    /// Its `iss` is not the client.
    #[error("its iss is not the client")]
    Issuer,
    /// Its `sub` is not the client.
    #[error("its sub is not the client")]
    Subject,
    /// Its `aud` does not address us as the client's settings demand.
    #[error("its aud is not ours")]
    Audience,
    /// It has no `exp`.
    #[error("it has no exp")]
    NoExpiry,
    /// It does not count now.
    #[error(transparent)]
    Untimely(#[from] Untimely),
    /// Its `exp` is more than an hour ahead.
    #[error("it expires more than an hour ahead")]
    TooLongLived,
    /// Its `jti` is missing, empty or longer than 255 bytes.
    #[error("it has no usable jti")]
    Jti,
}

/// Claims of RFC 7523 §3. Those without which an assertion does not even read as one are not
/// optional.
#[derive(Deserialize)]
struct AssertionClaims {
    iss: String,
    sub: String,
    aud: Audience,
    #[serde(flatten)]
    times: Times,
    jti: Option<String>,
}

/// Whose assertion this says it is, unproven: the `sub`, to load the client by. `client_id` may
/// be left out of a request that has an assertion (RFC 7521 §4.2).
#[must_use]
pub fn claimed_client(assertion: &str) -> Option<ClientId> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    let subject: Subject = jsonwebtoken::dangerous::insecure_decode_claims(assertion).ok()?;
    ClientId::parse(&subject.sub).ok()
}

/// Verifies that `client` made this assertion, for us, and a short time ago. Single use is the
/// caller's to see to.
///
/// # Errors
///
/// [`InvalidAssertion`] names the cause.
pub async fn verify(
    assertion: &str,
    client: &Client,
    keys: AssertionKeys<'_>,
    addressee: Addressee<'_>,
    now: Timestamp,
) -> Result<VerifiedAssertion, InvalidAssertion> {
    let claims = match keys {
        AssertionKeys::Registered(keys) => verify_registered(assertion, client, keys, now).await?,
        AssertionKeys::Secrets(secrets) => verify_shared(assertion, secrets)?,
    };
    if claims.iss != client.id.as_str() {
        return Err(InvalidAssertion::Issuer);
    }
    if claims.sub != client.id.as_str() {
        return Err(InvalidAssertion::Subject);
    }
    if !is_addressed(&claims.aud, client.settings.assertion_audience, addressee) {
        return Err(InvalidAssertion::Audience);
    }
    let expires_at = claims.times.exp.ok_or(InvalidAssertion::NoExpiry)?.0;
    claims.times.check(now)?;
    if expires_at > now.plus(CLOCK_SKEW).plus(MAX_LIFE) {
        return Err(InvalidAssertion::TooLongLived);
    }
    let jti = claims.jti.filter(|jti| (1..=MAX_JTI).contains(&jti.len()));
    Ok(VerifiedAssertion {
        jti: jti.ok_or(InvalidAssertion::Jti)?,
        forget_after: expires_at.plus(CLOCK_SKEW),
    })
}

async fn verify_registered(
    assertion: &str,
    client: &Client,
    keys: &ClientKeys,
    now: Timestamp,
) -> Result<AssertionClaims, InvalidAssertion> {
    let header = jws::read_header(assertion)?;
    let registered = client.settings.token_endpoint_auth_signing_alg;
    let is_registered = registered.is_none_or(|one| is_named(header.alg, one.as_str()));
    if !PUBLIC_KEY_ALGORITHMS.contains(&header.alg) || !is_registered {
        return Err(InvalidAssertion::AlgorithmNotAllowed);
    }
    keys.verify(client, assertion, &header, now).await
}

fn is_named(algorithm: Algorithm, name: &str) -> bool {
    name.parse() == Ok(algorithm)
}

fn verify_shared(
    assertion: &str,
    secrets: &[Secret<Vec<u8>>],
) -> Result<AssertionClaims, InvalidAssertion> {
    let header = jws::read_header(assertion)?;
    if header.alg != Algorithm::HS256 {
        return Err(InvalidAssertion::AlgorithmNotAllowed);
    }
    let mut outcome = Err(NoClientKey::NoneRegistered.into());
    for secret in secrets {
        let key = VerifyingKey::shared_secret(secret.reveal());
        outcome = jws::verify(assertion, header.alg, &key).map_err(InvalidAssertion::from);
        if outcome.is_ok() {
            break;
        }
    }
    outcome
}

fn is_addressed(audience: &Audience, demanded: AssertionAudience, to: Addressee<'_>) -> bool {
    match demanded {
        AssertionAudience::IssuerOrTokenEndpoint => {
            audience.names(to.issuer) || to.endpoints.iter().any(|url| audience.names(url))
        }
        AssertionAudience::Issuer => {
            matches!(audience, Audience::One(audience) if audience == to.issuer)
        }
    }
}

#[cfg(test)]
mod tests;
