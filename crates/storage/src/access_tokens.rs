//! Opaque access tokens.

use diesel::prelude::*;
use model::token::{AccessToken, TokenSubject};
use model::{ClientId, KeyThumbprint, SecretDigest, Timestamp, User};

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
    jkt: Option<String>,
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
                claims: grant.claims,
            });
        Ok(AccessToken {
            client_id: ClientId::parse(&self.client_id)
                .map_err(|_| StorageError::Corrupt(TABLE))?,
            subject,
            scope: stored::scope(TABLE, &self.scope)?,
            jkt: stored::jkt(TABLE, self.jkt.as_deref())?,
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
    /// The key that it is bound to, if any.
    pub jkt: Option<&'a KeyThumbprint>,
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
            access_tokens::jkt.eq(token.jkt.map(KeyThumbprint::as_str)),
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
    type Row = (TokenRow, Option<GrantRow>, Option<UserRow>);
    let now = tx.now().millis();
    // One flat join: SQLite would build the whole of a joined pair before it looked for one row.
    let row: Option<Row> = on_either!(tx, connection => access_tokens::table
        .left_join(grants::table)
        .left_join(users::table.on(users::id.nullable().eq(grants::user_id.nullable())))
        .filter(access_tokens::digest.eq(digest.as_bytes().as_slice()))
        .filter(access_tokens::expires_at.gt(now))
        .filter(access_tokens::grant_id.is_null().or(
            users::id.nullable().is_not_null().and(grants::revoked_at.is_null()),
        ))
        .select((
            TokenRow::as_select(),
            Option::<GrantRow>::as_select(),
            Option::<UserRow>::as_select(),
        ))
        .first(connection)
        .optional())?;
    let Some((token, grant, user)) = row else {
        return Ok(None);
    };
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants as grants_table;
    use crate::samples::{HOUR, client_id, digest, grant, jkt, scope, user_id, write};
    use crate::testing::{START, on_both_databases};
    use crate::unit_of_work::Store;
    use model::EmailAddress;

    /// A token of ada's for the demo service, good for an hour.
    fn with_token(store: &Store) {
        write(store, |tx| {
            let email = EmailAddress::parse("ada@example.test").unwrap();
            crate::users::sign_in(tx, &email, &user_id("ada"))?;
            grants_table::insert(tx, &grant("grant", START), START.plus(HOUR))?;
            issue(tx, "token", Some("grant"))
        });
    }

    fn issue(tx: &mut Tx<'_>, token: &str, grant_id: Option<&str>) -> Result<(), StorageError> {
        insert(
            tx,
            &NewAccessToken {
                digest: digest(token),
                grant_id,
                client_id: &client_id("demo"),
                scope: "email".to_owned(),
                jkt: None,
                expires_at: START.plus(HOUR),
            },
        )
    }

    fn found(store: &Store, token: &'static str) -> Option<(AccessToken, Option<User>)> {
        write(store, move |tx| find(tx, &digest(token)))
    }

    fn revoked_by(store: &Store, client: &'static str) -> bool {
        write(store, move |tx| {
            revoke(tx, &digest("token"), &client_id(client))
        })
    }

    #[test]
    fn a_token_tells_its_sign_in_and_its_person() {
        on_both_databases(|store, _| {
            with_token(store);

            let (token, user) = found(store, "token").unwrap();

            let given = grant("grant", START);
            let expected = AccessToken {
                client_id: client_id("demo"),
                subject: Some(TokenSubject {
                    grant_id: given.id,
                    authentication: given.authentication,
                    sid: given.sid,
                    claims: given.claims,
                }),
                scope: scope("email"),
                jkt: None,
                issued_at: START,
                expires_at: START.plus(HOUR),
            };
            assert_eq!(token, expected);
            assert_eq!(user.unwrap().email.as_typed(), "ada@example.test");
        });
    }

    #[test]
    fn a_token_tells_the_key_that_it_is_bound_to() {
        on_both_databases(|store, _| {
            write(store, |tx| {
                let token = NewAccessToken {
                    digest: digest("bound"),
                    grant_id: None,
                    client_id: &client_id("demo"),
                    scope: String::new(),
                    jkt: Some(&jkt("a")),
                    expires_at: START.plus(HOUR),
                };
                insert(tx, &token)
            });

            let (token, _) = found(store, "bound").unwrap();

            assert_eq!(token.jkt, Some(jkt("a")));
        });
    }

    #[test]
    fn a_token_of_a_client_itself_speaks_for_nobody() {
        on_both_databases(|store, _| {
            write(store, |tx| issue(tx, "token", None));

            let (token, user) = found(store, "token").unwrap();

            assert_eq!(token.subject, None);
            assert_eq!(user, None);
        });
    }

    #[test]
    fn a_token_ends_with_its_time() {
        on_both_databases(|store, clock| {
            with_token(store);

            clock.advance(HOUR);

            assert_eq!(found(store, "token"), None);
        });
    }

    #[test]
    fn a_token_dies_with_its_grant() {
        on_both_databases(|store, _| {
            with_token(store);

            write(store, |tx| grants_table::revoke(tx, "grant"));

            assert_eq!(found(store, "token"), None);
        });
    }

    #[test]
    fn a_token_whose_grant_or_person_is_gone_is_dead_not_a_clients_own() {
        on_both_databases(|store, _| {
            write(store, |tx| issue(tx, "no grant", Some("purged")));
            write(store, |tx| {
                grants_table::insert(tx, &grant("grant", START), START.plus(HOUR))?;
                issue(tx, "no person", Some("grant"))
            });

            assert_eq!(found(store, "no grant"), None);
            assert_eq!(found(store, "no person"), None);
        });
    }

    #[test]
    fn a_client_revokes_its_own_token_and_no_other() {
        on_both_databases(|store, _| {
            with_token(store);

            assert!(!revoked_by(store, "mallory"));
            assert!(found(store, "token").is_some());
            assert!(revoked_by(store, "demo"));
            assert_eq!(found(store, "token"), None);
            assert!(!revoked_by(store, "demo"));
        });
    }
}
