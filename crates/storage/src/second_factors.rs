//! The second factors of accounts: authenticator apps, passkeys, and the recovery codes that stand
//! in for them.
//!
//! Whatever adds or removes one locks the account first and keeps `users.has_second_factor`, so
//! that reading a session or an account tells whether a factor is asked for.

mod passkeys;
mod recovery_codes;
mod totp;

pub use passkeys::{
    CredentialUse, Inserted, NewPasskey, PasskeyRow, insert_passkey, list_passkeys, remove_passkey,
    rename_passkey, use_passkey,
};
pub use recovery_codes::{recovery_salt, redeem_recovery_code, replace_recovery_codes};
pub use totp::{NewTotp, TotpRow, remove_totp, set_totp, use_totp_step};

use diesel::prelude::*;
use model::UserId;

use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::{passkeys as passkeys_table, totp_factors, users};
use crate::unit_of_work::Tx;

/// The second factors of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Factors {
    /// Its authenticator app.
    pub totp: Option<TotpRow>,
    /// Its passkeys, the oldest first.
    pub passkeys: Vec<PasskeyRow>,
    /// How many of its recovery codes are unused.
    pub recovery_codes_left: u32,
}

impl Factors {
    /// Whether there is a factor; recovery codes alone are none.
    #[must_use]
    pub const fn has_any(&self) -> bool {
        self.totp.is_some() || !self.passkeys.is_empty()
    }
}

/// What an account has.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn standing(tx: &mut Tx<'_>, user_id: &UserId) -> Result<Factors, StorageError> {
    Ok(Factors {
        totp: totp::find(tx, user_id)?,
        passkeys: list_passkeys(tx, user_id)?,
        recovery_codes_left: recovery_codes::left(tx, user_id)?,
    })
}

/// Removes every factor and every recovery code; `false` when there was no factor.
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
pub fn remove_all(tx: &mut Tx<'_>, user_id: &UserId) -> Result<bool, StorageError> {
    changing(tx, user_id, |tx| {
        let id = user_id.as_str();
        let apps = on_either!(tx, connection => diesel::delete(totp_factors::table.find(id))
            .execute(connection))?;
        let passkeys = on_either!(tx, connection => diesel::delete(passkeys_table::table)
            .filter(passkeys_table::user_id.eq(id))
            .execute(connection))?;
        Ok(apps + passkeys > 0)
    })
}

/// Runs a change of the factors of an account that nobody else changes meanwhile.
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
fn changing<T>(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    change: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError>,
) -> Result<T, StorageError> {
    if crate::users::lock(tx, &[user_id])? == 0 {
        return Err(StorageError::from(diesel::result::Error::NotFound));
    }
    let changed = change(tx)?;
    settle(tx, user_id)?;
    Ok(changed)
}

/// Has the account say whether it has a factor; with the last one its recovery codes go.
fn settle(tx: &mut Tx<'_>, user_id: &UserId) -> Result<(), StorageError> {
    let id = user_id.as_str();
    let has_one = totp::find(tx, user_id)?.is_some() || !list_passkeys(tx, user_id)?.is_empty();
    on_either!(tx, connection => diesel::update(users::table)
        .filter(users::id.eq(id))
        .set(users::has_second_factor.eq(i64::from(has_one)))
        .changed(connection))?;
    if has_one {
        return Ok(());
    }
    recovery_codes::remove(tx, user_id)
}

#[cfg(test)]
mod tests;
