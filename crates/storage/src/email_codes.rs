//! Emailed codes and links.

use std::time::Duration;

use diesel::prelude::*;
use model::{InteractionId, SecretDigest, Timestamp};

use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::{email_codes, interactions};
use crate::unit_of_work::Tx;

/// How long after its end a code is still told from a wrong one.
const RECENTLY: Duration = Duration::from_secs(2 * 60 * 60);

/// A code that is about to be sent, as digests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEmailCode {
    /// Its row: an ordered UUID.
    pub id: String,
    /// The interaction it is for.
    pub interaction_id: InteractionId,
    /// The keyed digest of interaction, address and code.
    pub code_digest: Vec<u8>,
    /// The digest of the link's secret.
    pub link_digest: SecretDigest,
    /// When both end.
    pub expires_at: Timestamp,
}

/// Stores a code. Codes sent earlier stay good until their own end, unless they were shut out by
/// too many wrong tries: a new code opens the interaction for tries again and ends those.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert(
    tx: &mut Tx<'_>,
    code: &NewEmailCode,
    tries_allowed: u32,
) -> Result<(), StorageError> {
    let now = tx.now().millis();
    let reopened = on_either!(tx, connection => diesel::update(interactions::table)
        .filter(interactions::id.eq(code.interaction_id.as_str()))
        .filter(interactions::wrong_codes.ge(i64::from(tries_allowed)))
        .set(interactions::wrong_codes.eq(0))
        .changed(connection))?;
    if reopened == 1 {
        end_all(tx, &code.interaction_id)?;
    }
    on_either!(tx, connection => diesel::insert_into(email_codes::table)
        .values((
            email_codes::id.eq(&code.id),
            email_codes::interaction_id.eq(code.interaction_id.as_str()),
            email_codes::code_digest.eq(&code.code_digest),
            email_codes::link_digest.eq(code.link_digest.as_bytes().as_slice()),
            email_codes::created_at.eq(now),
            email_codes::expires_at.eq(code.expires_at.millis()),
        ))
        .execute(connection))?;
    Ok(())
}

/// How a try at a code ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// It is a live code of this interaction and address; it and its siblings are used up.
    Accepted,
    /// It was a code of this interaction that ended less than 2 hours ago by its age.
    Expired,
    /// It is none; so many tries are left.
    Wrong {
        /// Tries left before a new code is needed.
        left: u32,
    },
    /// No tries are left: a new code is needed. The code was not looked at.
    Exhausted,
}

/// Tries a code in an interaction.
///
/// The try is taken by one conditional `UPDATE` before the code is looked at, so of any number of
/// parallel guesses only `tries_allowed` are tried.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn attempt(
    tx: &mut Tx<'_>,
    interaction_id: &InteractionId,
    code_digest: &[u8],
    tries_allowed: u32,
) -> Result<Attempt, StorageError> {
    let taken: Option<i64> = on_either!(tx, connection => diesel::update(interactions::table)
        .filter(interactions::id.eq(interaction_id.as_str()))
        .filter(interactions::wrong_codes.lt(i64::from(tries_allowed)))
        .set(interactions::wrong_codes.eq(interactions::wrong_codes + 1))
        .returning(interactions::wrong_codes)
        .prepared()
        .get_result(connection)
        .optional())?;
    let Some(taken) = taken else {
        return Ok(Attempt::Exhausted);
    };
    let now = tx.now();
    let used = on_either!(tx, connection => diesel::update(email_codes::table)
        .filter(email_codes::interaction_id.eq(interaction_id.as_str()))
        .filter(email_codes::code_digest.eq(code_digest))
        .filter(email_codes::ended_at.is_null())
        .filter(email_codes::expires_at.gt(now.millis()))
        .set(email_codes::ended_at.eq(now.millis()))
        .changed(connection))?;
    if used > 0 {
        end_all(tx, interaction_id)?;
        untake(tx, interaction_id)?;
        return Ok(Attempt::Accepted);
    }
    let recently_expired: i64 = on_either!(tx, connection => email_codes::table
        .filter(email_codes::interaction_id.eq(interaction_id.as_str()))
        .filter(email_codes::code_digest.eq(code_digest))
        .filter(email_codes::ended_at.is_null())
        .filter(email_codes::expires_at.gt(now.minus(RECENTLY).millis()))
        .count()
        .get_result(connection))?;
    if recently_expired > 0 {
        // A right code that came too late is not a wrong guess.
        untake(tx, interaction_id)?;
        return Ok(Attempt::Expired);
    }
    let taken = u32::try_from(taken).unwrap_or(u32::MAX);
    Ok(Attempt::Wrong {
        left: tries_allowed.saturating_sub(taken),
    })
}

/// Gives a try back: it was no wrong guess.
fn untake(tx: &mut Tx<'_>, interaction_id: &InteractionId) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::update(interactions::table)
        .filter(interactions::id.eq(interaction_id.as_str()))
        .filter(interactions::wrong_codes.gt(0))
        .set(interactions::wrong_codes.eq(interactions::wrong_codes - 1))
        .changed(connection))?;
    Ok(())
}

/// What the secret of a link stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is good: the interaction it signs in.
    Live(InteractionId),
    /// It was used, replaced or is too old: the interaction it was for.
    Ended(InteractionId),
    /// There is none, or no longer.
    Missing,
}

/// Looks at a link without using it: a GET never signs anyone in.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find_link(tx: &mut Tx<'_>, link: &SecretDigest) -> Result<Link, StorageError> {
    let now = tx.now().millis();
    let row: Option<(String, i64, Option<i64>)> = on_either!(tx, connection => email_codes::table
        .filter(email_codes::link_digest.eq(link.as_bytes().as_slice()))
        .select((email_codes::interaction_id, email_codes::expires_at, email_codes::ended_at))
        .first(connection)
        .optional())?;
    Ok(match row {
        Some((id, expires_at, None)) if expires_at > now => Link::Live(InteractionId::new(id)),
        Some((id, ..)) => Link::Ended(InteractionId::new(id)),
        None => Link::Missing,
    })
}

/// Uses a link up, and every code and link of its interaction with it; the interaction it signed
/// in, or `None` when it was not live. One conditional `UPDATE` decides.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn redeem_link(
    tx: &mut Tx<'_>,
    link: &SecretDigest,
) -> Result<Option<InteractionId>, StorageError> {
    let now = tx.now().millis();
    let id: Option<String> = on_either!(tx, connection => diesel::update(email_codes::table)
        .filter(email_codes::link_digest.eq(link.as_bytes().as_slice()))
        .filter(email_codes::ended_at.is_null())
        .filter(email_codes::expires_at.gt(now))
        .set(email_codes::ended_at.eq(now))
        .returning(email_codes::interaction_id)
        .prepared()
        .get_result(connection)
        .optional())?;
    let Some(id) = id.map(InteractionId::new) else {
        return Ok(None);
    };
    end_all(tx, &id)?;
    Ok(Some(id))
}

/// Ends every code and link of an interaction, for instance when its address changes.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn end_all(tx: &mut Tx<'_>, interaction_id: &InteractionId) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::update(email_codes::table)
        .filter(email_codes::interaction_id.eq(interaction_id.as_str()))
        .filter(email_codes::ended_at.is_null())
        .set(email_codes::ended_at.eq(now))
        .changed(connection))?;
    Ok(())
}

#[cfg(test)]
mod tests;
