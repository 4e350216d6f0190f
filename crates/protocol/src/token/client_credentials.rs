//! A machine gets an access token of its own (RFC 6749 §4.4).

use model::{Client, ScopeSet};

use crate::access_token::{Access, NewAccessToken};
use crate::claims::PersonalScope;
use crate::dpop::{VerifiedProof, use_up};
use crate::oauth_error::{Failure, OAuthError};
use crate::provider::Provider;
use crate::token::client_authentication::Authenticated;
use crate::token::response::TokenResponse;

/// Issues an access token and nothing else. A JWT needs no write at all, unless the client has an
/// assertion or a proof to use up.
pub(super) async fn exchange(
    provider: &Provider,
    authenticated: Authenticated,
    requested: Option<ScopeSet>,
    proof: Option<VerifiedProof>,
) -> Result<TokenResponse, Failure> {
    let scope = allowed(&authenticated.client, requested)?;
    let lifetime = provider.lifetimes.access_token;
    let token = NewAccessToken::draw(&authenticated.client, &*provider.entropy);
    let jkt = proof.as_ref().map(|proof| proof.jkt.clone());
    let is_unwritten = matches!(token, NewAccessToken::Jwt { .. }) && proof.is_none();
    let (client, token, issued_at) = if is_unwritten {
        let now = provider.store.clock().now();
        (authenticated.used_up_alone(provider).await?, token, now)
    } else {
        let scope = scope.clone();
        let write = provider.store.write(move |tx| {
            if let Err(refusal) = authenticated.use_up(tx)? {
                return Ok(Err(refusal));
            }
            if let Err(refusal) = use_up(tx, proof.as_ref())? {
                return Ok(Err(refusal));
            }
            let now = tx.now();
            let access = Access {
                client: &authenticated.client,
                grant: None,
                scope: &scope,
                jkt: proof.as_ref().map(|proof| &proof.jkt),
                issued_at: now,
                expires_at: now.plus(lifetime),
            };
            token.store(tx, access)?;
            Ok(Ok((authenticated.client, token, now)))
        });
        write.await??
    };
    let access = Access {
        client: &client,
        grant: None,
        scope: &scope,
        jkt: jkt.as_ref(),
        issued_at,
        expires_at: issued_at.plus(lifetime),
    };
    let token = token.finish(provider, access)?;
    Ok(TokenResponse::of_access_token(token, access, lifetime))
}

/// What of the requested scope the client may have: all that it may have when it asks for nothing
/// in particular, and never what speaks of a person.
fn allowed(client: &Client, requested: Option<ScopeSet>) -> Result<ScopeSet, OAuthError> {
    let is_personal = |word: &str| PersonalScope::ALL.iter().any(|it| it.as_str() == word);
    let registered = &client.settings.scope;
    let own: ScopeSet = registered
        .iter()
        .filter(|word| !is_personal(word))
        .collect();
    let Some(requested) = requested else {
        return Ok(own);
    };
    let scope = requested.intersection(&own);
    if scope.is_empty() && !requested.is_empty() {
        return Err(OAuthError::ScopeNotAllowed);
    }
    Ok(scope)
}
