//! DPoP proofs that were used.

use diesel::prelude::*;
use model::{KeyThumbprint, SecretDigest, Timestamp};

use crate::error::StorageError;
use crate::schema::dpop_proofs;
use crate::unit_of_work::Tx;

/// Uses up the `jti` of a proof by a key; `false` when it was used before (RFC 9449 §11.1).
/// The primary key decides, so of any number of concurrent uses exactly one succeeds.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn redeem(
    tx: &mut Tx<'_>,
    jkt: &KeyThumbprint,
    jti: &SecretDigest,
    expires_at: Timestamp,
) -> Result<bool, StorageError> {
    let inserted = on_either!(tx, connection => diesel::insert_into(dpop_proofs::table)
        .values((
            dpop_proofs::jkt.eq(jkt.as_str()),
            dpop_proofs::jti_digest.eq(jti.as_bytes().as_slice()),
            dpop_proofs::expires_at.eq(expires_at.millis()),
        ))
        .on_conflict((dpop_proofs::jkt, dpop_proofs::jti_digest))
        .do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{MINUTE, digest, in_parallel, jkt, write};
    use crate::testing::{START, on_both_databases};

    fn used(tx: &mut Tx<'_>, key: &str, jti: &str) -> Result<bool, StorageError> {
        redeem(tx, &jkt(key), &digest(jti), START.plus(MINUTE))
    }

    #[test]
    fn a_proof_that_is_replayed_in_parallel_is_good_once() {
        on_both_databases(|store, _| {
            let endings = in_parallel(store, 16, |tx, _| used(tx, "a", "jti"));

            assert_eq!(endings.iter().filter(|first| **first).count(), 1);
        });
    }

    #[test]
    fn two_keys_may_draw_the_same_jti() {
        on_both_databases(|store, _| {
            let endings = write(store, |tx| {
                Ok([used(tx, "a", "jti")?, used(tx, "b", "jti")?])
            });

            assert_eq!(endings, [true, true]);
        });
    }
}
