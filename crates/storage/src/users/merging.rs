//! Two accounts of one person become one.

use diesel::prelude::*;
use model::{Entropy, Keyring, UserId};

use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::{consents, merged_users, support_tasks, users};
use crate::unit_of_work::Tx;

/// How merging two accounts ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Merged {
    /// They are one.
    Merged,
    /// They were not two, or are no longer: nothing changed.
    NotTwoAccounts,
}

/// Merges the account `from` into the account `into`, whose person has proven both.
///
/// Nothing moves but the name: clients learn that the survivor was called so before, and by the
/// names of those that were merged into `from`. Address, details, TRN, consents and planned changes
/// of `from` go with it, whoever is signed in to it is signed out, and its open support tasks are
/// nobody's: what was shown, agreed or claimed for one account counts for no other.
///
/// Both accounts are locked first, so of any number of merges of the same two, either way round,
/// exactly one is [`Merged::Merged`].
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn merge(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    from: &UserId,
    into: &UserId,
) -> Result<Merged, StorageError> {
    if super::lock(tx, &[from, into])? != 2 {
        return Ok(Merged::NotTwoAccounts);
    }
    rename(tx, from, into)?;
    detach_support_tasks(tx, from)?;
    super::end_access(tx, keyring, entropy, from)?;
    delete(tx, from)?;
    Ok(Merged::Merged)
}

/// Remembers the name of `from`, and those it had before, as earlier names of `into`.
fn rename(tx: &mut Tx<'_>, from: &UserId, into: &UserId) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::update(merged_users::table)
        .filter(merged_users::into_user_id.eq(from.as_str()))
        .set(merged_users::into_user_id.eq(into.as_str()))
        .changed(connection))?;
    on_either!(tx, connection => diesel::insert_into(merged_users::table)
        .values((
            merged_users::user_id.eq(from.as_str()),
            merged_users::into_user_id.eq(into.as_str()),
            merged_users::merged_at.eq(now),
        ))
        .execute(connection))?;
    on_either!(tx, connection => diesel::update(users::table)
        .filter(users::id.eq(into.as_str()))
        .set(users::updated_at.eq(now))
        .changed(connection))?;
    Ok(())
}

/// Staff still have what was reported, but no account to act on.
fn detach_support_tasks(tx: &mut Tx<'_>, id: &UserId) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::update(support_tasks::table)
        .filter(support_tasks::user_id.eq(id.as_str()))
        .set(support_tasks::user_id.eq(None::<String>))
        .changed(connection))?;
    Ok(())
}

/// Deletes the account; the rows that hang on it go by their foreign keys.
fn delete(tx: &mut Tx<'_>, id: &UserId) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::delete(consents::table)
        .filter(consents::user_id.eq(id.as_str()))
        .execute(connection))?;
    on_either!(tx, connection => diesel::delete(users::table)
        .filter(users::id.eq(id.as_str()))
        .execute(connection))?;
    Ok(())
}

#[cfg(test)]
mod tests;
