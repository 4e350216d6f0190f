//! Client assertions that were used.

use diesel::prelude::*;
use model::{ClientId, SecretDigest, Timestamp};

use crate::error::StorageError;
use crate::schema::client_assertions;
use crate::unit_of_work::Tx;

/// Uses up the `jti` of a client's assertion; `false` when it was used before (RFC 7523 §3).
/// The primary key decides, so of any number of concurrent uses exactly one succeeds.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn redeem(
    tx: &mut Tx<'_>,
    client_id: &ClientId,
    jti: &SecretDigest,
    expires_at: Timestamp,
) -> Result<bool, StorageError> {
    let inserted = on_either!(tx, connection => diesel::insert_into(client_assertions::table)
        .values((
            client_assertions::client_id.eq(client_id.as_str()),
            client_assertions::jti_digest.eq(jti.as_bytes().as_slice()),
            client_assertions::expires_at.eq(expires_at.millis()),
        ))
        .on_conflict((client_assertions::client_id, client_assertions::jti_digest))
        .do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{MINUTE, client_id, digest, in_parallel};
    use crate::testing::{START, on_both_databases};

    fn used(tx: &mut Tx<'_>, client: &str, jti: &str) -> Result<bool, StorageError> {
        redeem(tx, &client_id(client), &digest(jti), START.plus(MINUTE))
    }

    #[test]
    fn an_assertion_that_is_replayed_in_parallel_is_good_once() {
        on_both_databases(|store, _| {
            let endings = in_parallel(store, 16, |tx, _| used(tx, "demo", "jti"));

            assert_eq!(endings.iter().filter(|first| **first).count(), 1);
        });
    }

    #[test]
    fn clients_may_draw_the_same_jti() {
        on_both_databases(|store, _| {
            let endings = store
                .write_blocking(|tx| Ok([used(tx, "demo", "jti")?, used(tx, "another", "jti")?]));

            assert_eq!(endings.unwrap(), [true, true]);
        });
    }
}
