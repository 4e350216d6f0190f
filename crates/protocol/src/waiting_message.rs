//! Messages for clients that waited in the outbox:
//! [`security_event`](crate::security_event) and
//! [`backchannel_logout`](crate::backchannel_logout) open them alike.

use model::Keyring;
use model::keyring::Purpose;
use serde::de::DeserializeOwned;
use storage::outbox::OutboxMessage;

/// This program does not know such a message, or has not the key it is sealed with: another node
/// may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message cannot be read")]
pub struct Unreadable;

/// What a claimed message says.
pub(crate) fn open<T: DeserializeOwned>(
    keyring: &Keyring,
    message: &OutboxMessage,
) -> Result<T, Unreadable> {
    let plaintext = keyring
        .open(Purpose::Outbox, &message.id, &message.sealed)
        .map_err(|_| Unreadable)?;
    serde_json::from_slice(plaintext.reveal()).map_err(|_| Unreadable)
}
