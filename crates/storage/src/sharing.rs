//! What a person shares with which service, by agreement or by having signed in there, and its end.

use std::collections::BTreeMap;

use diesel::prelude::*;
use model::{Client, ClientId, ScopeSet, Timestamp, UserId};

use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::{consents, grants};
use crate::unit_of_work::Tx;
use crate::{authorization_codes, clients, stored};

/// A service that can learn something of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedWith {
    /// The service.
    pub client: Client,
    /// The scope values that it was granted and still may use, or the person agreed to.
    pub scope: ScopeSet,
    /// The claims that it was granted by name (OpenID Connect Core §5.5).
    pub claims: Vec<String>,
    /// When the person last agreed; `None` where nobody is asked.
    pub agreed_at: Option<Timestamp>,
    /// When they last signed in there, of what is still in force.
    pub signed_in_at: Option<Timestamp>,
}

#[derive(Default)]
struct Found {
    scope: ScopeSet,
    claims: Vec<String>,
    agreed_at: Option<Timestamp>,
    signed_in_at: Option<Timestamp>,
}

/// The services that a person shares something with, by name. Not those that are registered no
/// longer: they learn nothing any more.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn list(tx: &mut Tx<'_>, user_id: &UserId) -> Result<Vec<SharedWith>, StorageError> {
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    for (client_id, scope, granted_at) in agreements(tx, user_id)? {
        let entry = found.entry(client_id).or_default();
        entry.scope = stored::scope("consents", &scope)?;
        entry.agreed_at = Some(Timestamp::from_millis(granted_at));
    }
    for (client_id, scope, claims, created_at) in live_grants(tx, user_id)? {
        let entry = found.entry(client_id).or_default();
        entry.scope = entry.scope.union(&stored::scope("grants", &scope)?);
        let asked = stored::asked_claims("grants", claims.as_deref())?;
        let names = asked.userinfo.into_keys().chain(asked.id_token.into_keys());
        entry.claims.extend(names);
        let signed_in_at = Timestamp::from_millis(created_at);
        entry.signed_in_at = entry.signed_in_at.max(Some(signed_in_at));
    }
    let mut shared = Vec::new();
    for (client_id, mut found) in found {
        let id = ClientId::parse(&client_id).map_err(|_| StorageError::Corrupt("grants"))?;
        if let Some(client) = clients::find(tx, &id)? {
            found.claims.sort();
            found.claims.dedup();
            shared.push(SharedWith {
                client: client.client,
                scope: found.scope,
                claims: found.claims,
                agreed_at: found.agreed_at,
                signed_in_at: found.signed_in_at,
            });
        }
    }
    let name = |shared: &SharedWith| shared.client.settings.client_name.to_lowercase();
    shared.sort_by_key(name);
    Ok(shared)
}

fn agreements(
    tx: &mut Tx<'_>,
    user_id: &UserId,
) -> Result<Vec<(String, String, i64)>, StorageError> {
    let now = tx.now().millis();
    Ok(on_either!(tx, connection => consents::table
        .filter(consents::user_id.eq(user_id.as_str()))
        .filter(consents::expires_at.gt(now))
        .select((consents::client_id, consents::scope, consents::granted_at))
        .load(connection))?)
}

type GrantColumns = (String, String, Option<String>, i64);

fn live_grants(tx: &mut Tx<'_>, user_id: &UserId) -> Result<Vec<GrantColumns>, StorageError> {
    let now = tx.now().millis();
    Ok(on_either!(tx, connection => grants::table
        .filter(grants::user_id.eq(user_id.as_str()))
        .filter(grants::revoked_at.is_null())
        .filter(grants::expires_at.gt(now))
        .select((grants::client_id, grants::scope, grants::claims, grants::created_at))
        .load(connection))?)
}

/// Stops sharing with a client: forgets what the person agreed to, ends codes that are on their
/// way, and revokes every grant, `offline_access` or not, and with it every token; `false` when
/// there was nothing.
///
/// In this order, so that what is under way either comes first, and is ended here, or finds that
/// nothing is agreed to any more ([`consents::find_to_use`](crate::consents::find_to_use)).
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn stop(tx: &mut Tx<'_>, user_id: &UserId, client_id: &ClientId) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let forgotten = on_either!(tx, connection => diesel::delete(consents::table)
        .filter(consents::user_id.eq(user_id.as_str()))
        .filter(consents::client_id.eq(client_id.as_str()))
        .execute(connection))?;
    let ended = authorization_codes::end_all_for(tx, user_id, client_id)?;
    let revoked = on_either!(tx, connection => diesel::update(grants::table)
        .filter(grants::user_id.eq(user_id.as_str()))
        .filter(grants::client_id.eq(client_id.as_str()))
        .filter(grants::revoked_at.is_null())
        .set(grants::revoked_at.eq(now))
        .changed(connection))?;
    Ok(forgotten + ended + revoked > 0)
}

#[cfg(test)]
mod tests;
