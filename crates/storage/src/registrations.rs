//! Clients that registered themselves, each with the digest of the token that manages it
//! (RFC 7592).
//!
//! The row hangs on the client's: whatever deletes the client takes the right to manage it away.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use model::{ClientId, SecretDigest};

use crate::clients::{ClientRow, StoredClient};
use crate::error::StorageError;
use crate::purge::BATCH;
use crate::schema::{clients, consents, registrations};
use crate::unit_of_work::Tx;

/// A client leaves when it has not changed for so long and nobody agrees to share anything with it
/// any more. Agreements are remembered for a year, so nobody came to it for the first time, or
/// again, since then.
pub const UNUSED_FOR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Remembers which token manages a client that was just stored.
///
/// # Errors
///
/// [`StorageError`] when the database fails, or there is no such client.
pub fn insert(
    tx: &mut Tx<'_>,
    client_id: &ClientId,
    token: &SecretDigest,
) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::insert_into(registrations::table)
        .values((
            registrations::client_id.eq(client_id.as_str()),
            registrations::token_digest.eq(&token.as_bytes()[..]),
            registrations::changed_at.eq(now),
        ))
        .execute(connection))?;
    Ok(())
}

/// The client that this token manages, unless it is switched off. A token and the id of another
/// client find nothing.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    client_id: &ClientId,
    token: &SecretDigest,
) -> Result<Option<StoredClient>, StorageError> {
    let row: Option<ClientRow> = on_either!(tx, connection => registrations::table
        .inner_join(clients::table.on(clients::id.eq(registrations::client_id)))
        .filter(registrations::client_id.eq(client_id.as_str()))
        .filter(registrations::token_digest.eq(&token.as_bytes()[..]))
        .filter(clients::disabled_at.is_null())
        .select(ClientRow::as_select())
        .first(connection)
        .optional())?;
    row.map(ClientRow::into_stored).transpose()
}

/// [`find`] for who is about to change the client. One conditional `UPDATE` decides, and until the
/// unit of work ends nobody else changes the registration.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find_to_change(
    tx: &mut Tx<'_>,
    client_id: &ClientId,
    token: &SecretDigest,
) -> Result<Option<StoredClient>, StorageError> {
    let now = tx.now().millis();
    let is_held = on_either!(tx, connection => diesel::update(registrations::table)
        .filter(registrations::client_id.eq(client_id.as_str()))
        .filter(registrations::token_digest.eq(&token.as_bytes()[..]))
        .set(registrations::changed_at.eq(now))
        .execute(connection))?;
    if is_held == 0 {
        return Ok(None);
    }
    find(tx, client_id, token)
}

/// Deletes a client that [`find_to_change`] found, what people agreed to share with it, and the
/// right to manage it. Its codes and tokens are worth nothing without it, and leave at their end.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn delete(tx: &mut Tx<'_>, client_id: &ClientId) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::delete(consents::table)
        .filter(consents::client_id.eq(client_id.as_str()))
        .execute(connection))?;
    on_either!(tx, connection => diesel::delete(clients::table.find(client_id.as_str()))
        .execute(connection))?;
    Ok(())
}

/// Deletes one batch of the clients that registered themselves and that nobody uses (see
/// [`UNUSED_FOR`]); how many went.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn purge(tx: &mut Tx<'_>) -> Result<usize, StorageError> {
    let before = tx.now().minus(UNUSED_FOR).millis();
    let statement = format!(
        "DELETE FROM clients WHERE id IN \
         (SELECT client_id FROM registrations WHERE changed_at <= $1 AND NOT EXISTS \
         (SELECT 1 FROM consents WHERE consents.client_id = registrations.client_id) \
         ORDER BY changed_at LIMIT {BATCH})"
    );
    Ok(
        on_either!(tx, connection => diesel::sql_query(statement.as_str())
            .bind::<BigInt, _>(before)
            .execute(connection))?,
    )
}

#[cfg(test)]
mod tests;
