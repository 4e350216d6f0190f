//! Request objects: authorization requests that a client signed (OpenID Connect Core §6, RFC 9101).
//!
//! The authorization endpoint calls [`verify`] with what came as `request` or stood at
//! `request_uri`, and puts what it says in the place of parameters.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use model::{Client, SigningAlgorithm, Timestamp};
use serde::Deserialize;
use serde_json::Value;

use crate::client_keys::{ClientKeys, NoClientKey};
use crate::jws::claims::{Audience, Times, Untimely};
use crate::jws::{self, JwsError};
use crate::keys::jose_algorithm;

/// Every value of `request_object_signing_alg_values_supported` (OpenID Connect Discovery §3).
/// `none` is not among them: what is not signed says nothing that parameters do not say.
pub const SIGNING_ALGORITHMS: [SigningAlgorithm; 4] = SigningAlgorithm::ALL;

/// The `typ` of a request object (RFC 9101 §10.8.1), and the one of any JWT, which clients of
/// OpenID Connect Core put or leave out.
const TYPES: [&str; 2] = ["oauth-authz-req+jwt", "jwt"];

/// The claims that say something of the object and are no parameters (RFC 7519 §4.1).
const CLAIMS_OF_THE_OBJECT: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// What a client asks for in an object that it signed, for us, and that is good now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestObject {
    /// Its members as parameters, in order. A number or an object is its JSON text, an array is a
    /// parameter that is repeated, and what is `null` is empty.
    pub parameters: Vec<(String, String)>,
}

/// Why an object is not what a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRequestObject {
    /// Its `alg` is `none`.
    #[error("it is not signed")]
    Unsigned,
    /// It is no JWS that can be verified.
    #[error(transparent)]
    Signature(#[from] JwsError),
    /// Its `alg` is not one that is served, or not the one that the client registered.
    #[error("its alg is not allowed")]
    AlgorithmNotAllowed,
    /// There is no key to verify it with.
    #[error(transparent)]
    NoKey(#[from] NoClientKey),
    /// A claim of the object itself is not of the type that RFC 7519 §4.1 gives it.
    #[error("a claim of it is of the wrong type")]
    Claims,
    /// Its `iss` is not the client.
    #[error("its iss is not the client")]
    Issuer,
    /// Its `sub` is the client, so that it could be an assertion of it (RFC 9101 §10.8).
    #[error("its sub is the client")]
    Subject,
    /// Its `aud` does not name us.
    #[error("its aud is not ours")]
    Audience,
    /// It does not count now.
    #[error(transparent)]
    Untimely(#[from] Untimely),
    /// It holds `request` or `request_uri` (OpenID Connect Core §6.1).
    #[error("it holds another request object")]
    Nested,
}

/// All of them may be left out: OpenID Connect Core §6.1 says what they should be.
#[derive(Deserialize)]
struct ObjectClaims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    #[serde(flatten)]
    times: Times,
}

/// Verifies that `client` made this object, for `issuer`, and that it is good now. Whether what
/// it says is a request is the caller's to see to.
///
/// # Errors
///
/// [`InvalidRequestObject`] names the cause.
pub async fn verify(
    object: &str,
    client: &Client,
    keys: &ClientKeys,
    issuer: &str,
    now: Timestamp,
) -> Result<RequestObject, InvalidRequestObject> {
    if is_unsigned(object) {
        return Err(InvalidRequestObject::Unsigned);
    }
    let header = jws::read_header(object)?;
    if !is_of_its_type(header.typ.as_deref()) {
        return Err(JwsError::OtherType.into());
    }
    if !is_allowed(header.alg, client.settings.request_object_signing_alg) {
        return Err(InvalidRequestObject::AlgorithmNotAllowed);
    }
    let object: Value = keys
        .verify::<_, InvalidRequestObject>(client, object, &header, now)
        .await?;
    let claims = ObjectClaims::deserialize(&object).map_err(|_| InvalidRequestObject::Claims)?;
    check(&claims, client.id.as_str(), issuer)?;
    claims.times.check(now)?;
    parameters(object)
}

fn is_unsigned(object: &str) -> bool {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
    }
    let header = object.split('.').next().unwrap_or_default();
    URL_SAFE_NO_PAD
        .decode(header)
        .ok()
        .and_then(|header| serde_json::from_slice::<Header>(&header).ok())
        .is_some_and(|header| header.alg.eq_ignore_ascii_case("none"))
}

fn is_of_its_type(typ: Option<&str>) -> bool {
    typ.is_none_or(|typ| {
        TYPES
            .iter()
            .any(|of_objects| jws::is_media_type(typ, of_objects))
    })
}

fn is_allowed(algorithm: Algorithm, registered: Option<SigningAlgorithm>) -> bool {
    SIGNING_ALGORITHMS
        .into_iter()
        .filter(|served| registered.is_none_or(|only| only == *served))
        .any(|served| jose_algorithm(served) == algorithm)
}

fn check(claims: &ObjectClaims, client_id: &str, issuer: &str) -> Result<(), InvalidRequestObject> {
    if claims.iss.as_deref().is_some_and(|iss| iss != client_id) {
        return Err(InvalidRequestObject::Issuer);
    }
    if claims.sub.as_deref() == Some(client_id) {
        return Err(InvalidRequestObject::Subject);
    }
    if claims.aud.as_ref().is_some_and(|aud| !aud.names(issuer)) {
        return Err(InvalidRequestObject::Audience);
    }
    Ok(())
}

fn parameters(object: Value) -> Result<RequestObject, InvalidRequestObject> {
    let Value::Object(members) = object else {
        return Err(InvalidRequestObject::Claims);
    };
    if members.contains_key("request") || members.contains_key("request_uri") {
        return Err(InvalidRequestObject::Nested);
    }
    let parameters = members
        .into_iter()
        .filter(|(name, _)| !CLAIMS_OF_THE_OBJECT.contains(&name.as_str()))
        .flat_map(|(name, value)| {
            let values = texts(value).into_iter();
            values.map(move |value| (name.clone(), value))
        });
    Ok(RequestObject {
        parameters: parameters.collect(),
    })
}

/// The values that a parameter would have; never none, so that no parameter beside the object
/// takes the place of a member.
fn texts(value: Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) if !items.is_empty() => items.into_iter().flat_map(texts).collect(),
        Value::Array(_) | Value::Null => vec![String::new()],
        other => vec![other.to_string()],
    }
}

#[cfg(test)]
mod tests;
