//! How looking for each account's teaching record ended: status and TRN are one row.

use diesel::prelude::*;
use model::keyring::{Purpose, Unopenable};
use model::requirement::TrnStanding;
use model::trn_lookup::{
    Attribute, LookupSource, MatchPolicy, TrnLookupStatus, TrnOutcome, VerificationLevel,
};
use model::{Entropy, Keyring, Timestamp, Trn, UserId};

use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::trn_links;
use crate::stored;
use crate::unit_of_work::Tx;

mod due;
mod holding;

pub use due::{DueLookup, claim, look_up_soon, postpone};
pub use holding::{digests, find_owner};
pub(crate) use holding::{forget_removed_keys, seal_anew};

use holding::unless_of_another;

const TABLE: &str = "trn_links";

const ANSWERED: &str = "answered";
const UNAVAILABLE: &str = "unavailable";

/// How looking for an account's record ended, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrnLink {
    /// Where the person stands.
    pub status: TrnLookupStatus,
    /// The TRN, sealed; there is one exactly when the status is Found.
    pub sealed_trn: Option<Vec<u8>>,
    /// How sure it is.
    pub level: Option<VerificationLevel>,
    /// The policy that was asked for.
    pub policy: MatchPolicy,
    /// The version of the rules that decided.
    pub policy_version: u32,
    /// What agreed with the record that was found.
    pub agreed: Vec<Attribute>,
    /// Who decided.
    pub source: LookupSource,
    /// The records could not be asked.
    pub is_unavailable: bool,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// When the records were last asked.
    pub looked_up_at: Option<Timestamp>,
}

/// How looking for an account's record ended, as it is to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLink {
    status: TrnLookupStatus,
    trn: Option<SealedTrn>,
    level: Option<VerificationLevel>,
    policy: MatchPolicy,
    policy_version: u32,
    agreed: Vec<Attribute>,
    source: LookupSource,
    is_unavailable: bool,
    next_lookup_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct SealedTrn {
    sealed: Vec<u8>,
    /// Under each key.
    digests: Vec<Vec<u8>>,
}

/// How storing a link ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Linked {
    /// It is stored.
    Linked,
    /// The TRN belongs to that account; nothing is stored.
    TrnOfAnother(UserId),
    /// What was there outranks it and stays.
    Kept,
}

impl NewLink {
    /// Seals an outcome for an account. `next_lookup_at` is when the records are to be asked again
    /// without the person, if they are.
    #[must_use]
    pub fn seal(
        outcome: &TrnOutcome,
        user_id: &UserId,
        next_lookup_at: Option<Timestamp>,
        keyring: &Keyring,
        entropy: &dyn Entropy,
    ) -> Self {
        let trn = outcome.trn.as_ref().map(|trn| SealedTrn {
            sealed: keyring.seal(
                Purpose::TrnLink,
                user_id.as_str(),
                trn.as_str().as_bytes(),
                entropy,
            ),
            digests: digests(keyring, trn),
        });
        Self {
            status: outcome.status,
            trn,
            level: outcome.level,
            policy: outcome.policy,
            policy_version: outcome.policy_version,
            agreed: outcome.agreed.clone(),
            source: outcome.source,
            is_unavailable: outcome.is_unavailable,
            next_lookup_at,
        }
    }

    fn digests(&self) -> &[Vec<u8>] {
        self.trn.as_ref().map_or(&[], |trn| &trn.digests)
    }
}

impl TrnLink {
    /// The account's TRN, if it was found.
    ///
    /// # Errors
    ///
    /// [`Unopenable`] when it was sealed under a key that is gone, or for another account.
    pub fn trn(&self, user_id: &UserId, keyring: &Keyring) -> Result<Option<Trn>, Unopenable> {
        let Some(sealed) = &self.sealed_trn else {
            return Ok(None);
        };
        let opened = keyring.open(Purpose::TrnLink, user_id.as_str(), sealed)?;
        let text = std::str::from_utf8(opened.reveal()).map_err(|_| Unopenable)?;
        Trn::parse(text).map(Some).map_err(|_| Unopenable)
    }

    /// What decides whether more is asked of the person.
    #[must_use]
    pub const fn standing(&self) -> TrnStanding {
        TrnStanding {
            status: self.status,
            level: self.level,
            policy: self.policy,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = trn_links)]
pub(crate) struct LinkRow {
    status: String,
    sealed_trn: Option<Vec<u8>>,
    level: Option<String>,
    policy: String,
    policy_version: i64,
    agreed: String,
    source: String,
    lookup: String,
    decided_at: i64,
    looked_up_at: Option<i64>,
}

impl LinkRow {
    pub(crate) fn into_link(self) -> Result<TrnLink, StorageError> {
        let standing = standing_of((self.status, self.level, self.policy))?;
        Ok(TrnLink {
            status: standing.status,
            sealed_trn: self.sealed_trn,
            level: standing.level,
            policy: standing.policy,
            policy_version: u32::try_from(self.policy_version)
                .map_err(|_| StorageError::Corrupt(TABLE))?,
            agreed: stored::from_json(TABLE, &self.agreed)?,
            source: LookupSource::from_name(&self.source).ok_or(StorageError::Corrupt(TABLE))?,
            is_unavailable: self.lookup == UNAVAILABLE,
            decided_at: Timestamp::from_millis(self.decided_at),
            looked_up_at: self.looked_up_at.map(Timestamp::from_millis),
        })
    }
}

/// Status, level and policy as they stand in their columns.
pub(crate) type StandingColumns = (String, Option<String>, String);

pub(crate) fn standing_of(
    (status, level, policy): StandingColumns,
) -> Result<TrnStanding, StorageError> {
    let level = level
        .map(|level| VerificationLevel::from_name(&level).ok_or(StorageError::Corrupt(TABLE)))
        .transpose()?;
    Ok(TrnStanding {
        status: TrnLookupStatus::from_name(&status).ok_or(StorageError::Corrupt(TABLE))?,
        level,
        policy: MatchPolicy::from_name(&policy).ok_or(StorageError::Corrupt(TABLE))?,
    })
}

/// How looking for the account's record ended, if it was looked for.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(tx: &mut Tx<'_>, user_id: &UserId) -> Result<Option<TrnLink>, StorageError> {
    let row: Option<LinkRow> = on_either!(tx, connection => trn_links::table
        .find(user_id.as_str())
        .select(LinkRow::as_select())
        .first(connection)
        .optional())?;
    row.map(LinkRow::into_link).transpose()
}

/// Stores how looking for the account's record ended, over what was there, unless staff decided
/// that and this is a look-up.
///
/// The unique digests of the TRN decide, so of any number of accounts that match one record at once
/// exactly one is [`Linked::Linked`].
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
pub fn replace(tx: &mut Tx<'_>, user_id: &UserId, link: &NewLink) -> Result<Linked, StorageError> {
    use diesel::query_dsl::methods::FilterDsl;
    use diesel::upsert::excluded;

    let columns = Columns::of(link, tx.now())?;
    let (lookup, support) = (
        LookupSource::Lookup.as_str(),
        LookupSource::Support.as_str(),
    );
    let may_replace = trn_links::source
        .eq(lookup)
        .or(excluded(trn_links::source).eq(support));
    unless_of_another(tx, user_id, link.digests(), |tx| {
        let upsert = diesel::insert_into(trn_links::table)
            .values((trn_links::user_id.eq(user_id.as_str()), &columns))
            .on_conflict(trn_links::user_id)
            .do_update()
            .set(&columns);
        Ok(
            on_either!(tx, connection => FilterDsl::filter(upsert, may_replace).changed(connection))?,
        )
    })
}

/// The same for a look-up without the person: only while the account's record is still open, so
/// that neither staff nor the person is overruled by what was asked before they decided.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn replace_open(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    link: &NewLink,
) -> Result<Linked, StorageError> {
    let columns = Columns::of(link, tx.now())?;
    unless_of_another(tx, user_id, link.digests(), |tx| {
        let update = diesel::update(trn_links::table)
            .filter(trn_links::user_id.eq(user_id.as_str()))
            .filter(due::is_open())
            .set(&columns);
        Ok(on_either!(tx, connection => update.changed(connection))?)
    })
}

/// The columns of a link, but for whose it is. What is `None` is stored as such.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = trn_links, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Columns {
    status: &'static str,
    sealed_trn: Option<Vec<u8>>,
    level: Option<String>,
    policy: &'static str,
    policy_version: i64,
    agreed: String,
    source: &'static str,
    lookup: &'static str,
    decided_at: i64,
    looked_up_at: Option<i64>,
    next_lookup_at: Option<i64>,
}

impl Columns {
    fn of(link: &NewLink, now: Timestamp) -> Result<Self, StorageError> {
        let is_lookup = link.source == LookupSource::Lookup;
        Ok(Self {
            status: link.status.as_str(),
            sealed_trn: link.trn.as_ref().map(|trn| trn.sealed.clone()),
            level: link.level.map(|level| level.as_str().to_owned()),
            policy: link.policy.as_str(),
            policy_version: i64::from(link.policy_version),
            agreed: stored::to_json(&link.agreed)?,
            source: link.source.as_str(),
            lookup: if link.is_unavailable {
                UNAVAILABLE
            } else {
                ANSWERED
            },
            decided_at: now.millis(),
            looked_up_at: is_lookup.then_some(now.millis()),
            next_lookup_at: link.next_lookup_at.map(Timestamp::millis),
        })
    }
}

#[cfg(test)]
mod tests;
