//! Passkeys: as many as a person likes.

use std::fmt;

use diesel::prelude::*;
use model::{Timestamp, UserId};

use super::changing;
use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::passkeys;
use crate::unit_of_work::Tx;

/// A passkey. Does not print what its owner calls it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasskeyRow {
    /// Its name in URLs and statements: a UUID.
    pub id: String,
    /// Its name on the authenticator (`WebAuthn` §4, credential ID).
    pub credential_id: Vec<u8>,
    /// What its owner calls it.
    pub name: String,
    /// Public key, signature counter and backup flags, as JSON.
    pub credential: String,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When it was last given; `None` when it never was since it was set up.
    pub last_used_at: Option<Timestamp>,
}

impl fmt::Debug for PasskeyRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasskeyRow({})", self.id)
    }
}

/// A passkey that was just set up.
#[derive(Clone)]
pub struct NewPasskey {
    /// Its name in URLs and statements: a UUID.
    pub id: String,
    /// Its name on the authenticator.
    pub credential_id: Vec<u8>,
    /// What its owner calls it.
    pub name: String,
    /// Public key, signature counter and backup flags, as JSON.
    pub credential: String,
}

/// How storing a passkey ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Inserted {
    /// It is stored.
    Inserted,
    /// The authenticator's name for it is taken, on this account or another (`WebAuthn` §7.1);
    /// nothing is stored.
    Taken,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = passkeys)]
struct Row {
    id: String,
    credential_id: Vec<u8>,
    name: String,
    credential: String,
    created_at: i64,
    last_used_at: Option<i64>,
}

impl Row {
    fn into_passkey(self) -> PasskeyRow {
        PasskeyRow {
            id: self.id,
            credential_id: self.credential_id,
            name: self.name,
            credential: self.credential,
            created_at: Timestamp::from_millis(self.created_at),
            last_used_at: self.last_used_at.map(Timestamp::from_millis),
        }
    }
}

/// The passkeys of an account, the oldest first.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn list_passkeys(tx: &mut Tx<'_>, user_id: &UserId) -> Result<Vec<PasskeyRow>, StorageError> {
    let rows: Vec<Row> = on_either!(tx, connection => passkeys::table
        .filter(passkeys::user_id.eq(user_id.as_str()))
        .order((passkeys::created_at, passkeys::id))
        .select(Row::as_select())
        .load(connection))?;
    Ok(rows.into_iter().map(Row::into_passkey).collect())
}

/// Gives an account one more passkey.
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
pub fn insert_passkey(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    new: &NewPasskey,
) -> Result<Inserted, StorageError> {
    let now = tx.now().millis();
    changing(tx, user_id, |tx| {
        let inserted = on_either!(tx, connection => diesel::insert_into(passkeys::table)
            .values((
                passkeys::id.eq(&new.id),
                passkeys::user_id.eq(user_id.as_str()),
                passkeys::credential_id.eq(&new.credential_id),
                passkeys::name.eq(&new.name),
                passkeys::credential.eq(&new.credential),
                passkeys::created_at.eq(now),
            ))
            .on_conflict(passkeys::credential_id)
            .do_nothing()
            .execute(connection))?;
        Ok(match inserted {
            1 => Inserted::Inserted,
            _ => Inserted::Taken,
        })
    })
}

/// Calls one of an account's passkeys something else; `false` when there is none of that id.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn rename_passkey(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    id: &str,
    name: &str,
) -> Result<bool, StorageError> {
    let renamed = on_either!(tx, connection => diesel::update(passkeys::table)
        .filter(passkeys::id.eq(id))
        .filter(passkeys::user_id.eq(user_id.as_str()))
        .set(passkeys::name.eq(name))
        .changed(connection))?;
    Ok(renamed == 1)
}

/// A use of a passkey: what its credential was when the challenge was answered, and is from now on.
#[derive(Clone, Copy, Debug)]
pub struct CredentialUse<'a> {
    /// As it was read; whoever used the passkey meanwhile wins.
    pub before: &'a str,
    /// With the signature counter and backup flags of this use.
    pub after: &'a str,
}

/// Uses one of an account's passkeys; `false` when there is none of that id, or it was used since
/// it was read: one signature counts once.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn use_passkey(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    id: &str,
    credential: CredentialUse<'_>,
) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let used = on_either!(tx, connection => diesel::update(passkeys::table)
        .filter(passkeys::id.eq(id))
        .filter(passkeys::user_id.eq(user_id.as_str()))
        .filter(passkeys::credential.eq(credential.before))
        .set((
            passkeys::credential.eq(credential.after),
            passkeys::last_used_at.eq(now),
        ))
        .changed(connection))?;
    Ok(used == 1)
}

/// Removes one of an account's passkeys; `false` when there is none of that id.
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
pub fn remove_passkey(tx: &mut Tx<'_>, user_id: &UserId, id: &str) -> Result<bool, StorageError> {
    changing(tx, user_id, |tx| {
        let removed = on_either!(tx, connection => diesel::delete(passkeys::table)
            .filter(passkeys::id.eq(id))
            .filter(passkeys::user_id.eq(user_id.as_str()))
            .execute(connection))?;
        Ok(removed == 1)
    })
}
