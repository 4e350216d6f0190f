//! What can go wrong between us and the database.

/// A fault of the database. It rolls back the unit of work that met it; a refusal is a value and
/// commits. Its text names tables and constraints, never stored values.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The statement failed.
    #[error("the database refused a statement: {0}")]
    Statement(#[source] diesel::result::Error),
    /// No connection could be had.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// What was stored does not read back.
    #[error("a stored value in {0} cannot be read")]
    Corrupt(&'static str),
    /// The unit of work was given up: it panicked, or the store is shutting down.
    #[error("the unit of work was given up")]
    GivenUp,
    /// The migrations could not be run.
    #[error("the migrations could not be run: {0}")]
    Migration(String),
}

impl From<diesel::result::Error> for StorageError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind, Error};
        match error {
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
            | Error::BrokenTransactionManager => {
                Self::Unreachable("the connection was lost".to_owned())
            }
            // The server's text may quote the values of a row: keep what names the rule only.
            Error::DatabaseError(kind, information) => Self::Statement(Error::DatabaseError(
                kind,
                Box::new(
                    information
                        .constraint_name()
                        .map_or_else(|| first_line(information.message()), str::to_owned),
                ),
            )),
            other => Self::Statement(other),
        }
    }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().to_owned()
}

/// A database URL that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a database URL is sqlite:PATH or postgres://USER@HOST/DATABASE")]
pub struct InvalidDatabaseUrl;
