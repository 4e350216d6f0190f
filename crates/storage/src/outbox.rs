//! Mail, events and logout tokens that leave after the transaction that caused them.
//!
//! The row is written in the transaction that made the change and claimed by whichever node's job
//! comes first: at least once, in no promised order.

use std::time::Duration;

use diesel::prelude::*;
use model::Timestamp;

use crate::backchannel_logouts;
use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
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
/// `None` when no message is due. Logout tokens do not wait in this row: [`claim_logouts`].
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn claim(tx: &mut Tx<'_>, lease: Duration) -> Result<Option<OutboxMessage>, StorageError> {
    while let Some((id, due_at)) = first_due(tx)? {
        if let Some(message) = claim_one(tx, &id, due_at, lease)? {
            return Ok(Some(message));
        }
    }
    Ok(None)
}

fn first_due(tx: &mut Tx<'_>) -> Result<Option<(String, i64)>, StorageError> {
    let now = tx.now().millis();
    Ok(on_either!(tx, connection => outbox::table
        .filter(outbox::done_at.is_null())
        .filter(outbox::due_at.le(now))
        .filter(outbox::kind.ne(backchannel_logouts::KIND))
        .order(outbox::due_at)
        .select((outbox::id, outbox::due_at))
        .first(connection)
        .optional())?)
}

/// Of all who saw the same row due at the same time one wins: the due time moves with the claim.
fn claim_one(
    tx: &mut Tx<'_>,
    id: &str,
    due_at: i64,
    lease: Duration,
) -> Result<Option<OutboxMessage>, StorageError> {
    let leased_until = tx.now().plus(lease).millis();
    let claimed: Option<MessageRow> = on_either!(tx, connection => diesel::update(outbox::table)
        .filter(outbox::id.eq(id))
        .filter(outbox::due_at.eq(due_at))
        .filter(outbox::done_at.is_null())
        .set((outbox::due_at.eq(leased_until), outbox::attempts.eq(outbox::attempts + 1)))
        .returning((outbox::id, outbox::kind, outbox::sealed, outbox::attempts))
        .prepared()
        .get_result(connection)
        .optional())?;
    Ok(claimed.map(OutboxMessage::of_row))
}

/// Id, kind, sealed content and number of tries.
type MessageRow = (String, String, Vec<u8>, i64);

impl OutboxMessage {
    fn of_row((id, kind, sealed, attempts): MessageRow) -> Self {
        Self {
            id,
            kind,
            sealed,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        }
    }
}

/// Claims up to `most` logout tokens that are due, for `lease`. Of all who see the same ones due
/// at the same time one gets each: the due time moves with the claim.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn claim_logouts(
    tx: &mut Tx<'_>,
    lease: Duration,
    most: usize,
) -> Result<Vec<OutboxMessage>, StorageError> {
    let now = tx.now().millis();
    let leased_until = tx.now().plus(lease).millis();
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let waiting = diesel::alias!(outbox as waiting);
    let due = waiting
        .filter(waiting.field(outbox::done_at).is_null())
        .filter(waiting.field(outbox::due_at).le(now))
        .filter(waiting.field(outbox::kind).eq(backchannel_logouts::KIND))
        .order(waiting.field(outbox::due_at))
        .limit(most)
        .select(waiting.field(outbox::id));
    let claimed: Vec<MessageRow> = on_either!(tx, connection => diesel::update(outbox::table)
        .filter(outbox::id.eq_any(due))
        .filter(outbox::due_at.le(now))
        .filter(outbox::done_at.is_null())
        .set((outbox::due_at.eq(leased_until), outbox::attempts.eq(outbox::attempts + 1)))
        .returning((outbox::id, outbox::kind, outbox::sealed, outbox::attempts))
        .prepared()
        .load(connection))?;
    Ok(claimed.into_iter().map(OutboxMessage::of_row).collect())
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
        .changed(connection))?;
    Ok(())
}

/// Puts a message off until a later try.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn postpone(tx: &mut Tx<'_>, id: &str, until: Timestamp) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::update(outbox::table)
        .filter(outbox::id.eq(id))
        .filter(outbox::done_at.is_null())
        .set(outbox::due_at.eq(until.millis()))
        .changed(connection))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{MINUTE, in_parallel, write};
    use crate::testing::{START, on_both_databases};
    use crate::unit_of_work::Store;

    fn with_messages(store: &Store, ids: &'static [&'static str]) {
        write(store, |tx| {
            ids.iter()
                .try_for_each(|id| enqueue(tx, id, "account_created", b"sealed"))
        });
    }

    fn claimed(store: &Store) -> Option<OutboxMessage> {
        write(store, |tx| claim(tx, MINUTE))
    }

    fn message(attempts: u32) -> OutboxMessage {
        OutboxMessage {
            id: "message".to_owned(),
            kind: "account_created".to_owned(),
            sealed: b"sealed".to_vec(),
            attempts,
        }
    }

    #[test]
    fn of_many_parallel_claimers_one_gets_a_message() {
        on_both_databases(|store, _| {
            with_messages(store, &["message"]);

            let claims = in_parallel(store, 16, |tx, _| claim(tx, MINUTE));

            let claimed: Vec<OutboxMessage> = claims.into_iter().flatten().collect();
            assert_eq!(claimed, [message(1)]);
        });
    }

    #[test]
    fn parallel_claimers_leave_no_message_behind() {
        on_both_databases(|store, _| {
            with_messages(store, &["one", "two", "three", "four", "five"]);

            let claims = in_parallel(store, 10, |tx, _| claim(tx, MINUTE));

            let mut ids: Vec<String> = claims.into_iter().flatten().map(|one| one.id).collect();
            ids.sort();
            assert_eq!(ids, ["five", "four", "one", "three", "two"]);
        });
    }

    #[test]
    fn a_message_whose_node_died_is_claimed_again_after_the_lease() {
        on_both_databases(|store, clock| {
            with_messages(store, &["message"]);
            claimed(store);
            assert_eq!(claimed(store), None);

            clock.advance(MINUTE);

            assert_eq!(claimed(store), Some(message(2)));
        });
    }

    #[test]
    fn a_message_that_was_put_off_waits_until_then() {
        on_both_databases(|store, clock| {
            with_messages(store, &["message"]);
            claimed(store);
            write(store, |tx| postpone(tx, "message", START.plus(5 * MINUTE)));

            clock.advance(4 * MINUTE);
            assert_eq!(claimed(store), None);
            clock.advance(MINUTE);
            assert_eq!(claimed(store), Some(message(2)));
        });
    }

    #[test]
    fn a_message_that_left_is_never_claimed_again_and_its_content_is_wiped() {
        on_both_databases(|store, clock| {
            with_messages(store, &["message"]);
            claimed(store);

            write(store, |tx| complete(tx, "message"));

            clock.advance(60 * MINUTE);
            assert_eq!(claimed(store), None);
            let content: Vec<u8> = write(store, |tx| {
                Ok(on_either!(tx, connection => outbox::table
                    .find("message")
                    .select(outbox::sealed)
                    .first(connection))?)
            });
            assert_eq!(content, b"");
        });
    }

    #[test]
    fn a_message_of_a_unit_of_work_that_fails_never_leaves() {
        on_both_databases(|store, _| {
            let failed: Result<(), _> = store.write_blocking(|tx| {
                enqueue(tx, "message", "account_created", b"sealed")?;
                Err(StorageError::Corrupt("a test"))
            });

            assert!(failed.is_err());
            assert_eq!(claimed(store), None);
        });
    }
}
