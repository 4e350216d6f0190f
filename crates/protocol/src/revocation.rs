//! `/revoke`: a client gives a token up (RFC 7009).

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use model::secret::SecretKind;
use model::{ClientId, Secret, SecretDigest};
use serde_json::Value;
use storage::{StorageError, Tx, access_tokens, refresh_tokens, revoked_jwts};

use crate::access_token::JwtAccessToken;
use crate::answer::unkept;
use crate::cors::open_to_any_origin;
use crate::form::Form;
use crate::jws::TokenType;
use crate::oauth_error::{Failure, OAuthError};
use crate::provider::Provider;
use crate::token::client_authentication::{Credentials, authenticate, refuse};

/// A revocation request (RFC 7009 §2.1). `token_type_hint` is not needed: a token shows what it
/// is.
struct RevocationRequest {
    credentials: Credentials,
    token: Secret<String>,
}

impl RevocationRequest {
    fn parse(http: &HttpRequest, body: &[u8]) -> Result<Self, OAuthError> {
        let form = Form::read(http, body)?;
        form.optional("token_type_hint")?;
        Ok(Self {
            credentials: Credentials::parse(http, &form)?,
            token: Secret::new(form.required("token")?.to_owned()),
        })
    }
}

/// What a presented token turned out to be.
enum Revocable {
    Opaque(SecretDigest),
    Jwt(JwtAccessToken),
    Refresh(SecretDigest),
    /// Nothing of ours, or expired: there is nothing to revoke (RFC 7009 §2.2).
    Nothing,
}

/// `POST /revoke`.
pub async fn revoke(provider: Data<Provider>, http: HttpRequest, body: Bytes) -> HttpResponse {
    let answered = match RevocationRequest::parse(&http, &body) {
        Ok(request) => answer(&provider, request).await,
        Err(refusal) => Err(refusal.into()),
    };
    open_to_any_origin(match answered {
        Ok(()) => unkept(StatusCode::OK, "text/plain; charset=utf-8", Vec::new()),
        Err(Failure::Refused(refusal)) => {
            refuse(&provider, "/revoke", (&http, &*body), &refusal).await
        }
        Err(failure) => failure.respond(&provider),
    })
}

async fn answer(provider: &Provider, request: RevocationRequest) -> Result<(), Failure> {
    let authenticated = authenticate(provider, request.credentials).await?;
    let token = recognise(provider, request.token.reveal());
    let write = provider.store.write(move |tx| {
        if let Err(refusal) = authenticated.use_up(tx)? {
            return Ok(Err(refusal));
        }
        match token {
            Ok(token) => take_back(tx, &token, &authenticated.client.id).map(Ok),
            Err(refusal) => Ok(Err(refusal)),
        }
    });
    Ok(write.await??)
}

fn recognise(provider: &Provider, token: &str) -> Result<Revocable, OAuthError> {
    if let Some(digest) = SecretKind::AccessToken.digest(token) {
        return Ok(Revocable::Opaque(digest));
    }
    if let Some(digest) = SecretKind::RefreshToken.digest(token) {
        return Ok(Revocable::Refresh(digest));
    }
    let now = provider.store.clock().now();
    let keys = provider.keys.current();
    if let Some(jwt) = JwtAccessToken::verify(token, &keys, provider.issuer.as_str(), now) {
        return Ok(Revocable::Jwt(jwt));
    }
    let is_id_token = keys.verify::<Value>(token, TokenType::Jwt).is_ok();
    if is_id_token || SecretKind::AuthorizationCode.digest(token).is_some() {
        return Err(OAuthError::UnsupportedTokenType);
    }
    Ok(Revocable::Nothing)
}

/// Revokes a token if it is the client's; another client's stays as it is, and nobody is told.
fn take_back(tx: &mut Tx<'_>, token: &Revocable, client_id: &ClientId) -> Result<(), StorageError> {
    match token {
        Revocable::Opaque(digest) => access_tokens::revoke(tx, digest, client_id).map(drop),
        Revocable::Refresh(digest) => refresh_tokens::revoke(tx, digest, client_id).map(drop),
        Revocable::Jwt(jwt) if jwt.client_id == *client_id => {
            revoked_jwts::insert(tx, &jwt.jti, jwt.expires_at)
        }
        Revocable::Jwt(_) | Revocable::Nothing => Ok(()),
    }
}

#[cfg(test)]
mod tests;
