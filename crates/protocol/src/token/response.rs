//! The tokens, as the client gets them (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::authorization_code::Grant;
use model::{Client, KeyThumbprint, ScopeSet, Secret, Timestamp};
use serde::Serialize;

use crate::access_token::{Access, NewAccessToken, token_type};
use crate::answer::unkept_json;
use crate::claims::PersonalScope;
use crate::id_token::{self, IdToken};
use crate::oauth_error::Failure;
use crate::provider::Provider;

/// A good answer of the token endpoint.
#[derive(Serialize)]
pub(crate) struct TokenResponse {
    access_token: Secret<String>,
    token_type: &'static str,
    /// In seconds.
    expires_in: u64,
    /// Left out when there is nothing in it, because an empty scope cannot be written
    /// (RFC 6749 §3.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Secret<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

/// What a redeemed code or refresh token gives, once its unit of work has committed.
pub(super) struct Granted {
    pub(super) grant: Box<Grant>,
    /// What the access token is for: the grant's scope, or less.
    pub(super) scope: ScopeSet,
    pub(super) nonce: Option<String>,
    pub(super) access_token: NewAccessToken,
    /// The key that the access token is bound to, if any.
    pub(super) jkt: Option<KeyThumbprint>,
    pub(super) refresh_token: Option<Secret<String>>,
    pub(super) issued_at: Timestamp,
}

impl TokenResponse {
    /// Looks up what its ID token tells, and signs what has to be signed.
    pub(super) async fn of_grant(
        provider: &Provider,
        client: &Client,
        granted: Granted,
    ) -> Result<Self, Failure> {
        // The claims of the scopes are told at userinfo.
        let scope = ScopeSet::default();
        let told = id_token::told_of(provider, client, &granted.grant, &scope).await?;
        let access = Access {
            client,
            grant: Some(&granted.grant),
            scope: &granted.scope,
            jkt: granted.jkt.as_ref(),
            issued_at: granted.issued_at,
            expires_at: granted.issued_at.plus(provider.lifetimes.access_token),
        };
        let access_token = granted.access_token.finish(provider, access)?;
        let id_token = IdToken {
            client,
            grant: &granted.grant,
            nonce: granted.nonce.as_deref(),
            access_token: Some(access_token.reveal()),
            code: None,
            told,
            issued_at: granted.issued_at,
        };
        let id_token = PersonalScope::OpenId
            .is_in(&granted.scope)
            .then(|| id_token.sign(provider))
            .transpose()?;
        let lifetime = provider.lifetimes.access_token;
        let response = Self::of_access_token(access_token, access, lifetime);
        Ok(Self {
            refresh_token: granted.refresh_token,
            id_token,
            ..response
        })
    }

    /// An access token and nothing else.
    pub(super) fn of_access_token(
        access_token: Secret<String>,
        access: Access<'_>,
        lifetime: Duration,
    ) -> Self {
        Self {
            access_token,
            token_type: token_type(access.jkt),
            expires_in: lifetime.as_secs(),
            scope: (!access.scope.is_empty()).then(|| access.scope.to_string()),
            refresh_token: None,
            id_token: None,
        }
    }

    pub(super) fn respond(&self) -> HttpResponse {
        unkept_json(StatusCode::OK, self)
    }
}
