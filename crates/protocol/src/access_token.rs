//! Access tokens: opaque ones that stand in the database, and JWTs (RFC 9068) for clients that
//! registered a `resource`.
//!
//! The token endpoint mints them; userinfo and introspection ask [`live`] what one is good for.

mod jwt;
mod live;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::authorization_code::Grant;
use model::secret::SecretKind;
use model::{Client, Entropy, KeyThumbprint, ScopeSet, Secret, SecretDigest, Timestamp};
use serde::{Deserialize, Serialize};
use storage::{StorageError, Tx, access_tokens};

use crate::keys::SignError;
use crate::provider::Provider;

pub(crate) use jwt::JwtAccessToken;
pub(crate) use live::{LiveToken, SpokenFor, find_live};

/// An access token before it is issued. It is drawn outside the unit of work that stores it and
/// signed after that, so that the database waits for neither.
pub(crate) enum NewAccessToken {
    /// Random; its digest is stored.
    Opaque {
        /// The token.
        token: Secret<String>,
        /// What is stored of it.
        digest: SecretDigest,
    },
    /// Signed; nothing is stored.
    Jwt {
        /// The random part of its `jti`: 128 bits.
        random: String,
    },
}

/// What an access token is good for.
#[derive(Clone, Copy)]
pub(crate) struct Access<'a> {
    /// Whose it is.
    pub(crate) client: &'a Client,
    /// What it comes from; `None` for `client_credentials`.
    pub(crate) grant: Option<&'a Grant>,
    /// What for.
    pub(crate) scope: &'a ScopeSet,
    /// The key that it is bound to, if any.
    pub(crate) jkt: Option<&'a KeyThumbprint>,
    /// From when.
    pub(crate) issued_at: Timestamp,
    /// Until when.
    pub(crate) expires_at: Timestamp,
}

/// What a token that is bound to a key says of it: the claim `cnf` (RFC 7800 §3.1, RFC 9449 §6).
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Confirmation {
    /// The key.
    pub(crate) jkt: KeyThumbprint,
}

impl Confirmation {
    /// What is said of a token that may be bound to a key.
    pub(crate) fn of(jkt: Option<&KeyThumbprint>) -> Option<Self> {
        jkt.cloned().map(|jkt| Self { jkt })
    }
}

/// How an access token has to be presented: its `token_type` (RFC 6749 §7.1, RFC 9449 §5).
pub(crate) const fn token_type(jkt: Option<&KeyThumbprint>) -> &'static str {
    match jkt {
        Some(_) => "DPoP",
        None => "Bearer",
    }
}

impl NewAccessToken {
    /// Draws a token of the kind that the client gets.
    pub(crate) fn draw(client: &Client, entropy: &dyn Entropy) -> Self {
        if client.settings.resource.is_some() {
            let mut random = [0; 16];
            entropy.fill(&mut random);
            let random = URL_SAFE_NO_PAD.encode(random);
            return Self::Jwt { random };
        }
        let token = SecretKind::AccessToken.mint(entropy);
        let digest = SecretDigest::of(token.reveal());
        Self::Opaque { token, digest }
    }

    /// Stores what has to be stored of it.
    pub(crate) fn store(&self, tx: &mut Tx<'_>, access: Access<'_>) -> Result<(), StorageError> {
        let Self::Opaque { digest, .. } = self else {
            return Ok(());
        };
        let token = access_tokens::NewAccessToken {
            digest: *digest,
            grant_id: access.grant.map(|grant| grant.id.as_str()),
            client_id: &access.client.id,
            scope: access.scope.to_string(),
            jkt: access.jkt,
            expires_at: access.expires_at,
        };
        access_tokens::insert(tx, &token)
    }

    /// The token as the client gets it.
    pub(crate) fn finish(
        self,
        provider: &Provider,
        access: Access<'_>,
    ) -> Result<Secret<String>, SignError> {
        match self {
            Self::Opaque { token, .. } => Ok(token),
            Self::Jwt { random } => jwt::sign(provider, access, &random).map(Secret::new),
        }
    }
}
