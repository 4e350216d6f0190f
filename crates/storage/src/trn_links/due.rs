//! Whose records are to be asked again without them: people come back rarely, records grow.

use std::time::Duration;

use diesel::prelude::*;
use model::trn_lookup::{LookupSource, MatchPolicy, TrnLookupStatus};
use model::{Timestamp, UserId};

use super::{TABLE, UNAVAILABLE};
use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::trn_links;
use crate::unit_of_work::Tx;

/// The records are asked again for one account at most this often.
const BETWEEN_LOOKUPS: Duration = Duration::from_secs(24 * 60 * 60);

/// An account whose record is to be looked for again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueLookup {
    /// Whose.
    pub user_id: UserId,
    /// By which policy.
    pub policy: MatchPolicy,
}

/// Has the account's record looked for again soon, if none is found yet (or the records could not
/// be asked), no look-up is planned, and the last one is a day ago; whether it will be. One
/// conditional `UPDATE`.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn look_up_soon(tx: &mut Tx<'_>, user_id: &UserId) -> Result<bool, StorageError> {
    let now = tx.now();
    let a_day_ago = now.minus(BETWEEN_LOOKUPS).millis();
    let is_due = trn_links::looked_up_at
        .is_null()
        .or(trn_links::looked_up_at.le(a_day_ago));
    let changed = on_either!(tx, connection => diesel::update(trn_links::table)
        .filter(trn_links::user_id.eq(user_id.as_str()))
        .filter(is_open())
        .filter(trn_links::next_lookup_at.is_null())
        .filter(is_due)
        .set(trn_links::next_lookup_at.eq(now.millis()))
        .changed(connection))?;
    Ok(changed == 1)
}

/// Claims the account that has waited longest for its look-up, for `lease`: nobody else gets it
/// before then. `None` when no look-up is due.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn claim(tx: &mut Tx<'_>, lease: Duration) -> Result<Option<DueLookup>, StorageError> {
    while let Some((user_id, due_at)) = first_due(tx)? {
        if let Some(due) = claim_one(tx, &user_id, due_at, lease)? {
            return Ok(Some(due));
        }
    }
    Ok(None)
}

/// Has a look-up that is planned or under way, and cannot be made, wait until then.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn postpone(tx: &mut Tx<'_>, user_id: &UserId, until: Timestamp) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::update(trn_links::table)
        .filter(trn_links::user_id.eq(user_id.as_str()))
        .filter(trn_links::next_lookup_at.is_not_null())
        .set(trn_links::next_lookup_at.eq(until.millis()))
        .changed(connection))?;
    Ok(())
}

fn first_due(tx: &mut Tx<'_>) -> Result<Option<(String, i64)>, StorageError> {
    let now = tx.now().millis();
    Ok(on_either!(tx, connection => trn_links::table
        .filter(trn_links::next_lookup_at.le(now))
        .order(trn_links::next_lookup_at)
        .select((trn_links::user_id, trn_links::next_lookup_at.assume_not_null()))
        .first(connection)
        .optional())?)
}

/// Of all who saw the same account due at the same time one wins: the due time moves with the
/// claim.
fn claim_one(
    tx: &mut Tx<'_>,
    user_id: &str,
    due_at: i64,
    lease: Duration,
) -> Result<Option<DueLookup>, StorageError> {
    let leased_until = tx.now().plus(lease).millis();
    let policy: Option<String> = on_either!(tx, connection => diesel::update(trn_links::table)
        .filter(trn_links::user_id.eq(user_id))
        .filter(trn_links::next_lookup_at.eq(due_at))
        .set(trn_links::next_lookup_at.eq(leased_until))
        .returning(trn_links::policy)
        .prepared()
        .get_result(connection)
        .optional())?;
    policy
        .map(|policy| {
            Ok(DueLookup {
                user_id: UserId::new(user_id.to_owned()),
                policy: MatchPolicy::from_name(&policy).ok_or(StorageError::Corrupt(TABLE))?,
            })
        })
        .transpose()
}

/// Another look-up may still change it: none is found, or the records could not be asked, and staff
/// have not decided.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn is_open() -> _ {
    let (none, pending): (&'static str, &'static str) = OPEN;
    let unavailable: &'static str = UNAVAILABLE;
    let was_not_answered = trn_links::lookup.eq(unavailable);
    let is_none = trn_links::status.eq(none);
    let is_pending = trn_links::status.eq(pending);
    let lookup: &'static str = LOOKUP;
    let is_of_lookup = trn_links::source.eq(lookup);
    let is_undecided = is_none.or(is_pending).or(was_not_answered);
    is_of_lookup.and(is_undecided)
}

const LOOKUP: &str = LookupSource::Lookup.as_str();

const OPEN: (&str, &str) = (
    TrnLookupStatus::None.as_str(),
    TrnLookupStatus::Pending.as_str(),
);
