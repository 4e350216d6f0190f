//! Tells clients that sessions are over, the moment that they are: all of them at once, so that one
//! that is slow, or gone, delays no other.

use std::time::Duration;

use futures::FutureExt as _;
use futures::stream::{FuturesUnordered, StreamExt as _};
use model::{IncidentId, SystemEntropy};
use protocol::Provider;
use protocol::backchannel_logout::tell;
use protocol::outbound::Outbound;
use storage::outbox::{OutboxMessage, claim_logouts};
use storage::{StorageError, Store};
use tokio::sync::watch;
use tokio::time::sleep;

use super::outbox::{Tried, settle};
use super::runner::caught;

/// So many clients are being told at once. Each takes two seconds at most.
const AT_ONCE: usize = 512;

/// What telling of logouts needs.
#[derive(Clone)]
pub struct Logouts {
    /// Signs the logout tokens.
    pub provider: Provider,
    /// Posts them; nobody else's, because its connections belong to one thread.
    pub outbound: Outbound,
    /// How often to look for what another process has queued, and for what is to be tried again.
    pub poll: Duration,
    /// How long a claim lasts if its holder dies.
    pub lease: Duration,
}

/// Tells clients until `stopping` turns true; those that are being told are waited for.
pub async fn tell_of_logouts(logouts: Logouts, mut stopping: watch::Receiver<bool>) {
    let store = &logouts.provider.store;
    let mut under_way = FuturesUnordered::new();
    loop {
        let room = AT_ONCE.saturating_sub(under_way.len());
        let claimed = claim(&logouts, room).await;
        let may_be_more = claimed.len() == room;
        under_way.extend(claimed.into_iter().map(|message| told(&logouts, message)));

        let look_again = async {
            tokio::select! {
                () = store.logouts_queued() => {}
                () = sleep(logouts.poll) => {}
            }
        };
        tokio::pin!(look_again);
        loop {
            tokio::select! {
                Some(first) = under_way.next() => {
                    let mut tried = vec![first];
                    while let Some(Some(next)) = under_way.next().now_or_never() {
                        tried.push(next);
                    }
                    settled(store, tried).await;
                    if may_be_more {
                        break;
                    }
                }
                () = &mut look_again => break,
                () = stops(&mut stopping) => {
                    settled(store, under_way.collect().await).await;
                    return;
                }
            }
        }
    }
}

async fn stops(stopping: &mut watch::Receiver<bool>) {
    let stopped = stopping.wait_for(|stopping| *stopping).await;
    drop(stopped);
}

async fn claim(logouts: &Logouts, room: usize) -> Vec<OutboxMessage> {
    if room == 0 {
        return Vec::new();
    }
    let lease = logouts.lease;
    let store = &logouts.provider.store;
    let claimed = store.write(move |tx| claim_logouts(tx, lease, room)).await;
    claimed.unwrap_or_else(|fault| {
        report(&fault);
        Vec::new()
    })
}

async fn told(logouts: &Logouts, message: OutboxMessage) -> Tried {
    let Logouts {
        provider, outbound, ..
    } = logouts;
    // A message that makes us panic is put off like any other, so that it holds up none.
    let told = caught(tell(provider, outbound, &message)).await;
    let told = match told {
        Ok(told) => told.map_err(Into::into),
        Err(panicked) => Err(panicked.into()),
    };
    (message, told)
}

/// What cannot be written down is tried again when its lease is over.
async fn settled(store: &Store, tried: Vec<Tried>) {
    if tried.is_empty() {
        return;
    }
    if let Err(fault) = settle(store, tried).await {
        report(&fault);
    }
}

fn report(fault: &StorageError) {
    let incident = IncidentId::draw(&SystemEntropy);
    tracing::error!(job = "logouts", %fault, %incident, "a job failed; it will be tried again");
}

#[cfg(test)]
mod tests;
