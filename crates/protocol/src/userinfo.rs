//! `/userinfo`: what the person released to the client (OpenID Connect Core §5.3).

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use model::{Client, SigningAlgorithm, Timestamp};
use serde::Serialize;

use crate::access_token::{LiveToken, SpokenFor, find_live};
use crate::answer::{unkept, unkept_json};
use crate::bearer::{self, BearerError};
use crate::claims::{PersonalScope, Release, Subject, ToldClaims};
use crate::cors::open_to_any_origin;
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
    let token = match bearer::presented(http, body) {
        Ok(token) => token,
        Err(refusal) => return refusal.respond(),
    };
    match find_live(provider, token.reveal()).await {
        Ok(Some(token)) => match tell(provider, token).await {
            Ok(response) => response,
            Err(failure) => failure.respond(provider),
        },
        Ok(None) => BearerError::Invalid.respond(),
        Err(fault) => Failure::from(fault).respond(provider),
    }
}

async fn tell(provider: &Provider, mut token: LiveToken) -> Result<HttpResponse, Failure> {
    if !PersonalScope::OpenId.is_in(&token.scope) {
        let refusal = BearerError::InsufficientScope(PersonalScope::OpenId.as_str());
        return Ok(refused(provider, &token.client, refusal).await);
    }
    let person = token.person.take().filter(|_| is_for_us(provider, &token));
    let Some(SpokenFor { user, subject }) = person else {
        return Ok(refused(provider, &token.client, BearerError::Invalid).await);
    };
    if !token.client.accepts(subject.authentication.acr) {
        let acr_values = token.client.settings.minimum_acr.as_str();
        let refusal = BearerError::InsufficientAuthentication { acr_values };
        return Ok(refused(provider, &token.client, refusal).await);
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

/// The answer where a live token is not for this: its client can look it up.
async fn refused(provider: &Provider, client: &Client, refusal: BearerError) -> HttpResponse {
    if let Some((error, description)) = refusal.told() {
        let client_id = Some(client.id.as_str());
        note(provider, client_id, "/userinfo", error, description).await;
    }
    refusal.respond()
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
