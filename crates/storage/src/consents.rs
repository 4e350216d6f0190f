//! What people agreed to share with clients that are not ours.

use std::time::Duration;

use diesel::prelude::*;
use model::requirement::Consent;
use model::{ClientId, ScopeSet, Timestamp, UserId};

use crate::connection::Connection;
use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::consents;
use crate::stored;
use crate::unit_of_work::Tx;

const TABLE: &str = "consents";

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
    while !insert(tx, user_id, client_id, scope)? && !widen(tx, user_id, client_id, scope)? {
        // Another tab agreed at the same moment: join with what it stored.
    }
    Ok(())
}

/// Stores a first agreement; `false` when there is one already.
fn insert(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    client_id: &ClientId,
    scope: &ScopeSet,
) -> Result<bool, StorageError> {
    let now = tx.now();
    let inserted = on_either!(tx, connection => diesel::insert_into(consents::table)
        .values((
            consents::user_id.eq(user_id.as_str()),
            consents::client_id.eq(client_id.as_str()),
            consents::scope.eq(scope.to_string()),
            consents::granted_at.eq(now.millis()),
            consents::expires_at.eq(now.plus(REMEMBERED_FOR).millis()),
        ))
        .on_conflict((consents::user_id, consents::client_id))
        .do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

/// Adds to an agreement; `false` when it changed, or went, since it was read.
fn widen(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    client_id: &ClientId,
    scope: &ScopeSet,
) -> Result<bool, StorageError> {
    let now = tx.now();
    let earlier: Option<(String, i64)> = on_either!(tx, connection => consents::table
        .find((user_id.as_str(), client_id.as_str()))
        .select((consents::scope, consents::expires_at))
        .first(connection)
        .optional())?;
    let Some((earlier, expires_at)) = earlier else {
        return Ok(false);
    };
    let joined = if expires_at > now.millis() {
        stored::scope(TABLE, &earlier)?.union(scope)
    } else {
        scope.clone()
    };
    let changed = on_either!(tx, connection => diesel::update(consents::table)
        .filter(consents::user_id.eq(user_id.as_str()))
        .filter(consents::client_id.eq(client_id.as_str()))
        .filter(consents::scope.eq(&earlier))
        .set((
            consents::scope.eq(joined.to_string()),
            consents::granted_at.eq(now.millis()),
            consents::expires_at.eq(now.plus(REMEMBERED_FOR).millis()),
        ))
        .changed(connection))?;
    Ok(changed == 1)
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
    read(row)
}

/// [`find`], for a unit of work that issues what was agreed to: whoever stops sharing meanwhile
/// waits until this unit of work ends, and then ends what it issued.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find_to_use(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    client_id: &ClientId,
) -> Result<Option<Consent>, StorageError> {
    let now = tx.now().millis();
    match tx.connection() {
        Connection::Sqlite(_) => find(tx, user_id, client_id),
        Connection::Postgres(connection) => {
            let row = consents::table
                .find((user_id.as_str(), client_id.as_str()))
                .filter(consents::expires_at.gt(now))
                .select((consents::scope, consents::granted_at))
                .for_key_share()
                .first(*connection)
                .optional()?;
            read(row)
        }
    }
}

fn read(row: Option<(String, i64)>) -> Result<Option<Consent>, StorageError> {
    row.map(|(scope, granted_at)| {
        Ok(Consent {
            scope: stored::scope(TABLE, &scope)?,
            granted_at: Timestamp::from_millis(granted_at),
        })
    })
    .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{DAY, client_id, in_parallel, scope, user_id, write};
    use crate::testing::{START, on_both_databases};
    use crate::unit_of_work::Store;

    fn agree(store: &Store, to: &'static str) {
        write(store, move |tx| {
            grant(tx, &user_id("ada"), &client_id("demo"), &scope(to))
        });
    }

    fn agreed(store: &Store, client: &'static str) -> Option<Consent> {
        write(store, move |tx| {
            find(tx, &user_id("ada"), &client_id(client))
        })
    }

    #[test]
    fn what_was_agreed_to_is_remembered_for_that_client_alone() {
        on_both_databases(|store, _| {
            agree(store, "openid email");

            let expected = Consent {
                scope: scope("email openid"),
                granted_at: START,
            };
            assert_eq!(agreed(store, "demo"), Some(expected));
            assert_eq!(agreed(store, "another"), None);
        });
    }

    #[test]
    fn a_later_agreement_adds_to_an_earlier_one() {
        on_both_databases(|store, clock| {
            agree(store, "openid email");
            clock.advance(DAY);

            agree(store, "openid profile");

            let consent = agreed(store, "demo").unwrap();
            assert_eq!(consent.scope, scope("email openid profile"));
            assert_eq!(consent.granted_at, START.plus(DAY));
        });
    }

    #[test]
    fn a_forgotten_agreement_adds_nothing_to_a_new_one() {
        on_both_databases(|store, clock| {
            agree(store, "openid email");
            clock.advance(REMEMBERED_FOR);
            assert_eq!(agreed(store, "demo"), None);

            agree(store, "openid profile");

            assert_eq!(
                agreed(store, "demo").unwrap().scope,
                scope("openid profile")
            );
        });
    }

    #[test]
    fn agreements_in_parallel_tabs_are_all_kept() {
        on_both_databases(|store, _| {
            in_parallel(store, 16, |tx, time| {
                let one = scope(&format!("value{time:02}"));
                grant(tx, &user_id("ada"), &client_id("demo"), &one)
            });

            assert_eq!(agreed(store, "demo").unwrap().scope.iter().count(), 16);
        });
    }
}
