//! SQLite: a pool to read by, and one thread that writes in groups.

use std::path::Path;
use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::{Connection as _, SqliteConnection};
use model::{Clock, Timestamp};
use tokio::sync::oneshot;

use crate::connection::Connection;
use crate::error::StorageError;
use crate::sqlite::writer::Writer;
use crate::unit_of_work::{StoreSettings, Tx};

mod writer;

const CONNECTION_PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;";

pub(crate) struct SqliteStore {
    url: String,
    readers: Pool<ConnectionManager<SqliteConnection>>,
    writer: Writer,
}

impl SqliteStore {
    pub(crate) fn open(
        path: &Path,
        settings: &StoreSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StorageError> {
        let url = path.to_string_lossy().into_owned();
        let mut connection = connect(&url)?;
        // The journal mode is a property of the file; readers inherit it.
        connection
            .batch_execute("PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 4000;")
            .map_err(|fault| unreachable(&fault))?;
        let readers = Pool::builder()
            .max_size(settings.connections)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(settings.connection_timeout)
            .connection_customizer(Box::new(ReaderPragmas))
            .build(ConnectionManager::new(&url))
            .map_err(|fault| StorageError::Unreachable(fault.to_string()))?;
        Ok(Self {
            url,
            readers,
            writer: Writer::start(connection, clock)?,
        })
    }

    /// Queues a unit of work; the receiver hears of it after its commit, and hears nothing when
    /// the writer is gone.
    pub(crate) fn write<T, W>(&self, work: W) -> oneshot::Receiver<Result<T, StorageError>>
    where
        T: Send + 'static,
        W: FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    {
        self.writer.write(work)
    }

    pub(crate) fn read<T>(
        &self,
        now: Timestamp,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut connection = self
            .readers
            .get()
            .map_err(|fault| StorageError::Unreachable(fault.to_string()))?;
        work(&mut Tx::new(Connection::Sqlite(&mut connection), now))
    }

    /// A connection of its own, for migrations.
    pub(crate) fn connect(&self) -> Result<SqliteConnection, StorageError> {
        connect(&self.url)
    }
}

fn connect(url: &str) -> Result<SqliteConnection, StorageError> {
    let mut connection = SqliteConnection::establish(url)
        .map_err(|fault| StorageError::Unreachable(fault.to_string()))?;
    connection
        .batch_execute(CONNECTION_PRAGMAS)
        .map_err(|fault| unreachable(&fault))?;
    Ok(connection)
}

fn unreachable(fault: &diesel::result::Error) -> StorageError {
    StorageError::Unreachable(fault.to_string())
}

#[derive(Debug)]
struct ReaderPragmas;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for ReaderPragmas {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        connection
            .batch_execute(CONNECTION_PRAGMAS)
            .and_then(|()| connection.batch_execute("PRAGMA query_only = ON;"))
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

#[cfg(test)]
mod tests;
