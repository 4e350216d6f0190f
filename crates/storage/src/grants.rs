//! What people granted; every token that came of a grant dies with it.

use diesel::prelude::*;
use diesel::upsert::excluded;
use model::authorization_code::Grant;
use model::{ClientId, Timestamp, UserId};

use crate::browser_sessions::EndedSession;
use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::grants;
use crate::stored;
use crate::unit_of_work::Tx;

const TABLE: &str = "grants";

#[derive(Queryable, Selectable)]
#[diesel(table_name = grants)]
pub(crate) struct GrantRow {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) user_id: String,
    pub(crate) sid: String,
    pub(crate) auth_time: i64,
    pub(crate) amr: String,
    pub(crate) acr: String,
    pub(crate) scope: String,
    pub(crate) claims: Option<String>,
    pub(crate) second_factor_at: Option<i64>,
}

impl GrantRow {
    pub(crate) fn into_grant(self) -> Result<Grant, StorageError> {
        let columns = (
            self.user_id,
            self.auth_time,
            self.amr.as_str(),
            self.acr.as_str(),
            self.second_factor_at,
        );
        Ok(Grant {
            id: self.id,
            client_id: ClientId::parse(&self.client_id)
                .map_err(|_| StorageError::Corrupt(TABLE))?,
            authentication: stored::authentication(TABLE, columns)?,
            sid: self.sid,
            scope: stored::scope(TABLE, &self.scope)?,
            claims: stored::asked_claims(TABLE, self.claims.as_deref())?,
        })
    }
}

// With `DEFAULT` for what is absent the text would change with the values, and not stay prepared.
#[derive(Insertable)]
#[diesel(table_name = grants, treat_none_as_default_value = false)]
struct NewRow<'a> {
    id: &'a str,
    client_id: &'a str,
    user_id: &'a str,
    sid: &'a str,
    auth_time: i64,
    amr: String,
    acr: &'a str,
    second_factor_at: Option<i64>,
    scope: String,
    claims: Option<String>,
    created_at: i64,
    expires_at: i64,
}

impl<'a> NewRow<'a> {
    fn of(grant: &'a Grant, now: Timestamp, expires_at: Timestamp) -> Result<Self, StorageError> {
        let authentication = &grant.authentication;
        Ok(Self {
            id: &grant.id,
            client_id: grant.client_id.as_str(),
            user_id: authentication.user_id.as_str(),
            sid: &grant.sid,
            auth_time: authentication.auth_time.millis(),
            amr: stored::amr_column(&authentication.amr),
            acr: authentication.acr.as_str(),
            second_factor_at: authentication.second_factor_at.map(Timestamp::millis),
            scope: grant.scope.to_string(),
            claims: stored::asked_claims_column(&grant.claims)?,
            created_at: now.millis(),
            expires_at: expires_at.millis(),
        })
    }
}

/// Stores a new grant; `expires_at` is when the last of its tokens can end.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert(tx: &mut Tx<'_>, grant: &Grant, expires_at: Timestamp) -> Result<(), StorageError> {
    let row = NewRow::of(grant, tx.now(), expires_at)?;
    on_either!(tx, connection => diesel::insert_into(grants::table)
        .values(&row)
        .execute(connection))?;
    Ok(())
}

/// Stores the grant of a code that is redeemed, or prolongs it where tokens were issued beside the
/// code; `false` when it is revoked, which it then stays.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert_or_prolong(
    tx: &mut Tx<'_>,
    grant: &Grant,
    expires_at: Timestamp,
) -> Result<bool, StorageError> {
    // Beside `QueryDsl` it would be ambiguous in the rest of this file.
    use diesel::query_dsl::methods::FilterDsl as _;

    let row = NewRow::of(grant, tx.now(), expires_at)?;
    let stored = on_either!(tx, connection => diesel::insert_into(grants::table)
        .values(&row)
        .on_conflict(grants::id)
        .do_update()
        .set(grants::expires_at.eq(excluded(grants::expires_at)))
        .filter(grants::revoked_at.is_null())
        .changed(connection))?;
    Ok(stored == 1)
}

/// The grant of that id, unless it is revoked.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(tx: &mut Tx<'_>, id: &str) -> Result<Option<Grant>, StorageError> {
    let row: Option<GrantRow> = on_either!(tx, connection => grants::table
        .find(id)
        .filter(grants::revoked_at.is_null())
        .select(GrantRow::as_select())
        .first(connection)
        .optional())?;
    row.map(GrantRow::into_grant).transpose()
}

/// Revokes a grant and with it every token that came of it; `false` when it was not live.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn revoke(tx: &mut Tx<'_>, id: &str) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let revoked = on_either!(tx, connection => diesel::update(grants::table)
        .filter(grants::id.eq(id))
        .filter(grants::revoked_at.is_null())
        .set(grants::revoked_at.eq(now))
        .changed(connection))?;
    Ok(revoked == 1)
}

/// Revokes the grants of a session that ends, except those that were given `offline_access` and
/// are meant to outlive it (OpenID Connect Back-Channel Logout §2.7). Returns the clients that had
/// a grant of the session.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn revoke_session(
    tx: &mut Tx<'_>,
    session: &EndedSession,
) -> Result<Vec<ClientId>, StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::update(grants::table)
        .filter(grants::user_id.eq(session.user_id.as_str()))
        .filter(grants::sid.eq(&session.sid))
        .filter(grants::revoked_at.is_null())
        .filter(grants::scope.not_like("%offline_access%"))
        .set(grants::revoked_at.eq(now))
        .changed(connection))?;
    let mut clients: Vec<String> = on_either!(tx, connection => grants::table
        .filter(grants::user_id.eq(session.user_id.as_str()))
        .filter(grants::sid.eq(&session.sid))
        .select(grants::client_id)
        .distinct()
        .load(connection))?;
    clients.sort();
    let ids = clients.iter().map(|id| ClientId::parse(id));
    ids.collect::<Result<_, _>>()
        .map_err(|_| StorageError::Corrupt(TABLE))
}

/// The clients that a person has a live grant for whose scope has this value, each once.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn list_clients(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    value: &str,
) -> Result<Vec<ClientId>, StorageError> {
    let now = tx.now().millis();
    let granted: Vec<(String, String)> = on_either!(tx, connection => grants::table
        .filter(grants::user_id.eq(user_id.as_str()))
        .filter(grants::revoked_at.is_null())
        .filter(grants::expires_at.gt(now))
        .order(grants::client_id)
        .select((grants::client_id, grants::scope))
        .load(connection))?;
    let mut clients = Vec::new();
    for (client_id, scope) in granted {
        if stored::scope(TABLE, &scope)?.contains(value) {
            let client_id = ClientId::parse(&client_id);
            clients.push(client_id.map_err(|_| StorageError::Corrupt(TABLE))?);
        }
    }
    clients.dedup();
    Ok(clients)
}

/// Revokes every grant of a person, `offline_access` or not. Of use only with what else signing
/// in opened ([`users::sign_out_everywhere`](crate::users::sign_out_everywhere)).
pub(crate) fn revoke_all_of(tx: &mut Tx<'_>, user_id: &UserId) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::update(grants::table)
        .filter(grants::user_id.eq(user_id.as_str()))
        .filter(grants::revoked_at.is_null())
        .set(grants::revoked_at.eq(now))
        .changed(connection))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{
        DAY, HOUR, authentication_of, client_id, ended, grant, in_parallel, scope, user_id, write,
    };
    use crate::testing::{START, on_both_databases};
    use crate::unit_of_work::Store;

    fn with_grant(store: &Store, grant: Grant) {
        write(store, move |tx| insert(tx, &grant, START.plus(DAY)));
    }

    fn is_live(store: &Store, id: &'static str) -> bool {
        write(store, move |tx| find(tx, id)).is_some()
    }

    #[test]
    fn a_grant_is_found_as_it_was_given() {
        on_both_databases(|store, _| {
            with_grant(store, grant("grant", START));

            let found = write(store, |tx| find(tx, "grant"));

            assert_eq!(found, Some(grant("grant", START)));
        });
    }

    #[test]
    fn a_code_that_is_redeemed_begins_its_grant_or_prolongs_it() {
        on_both_databases(|store, clock| {
            let redeem = |id: &'static str| {
                write(store, move |tx| {
                    let expires_at = tx.now().plus(DAY);
                    insert_or_prolong(tx, &grant(id, START), expires_at)
                })
            };
            let with_trn = || write(store, |tx| list_clients(tx, &user_id("ada"), "openid"));
            with_grant(store, grant("beside the code", START));
            clock.advance(HOUR);

            assert!(redeem("beside the code"));
            assert!(redeem("new"));

            assert!(is_live(store, "beside the code") && is_live(store, "new"));
            assert!(write(store, |tx| revoke(tx, "new")));
            clock.advance(23 * HOUR);
            assert_eq!(with_trn(), [client_id("demo")], "it was prolonged");
            clock.advance(HOUR);
            assert_eq!(with_trn(), []);
        });
    }

    #[test]
    fn a_grant_that_was_revoked_is_not_revived_by_its_code() {
        on_both_databases(|store, _| {
            with_grant(store, grant("grant", START));
            assert!(write(store, |tx| revoke(tx, "grant")));

            let redeemed = write(store, |tx| {
                insert_or_prolong(tx, &grant("grant", START), START.plus(DAY))
            });

            assert!(!redeemed);
            assert!(!is_live(store, "grant"));
        });
    }

    #[test]
    fn a_grant_is_revoked_once() {
        on_both_databases(|store, _| {
            with_grant(store, grant("grant", START));

            let endings = in_parallel(store, 8, |tx, _| revoke(tx, "grant"));

            assert_eq!(endings.iter().filter(|revoked| **revoked).count(), 1);
            assert!(!is_live(store, "grant"));
        });
    }

    #[test]
    fn a_session_that_ends_takes_its_grants_with_it_but_not_offline_access() {
        on_both_databases(|store, _| {
            with_grant(store, grant("plain", START));
            with_grant(
                store,
                Grant {
                    client_id: client_id("another"),
                    scope: scope("openid offline_access"),
                    ..grant("offline", START)
                },
            );
            with_grant(
                store,
                Grant {
                    sid: "of another session".to_owned(),
                    ..grant("elsewhere", START)
                },
            );

            let clients = write(store, |tx| revoke_session(tx, &ended("ada", "sid")));

            assert_eq!(clients, [client_id("another"), client_id("demo")]);
            assert!(!is_live(store, "plain"));
            assert!(is_live(store, "offline"));
            assert!(is_live(store, "elsewhere"));
        });
    }

    #[test]
    fn the_clients_that_were_given_a_scope_value_are_told_as_long_as_they_may_use_it() {
        on_both_databases(|store, clock| {
            for (id, client, scopes) in [
                ("one", "one", "openid trn"),
                ("again", "one", "trn"),
                ("other", "other", "openid trn email"),
                ("without", "without", "openid email"),
                ("alike", "alike", "openid trnx"),
                ("revoked", "revoked", "openid trn"),
            ] {
                let client_id = client_id(client);
                let scope = scope(scopes);
                with_grant(
                    store,
                    Grant {
                        client_id,
                        scope,
                        ..grant(id, START)
                    },
                );
            }
            with_grant(
                store,
                Grant {
                    authentication: authentication_of("bob", START),
                    client_id: client_id("of-bob"),
                    scope: scope("trn"),
                    ..grant("of bob", START)
                },
            );
            assert!(write(store, |tx| revoke(tx, "revoked")));
            let clients = || write(store, |tx| list_clients(tx, &user_id("ada"), "trn"));

            assert_eq!(clients(), [client_id("one"), client_id("other")]);
            clock.advance(DAY);
            assert_eq!(clients(), []);
        });
    }
}
