//! Mail that may wait: queued in the unit of work that causes it, sent by the server's job.
//!
//! The job claims a message with [`storage::outbox::claim`], calls [`deliver`], and completes or
//! postpones it.

use std::fmt;

use model::keyring::Purpose;
use model::{EmailAddress, Keyring};
use pages::PagesError;
use serde::{Deserialize, Serialize};
use storage::outbox::OutboxMessage;
use storage::{StorageError, Tx};

use crate::emails::News;
use crate::journey::Journey;
use crate::mailer::{Mail, MailError, MailKind};

/// The kind of every message in the outbox that is mail.
pub const MAIL: &str = "mail";

/// One mail, as it is sealed while it waits.
#[derive(Serialize, Deserialize)]
struct Queued {
    to: EmailAddress,
    #[serde(flatten)]
    news: News,
}

/// Queues news for an address.
pub(crate) fn enqueue(
    tx: &mut Tx<'_>,
    journey: &Journey,
    to: &EmailAddress,
    news: News,
) -> Result<(), StorageError> {
    let to = to.clone();
    let plaintext = serde_json::to_vec(&Queued { to, news });
    let plaintext = plaintext.map_err(|_| StorageError::Corrupt("outbox"))?;
    let id = journey.entropy.ordered_uuid(tx.now());
    let sealed = journey
        .keyring
        .seal(Purpose::Outbox, &id, &plaintext, &*journey.entropy);
    storage::outbox::enqueue(tx, &id, MAIL, &sealed)
}

/// Why a message did not leave. Its text names no person.
#[derive(Debug)]
pub enum Undelivered {
    /// This program does not know such mail, or has not the key it is sealed with: another node
    /// may.
    Unreadable,
    /// It could not be written.
    Unwritten(PagesError),
    /// The mailer did not take it.
    NotSent(MailError),
}

impl Undelivered {
    /// Whether no later try can do better, so that the message has to be given up.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        matches!(self, Self::NotSent(MailError::AddressRefused))
    }
}

impl fmt::Display for Undelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("the message cannot be read"),
            Self::Unwritten(fault) => write!(f, "the mail cannot be written: {fault}"),
            Self::NotSent(fault) => write!(f, "the mail was not sent: {fault}"),
        }
    }
}

impl std::error::Error for Undelivered {}

/// Opens a claimed message, writes its mail and sends it. The mail's reference is the message's id,
/// so that a mail sent twice can be told.
///
/// # Errors
///
/// [`Undelivered`] says why, and whether to try again.
pub async fn deliver(journey: &Journey, message: &OutboxMessage) -> Result<(), Undelivered> {
    let Queued { to, news } = open(&journey.keyring, message).ok_or(Undelivered::Unreadable)?;
    let content = news.write(&journey.pages).map_err(Undelivered::Unwritten)?;
    let mail = Mail {
        reference: message.id.clone(),
        to,
        kind: MailKind::News(news),
        content,
    };
    let sent = journey.mailer.send(&mail).await;
    sent.map_err(Undelivered::NotSent)
}

fn open(keyring: &Keyring, message: &OutboxMessage) -> Option<Queued> {
    if message.kind != MAIL {
        return None;
    }
    let plaintext = keyring
        .open(Purpose::Outbox, &message.id, &message.sealed)
        .ok()?;
    serde_json::from_slice(plaintext.reveal()).ok()
}
