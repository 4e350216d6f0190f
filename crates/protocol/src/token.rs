//! `/token`: codes, refresh tokens and client credentials become tokens (RFC 6749 §3.2).
//!
//! A request is parsed, its client authenticated, and the grant it brings redeemed in one unit of
//! work; what has to be signed is signed after that.

mod authorization_code;
pub(crate) mod client_authentication;
mod client_credentials;
mod refresh_token;
mod request;
mod response;

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};

use crate::cors::open_to_any_origin;
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
    match request.grant {
        GrantRequest::AuthorizationCode(code) => {
            authorization_code::exchange(provider, authenticated, code).await
        }
        GrantRequest::RefreshToken(token) => {
            refresh_token::exchange(provider, authenticated, token).await
        }
        GrantRequest::ClientCredentials { scope } => {
            client_credentials::exchange(provider, authenticated, scope).await
        }
    }
}

#[cfg(test)]
mod tests;
