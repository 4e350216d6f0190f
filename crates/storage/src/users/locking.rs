//! In which order units of work lock, so that no two wait for each other: an interaction, then the
//! accounts in the order of their ids, then what hangs on them.
//!
//! Locking is PostgreSQL's. SQLite has one writer at a time anyway.

use diesel::prelude::*;
use model::UserId;

use crate::connection::Connection;
use crate::error::StorageError;
use crate::interactions;
use crate::prepared::KeepPrepared as _;
use crate::schema::users;
use crate::unit_of_work::Tx;

/// Keeps everybody else from changing accounts, and from adding anything to them, until this unit
/// of work ends; how many of them there are. A unit of work that changes several rows of accounts
/// begins with this, for all of them at once.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn lock(tx: &mut Tx<'_>, ids: &[&UserId]) -> Result<usize, StorageError> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let there: Vec<String> = match tx.connection() {
        Connection::Sqlite(connection) => users::table
            .filter(users::id.eq_any(ids))
            .select(users::id)
            .prepared()
            .load(*connection)?,
        Connection::Postgres(connection) => users::table
            .filter(users::id.eq_any(ids))
            .order(users::id)
            .select(users::id)
            .for_update()
            .load(*connection)?,
    };
    Ok(there.len())
}

/// Keeps an account from ending, and from being signed out everywhere, until this unit of work
/// ends; `false` when there is none. Of any number of units of work all may do so at once.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn share(tx: &mut Tx<'_>, id: &UserId) -> Result<bool, StorageError> {
    let there: Option<String> = match tx.connection() {
        Connection::Sqlite(connection) => users::table
            .find(id.as_str())
            .select(users::id)
            .first(*connection)
            .optional()?,
        Connection::Postgres(connection) => users::table
            .find(id.as_str())
            .select(users::id)
            .for_key_share()
            .first(*connection)
            .optional()?,
    };
    Ok(there.is_some())
}

/// Whether all that was to be locked is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Whole {
    /// It is.
    Yes,
    /// Somebody signed in to the account in between: the unit of work has to end, having changed
    /// nothing, and to begin anew.
    No,
}

/// Locks every request under way that is signed in to the account, and then the account itself and
/// the others that the unit of work changes, for
/// [`sign_out_everywhere`](super::sign_out_everywhere).
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn lock_what_is_open(
    tx: &mut Tx<'_>,
    id: &UserId,
    others: &[&UserId],
) -> Result<Whole, StorageError> {
    let locked = interactions::lock_all_of(tx, id)?;
    lock(tx, &[&[id], others].concat())?;
    let open = interactions::list_all_of(tx, id)?;
    Ok(if open.iter().all(|one| locked.contains(one)) {
        Whole::Yes
    } else {
        Whole::No
    })
}

#[cfg(test)]
mod tests;
