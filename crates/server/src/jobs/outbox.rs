//! Sends the mail that waits.

use std::time::Duration;

use journey::outbox;
use storage::StorageError;
use storage::outbox::{OutboxMessage, claim, complete, postpone};
use tokio::sync::watch;

use super::Jobs;

/// After so many tries, over some two days, a mail is given up.
const TRIES: u32 = 12;

/// Sends every message that is due, one after another, unless the process is to stop.
pub(super) async fn deliver_all(jobs: &Jobs, stopping: &watch::Receiver<bool>) {
    let lease = jobs.lease;
    while !*stopping.borrow() {
        let claimed = jobs.store.write(move |tx| claim(tx, lease)).await;
        let settled = match claimed {
            Ok(Some(message)) => deliver(jobs, message).await,
            Ok(None) => return,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = settled {
            tracing::error!(%fault, "the outbox cannot be read; it will be tried again");
            return;
        }
    }
}

async fn deliver(jobs: &Jobs, message: OutboxMessage) -> Result<(), StorageError> {
    let OutboxMessage {
        attempts, ref id, ..
    } = message;
    let is_settled = match outbox::deliver(&jobs.journey, &message).await {
        Ok(()) => true,
        Err(cause) if cause.is_final() || attempts >= TRIES => {
            tracing::error!(reference = %id, %cause, attempts, "a mail was given up");
            true
        }
        Err(cause) => {
            tracing::warn!(reference = %id, %cause, attempts, "a mail will be tried again");
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
mod tests {
    use storage::Tx;

    use super::*;
    use crate::testing::Scene;

    #[actix_web::test]
    async fn a_mail_that_cannot_be_sent_is_tried_again_later_and_given_up_in_the_end() {
        let scene = Scene::new();
        let jobs = scene.jobs();
        let (_stop, stopping) = watch::channel(false);
        let unknown = |tx: &mut Tx<'_>| storage::outbox::enqueue(tx, "id", "unknown", b"sealed");
        jobs.store.write(unknown).await.unwrap();

        for attempts in 1..=TRIES {
            deliver_all(&jobs, &stopping).await;
            assert!(!is_due(&jobs).await, "{attempts}");
            scene.clock.advance(pause_after(attempts));
            assert_eq!(is_due(&jobs).await, attempts < TRIES, "{attempts}");
        }
    }

    /// Whether a message could be claimed; the claim is rolled back.
    async fn is_due(jobs: &Jobs) -> bool {
        let claimed = jobs.store.write(|tx| match claim(tx, Duration::ZERO)? {
            Some(_) => Err(StorageError::GivenUp),
            None => Ok(()),
        });
        claimed.await.is_err()
    }

    #[test]
    fn pauses_double_up_to_half_a_day() {
        let minutes: Vec<u64> = (1..=TRIES)
            .map(|attempts| pause_after(attempts).as_secs() / 60)
            .collect();

        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 720, 720]);
    }
}
