//! Security event tokens (RFC 8417), pushed to the clients they are for (RFC 8935).
//!
//! [`storage::security_events`] queues an event in the unit of work that causes it. The server's
//! job claims the message, calls [`push`], and completes or postpones it.

use std::collections::BTreeMap;

use model::Client;
use model::security_event::{Happening, SecurityEvent};
use reqwest::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};
use storage::StorageError;
use storage::outbox::OutboxMessage;

use crate::issuer::Issuer;
use crate::jws::TokenType;
use crate::keys::SignError;
use crate::outbound::OutboundError;
use crate::provider::Provider;
use crate::waiting_message::{self, Unreadable};

/// The claims of a security event token (RFC 8417 §2.2). There is no `sub` and no `exp`, so that
/// it cannot pass for an ID token (§4.5, §4.6).
#[derive(Serialize)]
struct EventClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    /// When it happened; the same at every try, as the whole token is.
    iat: i64,
    jti: &'a str,
    sub_id: SubjectId<'a>,
    events: BTreeMap<String, Value>,
}

/// A person by issuer and subject (RFC 9493 §3.2.3).
#[derive(Serialize)]
struct SubjectId<'a> {
    format: &'static str,
    iss: &'a str,
    sub: &'a str,
}

/// Why an event was not taken. Its text names no person.
#[derive(Debug, thiserror::Error)]
pub enum NotPushed {
    /// This program cannot read the message: another node may.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The client is gone, switched off, or takes no events any more.
    #[error("the client takes no events")]
    NotWanted,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It could not be signed.
    #[error(transparent)]
    Unsigned(#[from] SignError),
    /// The client's event endpoint gave no answer.
    #[error("the client's event_endpoint gave no answer: {0}")]
    NoAnswer(#[from] OutboundError),
    /// The answer was not 202 (RFC 8935 §2.2).
    #[error("the client's event_endpoint answered with status {0}")]
    Refused(u16),
}

impl NotPushed {
    /// Whether no later try can do better, so that the event has to be given up.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::NotWanted)
    }
}

/// Opens a claimed message, signs its event and pushes it. The message's id is the event's `jti`,
/// so that an event that is pushed twice can be told.
///
/// # Errors
///
/// [`NotPushed`] says why, and whether to try again.
pub async fn push(provider: &Provider, message: &OutboxMessage) -> Result<(), NotPushed> {
    let event: SecurityEvent = waiting_message::open(&provider.keyring, message)?;
    let client = provider.clients.find(event.client_id.as_str()).await?;
    let client = client.ok_or(NotPushed::NotWanted)?;
    let settings = &client.settings;
    let endpoint = settings
        .event_endpoint
        .as_ref()
        .ok_or(NotPushed::NotWanted)?;
    let token = sign(provider, &client, &event, &message.id)?;
    let answer = provider
        .outbound
        .post(endpoint, "application/secevent+jwt", token)
        .await?;
    match answer.status() {
        StatusCode::ACCEPTED => Ok(()),
        status => Err(NotPushed::Refused(status.as_u16())),
    }
}

/// In the algorithm that the client registered for its ID tokens.
fn sign(
    provider: &Provider,
    client: &Client,
    event: &SecurityEvent,
    jti: &str,
) -> Result<String, SignError> {
    let issuer = &provider.issuer;
    let claims = EventClaims {
        iss: issuer.as_str(),
        aud: client.id.as_str(),
        iat: event.at.seconds(),
        jti,
        sub_id: SubjectId {
            format: "iss_sub",
            iss: issuer.as_str(),
            sub: &provider.subjects.of(client, &event.user_id),
        },
        events: BTreeMap::from([described(issuer, event.happening)]),
    };
    let algorithm = client.settings.id_token_signed_response_alg;
    provider
        .keys
        .current()
        .sign(algorithm, TokenType::SecurityEvent, &claims)
}

/// The name of what happened, a URI of the issuer's, and what there is to say of it.
fn described(issuer: &Issuer, happening: Happening) -> (String, Value) {
    match happening {
        Happening::TrnLookupStatusChanged { status } => (
            issuer.url("/events/trn-lookup-status-changed"),
            json!({ "trn_lookup_status": status }),
        ),
    }
}

#[cfg(test)]
mod tests;
