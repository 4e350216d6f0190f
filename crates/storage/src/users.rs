//! Accounts.

mod locking;
mod merging;

pub use locking::{Whole, lock, lock_what_is_open, share};
pub use merging::{Merged, merge};

use diesel::prelude::*;
use model::{EmailAddress, Entropy, Keyring, Timestamp, User, UserId};

use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::users;
use crate::stored;
use crate::unit_of_work::Tx;
use crate::{authorization_codes, backchannel_logouts, browser_sessions, grants, interactions};

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct UserRow {
    id: String,
    email: String,
    email_verified_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    has_second_factor: i64,
}

impl UserRow {
    pub(crate) fn into_user(self) -> Result<User, StorageError> {
        Ok(User {
            id: UserId::new(self.id),
            email: stored::email("users", &self.email)?,
            email_verified_at: self.email_verified_at.map(Timestamp::from_millis),
            has_second_factor: self.has_second_factor != 0,
            created_at: Timestamp::from_millis(self.created_at),
            updated_at: Timestamp::from_millis(self.updated_at),
        })
    }
}

/// Whether signing in made the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignedIn {
    /// The address had an account.
    Existing(UserId),
    /// It had none; there is one now.
    Created(UserId),
}

impl SignedIn {
    /// Whose account it is.
    #[must_use]
    pub const fn user_id(&self) -> &UserId {
        match self {
            Self::Existing(id) | Self::Created(id) => id,
        }
    }
}

/// Opens the account of a proven address, or makes it under `new_id`.
///
/// The unique address decides, so of any number of concurrent first sign-ins exactly one makes
/// the account.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn sign_in(
    tx: &mut Tx<'_>,
    email: &EmailAddress,
    new_id: &UserId,
) -> Result<SignedIn, StorageError> {
    let now = tx.now().millis();
    let inserted = on_either!(tx, connection => diesel::insert_into(users::table)
        .values((
            users::id.eq(new_id.as_str()),
            users::email.eq(email.as_typed()),
            users::email_lookup.eq(email.lookup()),
            users::email_verified_at.eq(now),
            users::created_at.eq(now),
            users::updated_at.eq(now),
            users::last_signed_in_at.eq(now),
            users::has_second_factor.eq(0),
        ))
        .on_conflict(users::email_lookup)
        .do_nothing()
        .execute(connection))?;
    if inserted == 1 {
        return Ok(SignedIn::Created(new_id.clone()));
    }
    let id: String = on_either!(tx, connection => diesel::update(users::table)
        .filter(users::email_lookup.eq(email.lookup()))
        .set((users::last_signed_in_at.eq(now), users::email_verified_at.eq(now)))
        .returning(users::id)
        .prepared()
        .get_result(connection))?;
    Ok(SignedIn::Existing(UserId::new(id)))
}

/// The account of that id, if there is one.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(tx: &mut Tx<'_>, id: &UserId) -> Result<Option<User>, StorageError> {
    let row: Option<UserRow> = on_either!(tx, connection => users::table
        .find(id.as_str())
        .select(UserRow::as_select())
        .first(connection)
        .optional())?;
    row.map(UserRow::into_user).transpose()
}

/// The account that an address opens, if there is one.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find_by_address(
    tx: &mut Tx<'_>,
    email: &EmailAddress,
) -> Result<Option<User>, StorageError> {
    let row: Option<UserRow> = on_either!(tx, connection => users::table
        .filter(users::email_lookup.eq(email.lookup()))
        .select(UserRow::as_select())
        .first(connection)
        .optional())?;
    row.map(UserRow::into_user).transpose()
}

/// How giving an account another address ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Changed {
    /// The address opens the account now, and the one before no longer does.
    Changed,
    /// The address is another account's; nothing changed.
    AddressTaken,
}

/// Has another address, which was proven by a code, open the account.
///
/// The unique address decides, so of any number of accounts that are given one address at once
/// exactly one gets it.
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
pub fn change_address(
    tx: &mut Tx<'_>,
    id: &UserId,
    email: &EmailAddress,
) -> Result<Changed, StorageError> {
    let now = tx.now().millis();
    let update = diesel::update(users::table)
        .filter(users::id.eq(id.as_str()))
        .set((
            users::email.eq(email.as_typed()),
            users::email_lookup.eq(email.lookup()),
            users::email_verified_at.eq(now),
            users::updated_at.eq(now),
        ));
    match unless_taken!(tx, connection => update.changed(connection))? {
        Some(0) => Err(StorageError::from(diesel::result::Error::NotFound)),
        Some(_) => Ok(Changed::Changed),
        None => Ok(Changed::AddressTaken),
    }
}

/// Ends everything that signing in to the account opened, in every browser and at every client:
/// requests under way, sessions, codes that nobody has redeemed yet, and grants, `offline_access`
/// included.
///
/// For an account that somebody else may have got into. After [`lock_what_is_open`] nothing that is
/// under way opens anything behind what was ended. Every client that met the person lately and
/// wants to know is told.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn sign_out_everywhere(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    id: &UserId,
) -> Result<(), StorageError> {
    interactions::end_all_of(tx, id)?;
    end_access(tx, keyring, entropy, id)
}

/// A redemption that is under way either finds its code ended, or has its grant revoked.
fn end_access(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    id: &UserId,
) -> Result<(), StorageError> {
    browser_sessions::end_all_of(tx, id)?;
    authorization_codes::end_all_of(tx, id)?;
    grants::revoke_all_of(tx, id)?;
    backchannel_logouts::enqueue_all_of(tx, keyring, entropy, id)
}

#[cfg(test)]
mod tests;
