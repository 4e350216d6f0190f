//! Whose a TRN is. Its keyed digest under every key that a node knows stands once: nodes whose
//! current keys differ share a key while keys are rotated, and so never both give it away.

use diesel::prelude::*;
use diesel::sql_types::Binary;
use model::keyring::Purpose;
use model::{Keyring, Trn, UserId};

use super::Linked;
use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::{trn_digests, trn_links};
use crate::unit_of_work::Tx;

/// The keyed digests of a TRN under each key, the current key's first.
#[must_use]
pub fn digests(keyring: &Keyring, trn: &Trn) -> Vec<Vec<u8>> {
    keyring.digests(Purpose::Trn, &[trn.as_str().as_bytes()])
}

/// The account that holds the TRN of these [`digests`].
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find_owner(tx: &mut Tx<'_>, digests: &[Vec<u8>]) -> Result<Option<UserId>, StorageError> {
    if digests.is_empty() {
        return Ok(None);
    }
    let owner: Option<String> = on_either!(tx, connection => trn_digests::table
        .filter(trn_digests::digest.eq_any(digests))
        .select(trn_digests::user_id)
        .prepared()
        .get_result(connection)
        .optional())?;
    Ok(owner.map(UserId::new))
}

/// Stores a link whose TRN has these digests, unless another account holds it. `store` tells
/// whether it changed a row; if not, nothing else changes either.
pub(super) fn unless_of_another<'c>(
    tx: &mut Tx<'c>,
    user_id: &UserId,
    digests: &[Vec<u8>],
    store: impl FnOnce(&mut Tx<'c>) -> Result<usize, StorageError>,
) -> Result<Linked, StorageError> {
    let added = match hold(tx, user_id, digests)? {
        Ok(added) => added,
        Err(owner) => return Ok(Linked::TrnOfAnother(owner)),
    };
    if store(tx)? == 0 {
        release(tx, user_id, &added)?;
        return Ok(Linked::Kept);
    }
    release_all_but(tx, user_id, digests)?;
    Ok(Linked::Linked)
}

/// Takes the digests for the account and returns those that it did not have; or, with none of them
/// taken, the account that has one.
///
/// The primary key decides. The digests are taken in their own order, not in that of the keys, so
/// that of two nodes with the keys in another order neither waits for the other in vain.
fn hold(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    digests: &[Vec<u8>],
) -> Result<Result<Vec<Vec<u8>>, UserId>, StorageError> {
    let mut ordered: Vec<&Vec<u8>> = digests.iter().collect();
    ordered.sort_unstable();
    let mut added = Vec::new();
    loop {
        for digest in &ordered {
            if insert(tx, user_id, digest)? {
                added.push((*digest).clone());
            }
        }
        if added.len() == digests.len() {
            return Ok(Ok(added));
        }
        let holders = holders(tx, digests)?;
        if let Some(other) = holders.iter().find(|holder| *holder != user_id.as_str()) {
            release(tx, user_id, &added)?;
            return Ok(Err(UserId::new(other.clone())));
        }
        if holders.len() == digests.len() {
            return Ok(Ok(added));
        }
        // Whoever had one let it go a moment ago.
    }
}

fn insert(tx: &mut Tx<'_>, user_id: &UserId, digest: &[u8]) -> Result<bool, StorageError> {
    let inserted = on_either!(tx, connection => diesel::insert_into(trn_digests::table)
        .values((
            trn_digests::digest.eq(digest),
            trn_digests::user_id.eq(user_id.as_str()),
        ))
        .on_conflict(trn_digests::digest)
        .do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

/// Whose each of the digests is, as far as they are anybody's.
fn holders(tx: &mut Tx<'_>, digests: &[Vec<u8>]) -> Result<Vec<String>, StorageError> {
    Ok(on_either!(tx, connection => trn_digests::table
        .filter(trn_digests::digest.eq_any(digests))
        .select(trn_digests::user_id)
        .prepared()
        .load(connection))?)
}

fn release(tx: &mut Tx<'_>, user_id: &UserId, digests: &[Vec<u8>]) -> Result<(), StorageError> {
    if digests.is_empty() {
        return Ok(());
    }
    on_either!(tx, connection => diesel::delete(trn_digests::table)
        .filter(trn_digests::digest.eq_any(digests))
        .filter(trn_digests::user_id.eq(user_id.as_str()))
        .changed(connection))?;
    Ok(())
}

/// Lets go of every TRN but that of these digests.
fn release_all_but(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    digests: &[Vec<u8>],
) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::delete(trn_digests::table)
        .filter(trn_digests::user_id.eq(user_id.as_str()))
        .filter(trn_digests::digest.ne_all(digests))
        .changed(connection))?;
    Ok(())
}

/// Replaces the sealed TRN of an account, if it is still what was read, and takes its digests
/// under the keys that it was sealed anew by; whether it did.
pub(crate) fn seal_anew(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    (read, anew): (&[u8], &[u8]),
    digests: &[Vec<u8>],
) -> Result<bool, StorageError> {
    let replaced = on_either!(tx, connection => diesel::update(trn_links::table)
        .filter(trn_links::user_id.eq(user_id.as_str()))
        .filter(trn_links::sealed_trn.eq(read))
        .set(trn_links::sealed_trn.eq(anew))
        .changed(connection))?;
    if replaced == 1 && hold(tx, user_id, digests)?.is_ok() {
        release_all_but(tx, user_id, digests)?;
    }
    Ok(replaced == 1)
}

/// Deletes up to `limit` digests that no key of the keyring made, of accounts whose TRN is sealed
/// under the current one and so is digested under it, too. How many there were.
pub(crate) fn forget_removed_keys(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    limit: usize,
) -> Result<usize, StorageError> {
    let mut forgotten = 0;
    for (first, last) in ids_without_key(keyring) {
        // A digest begins with the id of its key and is shorter than this.
        let mut end = vec![u8::MAX; 64];
        end.splice(..1, [last]);
        let statement = format!(
            "DELETE FROM trn_digests WHERE digest IN \
             (SELECT d.digest FROM trn_digests d JOIN trn_links l ON l.user_id = d.user_id \
             WHERE d.digest >= $1 AND d.digest <= $2 AND substr(l.sealed_trn, 1, 1) = $3 \
             LIMIT {limit})"
        );
        forgotten += on_either!(tx, connection => diesel::sql_query(statement)
            .bind::<Binary, _>(vec![first])
            .bind::<Binary, _>(end)
            .bind::<Binary, _>(vec![keyring.current_id()])
            .execute(connection))?;
    }
    Ok(forgotten)
}

/// The ids of keys that the keyring lacks, as the first and last of each row of them.
fn ids_without_key(keyring: &Keyring) -> Vec<(u8, u8)> {
    let has_key: Vec<u8> = keyring.ids().collect();
    let mut rows: Vec<(u8, u8)> = Vec::new();
    for id in (0..=u8::MAX).filter(|id| !has_key.contains(id)) {
        match rows.last_mut() {
            Some((_, last)) if id - *last == 1 => *last = id,
            _ => rows.push((id, id)),
        }
    }
    rows
}
