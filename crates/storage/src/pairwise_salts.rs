//! What pairwise subjects are made with (OpenID Connect Core §8.1), sealed. There is one, and
//! nothing changes it.

use diesel::prelude::*;

use crate::error::StorageError;
use crate::schema::pairwise_salts;
use crate::unit_of_work::Tx;

/// The name of the only one, which is the context that it is sealed with.
pub const ID: &str = "subjects";

/// The salt, sealed: the one that is stored or, if there is none yet, this one. Nodes that start
/// together all get the same.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find_or_insert(tx: &mut Tx<'_>, sealed: &[u8]) -> Result<Vec<u8>, StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::insert_into(pairwise_salts::table)
        .values((
            pairwise_salts::id.eq(ID),
            pairwise_salts::sealed.eq(sealed),
            pairwise_salts::created_at.eq(now),
        ))
        .on_conflict(pairwise_salts::id)
        .do_nothing()
        .execute(connection))?;
    Ok(on_either!(tx, connection => pairwise_salts::table
        .find(ID)
        .select(pairwise_salts::sealed)
        .first(connection))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::write;
    use crate::testing::on_both_databases;

    #[test]
    fn the_first_salt_stays() {
        on_both_databases(|store, _| {
            assert_eq!(write(store, |tx| find_or_insert(tx, b"first")), b"first");
            assert_eq!(write(store, |tx| find_or_insert(tx, b"second")), b"first");
        });
    }
}
