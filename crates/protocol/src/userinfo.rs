//! `/userinfo`: what the person released to the client (OpenID Connect Core §5.3).

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use model::{Client, KeyThumbprint, SigningAlgorithm, Timestamp};
use serde::Serialize;
use storage::StorageError;

use crate::access_token::{LiveToken, SpokenFor, find_live};
use crate::answer::{unkept, unkept_json};
use crate::bearer::{self, BearerError, Presented, Scheme};
use crate::claims::{PersonalScope, Release, Subject, ToldClaims};
use crate::cors::open_to_any_origin;
use crate::dpop::{self, InvalidProof, ProvenRequest};
use crate::jws::TokenType;
use crate::keys::SignError;
use crate::oauth_error::Failure;
use crate::person::Person;
use crate::provider::Provider;
use crate::refusal_log::note;

/// A signed answer (OpenID Connect Core §5.3.2). It has no `exp`, so that it cannot pass for an
/// ID token.
#[derive(Serialize)]
struct SignedClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    #[serde(flatten)]
    told: ToldClaims,
}

/// `GET` and `POST /userinfo`, with the access token in the header or, posted, in a form field.
pub async fn userinfo(provider: Data<Provider>, http: HttpRequest, body: Bytes) -> HttpResponse {
    open_to_any_origin(answer(&provider, &http, &body).await)
}

async fn answer(provider: &Provider, http: &HttpRequest, body: &[u8]) -> HttpResponse {
    let presented = match bearer::presented(http, body) {
        Ok(presented) => presented,
        Err(refusal) => return refusal.respond(Scheme::Bearer),
    };
    match find_live(provider, presented.token.reveal()).await {
        Ok(Some(token)) => match tell(provider, http, &presented, token).await {
            Ok(response) => response,
            Err(failure) => failure.respond(provider),
        },
        Ok(None) => BearerError::Invalid.respond(presented.scheme),
        Err(fault) => Failure::from(fault).respond(provider),
    }
}

async fn tell(
    provider: &Provider,
    http: &HttpRequest,
    presented: &Presented,
    mut token: LiveToken,
) -> Result<HttpResponse, Failure> {
    let refused = async |client: &Client, refusal| {
        note_refusal(provider, client, refusal).await;
        Ok(refusal.respond(presented.scheme))
    };
    if let Err(refusal) = prove(provider, http, presented, token.jkt.as_ref()).await? {
        return refused(&token.client, refusal).await;
    }
    if !PersonalScope::OpenId.is_in(&token.scope) {
        let refusal = BearerError::InsufficientScope(PersonalScope::OpenId.as_str());
        return refused(&token.client, refusal).await;
    }
    let person = token.person.take().filter(|_| is_for_us(provider, &token));
    let Some(SpokenFor { user, subject }) = person else {
        return refused(&token.client, BearerError::Invalid).await;
    };
    if !token.client.accepts(subject.authentication.acr) {
        let acr_values = token.client.settings.minimum_acr.as_str();
        let refusal = BearerError::InsufficientAuthentication { acr_values };
        return refused(&token.client, refusal).await;
    }
    let release = Release {
        client: &token.client,
        scope: &token.scope,
        named: &subject.claims.userinfo,
    };
    let person = Person::read(provider, user, release).await?;
    let about = Subject {
        person: &person,
        authentication: &subject.authentication,
        sid: &subject.sid,
        subjects: &provider.subjects,
    };
    let claims = ToldClaims::in_userinfo(&about, release, &provider.keyring);
    let Some(algorithm) = token.client.settings.userinfo_signed_response_alg else {
        return Ok(unkept_json(StatusCode::OK, &claims));
    };
    let now = provider.store.clock().now();
    let jwt = signed(provider, &token.client, algorithm, claims, now)?;
    Ok(unkept(StatusCode::OK, "application/jwt", jwt.into_bytes()))
}

/// Whether a live token came as it has to: one that is bound to a key with a proof of that key,
/// and only such a one (RFC 9449 §7.1, §7.2).
async fn prove(
    provider: &Provider,
    http: &HttpRequest,
    presented: &Presented,
    jkt: Option<&KeyThumbprint>,
) -> Result<Result<(), BearerError>, StorageError> {
    let jkt = match (presented.scheme, jkt) {
        (Scheme::Bearer, None) => return Ok(Ok(())),
        (Scheme::Bearer, Some(_)) => return Ok(Err(BearerError::WithoutItsKey)),
        (Scheme::Dpop, None) => return Ok(Err(BearerError::NotBound)),
        (Scheme::Dpop, Some(jkt)) => jkt,
    };
    let request = ProvenRequest {
        method: http.method().as_str(),
        url: &provider.issuer.url("/userinfo"),
        access_token: Some(&presented.token),
    };
    let now = provider.store.clock().now();
    let verified = dpop::presented(http)
        .and_then(|proof| proof.ok_or(InvalidProof::Missing))
        .and_then(|proof| dpop::verify(&proof, request, now));
    let proof = match verified {
        Ok(proof) if proof.jkt == *jkt => proof,
        Ok(_) => return Ok(Err(BearerError::OtherKey)),
        Err(invalid) => return Ok(Err(BearerError::Proof(invalid))),
    };
    let used_up = provider.store.write(move |tx| proof.use_up(tx)).await?;
    Ok(used_up.map_err(BearerError::Proof))
}

/// Writes down that a live token is not for this: its client can look it up.
async fn note_refusal(provider: &Provider, client: &Client, refusal: BearerError) {
    if let Some((error, description)) = refusal.told() {
        let client_id = Some(client.id.as_str());
        note(provider, client_id, "/userinfo", error, &description).await;
    }
}

/// A JWT that its audience received must not be passed on to us, unless it names us too
/// (RFC 9068 §4).
fn is_for_us(provider: &Provider, token: &LiveToken) -> bool {
    token.jti.is_none()
        || token
            .audience
            .iter()
            .any(|it| it == provider.issuer.as_str())
}

fn signed(
    provider: &Provider,
    client: &Client,
    algorithm: SigningAlgorithm,
    told: ToldClaims,
    now: Timestamp,
) -> Result<String, SignError> {
    let claims = SignedClaims {
        iss: provider.issuer.as_str(),
        aud: client.id.as_str(),
        iat: now.seconds(),
        told,
    };
    provider
        .keys
        .current()
        .sign(algorithm, TokenType::Jwt, &claims)
}

#[cfg(test)]
mod tests;
