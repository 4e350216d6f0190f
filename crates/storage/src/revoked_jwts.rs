//! JWT access tokens that were revoked before their own end.

use diesel::prelude::*;
use model::Timestamp;

use crate::error::StorageError;
use crate::schema::revoked_jwts;
use crate::unit_of_work::Tx;

/// Revokes the JWT of that `jti` until it would have ended anyway.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert(tx: &mut Tx<'_>, jti: &str, expires_at: Timestamp) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::insert_into(revoked_jwts::table)
        .values((revoked_jwts::jti.eq(jti), revoked_jwts::expires_at.eq(expires_at.millis())))
        .on_conflict(revoked_jwts::jti)
        .do_nothing()
        .execute(connection))?;
    Ok(())
}

/// Whether the JWT of that `jti` was revoked.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn contains(tx: &mut Tx<'_>, jti: &str) -> Result<bool, StorageError> {
    let count: i64 = on_either!(tx, connection => revoked_jwts::table
        .filter(revoked_jwts::jti.eq(jti))
        .count()
        .get_result(connection))?;
    Ok(count == 1)
}
