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
