//! What a presented access token is good for now.

use std::sync::Arc;

use model::secret::SecretKind;
use model::token::TokenSubject;
use model::{Client, KeyThumbprint, ScopeSet, Timestamp, User};
use storage::{StorageError, Tx, access_tokens, grants, revoked_jwts, users};

use super::JwtAccessToken;
use crate::provider::Provider;

/// An access token that is neither expired nor revoked, of a client that is not switched off.
pub(crate) struct LiveToken {
    /// Whose it is.
    pub(crate) client: Arc<Client>,
    /// Whom it speaks for; `None` for `client_credentials`.
    pub(crate) person: Option<SpokenFor>,
    pub(crate) scope: ScopeSet,
    /// What it is for: the resource that the client registered, and we ourselves where the token
    /// is good for userinfo.
    pub(crate) audience: Vec<String>,
    /// Its name, if it is a JWT.
    pub(crate) jti: Option<String>,
    /// The key that it is bound to, if any.
    pub(crate) jkt: Option<KeyThumbprint>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// The person that a token speaks for.
pub(crate) struct SpokenFor {
    /// Their account.
    pub(crate) user: User,
    /// How they signed in, and what of them was asked for by name.
    pub(crate) subject: TokenSubject,
}

/// Looks a presented token up; `None` when it is worth nothing.
pub(crate) async fn find_live(
    provider: &Provider,
    presented: &str,
) -> Result<Option<LiveToken>, StorageError> {
    if let Some(digest) = SecretKind::AccessToken.digest(presented) {
        let found = provider
            .store
            .read(move |tx| access_tokens::find(tx, &digest));
        let Some((token, user)) = found.await? else {
            return Ok(None);
        };
        let client = provider.clients.find(token.client_id.as_str()).await?;
        return Ok(client.map(|client| LiveToken {
            audience: client.settings.resource.iter().cloned().collect(),
            client,
            person: user
                .zip(token.subject)
                .map(|(user, subject)| SpokenFor { user, subject }),
            scope: token.scope,
            jti: None,
            jkt: token.jkt,
            issued_at: token.issued_at,
            expires_at: token.expires_at,
        }));
    }
    let now = provider.store.clock().now();
    let keys = provider.keys.current();
    match JwtAccessToken::verify(presented, &keys, provider.issuer.as_str(), now) {
        Some(jwt) => find_live_jwt(provider, jwt).await,
        None => Ok(None),
    }
}

async fn find_live_jwt(
    provider: &Provider,
    jwt: JwtAccessToken,
) -> Result<Option<LiveToken>, StorageError> {
    let Some(client) = provider.clients.find(jwt.client_id.as_str()).await? else {
        return Ok(None);
    };
    let read = provider
        .store
        .read(move |tx| Ok((standing(tx, &jwt)?, jwt)));
    let (standing, jwt) = read.await?;
    let person = match standing {
        Standing::Revoked => return Ok(None),
        Standing::OfClient => None,
        Standing::OfPerson(person) => Some(*person),
    };
    Ok(Some(LiveToken {
        client,
        person,
        scope: jwt.scope,
        audience: jwt.audience,
        jti: Some(jwt.jti),
        jkt: jwt.jkt,
        issued_at: jwt.issued_at,
        expires_at: jwt.expires_at,
    }))
}

/// What the database says of a JWT that is good by itself.
enum Standing {
    /// It, or the grant that it comes from, was revoked.
    Revoked,
    /// It speaks for its client alone.
    OfClient,
    /// It speaks for a person.
    OfPerson(Box<SpokenFor>),
}

fn standing(tx: &mut Tx<'_>, jwt: &JwtAccessToken) -> Result<Standing, StorageError> {
    if revoked_jwts::contains(tx, &jwt.jti)? {
        return Ok(Standing::Revoked);
    }
    let Some(grant_id) = jwt.grant_id() else {
        return Ok(Standing::OfClient);
    };
    let Some(grant) = grants::find(tx, grant_id)? else {
        return Ok(Standing::Revoked);
    };
    let Some(user) = users::find(tx, &grant.authentication.user_id)? else {
        return Ok(Standing::Revoked);
    };
    let subject = TokenSubject {
        grant_id: grant.id,
        authentication: grant.authentication,
        sid: grant.sid,
        claims: grant.claims,
    };
    Ok(Standing::OfPerson(Box::new(SpokenFor { user, subject })))
}
