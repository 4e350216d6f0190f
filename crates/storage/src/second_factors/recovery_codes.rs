//! Recovery codes: one set for each account that has a factor, as hashes under the set's salt.

use diesel::prelude::*;
use model::UserId;
use model::slow_hash::Salt;

use super::changing;
use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::{recovery_code_sets, recovery_codes, users};
use crate::unit_of_work::Tx;

/// The salt of an account's recovery codes; `None` when it has none.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn recovery_salt(tx: &mut Tx<'_>, user_id: &UserId) -> Result<Option<Salt>, StorageError> {
    let salt: Option<Vec<u8>> = on_either!(tx, connection => recovery_code_sets::table
        .find(user_id.as_str())
        .select(recovery_code_sets::salt)
        .first(connection)
        .optional())?;
    let salt = salt.map(Salt::try_from).transpose();
    salt.map_err(|_| StorageError::Corrupt("recovery_code_sets"))
}

/// Gives an account new recovery codes, as argon2id hashes under that salt; those before are worth
/// nothing any more. `false`, and none, when the account has no factor: alone they are none.
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
pub fn replace_recovery_codes(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    salt: &Salt,
    hashes: &[Vec<u8>],
) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    changing(tx, user_id, |tx| {
        let has_one: i64 = on_either!(tx, connection => users::table
            .find(user_id.as_str())
            .select(users::has_second_factor)
            .first(connection))?;
        if has_one == 0 {
            return Ok(false);
        }
        remove(tx, user_id)?;
        on_either!(tx, connection => diesel::insert_into(recovery_code_sets::table)
            .values((
                recovery_code_sets::user_id.eq(user_id.as_str()),
                recovery_code_sets::salt.eq(salt.as_slice()),
                recovery_code_sets::created_at.eq(now),
            ))
            .execute(connection))?;
        for hash in hashes {
            on_either!(tx, connection => diesel::insert_into(recovery_codes::table)
                .values((
                    recovery_codes::user_id.eq(user_id.as_str()),
                    recovery_codes::hash.eq(hash),
                ))
                .execute(connection))?;
        }
        Ok(true)
    })
}

/// Uses the recovery code of that hash up; how many are left, or `None` when it is none of the
/// account's or was used before.
///
/// One conditional `UPDATE` decides, so of any number of concurrent calls exactly one uses it.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn redeem_recovery_code(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    hash: &[u8],
) -> Result<Option<u32>, StorageError> {
    let now = tx.now().millis();
    let used = on_either!(tx, connection => diesel::update(recovery_codes::table)
        .filter(recovery_codes::user_id.eq(user_id.as_str()))
        .filter(recovery_codes::hash.eq(hash))
        .filter(recovery_codes::used_at.is_null())
        .set(recovery_codes::used_at.eq(now))
        .changed(connection))?;
    if used == 1 {
        left(tx, user_id).map(Some)
    } else {
        Ok(None)
    }
}

/// How many are unused.
pub(super) fn left(tx: &mut Tx<'_>, user_id: &UserId) -> Result<u32, StorageError> {
    let left: i64 = on_either!(tx, connection => recovery_codes::table
        .filter(recovery_codes::user_id.eq(user_id.as_str()))
        .filter(recovery_codes::used_at.is_null())
        .count()
        .get_result(connection))?;
    Ok(u32::try_from(left).unwrap_or(u32::MAX))
}

/// The codes go with their set.
pub(super) fn remove(tx: &mut Tx<'_>, user_id: &UserId) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::delete(recovery_code_sets::table.find(user_id.as_str()))
        .execute(connection))?;
    Ok(())
}
