//! Logout tokens: telling clients that a session is over, without the browser (OpenID Connect
//! Back-Channel Logout 1.0).
//!
//! [`storage::backchannel_logouts`] queues them in the unit of work that ends the session. The
//! server claims the messages as soon as that is committed, calls [`tell`] for each, and completes
//! or postpones them.

use std::time::Duration;

use model::Client;
use model::session_end::SessionEnd;
use reqwest::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use storage::StorageError;
use storage::outbox::OutboxMessage;

use crate::jws::TokenType;
use crate::keys::SignError;
use crate::outbound::{Outbound, OutboundError};
use crate::provider::Provider;
use crate::waiting_message::{self, Unreadable};

/// How long a client may take to answer.
const TIME_LIMIT: Duration = Duration::from_secs(2);

/// How long a logout token is good for: it is signed anew at every try (§2.4 recommends two
/// minutes at most).
const LIFETIME: Duration = Duration::from_mins(2);

/// The claims of a logout token (§2.4). Its `typ`, the missing `nonce` and `events` keep it from
/// passing for an ID token.
#[derive(Serialize)]
struct LogoutClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    events: Events,
    sid: &'a str,
}

/// What happened.
#[derive(Default, Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Map<String, Value>,
}

/// Why a client was not told. Its text names no person.
#[derive(Debug, thiserror::Error)]
pub enum NotTold {
    /// This program cannot read the message: another node may.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The client is gone, switched off, or does not want to know any more.
    #[error("the client wants no logout tokens")]
    NotWanted,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It could not be signed.
    #[error(transparent)]
    Unsigned(#[from] SignError),
    /// The client gave no answer.
    #[error("the client's backchannel_logout_uri gave no answer: {0}")]
    NoAnswer(#[from] OutboundError),
    /// The client says that it cannot do it (§2.8).
    #[error("the client's backchannel_logout_uri refused the logout token with status 400")]
    Refused,
    /// The client answered with neither 200 nor 204 nor 400.
    #[error("the client's backchannel_logout_uri answered with status {0}")]
    Failed(u16),
}

impl NotTold {
    /// Whether no later try can do better, so that the client has to be given up.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::NotWanted | Self::Refused)
    }
}

/// Opens a claimed message, signs its logout token in the algorithm that the client registered for
/// its ID tokens, and posts it through `outbound`. The message's id is the token's `jti`, so that
/// a client can tell one that comes twice.
///
/// # Errors
///
/// [`NotTold`] says why, and whether to try again.
pub async fn tell(
    provider: &Provider,
    outbound: &Outbound,
    message: &OutboxMessage,
) -> Result<(), NotTold> {
    let end: SessionEnd = waiting_message::open(&provider.keyring, message)?;
    let client = provider.clients.find(end.client_id.as_str()).await?;
    let client = client.ok_or(NotTold::NotWanted)?;
    let uri = client.settings.backchannel_logout_uri.as_ref();
    let uri = uri.ok_or(NotTold::NotWanted)?;
    let token = sign(provider, &client, &end, &message.id)?;
    let form = [("logout_token", token.as_str())];
    let answer = outbound.post_form(uri, &form, TIME_LIMIT).await?;
    match answer.status() {
        StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
        StatusCode::BAD_REQUEST => Err(NotTold::Refused),
        status => Err(NotTold::Failed(status.as_u16())),
    }
}

fn sign(
    provider: &Provider,
    client: &Client,
    end: &SessionEnd,
    jti: &str,
) -> Result<String, SignError> {
    let now = provider.store.clock().now();
    let claims = LogoutClaims {
        iss: provider.issuer.as_str(),
        sub: &provider.subjects.of(client, &end.user_id),
        aud: client.id.as_str(),
        iat: now.seconds(),
        exp: now.plus(LIFETIME).seconds(),
        jti,
        events: Events::default(),
        sid: &end.sid,
    };
    let algorithm = client.settings.id_token_signed_response_alg;
    provider
        .keys
        .current()
        .sign(algorithm, TokenType::Logout, &claims)
}

#[cfg(test)]
mod tests;
