//! Security events that wait in the outbox for the services they are for.
//!
//! They are queued in the unit of work that makes the change; the server's job pushes them by
//! `protocol::security_event`.

use model::keyring::Purpose;
use model::security_event::SecurityEvent;
use model::{Entropy, Keyring};

use crate::error::StorageError;
use crate::unit_of_work::Tx;
use crate::{outbox, stored};

/// The kind of their messages in the outbox.
pub const KIND: &str = "security_event";

/// Queues an event for the client it is for.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn enqueue(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    event: &SecurityEvent,
) -> Result<(), StorageError> {
    let id = entropy.ordered_uuid(tx.now());
    let plaintext = stored::to_json(event)?;
    let sealed = keyring.seal(Purpose::Outbox, &id, plaintext.as_bytes(), entropy);
    outbox::enqueue(tx, &id, KIND, &sealed)
}
