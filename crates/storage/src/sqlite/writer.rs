//! The one thread that writes to SQLite.
//!
//! Callers hand it their unit of work. It runs as many as are waiting, each so that it can be taken
//! back alone, inside one `BEGIN IMMEDIATE` transaction, commits, and only then answers each
//! caller: nothing acknowledged is lost at a power cut, and many small writes share one fsync.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};

use diesel::{QueryResult, SqliteConnection};
use model::{Clock, Timestamp};
use tokio::sync::oneshot;

use crate::connection::Connection;
use crate::error::StorageError;
use crate::prepared::run;
use crate::unit_of_work::Tx;

/// Most units of work that share one transaction; bounds how long the first of them waits.
const GROUP_MAX: usize = 64;

/// The thread that writes, and its queue.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Unit>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(
        mut connection: SqliteConnection,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StorageError> {
        let (queue, units) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || write_in_groups(&mut connection, &units, &*clock))
            .map_err(|fault| StorageError::Unreachable(fault.to_string()))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Queues a unit of work; the receiver hears of it after its commit, and hears nothing when
    /// the writer is gone.
    pub(super) fn write<T, W>(&self, work: W) -> oneshot::Receiver<Result<T, StorageError>>
    where
        T: Send + 'static,
        W: FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let unit = Box::new(Waiting {
            work: Some(work),
            result: None,
            reply,
        });
        if let Some(queue) = &self.queue {
            // A writer that is gone drops the unit, and with it the reply.
            drop(queue.send(unit));
        }
        answer
    }
}

impl Drop for Writer {
    /// Waits until all that was queued is written and the file is closed.
    fn drop(&mut self) {
        drop(self.queue.take());
        let Some(thread) = self.thread.take() else {
            return;
        };
        // The last store may be dropped by a unit of work; the thread then ends after it.
        if thread.thread().id() != thread::current().id() && thread.join().is_err() {
            tracing::error!("the SQLite writer panicked");
        }
    }
}

/// A unit of work in the writer's queue.
trait Unit: Send {
    /// Runs it; tells whether to keep what it did.
    fn run(&mut self, connection: &mut SqliteConnection, now: Timestamp) -> bool;
    /// Answers its caller; `committed` says whether the group is durable.
    fn answer(self: Box<Self>, committed: bool);
}

struct Waiting<T, W> {
    work: Option<W>,
    result: Option<Result<T, StorageError>>,
    reply: oneshot::Sender<Result<T, StorageError>>,
}

impl<T, W> Unit for Waiting<T, W>
where
    T: Send,
    W: FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send,
{
    fn run(&mut self, connection: &mut SqliteConnection, now: Timestamp) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        let mut tx = Tx::new(Connection::Sqlite(connection), now);
        let result =
            catch_unwind(AssertUnwindSafe(|| work(&mut tx))).unwrap_or(Err(StorageError::GivenUp));
        self.result.insert(result).is_ok()
    }

    fn answer(self: Box<Self>, committed: bool) {
        let result = match self.result {
            Some(Ok(_)) if !committed => Err(StorageError::GivenUp),
            Some(result) => result,
            None => Err(StorageError::GivenUp),
        };
        // A caller that no longer waits has gone away; its work stands.
        drop(self.reply.send(result));
    }
}

fn write_in_groups(
    connection: &mut SqliteConnection,
    units: &mpsc::Receiver<Box<dyn Unit>>,
    clock: &dyn Clock,
) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while let Ok(first) = units.recv() {
        let committed = run_group(connection, first, units, clock, &mut group);
        for unit in group.drain(..) {
            unit.answer(committed);
        }
    }
}

/// Runs a group inside one transaction and tells whether it was committed.
fn run_group(
    connection: &mut SqliteConnection,
    first: Box<dyn Unit>,
    units: &mpsc::Receiver<Box<dyn Unit>>,
    clock: &dyn Clock,
    group: &mut Vec<Box<dyn Unit>>,
) -> bool {
    let ended = run(connection, "BEGIN IMMEDIATE")
        .and_then(|()| run_units(connection, first, units, clock, group))
        .and_then(|()| run(connection, "COMMIT"));
    if let Err(fault) = &ended {
        tracing::error!(error = %fault, "the SQLite writer gives up a group");
        roll_back(connection);
    }
    ended.is_ok()
}

fn run_units(
    connection: &mut SqliteConnection,
    first: Box<dyn Unit>,
    units: &mpsc::Receiver<Box<dyn Unit>>,
    clock: &dyn Clock,
    group: &mut Vec<Box<dyn Unit>>,
) -> QueryResult<()> {
    let mut held = Held::Nothing;
    let mut next = Some(first);
    while let Some(mut unit) = next.take() {
        let sound = run_unit(connection, &mut *unit, clock.now(), &mut held);
        group.push(unit);
        sound?;
        if group.len() < GROUP_MAX {
            next = units.try_recv().ok().or_else(|| wait_a_moment(units));
        }
    }
    Ok(())
}

/// Lets the threads that make units go first, where they and this one share a processor: what they
/// have to write shares this group's pages and its fsync.
fn wait_a_moment(units: &mpsc::Receiver<Box<dyn Unit>>) -> Option<Box<dyn Unit>> {
    thread::yield_now();
    units.try_recv().ok()
}

/// What the transaction of a group holds of the units before.
enum Held {
    Nothing,
    Work,
}

/// Runs a unit so that nothing but it is taken back when it fails: by a savepoint, or by the whole
/// transaction where it holds nothing else.
fn run_unit(
    connection: &mut SqliteConnection,
    unit: &mut dyn Unit,
    now: Timestamp,
    held: &mut Held,
) -> QueryResult<()> {
    match held {
        Held::Nothing if unit.run(connection, now) => *held = Held::Work,
        Held::Nothing => {
            run(connection, "ROLLBACK")?;
            run(connection, "BEGIN IMMEDIATE")?;
        }
        Held::Work => {
            run(connection, "SAVEPOINT unit")?;
            if !unit.run(connection, now) {
                run(connection, "ROLLBACK TO unit")?;
            }
            run(connection, "RELEASE unit")?;
        }
    }
    Ok(())
}

fn roll_back(connection: &mut SqliteConnection) {
    // A failed COMMIT may have ended the transaction already; then there is nothing to take back.
    if let Err(fault) = run(connection, "ROLLBACK") {
        tracing::debug!(error = %fault, "nothing to roll back");
    }
}
