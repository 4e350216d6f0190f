//! Refresh tokens: a chain for each grant, of which one link is unspent.
//!
//! Those of sender-constrained clients stay as they are: a copy is worth nothing without the key.
//!
//! The successor of a token is derived from the token itself, so it can be issued again to whoever
//! lost the answer, without being stored. A spent token that comes back after its successor was
//! used has been stolen by someone: its whole family, the grant, is revoked (RFC 9700 §4.14.2).

use diesel::prelude::*;
use diesel::sql_types::Bool;
use model::authorization_code::Grant;
use model::{ClientId, KeyThumbprint, SecretDigest, Timestamp};

use crate::error::StorageError;
use crate::grants::{self, GrantRow};
use crate::prepared::KeepPrepared as _;
use crate::schema::{grants as grants_table, refresh_tokens};
use crate::unit_of_work::Tx;

/// A refresh token that is about to be issued.
#[derive(Clone, Debug)]
pub struct NewRefreshToken<'a> {
    /// Its digest.
    pub digest: SecretDigest,
    /// The grant it prolongs.
    pub grant_id: &'a str,
    /// Whose it is.
    pub client_id: &'a ClientId,
    /// The key that it is bound to, if any.
    pub jkt: Option<&'a KeyThumbprint>,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
    /// When its whole chain ends, used or not.
    pub ends_at: Timestamp,
}

/// Stores a refresh token; storing the same successor twice stores it once.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert(tx: &mut Tx<'_>, token: &NewRefreshToken<'_>) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::digest.eq(token.digest.as_bytes().as_slice()),
            refresh_tokens::grant_id.eq(token.grant_id),
            refresh_tokens::client_id.eq(token.client_id.as_str()),
            refresh_tokens::jkt.eq(token.jkt.map(KeyThumbprint::as_str)),
            refresh_tokens::issued_at.eq(now),
            refresh_tokens::expires_at.eq(token.expires_at.min(token.ends_at).millis()),
            refresh_tokens::ends_at.eq(token.ends_at.millis()),
        ))
        .on_conflict(refresh_tokens::digest)
        .do_nothing()
        .execute(connection))?;
    Ok(())
}

/// Uses a token that is not replaced, so that it lives until `until` or the end of its chain. It has
/// to be bound to that key, or to none; the grant that it prolongs, or `None` when there is no such
/// live token of this client.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn prolong(
    tx: &mut Tx<'_>,
    digest: &SecretDigest,
    client_id: &ClientId,
    jkt: Option<&KeyThumbprint>,
    until: Timestamp,
) -> Result<Option<Grant>, StorageError> {
    let now = tx.now().millis();
    let until = until.millis();
    let jkt = jkt.map(KeyThumbprint::as_str);
    let unbound = jkt.is_none().into_sql::<Bool>();
    let live_grant = grants_table::table
        .filter(grants_table::id.eq(refresh_tokens::grant_id))
        .filter(grants_table::revoked_at.is_null());
    let end = diesel::dsl::case_when(refresh_tokens::ends_at.lt(until), refresh_tokens::ends_at)
        .otherwise(until);
    let grant_id: Option<String> = on_either!(tx, connection => diesel::update(refresh_tokens::table)
        .filter(refresh_tokens::digest.eq(digest.as_bytes().as_slice()))
        .filter(refresh_tokens::client_id.eq(client_id.as_str()))
        .filter(refresh_tokens::spent_at.is_null())
        .filter(refresh_tokens::expires_at.gt(now))
        .filter(refresh_tokens::jkt.eq(jkt).or(refresh_tokens::jkt.is_null().and(unbound)))
        .filter(diesel::dsl::exists(live_grant))
        .set(refresh_tokens::expires_at.eq(end))
        .returning(refresh_tokens::grant_id)
        .prepared()
        .get_result(connection)
        .optional())?;
    match grant_id {
        Some(grant_id) => grants::find(tx, &grant_id),
        None => Ok(None),
    }
}

/// How presenting a refresh token ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// It was good, and is spent now: issue its successor.
    First {
        /// What it prolongs.
        grant: Box<Grant>,
        /// When the chain ends.
        ends_at: Timestamp,
    },
    /// It was spent, but its successor was never used (a lost answer, parallel tabs): issue that
    /// successor again.
    SuccessorUnused {
        /// What it prolongs.
        grant: Box<Grant>,
        /// Which of the candidates is the successor.
        successor: SecretDigest,
    },
    /// It was spent and its successor used: the grant is revoked now.
    Replayed {
        /// The grant that was revoked.
        grant_id: String,
    },
    /// It is bound to another key than the one that was proven; nothing is spent or revoked.
    OtherKey,
    /// There is no such live token of this client.
    Unknown,
}

/// Spends a refresh token. `successors` are the digests that its successor can have, one for each
/// key it may have been derived with; `proven` is the key whose proof came with the token.
///
/// One conditional `UPDATE` decides who spends it; everyone else finds its successor.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn redeem(
    tx: &mut Tx<'_>,
    digest: &SecretDigest,
    client_id: &ClientId,
    proven: Option<&KeyThumbprint>,
    successors: &[SecretDigest],
) -> Result<Redemption, StorageError> {
    let now = tx.now().millis();
    let proven = proven.map(KeyThumbprint::as_str);
    let live_grant = grants_table::table
        .filter(grants_table::id.eq(refresh_tokens::grant_id))
        .filter(grants_table::revoked_at.is_null());
    let spent: Option<(String, i64)> = on_either!(tx, connection => diesel::update(refresh_tokens::table)
        .filter(refresh_tokens::digest.eq(digest.as_bytes().as_slice()))
        .filter(refresh_tokens::client_id.eq(client_id.as_str()))
        .filter(refresh_tokens::spent_at.is_null())
        .filter(refresh_tokens::expires_at.gt(now))
        .filter(refresh_tokens::jkt.is_null().or(refresh_tokens::jkt.eq(proven)))
        .filter(diesel::dsl::exists(live_grant))
        .set(refresh_tokens::spent_at.eq(now))
        .returning((refresh_tokens::grant_id, refresh_tokens::ends_at))
        .prepared()
        .get_result(connection)
        .optional())?;
    match spent {
        Some((grant_id, ends_at)) => Ok(grants::find(tx, &grant_id)?.map_or(
            Redemption::Unknown,
            |grant| Redemption::First {
                grant: Box::new(grant),
                ends_at: Timestamp::from_millis(ends_at),
            },
        )),
        None => redeem_unspendable(tx, digest, client_id, proven, successors),
    }
}

/// What becomes of a token that could not be spent.
fn redeem_unspendable(
    tx: &mut Tx<'_>,
    digest: &SecretDigest,
    client_id: &ClientId,
    proven: Option<&str>,
    successors: &[SecretDigest],
) -> Result<Redemption, StorageError> {
    type Row = (String, Option<i64>, Option<String>);
    let row: Option<Row> = on_either!(tx, connection => refresh_tokens::table
        .find(digest.as_bytes().as_slice())
        .filter(refresh_tokens::client_id.eq(client_id.as_str()))
        .select((refresh_tokens::grant_id, refresh_tokens::spent_at, refresh_tokens::jkt))
        .first(connection)
        .optional())?;
    let grant_id = match row {
        Some((_, _, Some(jkt))) if proven != Some(jkt.as_str()) => return Ok(Redemption::OtherKey),
        Some((grant_id, Some(_), _)) => grant_id,
        Some((_, None, _)) | None => return Ok(Redemption::Unknown),
    };
    let Some(grant) = grants::find(tx, &grant_id)? else {
        return Ok(Redemption::Unknown);
    };
    for successor in successors {
        if is_unused(tx, successor)? {
            return Ok(Redemption::SuccessorUnused {
                grant: Box::new(grant),
                successor: *successor,
            });
        }
    }
    grants::revoke(tx, &grant_id)?;
    Ok(Redemption::Replayed { grant_id })
}

fn is_unused(tx: &mut Tx<'_>, digest: &SecretDigest) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let count: i64 = on_either!(tx, connection => refresh_tokens::table
        .filter(refresh_tokens::digest.eq(digest.as_bytes().as_slice()))
        .filter(refresh_tokens::spent_at.is_null())
        .filter(refresh_tokens::expires_at.gt(now))
        .count()
        .get_result(connection))?;
    Ok(count == 1)
}

/// A live refresh token, for introspection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// What it prolongs.
    pub grant: Grant,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends unless it is used.
    pub expires_at: Timestamp,
}

/// The unspent, live refresh token of that digest, if it is this client's.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    digest: &SecretDigest,
    client_id: &ClientId,
) -> Result<Option<RefreshToken>, StorageError> {
    let now = tx.now().millis();
    let row: Option<(GrantRow, i64, i64)> = on_either!(tx, connection => refresh_tokens::table
        .inner_join(grants_table::table.on(grants_table::id.eq(refresh_tokens::grant_id)))
        .filter(refresh_tokens::digest.eq(digest.as_bytes().as_slice()))
        .filter(refresh_tokens::client_id.eq(client_id.as_str()))
        .filter(refresh_tokens::spent_at.is_null())
        .filter(refresh_tokens::expires_at.gt(now))
        .filter(grants_table::revoked_at.is_null())
        .select((GrantRow::as_select(), refresh_tokens::issued_at, refresh_tokens::expires_at))
        .first(connection)
        .optional())?;
    row.map(|(grant, issued_at, expires_at)| {
        Ok(RefreshToken {
            grant: grant.into_grant()?,
            issued_at: Timestamp::from_millis(issued_at),
            expires_at: Timestamp::from_millis(expires_at),
        })
    })
    .transpose()
}

/// Revokes the family of a refresh token of this client, spent or not (RFC 7009 §2.1); `false`
/// when the client has no such token.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn revoke(
    tx: &mut Tx<'_>,
    digest: &SecretDigest,
    client_id: &ClientId,
) -> Result<bool, StorageError> {
    let grant_id: Option<String> = on_either!(tx, connection => refresh_tokens::table
        .find(digest.as_bytes().as_slice())
        .filter(refresh_tokens::client_id.eq(client_id.as_str()))
        .select(refresh_tokens::grant_id)
        .first(connection)
        .optional())?;
    match grant_id {
        Some(grant_id) => grants::revoke(tx, &grant_id),
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests;
