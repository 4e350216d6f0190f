//! `/token`: codes, refresh tokens and client credentials become tokens (RFC 6749 §3.2).
//!
//! A request is parsed, its client authenticated, and the grant it brings redeemed in one unit of
//! work; what has to be signed is signed after that.

mod authorization_code;
pub(crate) mod client_authentication;
mod client_credentials;
mod refresh_token;
pub(crate) mod request;
mod response;

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use model::{Client, KeyThumbprint};

use crate::cors::open_to_any_origin;
use crate::dpop::{self, InvalidProof, VerifiedProof};
use crate::oauth_error::{Failure, OAuthError};
use crate::provider::Provider;
use crate::token::client_authentication::{authenticate, refuse};
use crate::token::request::{GrantRequest, TokenRequest};
use crate::token::response::TokenResponse;

/// `POST /token`.
pub async fn token(provider: Data<Provider>, http: HttpRequest, body: Bytes) -> HttpResponse {
    let request = TokenRequest::parse(&http, &body).map_err(Failure::from);
    let exchanged = match request {
        Ok(request) => exchange(&provider, request).await,
        Err(refusal) => Err(refusal),
    };
    open_to_any_origin(match exchanged {
        Ok(tokens) => tokens.respond(),
        Err(Failure::Refused(refusal)) => {
            refuse(&provider, "/token", (&http, &*body), &refusal).await
        }
        Err(failure) => failure.respond(&provider),
    })
}

async fn exchange(provider: &Provider, request: TokenRequest) -> Result<TokenResponse, Failure> {
    let authenticated = authenticate(provider, request.credentials).await?;
    let client = &authenticated.client;
    if !client.may_use(request.grant.grant_type()) {
        return Err(OAuthError::GrantTypeNotAllowed.into());
    }
    if request.resource.is_some() && request.resource != client.settings.resource {
        return Err(OAuthError::OtherResource.into());
    }
    let proof = proof_of(provider, client, request.proof.as_deref())?;
    match request.grant {
        GrantRequest::AuthorizationCode(code) => {
            authorization_code::exchange(provider, authenticated, code, proof).await
        }
        GrantRequest::RefreshToken(token) => {
            refresh_token::exchange(provider, authenticated, token, proof).await
        }
        GrantRequest::ClientCredentials { scope } => {
            client_credentials::exchange(provider, authenticated, scope, proof).await
        }
    }
}

/// The proof of the key that the access token is to be bound to (RFC 9449 §5), for clients that
/// send one and those that have to.
fn proof_of(
    provider: &Provider,
    client: &Client,
    proof: Option<&str>,
) -> Result<Option<VerifiedProof>, OAuthError> {
    let Some(proof) = proof else {
        return if client.settings.dpop_bound_access_tokens {
            Err(InvalidProof::Missing.into())
        } else {
            Ok(None)
        };
    };
    Ok(Some(dpop::verify_posted(provider, "/token", proof)?))
}

/// The key that a refresh token is bound to: that of a public client. Others authenticate, and may
/// go on with another key (RFC 9449 §5).
fn key_of_refresh_token<'a>(
    client: &Client,
    proof: Option<&'a VerifiedProof>,
) -> Option<&'a KeyThumbprint> {
    proof.filter(|_| client.is_public()).map(|proof| &proof.jkt)
}

#[cfg(test)]
mod tests;
