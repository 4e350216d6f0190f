//! The audit log.

use diesel::prelude::*;
use model::event::Event;
use model::{Entropy, SystemEntropy};

use crate::error::StorageError;
use crate::schema::events;
use crate::unit_of_work::Tx;

/// Records that something happened, in the unit of work that made it happen.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert(tx: &mut Tx<'_>, event: &Event) -> Result<(), StorageError> {
    let now = tx.now();
    let entropy: &dyn Entropy = &SystemEntropy;
    let id = entropy.ordered_uuid(now);
    on_either!(tx, connection => diesel::insert_into(events::table)
        .values((
            events::id.eq(id),
            events::at.eq(now.millis()),
            events::kind.eq(event.kind.as_str()),
            events::client_id.eq(event.client_id.as_deref()),
            events::user_id.eq(event.user_id.as_deref()),
            events::about.eq(event.about.as_deref()),
        ))
        .execute(connection))?;
    Ok(())
}

/// How often a kind of event was recorded.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn count(tx: &mut Tx<'_>, kind: model::event::EventKind) -> Result<i64, StorageError> {
    Ok(on_either!(tx, connection => events::table
        .filter(events::kind.eq(kind.as_str()))
        .count()
        .get_result(connection))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_both_databases;
    use model::event::EventKind;

    #[test]
    fn events_are_counted_by_kind() {
        on_both_databases(|store, _| {
            let recorded = store.write_blocking(|tx| {
                let signed_in = Event::of(EventKind::SignedIn)
                    .of_user("ada")
                    .by_client("demo");
                insert(tx, &signed_in)?;
                insert(tx, &signed_in)?;
                insert(tx, &Event::of(EventKind::SignedOut).about("sid"))?;
                Ok((
                    count(tx, EventKind::SignedIn)?,
                    count(tx, EventKind::KeysRotated)?,
                ))
            });

            assert_eq!(recorded.unwrap(), (2, 0));
        });
    }

    #[test]
    fn an_event_of_a_unit_of_work_that_fails_is_not_recorded() {
        on_both_databases(|store, _| {
            let failed: Result<(), _> = store.write_blocking(|tx| {
                insert(tx, &Event::of(EventKind::SignedIn))?;
                Err(StorageError::Corrupt("a test"))
            });

            assert!(failed.is_err());
            let recorded = store.read_blocking(|tx| count(tx, EventKind::SignedIn));
            assert_eq!(recorded.unwrap(), 0);
        });
    }
}
