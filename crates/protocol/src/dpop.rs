//! Demonstrating proof of possession (RFC 9449): a client signs each request with a key of its
//! own, so that its tokens are worth nothing to whoever lacks that key.
//!
//! The token endpoint binds what it issues to the key of the proof that came; userinfo asks for a
//! proof of the key that a token is bound to. Both verify it here and then use it up in a unit of
//! work, which must succeed once only. No nonce of ours is demanded (§8): a proof is good for
//! minutes, and once.

mod target;

use std::time::Duration;

use actix_web::HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::digest::{same_bytes, sha256};
use model::{KeyThumbprint, Secret, SecretDigest, SigningAlgorithm, Timestamp};
use serde::Deserialize;
use serde_json::Value;
use storage::{StorageError, Tx, dpop_proofs};

use crate::jws::claims::{CLOCK_SKEW, NumericDate};
use crate::jws::{self, JwsError, is_media_type};
use crate::keys::{UnfitKey, VerifyingKey, jose_algorithm, thumbprint};
use crate::oauth_error::{OAuthError, Outcome};
use crate::provider::Provider;

/// Every value of `dpop_signing_alg_values_supported` (§5.1), and of `algs` in challenges (§7.1).
pub(crate) const SIGNING_ALGORITHMS: [SigningAlgorithm; 4] = SigningAlgorithm::ALL;

/// The header field that carries a proof (§4.1).
const HEADER: &str = "DPoP";
/// The `typ` of a proof (§4.2).
const TYPE: &str = "dpop+jwt";
/// How long a proof is good: for so long its `jti` must be remembered.
const MAX_AGE: Duration = Duration::from_secs(5 * 60);
/// The longest `jti`, in bytes.
const MAX_JTI: usize = 255;

/// The request that a proof has to be for.
#[derive(Clone, Copy)]
pub(crate) struct ProvenRequest<'a> {
    /// Its method.
    pub(crate) method: &'a str,
    /// The URL of the endpoint, as discovery names it.
    pub(crate) url: &'a str,
    /// The access token that comes with it.
    pub(crate) access_token: Option<&'a Secret<String>>,
}

/// A proof that its sender holds a key, provided that it was not seen before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct VerifiedProof {
    /// The key.
    pub(crate) jkt: KeyThumbprint,
    jti: SecretDigest,
    /// From when on it is refused anyway, so that its `jti` can be forgotten.
    forget_after: Timestamp,
}

/// Why a proof proves nothing (`invalid_dpop_proof`, §5, §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidProof {
    #[error("there is none")]
    Missing,
    #[error("there is more than one DPoP header")]
    Several,
    #[error(transparent)]
    Signature(#[from] JwsError),
    #[error("its alg is not one that is supported")]
    AlgorithmNotAllowed,
    #[error("its header has no jwk")]
    NoKey,
    #[error("its jwk is no good: {0}")]
    Key(#[from] UnfitKey),
    #[error("its htm is not the method of the request")]
    Method,
    #[error("its htu is not the URL of the endpoint")]
    Target,
    #[error("it has no iat")]
    NoTime,
    #[error("it was made more than five minutes ago")]
    Stale,
    #[error("it was made in the future")]
    MadeInFuture,
    #[error("it has no usable jti")]
    Jti,
    #[error("its ath is not the hash of the access token")]
    TokenHash,
    #[error("its key is not that of dpop_jkt")]
    OtherKey,
    #[error("it was used before")]
    Replayed,
}

/// The claims of §4.2.
#[derive(Deserialize)]
struct ProofClaims {
    jti: Option<String>,
    htm: Option<String>,
    htu: Option<String>,
    iat: Option<NumericDate>,
    ath: Option<String>,
}

/// The proof of a request, which must have one at most (§4.3).
pub(crate) fn presented(http: &HttpRequest) -> Result<Option<String>, InvalidProof> {
    let mut headers = http.headers().get_all(HEADER);
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    if headers.next().is_some() {
        return Err(InvalidProof::Several);
    }
    let proof = header.to_str().map_err(|_| JwsError::Malformed)?;
    Ok(Some(proof.to_owned()))
}

/// Verifies that the holder of the key in the proof made it for this request and a short time ago
/// (§4.3). Single use is the caller's to see to.
pub(crate) fn verify(
    proof: &str,
    request: ProvenRequest<'_>,
    now: Timestamp,
) -> Result<VerifiedProof, InvalidProof> {
    let header = jws::read_header(proof)?;
    if !header.typ.is_some_and(|typ| is_media_type(&typ, TYPE)) {
        return Err(JwsError::OtherType.into());
    }
    if !SIGNING_ALGORITHMS.map(jose_algorithm).contains(&header.alg) {
        return Err(InvalidProof::AlgorithmNotAllowed);
    }
    let jwk = embedded_key(proof).ok_or(InvalidProof::NoKey)?;
    let key = VerifyingKey::from_jwk(&jwk)?;
    let claims: ProofClaims = jws::verify(proof, header.alg, &key)?;
    let made_at = claims.check(request, now)?;
    let jti = claims.jti.filter(|jti| (1..=MAX_JTI).contains(&jti.len()));
    Ok(VerifiedProof {
        jkt: thumbprint(&jwk)?,
        jti: SecretDigest::of(&jti.ok_or(InvalidProof::Jti)?),
        forget_after: made_at.plus(MAX_AGE),
    })
}

/// [`verify`], for what somebody without a token posted to that endpoint.
pub(crate) fn verify_posted(
    provider: &Provider,
    path: &str,
    proof: &str,
) -> Result<VerifiedProof, InvalidProof> {
    let request = ProvenRequest {
        method: "POST",
        url: &provider.issuer.url(path),
        access_token: None,
    };
    verify(proof, request, provider.store.clock().now())
}

/// Uses up the proof that came, if one did. Comes after all other checks: with a key of their own
/// anybody can make proofs, and only what gives a token is worth a row.
pub(crate) fn use_up(tx: &mut Tx<'_>, proof: Option<&VerifiedProof>) -> Outcome<()> {
    match proof {
        Some(proof) => Ok(proof.use_up(tx)?.map_err(OAuthError::Proof)),
        None => Ok(Ok(())),
    }
}

/// The `jwk` of the header with every member that it has: what the library reads of it lacks the
/// private ones.
fn embedded_key(proof: &str) -> Option<Value> {
    let header = URL_SAFE_NO_PAD.decode(proof.split('.').next()?).ok()?;
    let mut header: Value = serde_json::from_slice(&header).ok()?;
    header.get_mut("jwk").map(Value::take)
}

impl ProofClaims {
    /// Whether they are for this request and this time; when the proof was made.
    fn check(&self, request: ProvenRequest<'_>, now: Timestamp) -> Result<Timestamp, InvalidProof> {
        if self.htm.as_deref() != Some(request.method) {
            return Err(InvalidProof::Method);
        }
        let htu = self.htu.as_deref();
        if !htu.is_some_and(|htu| target::is_same(htu, request.url)) {
            return Err(InvalidProof::Target);
        }
        let made_at = self.iat.ok_or(InvalidProof::NoTime)?.0;
        if made_at.plus(MAX_AGE) <= now {
            return Err(InvalidProof::Stale);
        }
        if made_at > now.plus(CLOCK_SKEW) {
            return Err(InvalidProof::MadeInFuture);
        }
        if let Some(token) = request.access_token {
            let hash = URL_SAFE_NO_PAD.encode(sha256(token.reveal().as_bytes()));
            let ath = self.ath.as_deref().unwrap_or_default();
            if !same_bytes(ath.as_bytes(), hash.as_bytes()) {
                return Err(InvalidProof::TokenHash);
            }
        }
        Ok(made_at)
    }
}

impl VerifiedProof {
    /// Uses the proof up, in the unit of work that it pays for: it is good once (§11.1).
    pub(crate) fn use_up(&self, tx: &mut Tx<'_>) -> Result<Result<(), InvalidProof>, StorageError> {
        let is_first = dpop_proofs::redeem(tx, &self.jkt, &self.jti, self.forget_after)?;
        Ok(is_first.then_some(()).ok_or(InvalidProof::Replayed))
    }
}

#[cfg(test)]
mod tests;
