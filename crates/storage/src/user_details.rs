//! What people said about themselves, sealed with the account's id as context.

use diesel::prelude::*;
use model::keyring::Purpose;
use model::requirement::DetailsStanding;
use model::{DateOfBirth, Keyring, PersonName, Timestamp, UserId};

use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::{trn_links, user_details, users};
use crate::trn_links::StandingColumns;
use crate::unit_of_work::Tx;

/// What an account's person said, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The details, sealed ([`Purpose::Details`]).
    pub sealed: Vec<u8>,
    /// They gave name and date of birth.
    pub has_profile: bool,
    /// They were asked for their National Insurance number.
    pub national_insurance_asked: bool,
    /// When they last changed.
    pub updated_at: Timestamp,
}

/// What is to be stored of what a person said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDetails {
    /// The details, sealed ([`Purpose::Details`]).
    pub sealed: Vec<u8>,
    /// They gave name and date of birth.
    pub has_profile: bool,
    /// They were asked for their National Insurance number.
    pub national_insurance_asked: bool,
    /// The first of [`person_digests`], if they gave name and date of birth.
    pub person_digest: Option<Vec<u8>>,
}

/// The keyed digests of a last name and a date of birth under each key, the current key's first:
/// the first is stored, all of them are looked for.
#[must_use]
pub fn person_digests(keyring: &Keyring, name: &PersonName, born: DateOfBirth) -> Vec<Vec<u8>> {
    let last_name = name.last.folded();
    keyring.digests(
        Purpose::Person,
        &[last_name.as_bytes(), born.iso().as_bytes()],
    )
}

/// What the account's person said, if they said anything.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(tx: &mut Tx<'_>, user_id: &UserId) -> Result<Option<Row>, StorageError> {
    let row: Option<(Vec<u8>, i64, i64, i64)> = on_either!(tx, connection => user_details::table
        .find(user_id.as_str())
        .select((
            user_details::sealed,
            user_details::has_profile,
            user_details::national_insurance_asked,
            user_details::updated_at,
        ))
        .first(connection)
        .optional())?;
    Ok(row.map(
        |(sealed, has_profile, national_insurance_asked, updated_at)| Row {
            sealed,
            has_profile: has_profile != 0,
            national_insurance_asked: national_insurance_asked != 0,
            updated_at: Timestamp::from_millis(updated_at),
        },
    ))
}

/// Stores what the account's person said, over what they said before. Clients see it, so the
/// account counts as changed.
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
pub fn replace(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    details: &NewDetails,
) -> Result<(), StorageError> {
    let now = tx.now().millis();
    // The account first: see `users::lock`.
    on_either!(tx, connection => diesel::update(users::table)
        .filter(users::id.eq(user_id.as_str()))
        .set(users::updated_at.eq(now))
        .changed(connection))?;
    let columns = (
        user_details::sealed.eq(&details.sealed),
        user_details::has_profile.eq(i64::from(details.has_profile)),
        user_details::national_insurance_asked.eq(i64::from(details.national_insurance_asked)),
        user_details::person_digest.eq(details.person_digest.as_deref()),
        user_details::updated_at.eq(now),
    );
    on_either!(tx, connection => diesel::insert_into(user_details::table)
        .values((user_details::user_id.eq(user_id.as_str()), columns))
        .on_conflict(user_details::user_id)
        .do_update()
        .set(columns)
        .changed(connection))?;
    Ok(())
}

/// Whether they gave a profile, and whether they were asked for their National Insurance number.
type AskedColumns = (i64, i64);

/// What the account's person was asked so far, and how looking for their record ended.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn standing(tx: &mut Tx<'_>, user_id: &UserId) -> Result<DetailsStanding, StorageError> {
    let row: Option<(Option<AskedColumns>, Option<StandingColumns>)> = on_either!(tx, connection => users::table
        .left_join(user_details::table)
        .left_join(trn_links::table)
        .filter(users::id.eq(user_id.as_str()))
        .select((
            (user_details::has_profile, user_details::national_insurance_asked).nullable(),
            (trn_links::status, trn_links::level, trn_links::policy).nullable(),
        ))
        .first(connection)
        .optional())?;
    let (asked, trn) = row.unwrap_or_default();
    let (has_profile, national_insurance_asked) = asked.unwrap_or_default();
    Ok(DetailsStanding {
        has_profile: has_profile != 0,
        national_insurance_asked: national_insurance_asked != 0,
        trn: trn.map(crate::trn_links::standing_of).transpose()?,
    })
}

/// The other accounts whose person has one of these digests of last name and date of birth, and
/// their details, sealed. At most 10: more are no answer to anything.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn same_person(
    tx: &mut Tx<'_>,
    digests: &[Vec<u8>],
    except: &UserId,
) -> Result<Vec<(UserId, Vec<u8>)>, StorageError> {
    let rows: Vec<(String, Vec<u8>)> = on_either!(tx, connection => user_details::table
        .filter(user_details::person_digest.eq_any(digests))
        .filter(user_details::user_id.ne(except.as_str()))
        .order(user_details::user_id)
        .limit(10)
        .select((user_details::user_id, user_details::sealed))
        .prepared()
        .load(connection))?;
    let of_account = |(user_id, sealed)| (UserId::new(user_id), sealed);
    Ok(rows.into_iter().map(of_account).collect())
}

#[cfg(test)]
mod tests;
