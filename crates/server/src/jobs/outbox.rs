//! Sends what waits in the outbox: mail for people, events for services.

use std::time::Duration;

use futures::future::join_all;
use journey::outbox::{Undelivered, deliver};
use protocol::backchannel_logout::NotTold;
use protocol::security_event::{NotPushed, push};
use storage::outbox::{OutboxMessage, claim, complete, postpone};
use storage::{StorageError, Store, security_events};
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
            Some(message) => {
                // A message that makes us panic is put off like any other, so that it holds up none.
                let sent = caught(send(jobs, &message)).await;
                let sent = sent.unwrap_or_else(|panicked| Err(panicked.into()));
                settle(&jobs.store, vec![(message, sent)]).await?;
            }
            None => break,
        }
    }
    Ok(())
}

/// Why a message did not leave.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotSent {
    #[error(transparent)]
    Mail(#[from] Undelivered),
    #[error(transparent)]
    Event(#[from] NotPushed),
    #[error(transparent)]
    Logout(#[from] NotTold),
    #[error(transparent)]
    Panicked(#[from] Panicked),
}

impl NotSent {
    const fn is_final(&self) -> bool {
        match self {
            Self::Mail(cause) => cause.is_final(),
            Self::Event(cause) => cause.is_final(),
            Self::Logout(cause) => cause.is_final(),
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

/// What became of a claimed message.
pub(super) type Tried = (OutboxMessage, Result<(), NotSent>);

/// Ends the messages that left, or cannot ever, and puts the others off.
pub(super) async fn settle(store: &Store, tried: Vec<Tried>) -> Result<(), StorageError> {
    let endings: Vec<(String, Ending)> = tried
        .into_iter()
        .map(|(message, sent)| {
            let ending = ending_of(&message, sent);
            (message.id, ending)
        })
        .collect();
    store
        .write(move |tx| {
            for (id, ending) in &endings {
                match ending {
                    Ending::Settled => complete(tx, id)?,
                    Ending::Later(pause) => postpone(tx, id, tx.now().plus(*pause))?,
                }
            }
            Ok(())
        })
        .await
}

/// Whether a message is tried again.
enum Ending {
    Settled,
    Later(Duration),
}

fn ending_of(message: &OutboxMessage, sent: Result<(), NotSent>) -> Ending {
    let OutboxMessage {
        attempts,
        ref id,
        ref kind,
        ..
    } = *message;
    match sent {
        Ok(()) => Ending::Settled,
        Err(cause) if cause.is_final() || attempts >= TRIES => {
            tracing::error!(reference = %id, kind, %cause, attempts, "a message was given up");
            Ending::Settled
        }
        Err(cause) => {
            tracing::warn!(reference = %id, kind, %cause, attempts, "a message will be tried again");
            Ending::Later(pause_after(attempts))
        }
    }
}

/// A minute, then twice as long each time, up to twelve hours.
fn pause_after(attempts: u32) -> Duration {
    let minutes = 1_u64 << attempts.saturating_sub(1).min(10);
    Duration::from_mins(minutes.min(12 * 60))
}

#[cfg(test)]
mod tests;
