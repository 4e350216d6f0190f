//! A refresh token becomes its successor and new tokens (RFC 6749 §6, RFC 9700 §4.14.2); that of a
//! sender-constrained client stays (RFC 9449 §5).

use std::sync::Arc;

use model::authorization_code::Grant;
use model::event::{Event, EventKind};
use model::keyring::Purpose;
use model::secret::SecretKind;
use model::{Client, Keyring, ScopeSet, Secret, SecretDigest};
use storage::refresh_tokens::{self, NewRefreshToken, Redemption};
use storage::{StorageError, Tx, events};

use crate::access_token::{Access, NewAccessToken};
use crate::dpop::{VerifiedProof, use_up};
use crate::oauth_error::{Failure, OAuthError, Outcome};
use crate::provider::{Lifetimes, Provider};
use crate::token::client_authentication::Authenticated;
use crate::token::key_of_refresh_token;
use crate::token::request::RefreshRequest;
use crate::token::response::{Granted, TokenResponse};

/// A refresh token that is presented, and what follows from it.
struct Presented {
    token: Secret<String>,
    digest: SecretDigest,
    /// The successors that it can have, one for each key, and their digests; the first is the one
    /// to issue.
    successors: Vec<(Secret<String>, SecretDigest)>,
    /// How much of the grant's scope is wanted; all of it when `None`.
    scope: Option<ScopeSet>,
    proof: Option<VerifiedProof>,
    access_token: NewAccessToken,
}

pub(super) async fn exchange(
    provider: &Provider,
    authenticated: Authenticated,
    request: RefreshRequest,
    proof: Option<VerifiedProof>,
) -> Result<TokenResponse, Failure> {
    let client = Arc::clone(&authenticated.client);
    let lifetimes = provider.lifetimes;
    let token = request.token.reveal();
    let Some(digest) = SecretKind::RefreshToken.digest(token) else {
        authenticated.used_up_alone(provider).await?;
        return Err(OAuthError::UnknownRefreshToken.into());
    };
    let presented = Presented {
        digest,
        successors: successors(&provider.keyring, token),
        token: request.token,
        scope: request.scope,
        proof,
        access_token: NewAccessToken::draw(&client, &*provider.entropy),
    };
    let write = provider
        .store
        .write(move |tx| redeem(tx, &authenticated, presented, lifetimes));
    let granted = write.await??;
    TokenResponse::of_grant(provider, &client, granted).await
}

/// A successor is derived from its predecessor, so that it can be issued again to whoever lost
/// the answer, without being stored.
fn successors(keyring: &Keyring, token: &str) -> Vec<(Secret<String>, SecretDigest)> {
    keyring
        .derive(Purpose::RefreshSuccessor, &[token.as_bytes()])
        .map(|bytes| SecretKind::RefreshToken.wrap(&bytes))
        .map(|successor| {
            let digest = SecretDigest::of(successor.reveal());
            (successor, digest)
        })
        .collect()
}

fn redeem(
    tx: &mut Tx<'_>,
    authenticated: &Authenticated,
    presented: Presented,
    lifetimes: Lifetimes,
) -> Outcome<Granted> {
    if let Err(refusal) = authenticated.use_up(tx)? {
        return Ok(Err(refusal));
    }
    let client = &authenticated.client;
    let (grant, next) = match prolong(tx, client, &presented, lifetimes)? {
        Some(grant) => (grant, presented.token.clone()),
        None => match rotate(tx, client, &presented, lifetimes)? {
            Ok(rotated) => rotated,
            Err(refusal) => return Ok(Err(refusal)),
        },
    };
    if !client.accepts(grant.authentication.acr) {
        return Ok(Err(OAuthError::TooWeak));
    }
    // Only now: the next token stands, so that a client that asked for too much can ask again.
    let asked = match &presented.scope {
        Some(scope) if !scope.is_subset(&grant.scope) => {
            return Ok(Err(OAuthError::ScopeBeyondGrant));
        }
        Some(scope) => scope,
        None => &grant.scope,
    };
    // What was taken from its registration since is in no new token.
    let scope = asked.intersection(&client.settings.scope);
    if let Err(refusal) = use_up(tx, presented.proof.as_ref())? {
        return Ok(Err(refusal));
    }
    let now = tx.now();
    let access = Access {
        client,
        grant: Some(&grant),
        scope: &scope,
        jkt: presented.proof.as_ref().map(|proof| &proof.jkt),
        issued_at: now,
        expires_at: now.plus(lifetimes.access_token),
    };
    presented.access_token.store(tx, access)?;
    Ok(Ok(Granted {
        grant,
        scope,
        nonce: None,
        access_token: presented.access_token,
        jkt: presented.proof.map(|proof| proof.jkt),
        refresh_token: Some(next),
        issued_at: now,
    }))
}

/// What the token prolongs, if it is not replaced: nobody else can use it, and a client that lost
/// an answer needs no other.
fn prolong(
    tx: &mut Tx<'_>,
    client: &Client,
    presented: &Presented,
    lifetimes: Lifetimes,
) -> Result<Option<Box<Grant>>, StorageError> {
    let constrained = client.is_public() || client.settings.dpop_bound_access_tokens;
    let Some(proof) = presented.proof.as_ref().filter(|_| constrained) else {
        return Ok(None);
    };
    let jkt = key_of_refresh_token(client, Some(proof));
    let until = tx.now().plus(lifetimes.refresh_idle);
    let grant = refresh_tokens::prolong(tx, &presented.digest, &client.id, jkt, until)?;
    Ok(grant.map(Box::new))
}

/// Spends the token and gives what it prolongs, with its successor.
fn rotate(
    tx: &mut Tx<'_>,
    client: &Client,
    presented: &Presented,
    lifetimes: Lifetimes,
) -> Outcome<(Box<Grant>, Secret<String>)> {
    let digests: Vec<SecretDigest> = presented.successors.iter().map(|(_, it)| *it).collect();
    let proof = presented.proof.as_ref();
    let proven = proof.map(|proof| &proof.jkt);
    Ok(
        match refresh_tokens::redeem(tx, &presented.digest, &client.id, proven, &digests)? {
            Redemption::First { grant, ends_at } => {
                // A keyring has at least one key.
                let Some((successor, digest)) = presented.successors.first() else {
                    return Ok(Err(OAuthError::UnknownRefreshToken));
                };
                let token = NewRefreshToken {
                    digest: *digest,
                    grant_id: &grant.id,
                    client_id: &client.id,
                    jkt: key_of_refresh_token(client, proof),
                    expires_at: tx.now().plus(lifetimes.refresh_idle),
                    ends_at,
                };
                refresh_tokens::insert(tx, &token)?;
                Ok((grant, successor.clone()))
            }
            Redemption::SuccessorUnused { grant, successor } => presented
                .successors
                .iter()
                .find(|(_, digest)| *digest == successor)
                .map(|(successor, _)| (grant, successor.clone()))
                .ok_or(OAuthError::UnknownRefreshToken),
            Redemption::Replayed { grant_id } => {
                let event = Event::of(EventKind::RefreshTokenReplayed)
                    .by_client(client.id.as_str())
                    .about(&grant_id);
                events::insert(tx, &event)?;
                Err(OAuthError::ReplayedRefreshToken)
            }
            Redemption::OtherKey => Err(OAuthError::OtherRefreshKey),
            Redemption::Unknown => Err(OAuthError::UnknownRefreshToken),
        },
    )
}
