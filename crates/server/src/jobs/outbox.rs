//! Sends what waits in the outbox: mail for people, events for services.

use std::time::Duration;

use futures::future::join_all;
use journey::outbox::{Undelivered, deliver};
use protocol::security_event::{NotPushed, push};
use storage::outbox::{OutboxMessage, claim, complete, postpone};
use storage::{StorageError, security_events};
use tokio::sync::watch;

use super::Jobs;
use super::runner::{Panicked, caught};

/// After so many tries, in some thirty hours, a message is given up.
const TRIES: u32 = 12;

/// So many messages are under way at once: a receiver that does not answer holds up few others.
const AT_ONCE: usize = 8;

/// Sends every message that is due, unless the process is to stop.
pub(super) async fn deliver_all(
    jobs: &Jobs,
    stopping: &watch::Receiver<bool>,
) -> Result<(), StorageError> {
    let lanes = (0..AT_ONCE).map(|_| deliver_in_turn(jobs, stopping));
    // Each lane ends its message, whatever becomes of the others.
    join_all(lanes).await.into_iter().collect()
}

async fn deliver_in_turn(
    jobs: &Jobs,
    stopping: &watch::Receiver<bool>,
) -> Result<(), StorageError> {
    let lease = jobs.lease;
    while !*stopping.borrow() {
        match jobs.store.write(move |tx| claim(tx, lease)).await? {
            Some(message) => settle(jobs, message).await?,
            None => break,
        }
    }
    Ok(())
}

/// Why a message did not leave.
#[derive(Debug, thiserror::Error)]
enum NotSent {
    #[error(transparent)]
    Mail(#[from] Undelivered),
    #[error(transparent)]
    Event(#[from] NotPushed),
    #[error(transparent)]
    Panicked(#[from] Panicked),
}

impl NotSent {
    const fn is_final(&self) -> bool {
        match self {
            Self::Mail(cause) => cause.is_final(),
            Self::Event(cause) => cause.is_final(),
            Self::Panicked(_) => false,
        }
    }
}

async fn send(jobs: &Jobs, message: &OutboxMessage) -> Result<(), NotSent> {
    if message.kind == security_events::KIND {
        return Ok(push(&jobs.provider, message).await?);
    }
    Ok(deliver(&jobs.journey, message).await?)
}

async fn settle(jobs: &Jobs, message: OutboxMessage) -> Result<(), StorageError> {
    let OutboxMessage {
        attempts,
        ref id,
        ref kind,
        ..
    } = message;
    // A message that makes us panic is put off like any other, so that it holds up none.
    let sent = caught(send(jobs, &message)).await;
    let is_settled = match sent.unwrap_or_else(|panicked| Err(panicked.into())) {
        Ok(()) => true,
        Err(cause) if cause.is_final() || attempts >= TRIES => {
            tracing::error!(reference = %id, kind, %cause, attempts, "a message was given up");
            true
        }
        Err(cause) => {
            tracing::warn!(reference = %id, kind, %cause, attempts, "a message will be tried again");
            false
        }
    };
    jobs.store
        .write(move |tx| {
            if is_settled {
                complete(tx, &message.id)
            } else {
                let until = tx.now().plus(pause_after(attempts));
                postpone(tx, &message.id, until)
            }
        })
        .await
}

/// A minute, then twice as long each time, up to twelve hours.
fn pause_after(attempts: u32) -> Duration {
    let minutes = 1_u64 << attempts.saturating_sub(1).min(10);
    Duration::from_mins(minutes.min(12 * 60))
}

#[cfg(test)]
mod tests;
