//! What people agreed to share with clients that are not ours.

use std::time::Duration;

use diesel::prelude::*;
use model::requirement::Consent;
use model::{ClientId, ScopeSet, Timestamp, UserId};

use crate::error::StorageError;
use crate::schema::consents;
use crate::stored;
use crate::unit_of_work::Tx;

/// An agreement is asked for again after this long.
const REMEMBERED_FOR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Remembers that a person agreed, now, to share `scope` with a client; what they agreed to
/// before stays agreed.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn grant(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    client_id: &ClientId,
    scope: &ScopeSet,
) -> Result<(), StorageError> {
    let earlier = find(tx, user_id, client_id)?
        .map(|consent| consent.scope)
        .unwrap_or_default();
    let now = tx.now();
    let scope = earlier.union(scope).to_string();
    let expires_at = now.plus(REMEMBERED_FOR).millis();
    on_either!(tx, connection => diesel::insert_into(consents::table)
        .values((
            consents::user_id.eq(user_id.as_str()),
            consents::client_id.eq(client_id.as_str()),
            consents::scope.eq(&scope),
            consents::granted_at.eq(now.millis()),
            consents::expires_at.eq(expires_at),
        ))
        .on_conflict((consents::user_id, consents::client_id))
        .do_update()
        .set((
            consents::scope.eq(&scope),
            consents::granted_at.eq(now.millis()),
            consents::expires_at.eq(expires_at),
        ))
        .execute(connection))?;
    Ok(())
}

/// What a person agreed to share with a client, if they did.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    client_id: &ClientId,
) -> Result<Option<Consent>, StorageError> {
    let now = tx.now().millis();
    let row: Option<(String, i64)> = on_either!(tx, connection => consents::table
        .find((user_id.as_str(), client_id.as_str()))
        .filter(consents::expires_at.gt(now))
        .select((consents::scope, consents::granted_at))
        .first(connection)
        .optional())?;
    row.map(|(scope, granted_at)| {
        Ok(Consent {
            scope: stored::scope("consents", &scope)?,
            granted_at: Timestamp::from_millis(granted_at),
        })
    })
    .transpose()
}
