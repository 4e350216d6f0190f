//! Authorization codes.

use diesel::dsl::exists;
use diesel::prelude::*;
use model::authorization_code::{AuthorizationCode, Grant};
use model::{ClientId, KeyThumbprint, SecretDigest, Timestamp, UserId};

use crate::error::StorageError;
use crate::grants;
use crate::prepared::KeepPrepared as _;
use crate::schema::{authorization_codes, users};
use crate::stored;
use crate::unit_of_work::Tx;

const TABLE: &str = "authorization_codes";

#[derive(Queryable, Selectable)]
#[diesel(table_name = authorization_codes)]
struct CodeRow {
    grant_id: String,
    client_id: String,
    user_id: String,
    sid: String,
    auth_time: i64,
    amr: String,
    acr: String,
    scope: String,
    redirect_uri: String,
    code_challenge: Option<String>,
    nonce: Option<String>,
    claims: Option<String>,
    second_factor_at: Option<i64>,
    dpop_jkt: Option<String>,
}

impl CodeRow {
    fn into_code(self) -> Result<AuthorizationCode, StorageError> {
        let columns = (
            self.user_id,
            self.auth_time,
            self.amr.as_str(),
            self.acr.as_str(),
            self.second_factor_at,
        );
        Ok(AuthorizationCode {
            grant: Grant {
                id: self.grant_id,
                client_id: ClientId::parse(&self.client_id)
                    .map_err(|_| StorageError::Corrupt(TABLE))?,
                authentication: stored::authentication(TABLE, columns)?,
                sid: self.sid,
                scope: stored::scope(TABLE, &self.scope)?,
                claims: stored::asked_claims(TABLE, self.claims.as_deref())?,
            },
            redirect_uri: self.redirect_uri,
            code_challenge: self.code_challenge,
            dpop_jkt: stored::jkt(TABLE, self.dpop_jkt.as_deref())?,
            nonce: self.nonce,
        })
    }
}

/// Stores a new code under its digest.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert(
    tx: &mut Tx<'_>,
    digest: &SecretDigest,
    code: &AuthorizationCode,
    expires_at: Timestamp,
) -> Result<(), StorageError> {
    let grant = &code.grant;
    let authentication = &grant.authentication;
    let claims = stored::asked_claims_column(&grant.claims)?;
    on_either!(tx, connection => diesel::insert_into(authorization_codes::table)
        .values((
            authorization_codes::digest.eq(digest.as_bytes().as_slice()),
            authorization_codes::grant_id.eq(&grant.id),
            authorization_codes::client_id.eq(grant.client_id.as_str()),
            authorization_codes::user_id.eq(authentication.user_id.as_str()),
            authorization_codes::sid.eq(&grant.sid),
            authorization_codes::auth_time.eq(authentication.auth_time.millis()),
            authorization_codes::amr.eq(stored::amr_column(&authentication.amr)),
            authorization_codes::acr.eq(authentication.acr.as_str()),
            authorization_codes::second_factor_at
                .eq(authentication.second_factor_at.map(Timestamp::millis)),
            authorization_codes::scope.eq(grant.scope.to_string()),
            authorization_codes::redirect_uri.eq(&code.redirect_uri),
            authorization_codes::code_challenge.eq(code.code_challenge.as_deref()),
            authorization_codes::dpop_jkt.eq(code.dpop_jkt.as_ref().map(KeyThumbprint::as_str)),
            authorization_codes::nonce.eq(code.nonce.as_deref()),
            authorization_codes::claims.eq(claims.as_deref()),
            authorization_codes::expires_at.eq(expires_at.millis()),
        ))
        .execute(connection))?;
    Ok(())
}

/// How presenting a code ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redemption {
    /// It is good, and used up now.
    First(Box<AuthorizationCode>),
    /// It was used before: everything that it gave is revoked now (RFC 6749 §4.1.2).
    Replayed {
        /// The grant that was revoked.
        grant_id: String,
    },
    /// It came too late, or after its session was signed out or its account was gone.
    Expired,
    /// There is none of that digest for this client, or no longer.
    Unknown,
}

/// Redeems a code for the client that it was issued to.
///
/// One conditional `UPDATE` decides, so of any number of concurrent calls exactly one gets
/// [`Redemption::First`]; the others revoke its grant. A code of an account that is gone, merged
/// into another one, gives nothing.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn redeem(
    tx: &mut Tx<'_>,
    digest: &SecretDigest,
    client_id: &ClientId,
) -> Result<Redemption, StorageError> {
    let now = tx.now().millis();
    let account = users::table.filter(users::id.eq(authorization_codes::user_id));
    let first: Option<CodeRow> = on_either!(tx, connection => diesel::update(authorization_codes::table)
        .filter(authorization_codes::digest.eq(digest.as_bytes().as_slice()))
        .filter(authorization_codes::client_id.eq(client_id.as_str()))
        .filter(authorization_codes::redeemed_at.is_null())
        .filter(authorization_codes::expires_at.gt(now))
        .filter(exists(account))
        .set(authorization_codes::redeemed_at.eq(now))
        .returning(CodeRow::as_returning())
        .prepared()
        .get_result(connection)
        .optional())?;
    if let Some(row) = first {
        return Ok(Redemption::First(Box::new(row.into_code()?)));
    }
    let seen: Option<(String, Option<i64>)> = on_either!(tx, connection => authorization_codes::table
        .find(digest.as_bytes().as_slice())
        .filter(authorization_codes::client_id.eq(client_id.as_str()))
        .select((authorization_codes::grant_id, authorization_codes::redeemed_at))
        .first(connection)
        .optional())?;
    match seen {
        Some((grant_id, Some(_))) => {
            grants::revoke(tx, &grant_id)?;
            Ok(Redemption::Replayed { grant_id })
        }
        Some((_, None)) => Ok(Redemption::Expired),
        None => Ok(Redemption::Unknown),
    }
}

/// Ends the codes of a session that nobody has redeemed yet; how many.
///
/// Called before the session's grants are revoked: a redemption that is under way then either
/// finds its code ended, or has its grant revoked.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn end_session(tx: &mut Tx<'_>, sid: &str) -> Result<usize, StorageError> {
    let now = tx.now().millis();
    let ended = on_either!(tx, connection => diesel::update(authorization_codes::table)
        .filter(authorization_codes::sid.eq(sid))
        .filter(authorization_codes::redeemed_at.is_null())
        .filter(authorization_codes::expires_at.gt(now))
        .set(authorization_codes::expires_at.eq(now))
        .changed(connection))?;
    Ok(ended)
}

/// The same for every code of a person, and before all their grants are revoked.
pub(crate) fn end_all_of(tx: &mut Tx<'_>, user_id: &UserId) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::update(authorization_codes::table)
        .filter(authorization_codes::user_id.eq(user_id.as_str()))
        .filter(authorization_codes::redeemed_at.is_null())
        .filter(authorization_codes::expires_at.gt(now))
        .set(authorization_codes::expires_at.eq(now))
        .changed(connection))?;
    Ok(())
}

/// The same for every code of a person for one client; how many.
pub(crate) fn end_all_for(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    client_id: &ClientId,
) -> Result<usize, StorageError> {
    let now = tx.now().millis();
    let ended = on_either!(tx, connection => diesel::update(authorization_codes::table)
        .filter(authorization_codes::user_id.eq(user_id.as_str()))
        .filter(authorization_codes::client_id.eq(client_id.as_str()))
        .filter(authorization_codes::redeemed_at.is_null())
        .filter(authorization_codes::expires_at.gt(now))
        .set(authorization_codes::expires_at.eq(now))
        .changed(connection))?;
    Ok(ended)
}

#[cfg(test)]
mod tests;
