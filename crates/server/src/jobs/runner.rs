//! Looks for due jobs, claims them and runs them, until told to stop.

use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::join;
use journey::Journey;
use journey::accounts::address_change::apply_due;
use model::{Entropy, IncidentId, SystemEntropy};
use protocol::Provider;
use protocol::keys::KeyUpkeep;
use storage::Store;
use tokio::sync::watch;

use super::{Job, look_up_again, outbox, purge, rotate_keys};

/// What the jobs need.
#[derive(Clone)]
pub struct Jobs {
    /// The database.
    pub store: Store,
    /// Keeps the stored signing keys up.
    pub upkeep: KeyUpkeep,
    /// Sends mail that waits in the outbox.
    pub journey: Journey,
    /// Pushes events that wait there.
    pub provider: Provider,
    /// How often to look for due jobs.
    pub poll: Duration,
    /// How long a claim lasts if its holder dies.
    pub lease: Duration,
}

/// Runs jobs until `stopping` turns true; a job that is running is finished first. Reading the
/// database may block the thread, so no request should wait on the same one.
pub async fn run(jobs: Jobs, mut stopping: watch::Receiver<bool>) {
    let entropy: &dyn Entropy = &SystemEntropy;
    let holder: Arc<str> = entropy.uuid().into();
    loop {
        for job in Job::ALL {
            if *stopping.borrow() {
                return;
            }
            attempt(job.name(), run_if_due(&jobs, job, &holder)).await;
        }
        // Mail waits for no records.
        let mail = attempt("outbox", outbox::deliver_all(&jobs, &stopping));
        let people = attempt("look-up-again", look_up_again::run(&jobs, &stopping));
        join(mail, people).await;
        let stopped = stopping.wait_for(|stopping| *stopping);
        if tokio::time::timeout(jobs.poll, stopped).await.is_ok() {
            return;
        }
    }
}

/// Runs a job to its end, whatever end that is: the others still run, and this one again when its
/// lease is over.
async fn attempt<E: Display>(job: &'static str, work: impl Future<Output = Result<(), E>>) {
    let fault = match caught(work).await {
        Ok(Ok(())) => return,
        Ok(Err(fault)) => fault.to_string(),
        Err(panicked) => panicked.to_string(),
    };
    let incident = IncidentId::draw(&SystemEntropy);
    tracing::error!(job, fault, %incident, "a job failed; it will be tried again");
}

/// What was to be done ended in a panic, whose place is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it panicked")]
pub(super) struct Panicked;

/// Keeps a panic from the thread, which has other work to do.
pub(super) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let ended = AssertUnwindSafe(work).catch_unwind().await;
    ended.map_err(|_| Panicked)
}

async fn run_if_due(
    jobs: &Jobs,
    job: Job,
    holder: &Arc<str>,
) -> Result<(), Box<dyn std::error::Error>> {
    let (name, lease) = (job.name(), jobs.lease);
    let claimant = Arc::clone(holder);
    let claim = move |tx: &mut storage::Tx<'_>| {
        storage::jobs::claim(tx, name, &claimant, lease, job.every())
    };
    if !jobs.store.write(claim).await? {
        return Ok(());
    }
    match job {
        Job::ChangeAddresses => apply_due(&jobs.journey).await?,
        Job::Purge => purge::run(&jobs.store).await?,
        Job::RotateKeys => rotate_keys::run(&jobs.upkeep).await?,
    }
    let holder = Arc::clone(holder);
    Ok(jobs
        .store
        .write(move |tx| storage::jobs::complete(tx, name, &holder))
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Scene;

    #[actix_web::test]
    async fn jobs_run_once_among_all_nodes_and_stop_when_told() {
        let scene = Scene::new();
        let jobs = scene.jobs();
        let store = jobs.store.clone();
        let (stop, stopping) = watch::channel(false);

        let running = actix_web::rt::spawn(run(jobs, stopping));
        tokio::time::timeout(Duration::from_secs(10), async {
            for job in Job::ALL {
                while is_due(&store, job).await {
                    tokio::task::yield_now().await;
                }
            }
        })
        .await
        .unwrap();
        stop.send_replace(true);

        tokio::time::timeout(Duration::from_secs(10), running)
            .await
            .unwrap()
            .unwrap();
        scene.clock.advance(Job::Purge.every());
        assert!(is_due(&store, Job::Purge).await);
    }

    #[actix_web::test]
    async fn a_job_that_panics_does_not_end_the_thread_that_runs_them_all() {
        let panicking = || async { panic!("on purpose") };

        assert_eq!(caught(panicking()).await, Err(Panicked));
        attempt::<Panicked>("test", panicking()).await;
    }

    /// Whether another node could claim the job; tried without taking it away.
    async fn is_due(store: &Store, job: Job) -> bool {
        let (name, no_lease) = (job.name(), Duration::ZERO);
        let claim = move |tx: &mut storage::Tx<'_>| {
            storage::jobs::claim(tx, name, "another node", no_lease, job.every())
        };
        store.write(claim).await.unwrap()
    }
}
