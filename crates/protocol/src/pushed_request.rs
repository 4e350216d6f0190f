//! `/par`: a client leaves an authorization request here, and sends the browser with its name
//! (RFC 9126).
//!
//! The request is checked as the authorization endpoint would check it, but for the person: who
//! that is shows when the browser comes ([`authorize::pushed`](crate::authorize)).

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use model::raw_pairs::RawPairs;
use model::{Client, KeyThumbprint};
use serde::Serialize;

use crate::answer::unkept_json;
use crate::authorize::error::Refusal;
use crate::authorize::pushed::{KEPT_MAX, LIFETIME, NewRequest};
use crate::authorize::request::{AuthorizationRequest, read_parameters};
use crate::authorize::request_object;
use crate::authorize::response::Recipient;
use crate::cors::open_to_any_origin;
use crate::dpop::{self, InvalidProof};
use crate::form::Form;
use crate::oauth_error::{Failure, OAuthError};
use crate::provider::Provider;
use crate::token::client_authentication::{Credentials, authenticate, refuse};

/// Where the endpoint is.
pub(crate) const PATH: &str = "/par";

const DPOP_JKT: &str = "dpop_jkt";

/// A request to keep a request (RFC 9126 §2.1).
struct PushRequest {
    credentials: Credentials,
    /// A proof of the key that the code is to be bound to (RFC 9449 §10.1).
    proof: Option<String>,
    parameters: RawPairs,
}

impl PushRequest {
    fn parse(http: &HttpRequest, body: &[u8]) -> Result<Self, OAuthError> {
        let form = Form::read(http, body)?;
        Ok(Self {
            credentials: Credentials::parse(http, &form)?,
            proof: dpop::presented(http)?,
            parameters: form.pairs().clone(),
        })
    }
}

/// The answer (RFC 9126 §2.2).
#[derive(Serialize)]
struct Kept {
    request_uri: String,
    expires_in: u64,
}

/// `POST /par`.
pub async fn push(provider: Data<Provider>, http: HttpRequest, body: Bytes) -> HttpResponse {
    let kept = match PushRequest::parse(&http, &body) {
        Ok(request) => keep(&provider, request).await,
        Err(refusal) => Err(refusal.into()),
    };
    open_to_any_origin(match kept {
        Ok(kept) => unkept_json(StatusCode::CREATED, &kept),
        Err(Failure::Refused(refusal)) => refuse(&provider, PATH, (&http, &*body), &refusal).await,
        Err(failure) => failure.respond(&provider),
    })
}

async fn keep(provider: &Provider, request: PushRequest) -> Result<Kept, Failure> {
    let authenticated = authenticate(provider, request.credentials).await?;
    let client = &authenticated.client;
    let mut parameters = check(provider, client, &request.parameters).await?;
    let proof = request.proof.as_deref();
    let proof = proof
        .map(|proof| dpop::verify_posted(provider, PATH, proof))
        .transpose()
        .map_err(OAuthError::Proof)?;
    if let Some(proof) = &proof {
        parameters = bound_to(parameters, &proof.jkt).map_err(OAuthError::Proof)?;
    }
    let pushed =
        NewRequest::draw(provider, client, parameters).ok_or(OAuthError::LongRequest(KEPT_MAX))?;
    let kept = Kept {
        request_uri: pushed.request_uri.clone(),
        expires_in: LIFETIME.as_secs(),
    };
    let write = provider.store.write(move |tx| {
        if let Err(refusal) = authenticated.use_up(tx)? {
            return Ok(Err(refusal));
        }
        if let Err(refusal) = dpop::use_up(tx, proof.as_ref())? {
            return Ok(Err(refusal));
        }
        let is_kept = pushed.store(tx)?;
        Ok(is_kept.then_some(()).ok_or(OAuthError::UnknownClient))
    });
    write.await??;
    Ok(kept)
}

/// Checks a request, and gives what the authorization endpoint will read of it, with what the
/// client signed in its place (RFC 9126 §2.1, §3). What proves the client is not part of it.
async fn check(
    provider: &Provider,
    client: &Arc<Client>,
    came: &RawPairs,
) -> Result<RawPairs, OAuthError> {
    if came.one("request_uri") != Ok(None) {
        return Err(OAuthError::PushedReference);
    }
    let mut parameters = of_client(client, came);
    if request_object::is_in(&parameters) {
        let resolved = request_object::resolve(provider, client, &parameters).await?;
        parameters = read_parameters(&resolved);
    }
    Recipient::prove(Arc::clone(client), &parameters).map_err(Refusal::from)?;
    let keys = provider.keys.current();
    AuthorizationRequest::parse(&parameters, client, &keys, &provider.issuer)?;
    Ok(parameters)
}

/// The request whose code is bound to the key that was proven. A `dpop_jkt` beside the proof has to
/// name the same (RFC 9449 §10.1).
fn bound_to(parameters: RawPairs, key: &KeyThumbprint) -> Result<RawPairs, InvalidProof> {
    match parameters.first(DPOP_JKT).filter(|named| !named.is_empty()) {
        Some(named) if named == key.as_str() => Ok(parameters),
        Some(_) => Err(InvalidProof::OtherKey),
        None => {
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            let rest = parameters.iter().filter(|(name, _)| *name != DPOP_JKT);
            let bound = (DPOP_JKT.to_owned(), key.as_str().to_owned());
            Ok(rest.map(owned).chain([bound]).collect())
        }
    }
}

/// The request of the client that proved itself, whether it named itself in the form or not.
fn of_client(client: &Client, came: &RawPairs) -> RawPairs {
    let client_id = ("client_id".to_owned(), client.id.to_string());
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let read = read_parameters(came);
    let rest = read.iter().filter(|(name, _)| *name != "client_id");
    [client_id].into_iter().chain(rest.map(owned)).collect()
}

#[cfg(test)]
mod tests;
