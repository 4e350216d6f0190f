//! Who waits for whom, so that a test runs two units of work into each other and not past.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::connection::Connection;
use crate::error::StorageError;
use crate::unit_of_work::Tx;

/// Whether another unit of work waits for this one now. On SQLite all of them do.
///
/// # Errors
///
/// [`StorageError`] when the database cannot be asked.
pub fn is_waited_for(tx: &mut Tx<'_>) -> Result<bool, StorageError> {
    match tx.connection() {
        Connection::Sqlite(_) => Ok(true),
        Connection::Postgres(connection) => Ok(diesel::select(sql::<Bool>(
            "EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted \
             AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))",
        ))
        .get_result(*connection)?),
    }
}
