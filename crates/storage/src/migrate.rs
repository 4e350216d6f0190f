//! The migrations, embedded in the program.

use diesel::backend::Backend;
use diesel::migration::MigrationSource;
use diesel::{PgConnection, SqliteConnection};
use diesel_migrations::{
    EmbeddedMigrations, HarnessWithOutput, MigrationHarness, embed_migrations,
};

use crate::error::StorageError;

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// How often a node tries again when another runs the same migration at the same moment.
const TRIES: usize = 5;

/// Whether the database is as this program needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationState {
    /// Every migration has run.
    UpToDate,
    /// These have not.
    Pending(Vec<String>),
}

pub(crate) fn run_sqlite(connection: &mut SqliteConnection) -> Result<Vec<String>, StorageError> {
    run(connection, || SQLITE)
}

pub(crate) fn run_postgres(connection: &mut PgConnection) -> Result<Vec<String>, StorageError> {
    run(connection, || POSTGRES)
}

pub(crate) fn state_sqlite(
    connection: &mut SqliteConnection,
) -> Result<MigrationState, StorageError> {
    state(connection, SQLITE)
}

pub(crate) fn state_postgres(
    connection: &mut PgConnection,
) -> Result<MigrationState, StorageError> {
    state(connection, POSTGRES)
}

#[cfg(any(test, feature = "testing"))]
pub(crate) fn revert_sqlite(connection: &mut SqliteConnection) -> Result<(), StorageError> {
    connection.revert_all_migrations(SQLITE).map_err(fault)?;
    Ok(())
}

#[cfg(any(test, feature = "testing"))]
pub(crate) fn revert_postgres(connection: &mut PgConnection) -> Result<(), StorageError> {
    connection.revert_all_migrations(POSTGRES).map_err(fault)?;
    Ok(())
}

#[cfg(test)]
pub(crate) fn revert_last_sqlite(connection: &mut SqliteConnection) -> Result<(), StorageError> {
    connection.revert_last_migration(SQLITE).map_err(fault)?;
    Ok(())
}

#[cfg(test)]
pub(crate) fn revert_last_postgres(connection: &mut PgConnection) -> Result<(), StorageError> {
    connection.revert_last_migration(POSTGRES).map_err(fault)?;
    Ok(())
}

/// Runs what is pending. Each migration is a transaction that also records its version, so of
/// several nodes at once exactly one succeeds; the others find it done when they look again.
fn run<C, DB, S>(connection: &mut C, source: fn() -> S) -> Result<Vec<String>, StorageError>
where
    DB: Backend,
    C: MigrationHarness<DB> + diesel::Connection<Backend = DB> + 'static,
    S: MigrationSource<DB>,
{
    let mut last_fault = None;
    for _ in 0..TRIES {
        let mut silent = HarnessWithOutput::new(&mut *connection, std::io::sink());
        match silent.run_pending_migrations(source()) {
            Ok(versions) => return Ok(versions.iter().map(ToString::to_string).collect()),
            Err(error) => last_fault = Some(fault(error)),
        }
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    Err(last_fault.unwrap_or(StorageError::GivenUp))
}

fn state<C, DB, S>(connection: &mut C, source: S) -> Result<MigrationState, StorageError>
where
    DB: Backend,
    C: MigrationHarness<DB>,
    S: MigrationSource<DB>,
{
    let pending = connection.pending_migrations(source).map_err(fault)?;
    if pending.is_empty() {
        return Ok(MigrationState::UpToDate);
    }
    Ok(MigrationState::Pending(
        pending.iter().map(|one| one.name().to_string()).collect(),
    ))
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err wants"
)]
fn fault(error: impl ToString) -> StorageError {
    StorageError::Migration(error.to_string())
}

#[cfg(test)]
mod tests;
