//! PostgreSQL: a pool of connections, one transaction a unit of work.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::r2d2::{ConnectionManager, Pool, PooledConnection, R2D2Connection};
use diesel::{Connection as _, PgConnection};
use model::Timestamp;

use crate::connection::Connection;
use crate::error::StorageError;
use crate::unit_of_work::{StoreSettings, Tx};

type Manager = ConnectionManager<PgConnection>;
type Transactions = AnsiTransactionManager;

/// The pool does not test a connection at each check-out (a round trip). Instead, when one is
/// found dead, as many check-outs as there are connections test theirs, so that a restarted
/// server costs at most the requests that were in flight.
#[derive(Clone)]
pub(crate) struct PostgresStore {
    pool: Pool<Manager>,
    url: String,
    to_test: Arc<AtomicU32>,
}

impl PostgresStore {
    pub(crate) fn open(url: &str, settings: &StoreSettings) -> Result<Self, StorageError> {
        let pool = Pool::builder()
            .max_size(settings.connections)
            .min_idle(Some(1))
            .test_on_check_out(false)
            .connection_timeout(settings.connection_timeout)
            .build(ConnectionManager::new(url))
            .map_err(|fault| StorageError::Unreachable(fault.to_string()))?;
        Ok(Self {
            pool,
            url: url.to_owned(),
            to_test: Arc::default(),
        })
    }

    pub(crate) fn write<T>(
        &self,
        now: Timestamp,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut connection = self.begun()?;
        let result = work(&mut Tx::new(Connection::Postgres(&mut connection), now));
        let ended = match &result {
            Ok(_) => Transactions::commit_transaction(&mut *connection),
            Err(_) => Transactions::rollback_transaction(&mut *connection),
        };
        self.watch(
            &mut connection,
            result.and_then(|value| Ok(ended.map(|()| value)?)),
        )
    }

    pub(crate) fn read<T>(
        &self,
        now: Timestamp,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut connection = self.checked_out()?;
        let result = work(&mut Tx::new(Connection::Postgres(&mut connection), now));
        self.watch(&mut connection, result)
    }

    /// A connection of its own, for migrations.
    pub(crate) fn connect(&self) -> Result<PgConnection, StorageError> {
        PgConnection::establish(&self.url)
            .map_err(|fault| StorageError::Unreachable(fault.to_string()))
    }

    /// A connection with a transaction begun; a dead one is replaced by another.
    fn begun(&self) -> Result<PooledConnection<Manager>, StorageError> {
        let mut last_fault = StorageError::GivenUp;
        for _ in 0..=self.pool.max_size() {
            let mut connection = self.checked_out()?;
            match Transactions::begin_transaction(&mut *connection) {
                Ok(()) => return Ok(connection),
                Err(fault) => {
                    self.discard(&mut connection);
                    last_fault = fault.into();
                }
            }
        }
        Err(last_fault)
    }

    fn checked_out(&self) -> Result<PooledConnection<Manager>, StorageError> {
        loop {
            let mut connection = self
                .pool
                .get()
                .map_err(|fault| StorageError::Unreachable(fault.to_string()))?;
            if self.to_test.load(Ordering::Relaxed) == 0 {
                return Ok(connection);
            }
            self.to_test.fetch_sub(1, Ordering::Relaxed);
            if connection.ping().is_ok() {
                return Ok(connection);
            }
            mark_broken(&mut connection);
        }
    }

    /// Passes a result on; a connection that was lost under it is not used again.
    fn watch<T>(
        &self,
        connection: &mut PgConnection,
        result: Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        if matches!(result, Err(StorageError::Unreachable(_))) {
            self.discard(connection);
        }
        result
    }

    fn discard(&self, connection: &mut PgConnection) {
        mark_broken(connection);
        self.to_test.store(self.pool.max_size(), Ordering::Relaxed);
    }
}

/// The pool drops a connection whose transaction manager is in error.
fn mark_broken(connection: &mut PgConnection) {
    Transactions::transaction_manager_status_mut(connection).set_in_error();
}
