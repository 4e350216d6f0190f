//! Mail that leaves after the transaction that caused it.
//!
//! The row is written in the transaction that made the change and claimed by whichever node's job
//! comes first: at least once, in no promised order.

use std::time::Duration;

use diesel::prelude::*;
use model::Timestamp;

use crate::error::StorageError;
use crate::schema::outbox;
use crate::unit_of_work::Tx;

/// A message that waits to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMessage {
    /// Its row: an ordered UUID, also the reference that the mail carries.
    pub id: String,
    /// Which mail it is.
    pub kind: String,
    /// What it needs to be written, sealed with its id as context.
    pub sealed: Vec<u8>,
    /// How often it was tried, this time included.
    pub attempts: u32,
}

/// Queues a message in the unit of work that causes it.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn enqueue(tx: &mut Tx<'_>, id: &str, kind: &str, sealed: &[u8]) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(id),
            outbox::kind.eq(kind),
            outbox::sealed.eq(sealed),
            outbox::created_at.eq(now),
            outbox::due_at.eq(now),
            outbox::attempts.eq(0),
        ))
        .execute(connection))?;
    Ok(())
}

/// Claims the message that has waited longest, for `lease`: nobody else gets it before then.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn claim(tx: &mut Tx<'_>, lease: Duration) -> Result<Option<OutboxMessage>, StorageError> {
    let now = tx.now();
    let next: Option<(String, i64)> = on_either!(tx, connection => outbox::table
        .filter(outbox::done_at.is_null())
        .filter(outbox::due_at.le(now.millis()))
        .order(outbox::due_at)
        .select((outbox::id, outbox::due_at))
        .first(connection)
        .optional())?;
    let Some((id, due_at)) = next else {
        return Ok(None);
    };
    // Who saw the same row loses here: its due time has moved.
    let claimed: Option<(String, String, Vec<u8>, i64)> = on_either!(tx, connection => diesel::update(outbox::table)
        .filter(outbox::id.eq(&id))
        .filter(outbox::due_at.eq(due_at))
        .filter(outbox::done_at.is_null())
        .set((outbox::due_at.eq(now.plus(lease).millis()), outbox::attempts.eq(outbox::attempts + 1)))
        .returning((outbox::id, outbox::kind, outbox::sealed, outbox::attempts))
        .get_result(connection)
        .optional())?;
    Ok(claimed.map(|(id, kind, sealed, attempts)| OutboxMessage {
        id,
        kind,
        sealed,
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
    }))
}

/// Marks a message as sent, or as given up; its content is wiped.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn complete(tx: &mut Tx<'_>, id: &str) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::update(outbox::table.find(id))
        .set((outbox::done_at.eq(now), outbox::sealed.eq(Vec::new())))
        .execute(connection))?;
    Ok(())
}

/// Puts a message off until a later try.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn postpone(tx: &mut Tx<'_>, id: &str, until: Timestamp) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::update(outbox::table.find(id))
        .set(outbox::due_at.eq(until.millis()))
        .execute(connection))?;
    Ok(())
}
