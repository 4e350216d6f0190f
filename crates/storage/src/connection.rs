//! Which database, and how one query body serves both.

use std::fmt;
use std::path::PathBuf;

use diesel::result::{DatabaseErrorKind, Error};
use diesel::{PgConnection, QueryResult, SqliteConnection};

use crate::error::{InvalidDatabaseUrl, StorageError};

/// Where the data is: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE`.
///
/// The scheme decides; a mistyped one is an error, never a new file. Prints without password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// One file on this machine.
    Sqlite(PathBuf),
    /// A PostgreSQL server, or any engine that speaks its protocol: the whole URL.
    Postgres(String),
}

impl DatabaseUrl {
    /// Reads a database URL.
    ///
    /// # Errors
    ///
    /// [`InvalidDatabaseUrl`] for another scheme or an empty path.
    pub fn parse(url: &str) -> Result<Self, InvalidDatabaseUrl> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            // SQLite itself would read these as no file, or as options.
            let is_special = path.is_empty() || path == ":memory:" || path.starts_with("file:");
            return if is_special {
                Err(InvalidDatabaseUrl)
            } else {
                Ok(Self::Sqlite(PathBuf::from(path)))
            };
        }
        let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
        is_postgres
            .then(|| Self::Postgres(url.to_owned()))
            .ok_or(InvalidDatabaseUrl)
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                // The last `@`, so that no part of a badly written password is taken for a host.
                let (credentials, host) = rest.rsplit_once('@').unwrap_or(("", rest));
                let user = credentials.split([':', '/', '?']).next().unwrap_or("");
                let host = host.split('?').next().unwrap_or(host);
                let at = if user.is_empty() { "" } else { "@" };
                write!(f, "{scheme}://{user}{at}{host}")
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

/// A connection of either kind, for as long as one unit of work.
pub(crate) enum Connection<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// Runs one query body on whichever database is behind a [`Tx`](crate::Tx): the body is compiled
/// once for each, so that every diesel feature both have can be used at its native speed
/// (docs/decisions/0002-one-query-body-two-databases.md).
macro_rules! on_either {
    ($tx:expr, $connection:ident => $body:expr) => {
        match $tx.connection() {
            $crate::connection::Connection::Sqlite(borrowed) => {
                let $connection: &mut diesel::SqliteConnection = borrowed;
                $body
            }
            $crate::connection::Connection::Postgres(borrowed) => {
                let $connection: &mut diesel::PgConnection = borrowed;
                $body
            }
        }
    };
}

/// The same for a statement that a unique index may refuse: `None` when it did, and the unit of
/// work goes on.
///
/// SQLite takes back nothing but the statement. PostgreSQL gives the whole transaction up, unless
/// the statement has a savepoint of its own.
macro_rules! unless_taken {
    ($tx:expr, $connection:ident => $body:expr) => {
        $crate::connection::none_when_taken(match $tx.connection() {
            $crate::connection::Connection::Sqlite(borrowed) => {
                let $connection: &mut diesel::SqliteConnection = borrowed;
                $body
            }
            $crate::connection::Connection::Postgres(borrowed) => diesel::Connection::transaction(
                *borrowed,
                |$connection: &mut diesel::PgConnection| $body,
            ),
        })
    };
}

pub(crate) fn none_when_taken<T>(ended: QueryResult<T>) -> Result<Option<T>, StorageError> {
    match ended {
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(None),
        ended => Ok(Some(ended?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides_and_a_mistyped_one_is_refused() {
        assert_eq!(
            DatabaseUrl::parse("sqlite:data/identity.sqlite3"),
            Ok(DatabaseUrl::Sqlite(PathBuf::from("data/identity.sqlite3")))
        );
        assert!(DatabaseUrl::parse("postgres://app@localhost/identity").is_ok());
        for refused in [
            "",
            "sqlite:",
            "postgress://x",
            "identity.sqlite3",
            "sqlite::memory:",
            "sqlite:file:identity.sqlite3?mode=memory",
        ] {
            assert_eq!(
                DatabaseUrl::parse(refused),
                Err(InvalidDatabaseUrl),
                "{refused}"
            );
        }
    }

    #[test]
    fn a_database_url_prints_without_its_password() {
        for written in [
            "postgres://app:hunter2@db/identity?password=hunter2",
            "postgres://app:hun?ter2@db/identity",
            "postgres://app:hun/t@r2@db/identity",
        ] {
            let url = DatabaseUrl::parse(written).unwrap();

            let printed = format!("{url:?}");

            assert_eq!(printed, "DatabaseUrl(postgres://app@db/identity)");
        }
    }
}
