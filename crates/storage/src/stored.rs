//! How values look in columns, where that is not plain text or a number.

use model::asked_claims::AskedClaims;
use model::browser_session::{Acr, Amr, Authentication};
use model::{EmailAddress, KeyThumbprint, ScopeSet, Timestamp, UserId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::StorageError;

/// A value as JSON text. Our own types always serialise.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(|_| StorageError::Corrupt("a value to be stored"))
}

pub(crate) fn from_json<T: DeserializeOwned>(
    table: &'static str,
    text: &str,
) -> Result<T, StorageError> {
    serde_json::from_str(text).map_err(|_| StorageError::Corrupt(table))
}

pub(crate) fn scope(table: &'static str, text: &str) -> Result<ScopeSet, StorageError> {
    ScopeSet::parse(text).map_err(|_| StorageError::Corrupt(table))
}

pub(crate) fn jkt(
    table: &'static str,
    column: Option<&str>,
) -> Result<Option<KeyThumbprint>, StorageError> {
    let jkt = column.map(KeyThumbprint::parse).transpose();
    jkt.map_err(|_| StorageError::Corrupt(table))
}

pub(crate) fn email(table: &'static str, text: &str) -> Result<EmailAddress, StorageError> {
    EmailAddress::parse(text).map_err(|_| StorageError::Corrupt(table))
}

/// Claims that were asked for by name, as they stand in the column: nothing where there are none.
pub(crate) fn asked_claims_column(claims: &AskedClaims) -> Result<Option<String>, StorageError> {
    (!claims.is_empty()).then(|| to_json(claims)).transpose()
}

pub(crate) fn asked_claims(
    table: &'static str,
    column: Option<&str>,
) -> Result<AskedClaims, StorageError> {
    let claims = column.map(|column| from_json(table, column)).transpose()?;
    Ok(claims.unwrap_or_default())
}

/// The words of `amr`, parted by spaces, as they stand in the column.
pub(crate) fn amr_column(amr: &[Amr]) -> String {
    amr.iter()
        .map(|amr| amr.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

/// An authentication, from the columns that hold it: user, `auth_time`, `amr`, `acr` and when the
/// second factor was given.
pub(crate) fn authentication(
    table: &'static str,
    (user_id, auth_time, amr, acr, second_factor_at): (String, i64, &str, &str, Option<i64>),
) -> Result<Authentication, StorageError> {
    let amr = amr
        .split_whitespace()
        .map(Amr::from_name)
        .collect::<Option<Vec<_>>>();
    Ok(Authentication {
        user_id: UserId::new(user_id),
        auth_time: Timestamp::from_millis(auth_time),
        amr: amr.ok_or(StorageError::Corrupt(table))?,
        acr: Acr::from_name(acr).ok_or(StorageError::Corrupt(table))?,
        second_factor_at: second_factor_at.map(Timestamp::from_millis),
    })
}
