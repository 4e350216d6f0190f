//! Runs one scenario on many connections and reads off what it cost.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::{JoinSet, spawn_local};

use crate::fault::Fault;
use crate::process::Process;
use crate::scenario::{Scenario, Worker};
use crate::site::Site;

/// How long to load the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Before anything is counted.
    pub(crate) warm_up: Duration,
    /// While everything is counted.
    pub(crate) measured: Duration,
}

impl Times {
    /// How many operations there are at most, at so many a second.
    pub(crate) fn operations_at(self, rate: u32) -> u32 {
        let seconds = (self.warm_up + self.measured).as_secs_f64() + 1.0;
        // A few thousand.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small count"
        )]
        let operations = (seconds * f64::from(rate)).ceil() as u32;
        operations
    }
}

/// What a scenario cost at one number of connections.
#[derive(Debug)]
pub(crate) struct Figures {
    /// The server's processor time for one operation.
    pub(crate) cpu: Duration,
    /// Half of the operations took no longer.
    pub(crate) p50: Duration,
    /// 99 of 100 operations took no longer.
    pub(crate) p99: Duration,
    /// Operations finished in one second.
    pub(crate) rate: f64,
    /// Operations that failed, in the warm-up too.
    pub(crate) errors: usize,
    /// The first failure, in words.
    pub(crate) first_error: Option<String>,
}

/// What the workers tell the meter.
#[derive(Default)]
struct Tally {
    is_over: Cell<bool>,
    finished: Cell<u64>,
    /// Latencies; emptied when the warm-up ends.
    latencies: RefCell<Vec<Duration>>,
    errors: RefCell<Vec<Fault>>,
}

/// Loads the server with a scenario on so many connections.
///
/// A connection whose operation fails stops there: a figure with errors is no figure.
///
/// # Errors
///
/// The [`Fault`] of a preparation, or `/proc` of a server that has died.
pub(crate) async fn run(
    scenario: Scenario,
    connections: usize,
    site: &Rc<Site>,
    server: Process,
    times: Times,
) -> Result<Figures, Fault> {
    let mut preparations = JoinSet::new();
    for _ in 0..connections {
        preparations.spawn_local(Worker::prepare(scenario, Rc::clone(site)));
    }
    let mut workers = Vec::new();
    while let Some(worker) = preparations.join_next().await {
        let mut worker = worker.map_err(std::io::Error::other)??;
        // The first use of a client's secret costs an argon2id, later ones do not.
        worker.operate().await?;
        workers.push(worker);
    }

    let tally = Rc::new(Tally::default());
    let loops: Vec<_> = workers
        .into_iter()
        .map(|worker| spawn_local(repeat(worker, Rc::clone(&tally))))
        .collect();
    let figures = measure(&tally, server, times).await;
    tally.is_over.set(true);
    for worker in loops {
        worker.await.map_err(std::io::Error::other)?;
    }
    figures
}

async fn repeat(mut worker: Worker, tally: Rc<Tally>) {
    while !tally.is_over.get() {
        let begun = Instant::now();
        match worker.operate().await {
            Ok(()) => {
                tally.latencies.borrow_mut().push(begun.elapsed());
                tally.finished.set(tally.finished.get() + 1);
            }
            Err(fault) => {
                tally.errors.borrow_mut().push(fault);
                return;
            }
        }
    }
}

async fn measure(tally: &Tally, server: Process, times: Times) -> Result<Figures, Fault> {
    tokio::time::sleep(times.warm_up).await;
    tally.latencies.borrow_mut().clear();
    let (cpu_before, finished_before, begun) =
        (server.cpu_time()?, tally.finished.get(), Instant::now());

    tokio::time::sleep(times.measured).await;
    let (cpu_after, elapsed) = (server.cpu_time()?, begun.elapsed());
    let operations = tally.finished.get() - finished_before;
    let mut latencies = tally.latencies.take();

    latencies.sort_unstable();
    let errors = tally.errors.borrow();
    if errors.is_empty() {
        Fault::unless(
            operations > 0,
            "anything: no operation was finished in time",
        )?;
    }
    let per_operation = u32::try_from(operations.max(1)).unwrap_or(u32::MAX);
    Ok(Figures {
        cpu: cpu_after.since(&cpu_before) / per_operation,
        p50: percentile(&latencies, 50),
        p99: percentile(&latencies, 99),
        rate: f64::from(per_operation) / elapsed.as_secs_f64(),
        errors: errors.len(),
        first_error: errors.first().map(ToString::to_string),
    })
}

/// The latency that so many of a hundred do not exceed; zero of none.
pub(crate) fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_was_measured() {
        let sorted: Vec<Duration> = (1..=200).map(Duration::from_micros).collect();

        assert_eq!(percentile(&sorted, 50), Duration::from_micros(100));
        assert_eq!(percentile(&sorted, 99), Duration::from_micros(198));
        assert_eq!(percentile(&sorted[..1], 99), Duration::from_micros(1));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
    }
}
