//! What staff have to look into.
//!
//! A task of an account goes with the account when that is purged. When the account is
//! [merged](crate::users::merge) into another, its open tasks stay, and are nobody's: what was
//! claimed about one account is not acted on for another.

use diesel::prelude::*;
use model::{ClientId, Timestamp, UserId};

use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::support_tasks;
use crate::unit_of_work::Tx;

const TABLE: &str = "support_tasks";

/// A task that staff have, or had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportTask {
    /// Its row: an ordered UUID.
    pub id: String,
    /// What the person was told to quote, for example `GAI-7K3M-Q2X9`.
    pub reference: String,
    /// What there is to do.
    pub kind: String,
    /// The account it is about, if there is one, still.
    pub user_id: Option<UserId>,
    /// The client whose request it came of.
    pub client_id: Option<ClientId>,
    /// What staff need to know, sealed with the task's id as context
    /// ([`Purpose::SupportTask`](model::keyring::Purpose::SupportTask)).
    pub sealed: Vec<u8>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How it ended, if it has.
    pub closing: Option<Closing>,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// When.
    pub at: Timestamp,
    /// What staff decided.
    pub outcome: String,
}

/// A task to be opened.
#[derive(Clone, Debug)]
pub struct NewSupportTask {
    /// Its row: an ordered UUID.
    pub id: String,
    /// What the person is told to quote.
    pub reference: String,
    /// What there is to do.
    pub kind: String,
    /// The account it is about, if there is one.
    pub user_id: Option<UserId>,
    /// The client whose request it came of.
    pub client_id: Option<ClientId>,
    /// What staff need to know, sealed with the task's id as context.
    pub sealed: Vec<u8>,
}

/// How opening a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Opened {
    /// Staff have it.
    Opened,
    /// Another task has the reference: nothing is stored, draw another.
    ReferenceTaken,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = support_tasks)]
struct TaskRow {
    id: String,
    reference: String,
    kind: String,
    user_id: Option<String>,
    client_id: Option<String>,
    sealed: Vec<u8>,
    opened_at: i64,
    closed_at: Option<i64>,
    outcome: Option<String>,
}

impl TaskRow {
    fn into_task(self) -> Result<SupportTask, StorageError> {
        let client_id = self.client_id.as_deref().map(ClientId::parse).transpose();
        let closing = match (self.closed_at, self.outcome) {
            (None, None) => None,
            (Some(at), Some(outcome)) => Some(Closing {
                at: Timestamp::from_millis(at),
                outcome,
            }),
            _ => return Err(StorageError::Corrupt(TABLE)),
        };
        Ok(SupportTask {
            id: self.id,
            reference: self.reference,
            kind: self.kind,
            user_id: self.user_id.map(UserId::new),
            client_id: client_id.map_err(|_| StorageError::Corrupt(TABLE))?,
            sealed: self.sealed,
            opened_at: Timestamp::from_millis(self.opened_at),
            closing,
        })
    }
}

/// Opens a task. The unique reference decides.
///
/// # Errors
///
/// [`StorageError`] when the database fails, and when there is no such account.
pub fn open(tx: &mut Tx<'_>, task: &NewSupportTask) -> Result<Opened, StorageError> {
    let now = tx.now().millis();
    let inserted = on_either!(tx, connection => diesel::insert_into(support_tasks::table)
        .values((
            support_tasks::id.eq(&task.id),
            support_tasks::reference.eq(&task.reference),
            support_tasks::kind.eq(&task.kind),
            support_tasks::user_id.eq(task.user_id.as_ref().map(UserId::as_str)),
            support_tasks::client_id.eq(task.client_id.as_ref().map(ClientId::as_str)),
            support_tasks::sealed.eq(&task.sealed),
            support_tasks::opened_at.eq(now),
        ))
        .on_conflict(support_tasks::reference)
        .do_nothing()
        .execute(connection))?;
    Ok(match inserted {
        0 => Opened::ReferenceTaken,
        _ => Opened::Opened,
    })
}

/// The open tasks, the one that has waited longest first; at most `limit`.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn list(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<SupportTask>, StorageError> {
    let rows: Vec<TaskRow> = on_either!(tx, connection => support_tasks::table
        .filter(support_tasks::closed_at.is_null())
        .order((support_tasks::opened_at, support_tasks::id))
        .limit(i64::from(limit))
        .select(TaskRow::as_select())
        .load(connection))?;
    rows.into_iter().map(TaskRow::into_task).collect()
}

/// The task of a reference, open or closed; a closed one is kept for 90 days.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find_by_reference(
    tx: &mut Tx<'_>,
    reference: &str,
) -> Result<Option<SupportTask>, StorageError> {
    let row: Option<TaskRow> = on_either!(tx, connection => support_tasks::table
        .filter(support_tasks::reference.eq(reference))
        .select(TaskRow::as_select())
        .first(connection)
        .optional())?;
    row.map(TaskRow::into_task).transpose()
}

/// The reference of an account's open task of a kind, the oldest if there are several.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find_open(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    kind: &str,
) -> Result<Option<String>, StorageError> {
    Ok(on_either!(tx, connection => support_tasks::table
        .filter(support_tasks::user_id.eq(user_id.as_str()))
        .filter(support_tasks::kind.eq(kind))
        .filter(support_tasks::closed_at.is_null())
        .order(support_tasks::opened_at)
        .select(support_tasks::reference)
        .first(connection)
        .optional())?)
}

/// Replaces what staff need to know of a task; `false` when it is not open.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn replace_sealed(tx: &mut Tx<'_>, id: &str, sealed: &[u8]) -> Result<bool, StorageError> {
    let replaced = on_either!(tx, connection => diesel::update(support_tasks::table)
        .filter(support_tasks::id.eq(id))
        .filter(support_tasks::closed_at.is_null())
        .set(support_tasks::sealed.eq(sealed))
        .changed(connection))?;
    Ok(replaced == 1)
}

/// Closes a task with what staff decided; `false` when it is not open.
///
/// One conditional `UPDATE` decides, so of any number of decisions exactly one is acted on.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn close(tx: &mut Tx<'_>, id: &str, outcome: &str) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let closed = on_either!(tx, connection => diesel::update(support_tasks::table)
        .filter(support_tasks::id.eq(id))
        .filter(support_tasks::closed_at.is_null())
        .set((
            support_tasks::closed_at.eq(now),
            support_tasks::outcome.eq(outcome),
        ))
        .changed(connection))?;
    Ok(closed == 1)
}

#[cfg(test)]
mod tests;
