//! The door to the database: units of work, each with one instant.

use std::sync::Arc;
use std::time::Duration;

use model::{Clock, Timestamp};
use tokio::sync::Notify;

use crate::connection::{Connection, DatabaseUrl};
use crate::error::StorageError;
use crate::migrate::{self, MigrationState};
use crate::postgres::PostgresStore;
use crate::sqlite::SqliteStore;

/// How to open a database.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// Which database.
    pub url: DatabaseUrl,
    /// How many connections to read by (SQLite) or to work by (PostgreSQL).
    pub connections: u32,
    /// How long to wait for a connection before giving up.
    pub connection_timeout: Duration,
}

impl StoreSettings {
    /// The settings for a URL, everything else as by default: 8 connections, 5 s.
    #[must_use]
    pub fn for_url(url: DatabaseUrl) -> Self {
        Self {
            url,
            connections: 8,
            connection_timeout: Duration::from_secs(5),
        }
    }
}

/// The database. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    clock: Arc<dyn Clock>,
    logouts: Arc<Notify>,
}

#[derive(Clone)]
enum Backend {
    Sqlite(Arc<SqliteStore>),
    Postgres(PostgresStore),
}

/// One unit of work: a transaction, and the instant at which all of it happens.
pub struct Tx<'c> {
    connection: Connection<'c>,
    now: Timestamp,
    /// Whether somebody has to be told, as soon as this is committed, that a session is over.
    has_logouts: bool,
}

impl<'c> Tx<'c> {
    pub(crate) const fn new(connection: Connection<'c>, now: Timestamp) -> Self {
        Self {
            connection,
            now,
            has_logouts: false,
        }
    }

    /// The one instant of this unit of work.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) const fn connection(&mut self) -> &mut Connection<'c> {
        &mut self.connection
    }

    pub(crate) const fn announce_logouts(&mut self) {
        self.has_logouts = true;
    }
}

impl Store {
    /// Opens a database; a SQLite file is made if it is not there.
    ///
    /// # Errors
    ///
    /// [`StorageError::Unreachable`] when it cannot be opened or reached.
    pub fn open(settings: &StoreSettings, clock: Arc<dyn Clock>) -> Result<Self, StorageError> {
        let backend = match &settings.url {
            DatabaseUrl::Sqlite(path) => Backend::Sqlite(Arc::new(SqliteStore::open(
                path,
                settings,
                Arc::clone(&clock),
            )?)),
            DatabaseUrl::Postgres(url) => Backend::Postgres(PostgresStore::open(url, settings)?),
        };
        Ok(Self {
            backend,
            clock,
            logouts: Arc::default(),
        })
    }

    /// Runs a unit of work and commits it unless it returns a fault. When this returns `Ok`, what
    /// it did is durable.
    ///
    /// # Errors
    ///
    /// The fault of the unit of work, or of the database around it; nothing was changed then.
    pub async fn write<T, W>(&self, work: W) -> Result<T, StorageError>
    where
        T: Send + 'static,
        W: FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    {
        let work = with_logouts(work);
        let written = match &self.backend {
            Backend::Sqlite(store) => store.write(work).await.map_err(|_| StorageError::GivenUp)?,
            Backend::Postgres(store) => {
                let (store, clock) = (store.clone(), Arc::clone(&self.clock));
                off_thread(move || store.write(clock.now(), work)).await
            }
        };
        self.announced(written)
    }

    /// Runs a unit of work that changes nothing.
    ///
    /// On SQLite it runs on the calling thread: a look-up by key takes 2 to 5 µs, less than handing
    /// it to another thread costs (docs/decisions/0005-sqlite-reads-on-the-calling-thread.md).
    ///
    /// # Errors
    ///
    /// The fault of the unit of work, or of the database around it.
    pub async fn read<T, W>(&self, work: W) -> Result<T, StorageError>
    where
        T: Send + 'static,
        W: FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(store) => store.read(self.clock.now(), work),
            Backend::Postgres(store) => {
                let (store, clock) = (store.clone(), Arc::clone(&self.clock));
                off_thread(move || store.read(clock.now(), work)).await
            }
        }
    }

    /// [`write`](Self::write), for callers without a runtime.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_blocking<T, W>(&self, work: W) -> Result<T, StorageError>
    where
        T: Send + 'static,
        W: FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    {
        let work = with_logouts(work);
        let written = match &self.backend {
            Backend::Sqlite(store) => store
                .write(work)
                .blocking_recv()
                .map_err(|_| StorageError::GivenUp)?,
            Backend::Postgres(store) => store.write(self.clock.now(), work),
        };
        self.announced(written)
    }

    /// Waits until a unit of work of this process has queued a logout token
    /// ([`backchannel_logouts`](crate::backchannel_logouts)) and is committed. One that was
    /// committed since the last call is not missed; those of other processes are not seen.
    pub async fn logouts_queued(&self) {
        self.logouts.notified().await;
    }

    fn announced<T>(&self, written: Result<(T, bool), StorageError>) -> Result<T, StorageError> {
        let (result, has_logouts) = written?;
        if has_logouts {
            self.logouts.notify_one();
        }
        Ok(result)
    }

    /// [`read`](Self::read), for callers without a runtime.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn read_blocking<T, W>(&self, work: W) -> Result<T, StorageError>
    where
        T: Send + 'static,
        W: FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    {
        match &self.backend {
            Backend::Sqlite(store) => store.read(self.clock.now(), work),
            Backend::Postgres(store) => store.read(self.clock.now(), work),
        }
    }

    /// Runs the migrations that have not run yet and returns their names. Several nodes may do so
    /// at once.
    ///
    /// # Errors
    ///
    /// [`StorageError::Migration`] when one fails.
    pub fn migrate(&self) -> Result<Vec<String>, StorageError> {
        match &self.backend {
            Backend::Sqlite(store) => migrate::run_sqlite(&mut store.connect()?),
            Backend::Postgres(store) => store.lend(migrate::run_postgres),
        }
    }

    /// Whether every migration that this program knows has run.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the database cannot be asked.
    pub fn migration_state(&self) -> Result<MigrationState, StorageError> {
        match &self.backend {
            Backend::Sqlite(store) => migrate::state_sqlite(&mut store.connect()?),
            Backend::Postgres(store) => store.lend(migrate::state_postgres),
        }
    }

    /// Takes back everything that [`migrate`](Self::migrate) did. For tests of the `down` halves.
    ///
    /// # Errors
    ///
    /// [`StorageError::Migration`] when one fails.
    #[cfg(any(test, feature = "testing"))]
    pub fn revert_all(&self) -> Result<(), StorageError> {
        match &self.backend {
            Backend::Sqlite(store) => migrate::revert_sqlite(&mut store.connect()?),
            Backend::Postgres(store) => store.lend(migrate::revert_postgres),
        }
    }

    /// Takes back what the last migration did.
    #[cfg(test)]
    pub(crate) fn revert_last(&self) -> Result<(), StorageError> {
        match &self.backend {
            Backend::Sqlite(store) => migrate::revert_last_sqlite(&mut store.connect()?),
            Backend::Postgres(store) => store.lend(migrate::revert_last_postgres),
        }
    }

    /// The clock that stamps units of work.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }
}

/// The unit of work, and whether it queued a logout token.
fn with_logouts<T>(
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
) -> impl FnOnce(&mut Tx<'_>) -> Result<(T, bool), StorageError> + Send + 'static {
    move |tx| {
        let result = work(tx)?;
        Ok((result, tx.has_logouts))
    }
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or(Err(StorageError::GivenUp))
}
