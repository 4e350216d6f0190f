//! PostgreSQL: a pool of connections, one transaction a unit of work.

use diesel::PgConnection;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::r2d2::{Pool, PooledConnection};
use model::Timestamp;

use crate::connection::Connection;
use crate::error::StorageError;
use crate::postgres::manager::{Loss, Manager};
use crate::unit_of_work::{StoreSettings, Tx};

mod manager;

type Transactions = AnsiTransactionManager;

#[derive(Clone)]
pub(crate) struct PostgresStore {
    pool: Pool<Manager>,
    loss: Loss,
}

impl PostgresStore {
    pub(crate) fn open(url: &str, settings: &StoreSettings) -> Result<Self, StorageError> {
        let loss = Loss::default();
        let pool = Pool::builder()
            .max_size(settings.connections)
            .min_idle(Some(1))
            .test_on_check_out(true)
            .connection_timeout(settings.connection_timeout)
            .build(Manager::new(url, &loss))
            .map_err(|fault| StorageError::Unreachable(fault.to_string()))?;
        Ok(Self { pool, loss })
    }

    pub(crate) fn write<T>(
        &self,
        now: Timestamp,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut client = self.begun()?;
        let connection = &mut client.connection;
        let result = work(&mut Tx::new(Connection::Postgres(connection), now));
        let ended = match &result {
            Ok(_) => Transactions::commit_transaction(connection),
            Err(_) => Transactions::rollback_transaction(connection),
        };
        self.watch(
            connection,
            result.and_then(|value| Ok(ended.map(|()| value)?)),
        )
    }

    pub(crate) fn read<T>(
        &self,
        now: Timestamp,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut client = self.checked_out()?;
        let connection = &mut client.connection;
        let result = work(&mut Tx::new(Connection::Postgres(connection), now));
        self.watch(connection, result)
    }

    /// Lends a connection for what begins and ends its own transactions, as migrations do. It is
    /// not used again after a fault, whose cause these do not tell.
    pub(crate) fn lend<T>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut client = self.checked_out()?;
        let result = work(&mut client.connection);
        if result.is_err() {
            self.discard(&mut client.connection);
        }
        result
    }

    /// A connection with a transaction begun; a dead one is replaced by another.
    fn begun(&self) -> Result<PooledConnection<Manager>, StorageError> {
        let mut last_fault = StorageError::GivenUp;
        for _ in 0..=self.pool.max_size() {
            let mut client = self.checked_out()?;
            match Transactions::begin_transaction(&mut client.connection) {
                Ok(()) => return Ok(client),
                Err(fault) => {
                    self.discard(&mut client.connection);
                    last_fault = fault.into();
                }
            }
        }
        Err(last_fault)
    }

    fn checked_out(&self) -> Result<PooledConnection<Manager>, StorageError> {
        self.pool
            .get()
            .map_err(|fault| StorageError::Unreachable(fault.to_string()))
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
        // The pool drops a connection whose transaction manager is in error.
        Transactions::transaction_manager_status_mut(connection).set_in_error();
        self.loss.happened();
    }
}

#[cfg(test)]
mod tests;
