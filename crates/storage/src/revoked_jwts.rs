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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{MINUTE, in_parallel, write};
    use crate::testing::{START, on_both_databases};

    #[test]
    fn a_token_that_was_revoked_is_known_however_often_it_was() {
        on_both_databases(|store, _| {
            in_parallel(store, 4, |tx, _| insert(tx, "jti", START.plus(MINUTE)));

            assert!(write(store, |tx| contains(tx, "jti")));
            assert!(!write(store, |tx| contains(tx, "another")));
        });
    }
}
