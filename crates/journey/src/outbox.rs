//! Mail that may wait: queued in the unit of work that causes it, sent by the server's job.
//!
//! The job claims a message with [`storage::outbox::claim`], calls [`deliver`], and completes or
//! postpones it.

use std::fmt;

use model::EmailAddress;
use model::keyring::Purpose;
use pages::PagesError;
use serde::{Deserialize, Serialize};
use storage::outbox::OutboxMessage;
use storage::{StorageError, Tx};

use crate::emails::AccountCreatedEmail;
use crate::journey::Journey;
use crate::mailer::{Mail, MailError, MailKind};

const ACCOUNT_CREATED: &str = "account_created";

/// What an "account created" mail needs, sealed while it waits.
#[derive(Serialize, Deserialize)]
struct AccountCreated {
    to: EmailAddress,
    service: String,
}

/// Queues the mail that tells the owner of an address that it now opens an account.
pub(crate) fn enqueue_account_created(
    tx: &mut Tx<'_>,
    journey: &Journey,
    to: &EmailAddress,
    service: &str,
) -> Result<(), StorageError> {
    let mail = AccountCreated {
        to: to.clone(),
        service: service.to_owned(),
    };
    let plaintext = serde_json::to_vec(&mail).map_err(|_| StorageError::Corrupt("outbox"))?;
    let id = journey.entropy.ordered_uuid(tx.now());
    let sealed = journey
        .keyring
        .seal(Purpose::Outbox, &id, &plaintext, &*journey.entropy);
    storage::outbox::enqueue(tx, &id, ACCOUNT_CREATED, &sealed)
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
    let mail = match message.kind.as_str() {
        ACCOUNT_CREATED => account_created(journey, message)?,
        _ => return Err(Undelivered::Unreadable),
    };
    let sent = journey.mailer.send(&mail).await;
    sent.map_err(Undelivered::NotSent)
}

fn account_created(journey: &Journey, message: &OutboxMessage) -> Result<Mail, Undelivered> {
    let plaintext = journey
        .keyring
        .open(Purpose::Outbox, &message.id, &message.sealed)
        .map_err(|_| Undelivered::Unreadable)?;
    let AccountCreated { to, service } =
        serde_json::from_slice(plaintext.reveal()).map_err(|_| Undelivered::Unreadable)?;
    let view = AccountCreatedEmail {
        service_name: service.clone(),
    };
    let content = journey.pages.email(&view).map_err(Undelivered::Unwritten)?;
    Ok(Mail {
        reference: message.id.clone(),
        to,
        kind: MailKind::AccountCreated { service },
        content,
    })
}
