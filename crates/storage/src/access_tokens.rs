//! Opaque access tokens.

use diesel::prelude::*;
use model::token::{AccessToken, TokenSubject};
use model::{ClientId, SecretDigest, Timestamp, User};

use crate::error::StorageError;
use crate::grants::GrantRow;
use crate::schema::{access_tokens, grants, users};
use crate::stored;
use crate::unit_of_work::Tx;
use crate::users::UserRow;

const TABLE: &str = "access_tokens";

#[derive(Queryable, Selectable)]
#[diesel(table_name = access_tokens)]
struct TokenRow {
    client_id: String,
    scope: String,
    issued_at: i64,
    expires_at: i64,
}

impl TokenRow {
    fn into_token(self, grant: Option<GrantRow>) -> Result<AccessToken, StorageError> {
        let subject = grant
            .map(GrantRow::into_grant)
            .transpose()?
            .map(|grant| TokenSubject {
                grant_id: grant.id,
                authentication: grant.authentication,
                sid: grant.sid,
            });
        Ok(AccessToken {
            client_id: ClientId::parse(&self.client_id)
                .map_err(|_| StorageError::Corrupt(TABLE))?,
            subject,
            scope: stored::scope(TABLE, &self.scope)?,
            issued_at: Timestamp::from_millis(self.issued_at),
            expires_at: Timestamp::from_millis(self.expires_at),
        })
    }
}

/// An opaque access token that is about to be issued.
#[derive(Clone, Debug)]
pub struct NewAccessToken<'a> {
    /// Its digest.
    pub digest: SecretDigest,
    /// The grant it comes from; `None` for `client_credentials`.
    pub grant_id: Option<&'a str>,
    /// Whose it is.
    pub client_id: &'a ClientId,
    /// What it is good for.
    pub scope: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Stores a new access token.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert(tx: &mut Tx<'_>, token: &NewAccessToken<'_>) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::insert_into(access_tokens::table)
        .values((
            access_tokens::digest.eq(token.digest.as_bytes().as_slice()),
            access_tokens::grant_id.eq(token.grant_id),
            access_tokens::client_id.eq(token.client_id.as_str()),
            access_tokens::scope.eq(&token.scope),
            access_tokens::issued_at.eq(now),
            access_tokens::expires_at.eq(token.expires_at.millis()),
        ))
        .execute(connection))?;
    Ok(())
}

/// The live token of that digest, and the person it speaks for: one indexed read.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    digest: &SecretDigest,
) -> Result<Option<(AccessToken, Option<User>)>, StorageError> {
    type Row = (TokenRow, Option<(GrantRow, UserRow)>);
    let now = tx.now().millis();
    let row: Option<Row> = on_either!(tx, connection => access_tokens::table
        .left_join(grants::table.inner_join(users::table))
        .filter(access_tokens::digest.eq(digest.as_bytes().as_slice()))
        .filter(access_tokens::expires_at.gt(now))
        .filter(access_tokens::grant_id.is_null().or(
            grants::id.nullable().is_not_null().and(grants::revoked_at.is_null()),
        ))
        .select((TokenRow::as_select(), Option::<(GrantRow, UserRow)>::as_select()))
        .first(connection)
        .optional())?;
    let Some((token, person)) = row else {
        return Ok(None);
    };
    let (grant, user) = person.unzip();
    let user = user.map(UserRow::into_user).transpose()?;
    Ok(Some((token.into_token(grant)?, user)))
}

/// Revokes one token of a client (RFC 7009 §2.1); `false` when the client has no such token.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn revoke(
    tx: &mut Tx<'_>,
    digest: &SecretDigest,
    client_id: &ClientId,
) -> Result<bool, StorageError> {
    let revoked = on_either!(tx, connection => diesel::delete(access_tokens::table)
        .filter(access_tokens::digest.eq(digest.as_bytes().as_slice()))
        .filter(access_tokens::client_id.eq(client_id.as_str()))
        .execute(connection))?;
    Ok(revoked == 1)
}
