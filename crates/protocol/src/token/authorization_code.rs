//! A code becomes tokens (RFC 6749 §4.1.3, OpenID Connect Core §3.1.3).

use std::sync::Arc;

use model::authorization_code::{AuthorizationCode, Grant};
use model::client::GrantType;
use model::event::{Event, EventKind};
use model::secret::SecretKind;
use model::{Client, Secret, SecretDigest};
use storage::authorization_codes::{self, Redemption};
use storage::refresh_tokens::{self, NewRefreshToken};
use storage::{Tx, events, grants};

use crate::access_token::{Access, NewAccessToken};
use crate::claims::PersonalScope;
use crate::dpop::{VerifiedProof, use_up};
use crate::oauth_error::{Failure, OAuthError, Outcome};
use crate::pkce;
use crate::provider::{Lifetimes, Provider};
use crate::token::client_authentication::Authenticated;
use crate::token::key_of_refresh_token;
use crate::token::request::CodeRequest;
use crate::token::response::{Granted, TokenResponse};

/// What is drawn before the unit of work, so that the database does not wait for it.
struct Drawn {
    access_token: NewAccessToken,
    /// For clients that may use one.
    refresh_token: Option<Secret<String>>,
}

pub(super) async fn exchange(
    provider: &Provider,
    authenticated: Authenticated,
    request: CodeRequest,
    proof: Option<VerifiedProof>,
) -> Result<TokenResponse, Failure> {
    let client = Arc::clone(&authenticated.client);
    let lifetimes = provider.lifetimes;
    let drawn = Drawn {
        access_token: NewAccessToken::draw(&client, &*provider.entropy),
        refresh_token: client
            .may_use(GrantType::RefreshToken)
            .then(|| SecretKind::RefreshToken.mint(&*provider.entropy)),
    };
    let write = provider
        .store
        .write(move |tx| redeem(tx, &authenticated, &request, proof, drawn, lifetimes));
    let granted = write.await??;
    TokenResponse::of_grant(provider, &client, granted).await
}

/// Redeems the code. A refusal commits: a code that came with a wrong verifier stays burnt, and a
/// replay's revocation stays done.
fn redeem(
    tx: &mut Tx<'_>,
    authenticated: &Authenticated,
    request: &CodeRequest,
    proof: Option<VerifiedProof>,
    drawn: Drawn,
    lifetimes: Lifetimes,
) -> Outcome<Granted> {
    if let Err(refusal) = authenticated.use_up(tx)? {
        return Ok(Err(refusal));
    }
    let client = &authenticated.client;
    let code = match take(tx, client, request.code.as_ref())? {
        Ok(code) => code,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Err(refusal) = check(&code, request, proof.as_ref()) {
        return Ok(Err(refusal));
    }
    // The setting may have been raised since the code was issued.
    if !client.accepts(code.grant.authentication.acr) {
        return Ok(Err(OAuthError::TooWeak));
    }
    if let Err(refusal) = use_up(tx, proof.as_ref())? {
        return Ok(Err(refusal));
    }
    issue(tx, client, code, proof, drawn, lifetimes)
}

fn take(
    tx: &mut Tx<'_>,
    client: &Client,
    code: Option<&SecretDigest>,
) -> Outcome<AuthorizationCode> {
    let Some(code) = code else {
        return Ok(Err(OAuthError::UnknownCode));
    };
    Ok(match authorization_codes::redeem(tx, code, &client.id)? {
        Redemption::First(code) => Ok(*code),
        Redemption::Replayed { grant_id } => {
            let event = Event::of(EventKind::AuthorizationCodeReplayed)
                .by_client(client.id.as_str())
                .about(&grant_id);
            events::insert(tx, &event)?;
            Err(OAuthError::ReplayedCode)
        }
        Redemption::Expired => Err(OAuthError::ExpiredCode),
        Redemption::Unknown => Err(OAuthError::UnknownCode),
    })
}

/// Whether whoever brings the code is who asked for it (RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 9449
/// §10).
fn check(
    code: &AuthorizationCode,
    request: &CodeRequest,
    proof: Option<&VerifiedProof>,
) -> Result<(), OAuthError> {
    if code.redirect_uri != request.redirect_uri {
        return Err(OAuthError::OtherRedirectUri);
    }
    if code.dpop_jkt.is_some() && code.dpop_jkt.as_ref() != proof.map(|proof| &proof.jkt) {
        return Err(OAuthError::OtherCodeKey);
    }
    match (&code.code_challenge, &request.code_verifier) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(OAuthError::NoVerifier),
        // Refused, so that nobody can inject a code of a request without challenge (RFC 9700 §4.8.2).
        (None, Some(_)) => Err(OAuthError::UnexpectedVerifier),
        (Some(challenge), Some(verifier)) => pkce::verifier_matches(challenge, verifier.reveal())
            .then_some(())
            .ok_or(OAuthError::WrongVerifier),
    }
}

fn issue(
    tx: &mut Tx<'_>,
    client: &Client,
    code: AuthorizationCode,
    proof: Option<VerifiedProof>,
    drawn: Drawn,
    lifetimes: Lifetimes,
) -> Outcome<Granted> {
    let now = tx.now();
    let grant = code.grant;
    let access_ends = now.plus(lifetimes.access_token);
    let chain_ends = now.plus(lifetimes.refresh_absolute);
    let refresh_token = drawn
        .refresh_token
        .filter(|_| is_to_be_prolonged(client, &grant));

    let grant_ends = match refresh_token {
        Some(_) => chain_ends.plus(lifetimes.access_token),
        None => access_ends,
    };
    if !grants::insert_or_prolong(tx, &grant, grant_ends)? {
        return Ok(Err(OAuthError::ExpiredCode));
    }
    let access = Access {
        client,
        grant: Some(&grant),
        scope: &grant.scope,
        jkt: proof.as_ref().map(|proof| &proof.jkt),
        issued_at: now,
        expires_at: access_ends,
    };
    drawn.access_token.store(tx, access)?;
    if let Some(refresh_token) = &refresh_token {
        let token = NewRefreshToken {
            digest: SecretDigest::of(refresh_token.reveal()),
            grant_id: &grant.id,
            client_id: &client.id,
            jkt: key_of_refresh_token(client, proof.as_ref()),
            expires_at: now.plus(lifetimes.refresh_idle),
            ends_at: chain_ends,
        };
        refresh_tokens::insert(tx, &token)?;
    }
    Ok(Ok(Granted {
        scope: grant.scope.clone(),
        grant: Box::new(grant),
        nonce: code.nonce,
        access_token: drawn.access_token,
        jkt: proof.map(|proof| proof.jkt),
        refresh_token,
        issued_at: now,
    }))
}

/// Whether a refresh token goes with the grant: the person agreed to `offline_access`, or the
/// client is set so.
fn is_to_be_prolonged(client: &Client, grant: &Grant) -> bool {
    client.settings.always_refresh_token || PersonalScope::OfflineAccess.is_in(&grant.scope)
}
