//! Requests that wait while their person answers questions.

use diesel::prelude::*;
use model::interaction::{Answers, Outcome};
use model::requirement::Requirements;
use model::{ClientId, Interaction, InteractionId, SecretDigest, Timestamp, UserId};

use crate::connection::Connection;
use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::interactions;
use crate::stored;
use crate::unit_of_work::Tx;

const TABLE: &str = "interactions";

#[derive(Queryable, Selectable)]
#[diesel(table_name = interactions)]
struct InteractionRow {
    id: String,
    client_id: String,
    service_name: String,
    raw_parameters: String,
    requirements: String,
    return_to: String,
    form_action: String,
    login_hint: Option<String>,
    answers: String,
    outcome: Option<String>,
    wrong_codes: i64,
    created_at: i64,
    expires_at: i64,
    browser_digest: Vec<u8>,
    taken_at: Option<i64>,
    sealed_details: Option<Vec<u8>>,
    sealed_factor: Option<Vec<u8>>,
}

impl InteractionRow {
    fn into_interaction(self) -> Result<Interaction, StorageError> {
        let requirements: Requirements = stored::from_json(TABLE, &self.requirements)?;
        let outcome = self
            .outcome
            .map(|text| stored::from_json(TABLE, &text))
            .transpose()?;
        Ok(Interaction {
            id: InteractionId::new(self.id),
            client_id: ClientId::parse(&self.client_id)
                .map_err(|_| StorageError::Corrupt(TABLE))?,
            service_name: self.service_name,
            raw_parameters: stored::from_json(TABLE, &self.raw_parameters)?,
            requirements,
            return_to: self.return_to,
            form_action: self.form_action,
            login_hint: self.login_hint,
            answers: stored::from_json(TABLE, &self.answers)?,
            sealed_details: self.sealed_details,
            sealed_factor: self.sealed_factor,
            outcome,
            wrong_codes: u32::try_from(self.wrong_codes).unwrap_or(u32::MAX),
            created_at: Timestamp::from_millis(self.created_at),
            expires_at: Timestamp::from_millis(self.expires_at),
        })
    }
}

/// Stores a new interaction of the browser whose cookie secret has that digest.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert(
    tx: &mut Tx<'_>,
    interaction: &Interaction,
    browser: &SecretDigest,
) -> Result<(), StorageError> {
    let outcome = interaction
        .outcome
        .as_ref()
        .map(stored::to_json)
        .transpose()?;
    let raw_parameters = stored::to_json(&interaction.raw_parameters)?;
    let requirements = stored::to_json(&interaction.requirements)?;
    let answers = stored::to_json(&interaction.answers)?;
    on_either!(tx, connection => diesel::insert_into(interactions::table)
        .values((
            interactions::id.eq(interaction.id.as_str()),
            interactions::browser_digest.eq(browser.as_bytes().as_slice()),
            interactions::client_id.eq(interaction.client_id.as_str()),
            interactions::service_name.eq(&interaction.service_name),
            interactions::raw_parameters.eq(raw_parameters),
            interactions::requirements.eq(requirements),
            interactions::return_to.eq(&interaction.return_to),
            interactions::form_action.eq(&interaction.form_action),
            interactions::login_hint.eq(interaction.login_hint.as_deref()),
            interactions::answers.eq(answers),
            interactions::outcome.eq(outcome),
            interactions::wrong_codes.eq(i64::from(interaction.wrong_codes)),
            interactions::created_at.eq(interaction.created_at.millis()),
            interactions::expires_at.eq(interaction.expires_at.millis()),
            interactions::sealed_details.eq(interaction.sealed_details.as_deref()),
            interactions::sealed_factor.eq(interaction.sealed_factor.as_deref()),
        ))
        .execute(connection))?;
    Ok(())
}

/// What an interaction is to the browser that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It goes on.
    Open(Box<Interaction>),
    /// It has ended or its time is over; the request it began with can begin again.
    Over(Box<Interaction>),
    /// Another browser began it.
    OfAnotherBrowser,
    /// There is none of that name, or no longer.
    Missing,
}

/// The interaction of that name, as seen by the browser whose cookie secret has that digest.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    id: &InteractionId,
    browser: Option<&SecretDigest>,
) -> Result<Found, StorageError> {
    let row = on_either!(tx, connection => interactions::table
        .find(id.as_str())
        .select(InteractionRow::as_select())
        .first(connection)
        .optional())?;
    seen_by(browser, row, tx.now())
}

/// [`find`], for a unit of work that changes the interaction: whoever else would change it waits
/// until this unit of work ends, so that no answer of one tab overwrites another's.
///
/// PostgreSQL locks the row (`FOR UPDATE`); SQLite has one writer at a time anyway.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find_to_change(
    tx: &mut Tx<'_>,
    id: &InteractionId,
    browser: Option<&SecretDigest>,
) -> Result<Found, StorageError> {
    let now = tx.now();
    match tx.connection() {
        Connection::Sqlite(_) => find(tx, id, browser),
        Connection::Postgres(connection) => {
            let row = interactions::table
                .find(id.as_str())
                .select(InteractionRow::as_select())
                .for_update()
                .first(*connection)
                .optional()?;
            seen_by(browser, row, now)
        }
    }
}

fn seen_by(
    browser: Option<&SecretDigest>,
    row: Option<InteractionRow>,
    now: Timestamp,
) -> Result<Found, StorageError> {
    let Some(row) = row else {
        return Ok(Found::Missing);
    };
    if browser.is_none_or(|browser| browser.as_bytes().as_slice() != row.browser_digest) {
        return Ok(Found::OfAnotherBrowser);
    }
    let is_open = row.taken_at.is_none() && row.expires_at > now.millis();
    let interaction = Box::new(row.into_interaction()?);
    Ok(if is_open {
        Found::Open(interaction)
    } else {
        Found::Over(interaction)
    })
}

/// Stores what the person has answered so far; `false` when the interaction no longer goes on.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn replace_answers(
    tx: &mut Tx<'_>,
    id: &InteractionId,
    answers: &Answers,
) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let answers = stored::to_json(answers)?;
    let changed = on_either!(tx, connection => diesel::update(interactions::table)
        .filter(interactions::id.eq(id.as_str()))
        .filter(interactions::taken_at.is_null())
        .filter(interactions::expires_at.gt(now))
        .set(interactions::answers.eq(answers))
        .changed(connection))?;
    Ok(changed == 1)
}

/// Stores what the person has said about themselves so far, sealed; `false` when the interaction no
/// longer goes on.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn replace_details(
    tx: &mut Tx<'_>,
    id: &InteractionId,
    sealed: &[u8],
) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let changed = on_either!(tx, connection => diesel::update(interactions::table)
        .filter(interactions::id.eq(id.as_str()))
        .filter(interactions::taken_at.is_null())
        .filter(interactions::expires_at.gt(now))
        .set(interactions::sealed_details.eq(sealed))
        .changed(connection))?;
    Ok(changed == 1)
}

/// Stores what the person is setting up or giving as a second factor, sealed, or wipes it; `false`
/// when the interaction no longer goes on.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn replace_factor(
    tx: &mut Tx<'_>,
    id: &InteractionId,
    sealed: Option<&[u8]>,
) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let changed = on_either!(tx, connection => diesel::update(interactions::table)
        .filter(interactions::id.eq(id.as_str()))
        .filter(interactions::taken_at.is_null())
        .filter(interactions::expires_at.gt(now))
        .set(interactions::sealed_factor.eq(sealed))
        .changed(connection))?;
    Ok(changed == 1)
}

/// Ends an interaction with its outcome; `false` when it no longer goes on.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn complete(
    tx: &mut Tx<'_>,
    id: &InteractionId,
    outcome: &Outcome,
) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let outcome = stored::to_json(outcome)?;
    let changed = on_either!(tx, connection => diesel::update(interactions::table)
        .filter(interactions::id.eq(id.as_str()))
        .filter(interactions::taken_at.is_null())
        .filter(interactions::expires_at.gt(now))
        .set(interactions::outcome.eq(outcome))
        .changed(connection))?;
    Ok(changed == 1)
}

/// Takes an ended interaction away, for the browser that began it.
///
/// One conditional `UPDATE` decides, so of any number of concurrent calls exactly one gets it.
/// The row stays until it is purged, so that Back can begin the same request again
/// (docs/decisions/0003-a-taken-interaction-stays.md); what the person said of themselves,
/// and what they were shown of their second factor, does not.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn take(
    tx: &mut Tx<'_>,
    id: &InteractionId,
    browser: &SecretDigest,
) -> Result<Option<Interaction>, StorageError> {
    let now = tx.now().millis();
    let row: Option<InteractionRow> = on_either!(tx, connection => diesel::update(interactions::table)
        .filter(interactions::id.eq(id.as_str()))
        .filter(interactions::browser_digest.eq(browser.as_bytes().as_slice()))
        .filter(interactions::outcome.is_not_null())
        .filter(interactions::taken_at.is_null())
        .filter(interactions::expires_at.gt(now))
        .set((
            interactions::taken_at.eq(now),
            interactions::sealed_details.eq(None::<Vec<u8>>),
            interactions::sealed_factor.eq(None::<Vec<u8>>),
        ))
        .returning(InteractionRow::as_returning())
        .prepared()
        .get_result(connection)
        .optional())?;
    row.map(InteractionRow::into_interaction).transpose()
}

/// Ends every interaction that a person has signed in to and that goes on. Of use only with what
/// else signing in opened ([`users::sign_out_everywhere`](crate::users::sign_out_everywhere)).
///
/// Reads through all that go on, which are those of a day: it is for what happens to few people.
pub(crate) fn end_all_of(tx: &mut Tx<'_>, user_id: &UserId) -> Result<(), StorageError> {
    let now = tx.now().millis();
    let signed_in = signed_in_as(user_id);
    on_either!(tx, connection => diesel::update(interactions::table)
        .filter(goes_on_as(now, &signed_in))
        .set(interactions::expires_at.eq(now))
        .changed(connection))?;
    Ok(())
}

/// The ids of those that [`end_all_of`] would end.
pub(crate) fn list_all_of(tx: &mut Tx<'_>, user_id: &UserId) -> Result<Vec<String>, StorageError> {
    let now = tx.now().millis();
    let signed_in = signed_in_as(user_id);
    Ok(on_either!(tx, connection => interactions::table
        .filter(goes_on_as(now, &signed_in))
        .order(interactions::id)
        .select(interactions::id)
        .load(connection))?)
}

/// The same, and nobody else changes them until this unit of work ends: see
/// [`find_to_change`].
pub(crate) fn lock_all_of(tx: &mut Tx<'_>, user_id: &UserId) -> Result<Vec<String>, StorageError> {
    let now = tx.now().millis();
    let signed_in = signed_in_as(user_id);
    match tx.connection() {
        Connection::Sqlite(_) => list_all_of(tx, user_id),
        Connection::Postgres(connection) => Ok(interactions::table
            .filter(goes_on_as(now, &signed_in))
            .order(interactions::id)
            .select(interactions::id)
            .for_update()
            .load(*connection)?),
    }
}

/// What the JSON of answers and outcomes holds when somebody is signed in.
fn signed_in_as(user_id: &UserId) -> String {
    format!(r#"%"user_id":"{user_id}"%"#)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn goes_on_as<'a>(now: i64, signed_in: &'a str) -> _ {
    let is_theirs = interactions::answers
        .like(signed_in)
        .or(interactions::outcome.like(signed_in));
    interactions::expires_at
        .gt(now)
        .and(interactions::taken_at.is_null())
        .and(is_theirs)
}

#[cfg(test)]
mod tests;
