//! Which clients are told when an account's TRN is found.

use diesel::prelude::*;
use model::{ClientId, UserId};

use crate::error::StorageError;
use crate::schema::trn_watchers;
use crate::unit_of_work::Tx;

/// Has a client told when the account's TRN is found; asking again changes nothing.
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
pub fn watch(tx: &mut Tx<'_>, user_id: &UserId, client_id: &ClientId) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::insert_into(trn_watchers::table)
        .values((
            trn_watchers::user_id.eq(user_id.as_str()),
            trn_watchers::client_id.eq(client_id.as_str()),
            trn_watchers::watched_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(())
}

/// The clients that are told.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn list(tx: &mut Tx<'_>, user_id: &UserId) -> Result<Vec<ClientId>, StorageError> {
    let ids: Vec<String> = on_either!(tx, connection => trn_watchers::table
        .filter(trn_watchers::user_id.eq(user_id.as_str()))
        .order(trn_watchers::client_id)
        .select(trn_watchers::client_id)
        .load(connection))?;
    ids.iter()
        .map(|id| ClientId::parse(id).map_err(|_| StorageError::Corrupt("trn_watchers")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{client_id, user_id, with_account, write};
    use crate::testing::on_both_databases;

    #[test]
    fn a_client_watches_an_account_once_however_often_it_asks() {
        on_both_databases(|store, _| {
            with_account(store, "ada");
            with_account(store, "bob");
            for (user, client) in [
                ("ada", "one"),
                ("ada", "one"),
                ("ada", "other"),
                ("bob", "third"),
            ] {
                write(store, move |tx| {
                    watch(tx, &user_id(user), &client_id(client))
                });
            }

            let watching = write(store, |tx| list(tx, &user_id("ada")));

            assert_eq!(watching, [client_id("one"), client_id("other")]);
        });
    }
}
