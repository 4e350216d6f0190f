//! Authenticator apps: one for each account, its seed sealed.

use diesel::prelude::*;
use model::keyring::{Purpose, Unopenable};
use model::{Entropy, Keyring, Timestamp, TotpSeed, UserId};

use super::changing;
use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::totp_factors;
use crate::unit_of_work::Tx;

const TABLE: &str = "totp_factors";

/// An authenticator app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotpRow {
    /// The seed, sealed.
    pub sealed_seed: Vec<u8>,
    /// The last step whose code was used.
    pub last_step: u64,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When its code was last given; `None` when it never was since it was set up.
    pub last_used_at: Option<Timestamp>,
}

impl TotpRow {
    /// The seed.
    ///
    /// # Errors
    ///
    /// [`Unopenable`] when it was sealed under a key that is gone, or for another account.
    pub fn seed(&self, user_id: &UserId, keyring: &Keyring) -> Result<TotpSeed, Unopenable> {
        let opened = keyring.open(Purpose::TotpSeed, user_id.as_str(), &self.sealed_seed)?;
        TotpSeed::from_bytes(opened.reveal()).ok_or(Unopenable)
    }
}

/// An authenticator app whose code was just given, to prove that it was set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTotp {
    sealed_seed: Vec<u8>,
    step: u64,
}

impl NewTotp {
    /// Seals a seed for an account. `step` is that of the code that was given; it is dead.
    #[must_use]
    pub fn seal(
        seed: &TotpSeed,
        step: u64,
        user_id: &UserId,
        keyring: &Keyring,
        entropy: &dyn Entropy,
    ) -> Self {
        let (purpose, context) = (Purpose::TotpSeed, user_id.as_str());
        Self {
            sealed_seed: keyring.seal(purpose, context, seed.as_bytes(), entropy),
            step,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = totp_factors)]
struct Row {
    sealed_seed: Vec<u8>,
    last_step: i64,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl Row {
    fn into_totp(self) -> Result<TotpRow, StorageError> {
        Ok(TotpRow {
            sealed_seed: self.sealed_seed,
            last_step: u64::try_from(self.last_step).map_err(|_| StorageError::Corrupt(TABLE))?,
            created_at: Timestamp::from_millis(self.created_at),
            last_used_at: self.last_used_at.map(Timestamp::from_millis),
        })
    }
}

pub(super) fn find(tx: &mut Tx<'_>, user_id: &UserId) -> Result<Option<TotpRow>, StorageError> {
    let row: Option<Row> = on_either!(tx, connection => totp_factors::table
        .find(user_id.as_str())
        .select(Row::as_select())
        .first(connection)
        .optional())?;
    row.map(Row::into_totp).transpose()
}

/// Gives an account an authenticator app, in place of the one that it may have had.
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
pub fn set_totp(tx: &mut Tx<'_>, user_id: &UserId, new: &NewTotp) -> Result<(), StorageError> {
    let now = tx.now().millis();
    let columns = (
        totp_factors::sealed_seed.eq(&new.sealed_seed),
        totp_factors::last_step.eq(step_column(new.step)),
        totp_factors::created_at.eq(now),
        totp_factors::last_used_at.eq(None::<i64>),
    );
    changing(tx, user_id, |tx| {
        let upsert = diesel::insert_into(totp_factors::table)
            .values((totp_factors::user_id.eq(user_id.as_str()), columns))
            .on_conflict(totp_factors::user_id)
            .do_update()
            .set(columns);
        on_either!(tx, connection => upsert.changed(connection))?;
        Ok(())
    })
}

/// Uses the code of a step up; `false` when it, or one after it, was used before.
///
/// One conditional `UPDATE` decides, so of any number of calls on any number of nodes exactly one
/// uses a step.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn use_totp_step(tx: &mut Tx<'_>, user_id: &UserId, step: u64) -> Result<bool, StorageError> {
    let (now, step) = (tx.now().millis(), step_column(step));
    let used = on_either!(tx, connection => diesel::update(totp_factors::table)
        .filter(totp_factors::user_id.eq(user_id.as_str()))
        .filter(totp_factors::last_step.lt(step))
        .set((
            totp_factors::last_step.eq(step),
            totp_factors::last_used_at.eq(now),
        ))
        .changed(connection))?;
    Ok(used == 1)
}

/// Removes the authenticator app; `false` when there was none.
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
pub fn remove_totp(tx: &mut Tx<'_>, user_id: &UserId) -> Result<bool, StorageError> {
    changing(tx, user_id, |tx| {
        let removed = on_either!(tx, connection => diesel::delete(
                totp_factors::table.find(user_id.as_str()),
            )
            .execute(connection))?;
        Ok(removed == 1)
    })
}

/// Steps are far from the end of what a column holds.
fn step_column(step: u64) -> i64 {
    i64::try_from(step).unwrap_or(i64::MAX)
}
