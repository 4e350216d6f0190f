//! Accounts that get another address, and the link by which whoever reads mail at the one before
//! stops or undoes it.
//!
//! Whoever freezes or applies a change has locked its account before
//! ([`users::lock_what_is_open`](crate::users::lock_what_is_open)): what freezes one and what
//! applies another never wait for each other.

use std::time::Duration;

use diesel::prelude::*;
use model::{SecretDigest, Timestamp, UserId};

use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::address_changes;
use crate::unit_of_work::Tx;

/// A change to be stored.
#[derive(Clone, Debug)]
pub struct NewAddressChange {
    /// Its row: an ordered UUID.
    pub id: String,
    /// Whose address changes.
    pub user_id: UserId,
    /// The addresses, sealed with the id as context
    /// ([`Purpose::AddressChange`](model::keyring::Purpose::AddressChange)).
    pub sealed: Vec<u8>,
    /// The digest of the secret in the link that freezes it.
    pub freeze: SecretDigest,
    /// When it happens unless it is frozen before.
    pub takes_effect_at: Timestamp,
}

/// A change, as whoever asks finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressChange {
    /// Its row.
    pub id: String,
    /// Whose address changes.
    pub user_id: UserId,
    /// The addresses, sealed with the id as context.
    pub sealed: Vec<u8>,
    /// How far it is.
    pub state: AddressChangeState,
}

/// How far a change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressChangeState {
    /// It has yet to happen.
    Planned,
    /// It happened.
    Applied,
    /// It was stopped, or is to be undone.
    Frozen,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = address_changes)]
struct ChangeRow {
    id: String,
    user_id: String,
    sealed: Vec<u8>,
    applied_at: Option<i64>,
    frozen_at: Option<i64>,
}

impl ChangeRow {
    const fn state(&self) -> AddressChangeState {
        match (self.applied_at, self.frozen_at) {
            (_, Some(_)) => AddressChangeState::Frozen,
            (Some(_), None) => AddressChangeState::Applied,
            (None, None) => AddressChangeState::Planned,
        }
    }

    fn into_change(self, state: AddressChangeState) -> AddressChange {
        AddressChange {
            id: self.id,
            user_id: UserId::new(self.user_id),
            sealed: self.sealed,
            state,
        }
    }
}

/// Plans a change.
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
pub fn schedule(tx: &mut Tx<'_>, change: &NewAddressChange) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::insert_into(address_changes::table)
        .values((
            address_changes::id.eq(&change.id),
            address_changes::user_id.eq(change.user_id.as_str()),
            address_changes::sealed.eq(&change.sealed),
            address_changes::freeze_digest.eq(change.freeze.as_bytes().as_slice()),
            address_changes::created_at.eq(now),
            address_changes::takes_effect_at.eq(change.takes_effect_at.millis()),
        ))
        .execute(connection))?;
    Ok(())
}

/// The change that a link is for. A link works until the change was applied for as long as
/// `notice`; that it was frozen, it tells until the change is purged, a month after it took effect.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    link: &SecretDigest,
    notice: Duration,
) -> Result<Option<AddressChange>, StorageError> {
    let still_told = tx.now().minus(notice).millis();
    let row: Option<ChangeRow> = on_either!(tx, connection => address_changes::table
        .filter(address_changes::freeze_digest.eq(link.as_bytes().as_slice()))
        .filter(
            address_changes::frozen_at
                .is_not_null()
                .or(address_changes::applied_at.is_null())
                .or(address_changes::applied_at.gt(still_told)),
        )
        .select(ChangeRow::as_select())
        .first(connection)
        .optional())?;
    Ok(row.map(|row| {
        let state = row.state();
        row.into_change(state)
    }))
}

/// Freezes the change that a link is for, and tells how far it was before; `None` when the link no
/// longer works.
///
/// One conditional `UPDATE` decides, so of any number of presses exactly one freezes it. With it go
/// the account's other changes that have yet to happen, and the links of those that followed it:
/// they are in the hands of whoever got the address.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn freeze(
    tx: &mut Tx<'_>,
    link: &SecretDigest,
    notice: Duration,
) -> Result<Option<AddressChange>, StorageError> {
    let Some(change) = find(tx, link, notice)? else {
        return Ok(None);
    };
    let now = tx.now();
    let frozen: Option<(ChangeRow, i64)> = on_either!(tx, connection => diesel::update(address_changes::table)
        .filter(address_changes::id.eq(&change.id))
        .filter(address_changes::frozen_at.is_null())
        .filter(
            address_changes::applied_at
                .is_null()
                .or(address_changes::applied_at.gt(now.minus(notice).millis())),
        )
        .set(address_changes::frozen_at.eq(now.millis()))
        .returning((ChangeRow::as_returning(), address_changes::created_at))
        .prepared()
        .get_result(connection)
        .optional())?;
    let Some((row, created_at)) = frozen else {
        return Ok(None);
    };
    freeze_others(tx, &change.user_id, created_at)?;
    let before = match row.applied_at {
        Some(_) => AddressChangeState::Applied,
        None => AddressChangeState::Planned,
    };
    Ok(Some(row.into_change(before)))
}

fn freeze_others(tx: &mut Tx<'_>, user_id: &UserId, created_at: i64) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::update(address_changes::table)
        .filter(address_changes::user_id.eq(user_id.as_str()))
        .filter(address_changes::frozen_at.is_null())
        .filter(
            address_changes::applied_at
                .is_null()
                .or(address_changes::created_at.ge(created_at)),
        )
        .set(address_changes::frozen_at.eq(now))
        .changed(connection))?;
    Ok(())
}

/// The change that has been due longest, for the unit of work that applies it: it locks the account
/// and then [`complete`]s the change. `None` when none is due.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find_due(tx: &mut Tx<'_>) -> Result<Option<AddressChange>, StorageError> {
    let now = tx.now().millis();
    let row: Option<ChangeRow> = on_either!(tx, connection => address_changes::table
        .filter(address_changes::applied_at.is_null())
        .filter(address_changes::frozen_at.is_null())
        .filter(address_changes::takes_effect_at.le(now))
        .order(address_changes::takes_effect_at)
        .select(ChangeRow::as_select())
        .first(connection)
        .optional())?;
    Ok(row.map(|row| row.into_change(AddressChangeState::Planned)))
}

/// Marks a change as applied, in the unit of work that applies it; `false` when it was frozen or
/// applied before, or is not due.
///
/// One conditional `UPDATE` decides, so of any number of units of work exactly one applies it.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn complete(tx: &mut Tx<'_>, id: &str) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let applied = on_either!(tx, connection => diesel::update(address_changes::table)
        .filter(address_changes::id.eq(id))
        .filter(address_changes::applied_at.is_null())
        .filter(address_changes::frozen_at.is_null())
        .filter(address_changes::takes_effect_at.le(now))
        .set(address_changes::applied_at.eq(now))
        .changed(connection))?;
    Ok(applied == 1)
}

/// Has a change that cannot be applied happen later, unless it was frozen or applied meanwhile.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn postpone(tx: &mut Tx<'_>, id: &str, until: Timestamp) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::update(address_changes::table)
        .filter(address_changes::id.eq(id))
        .filter(address_changes::applied_at.is_null())
        .filter(address_changes::frozen_at.is_null())
        .set(address_changes::takes_effect_at.eq(until.millis()))
        .changed(connection))?;
    Ok(())
}

#[cfg(test)]
mod tests;
