//! Tokens that let their bearers register clients (RFC 7591 §3), by digest.

use diesel::prelude::*;
use model::{SecretDigest, Timestamp};

use crate::error::StorageError;
use crate::schema::initial_access_tokens as tokens;
use crate::unit_of_work::Tx;

/// A token as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct InitialAccessToken {
    /// What it is revoked by.
    pub id: String,
    /// Whom it was made for, in the operator's words.
    pub name: String,
    /// How many clients it can still register; any number when absent.
    pub uses_left: Option<i64>,
    /// When it was made, in milliseconds since the epoch.
    pub created_at: i64,
    /// From when on it is refused, in milliseconds since the epoch.
    pub expires_at: i64,
}

/// A token to be stored.
#[derive(Clone, Debug)]
pub struct NewInitialAccessToken {
    /// What it is revoked by.
    pub id: String,
    /// Whom it is for.
    pub name: String,
    /// What is stored of it.
    pub digest: SecretDigest,
    /// How many clients it can register; any number when absent.
    pub uses: Option<u32>,
    /// From when on it is refused.
    pub expires_at: Timestamp,
}

/// Stores a token.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert(tx: &mut Tx<'_>, token: &NewInitialAccessToken) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::insert_into(tokens::table)
        .values((
            tokens::id.eq(&token.id),
            tokens::name.eq(&token.name),
            tokens::digest.eq(&token.digest.as_bytes()[..]),
            tokens::uses_left.eq(token.uses.map(i64::from)),
            tokens::created_at.eq(now),
            tokens::expires_at.eq(token.expires_at.millis()),
        ))
        .execute(connection))?;
    Ok(())
}

/// Every token that has not left yet, oldest first.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<InitialAccessToken>, StorageError> {
    Ok(on_either!(tx, connection => tokens::table
        .order((tokens::created_at, tokens::id))
        .select((
            tokens::id,
            tokens::name,
            tokens::uses_left,
            tokens::created_at,
            tokens::expires_at,
        ))
        .load(connection))?)
}

/// Whether a token could be redeemed now. Only [`redeem`] decides.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn is_live(tx: &mut Tx<'_>, digest: &SecretDigest) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let count: i64 = on_either!(tx, connection => tokens::table
        .filter(tokens::digest.eq(&digest.as_bytes()[..]))
        .filter(tokens::expires_at.gt(now))
        .filter(tokens::uses_left.is_null().or(tokens::uses_left.gt(0)))
        .count()
        .get_result(connection))?;
    Ok(count == 1)
}

/// Uses a token once; `false` when it is unknown, revoked, expired or used up. One conditional
/// `UPDATE` decides, so that parallel uses never pass its number together.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn redeem(tx: &mut Tx<'_>, digest: &SecretDigest) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let redeemed = on_either!(tx, connection => diesel::update(tokens::table)
        .filter(tokens::digest.eq(&digest.as_bytes()[..]))
        .filter(tokens::expires_at.gt(now))
        .filter(tokens::uses_left.is_null().or(tokens::uses_left.gt(0)))
        .set(tokens::uses_left.eq(tokens::uses_left - 1))
        .execute(connection))?;
    Ok(redeemed == 1)
}

/// Revokes a token; `false` when there is none of that id.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn delete(tx: &mut Tx<'_>, id: &str) -> Result<bool, StorageError> {
    let deleted = on_either!(tx, connection => diesel::delete(tokens::table.find(id))
        .execute(connection))?;
    Ok(deleted == 1)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::samples::{DAY, digest, in_parallel, write};
    use crate::testing::{START, on_both_databases};
    use crate::unit_of_work::Store;

    fn minted(store: &Store, uses: Option<u32>) {
        let token = NewInitialAccessToken {
            id: "id".to_owned(),
            name: "The county".to_owned(),
            digest: digest("token"),
            uses,
            expires_at: START.plus(DAY),
        };
        write(store, move |tx| insert(tx, &token));
    }

    fn redeemed(store: &Store) -> bool {
        let is_live = write(store, |tx| is_live(tx, &digest("token")));
        let redeemed = write(store, |tx| redeem(tx, &digest("token")));
        assert_eq!(is_live, redeemed);
        redeemed
    }

    #[test]
    fn a_token_is_good_as_often_as_was_allowed() {
        on_both_databases(|store, _| {
            minted(store, Some(2));

            assert_eq!([(); 3].map(|()| redeemed(store)), [true, true, false]);
            assert!(!write(store, |tx| redeem(tx, &digest("another"))));
        });
    }

    #[test]
    fn a_token_without_a_number_is_good_until_it_expires() {
        on_both_databases(|store, clock| {
            minted(store, None);

            assert_eq!([(); 3].map(|()| redeemed(store)), [true; 3]);
            clock.advance(DAY);
            assert!(!redeemed(store));
        });
    }

    #[test]
    fn uses_at_once_never_pass_the_number_together() {
        on_both_databases(|store, _| {
            static WON: AtomicUsize = AtomicUsize::new(0);
            WON.store(0, Ordering::SeqCst);
            minted(store, Some(3));

            in_parallel(store, 12, |tx, _| {
                if redeem(tx, &digest("token"))? {
                    WON.fetch_add(1, Ordering::SeqCst);
                }
                Ok(())
            });

            assert_eq!(WON.load(Ordering::SeqCst), 3);
        });
    }

    #[test]
    fn a_revoked_token_is_neither_listed_nor_good() {
        on_both_databases(|store, _| {
            minted(store, Some(2));
            redeemed(store);
            let expected = InitialAccessToken {
                id: "id".to_owned(),
                name: "The county".to_owned(),
                uses_left: Some(1),
                created_at: START.millis(),
                expires_at: START.plus(DAY).millis(),
            };
            assert_eq!(write(store, list), [expected]);

            assert!(write(store, |tx| delete(tx, "id")));

            assert!(!write(store, |tx| delete(tx, "id")));
            assert_eq!(write(store, list), []);
            assert!(!redeemed(store));
        });
    }
}
