//! Authorization requests that clients pushed (RFC 9126), each good once.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use model::raw_pairs::RawPairs;
use model::{ClientId, InteractionId, SecretDigest, Timestamp};

use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::{clients, pushed_requests};
use crate::stored;
use crate::unit_of_work::Tx;

const TABLE: &str = "pushed_requests";

/// A request that was just pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPushedRequest {
    /// The digest of what its `request_uri` ends with.
    pub digest: SecretDigest,
    /// The client that pushed it.
    pub client_id: ClientId,
    /// What it asks for.
    pub parameters: RawPairs,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

/// Stores a request; `false` when its client is gone or switched off.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert(tx: &mut Tx<'_>, request: &NewPushedRequest) -> Result<bool, StorageError> {
    let parameters = stored::to_json(&request.parameters)?;
    let inserted = on_either!(tx, connection => diesel::insert_into(pushed_requests::table)
        .values(
            clients::table
                .filter(clients::id.eq(request.client_id.as_str()))
                .filter(clients::disabled_at.is_null())
                .select((
                    request.digest.as_bytes().as_slice().into_sql::<Binary>(),
                    clients::id,
                    parameters.into_sql::<Nullable<Text>>(),
                    request.expires_at.millis().into_sql::<BigInt>(),
                )),
        )
        .into_columns((
            pushed_requests::digest,
            pushed_requests::client_id,
            pushed_requests::parameters,
            pushed_requests::expires_at,
        ))
        .changed(connection))?;
    Ok(inserted == 1)
}

/// What a pushed request is to the client that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was not used yet.
    Unused(RawPairs),
    /// It was used. If its person was asked first, it was by the interaction of that id.
    Used(InteractionId),
    /// This client pushed none of that digest, or its time is over.
    Missing,
}

/// What a client pushed.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn find(
    tx: &mut Tx<'_>,
    digest: &SecretDigest,
    client_id: &ClientId,
) -> Result<Found, StorageError> {
    let now = tx.now().millis();
    let row: Option<(Option<String>, Option<String>)> = on_either!(tx, connection => pushed_requests::table
        .find(digest.as_bytes().as_slice())
        .filter(pushed_requests::client_id.eq(client_id.as_str()))
        .filter(pushed_requests::expires_at.gt(now))
        .select((pushed_requests::parameters, pushed_requests::interaction_id))
        .first(connection)
        .optional())?;
    match row {
        Some((Some(parameters), _)) => Ok(Found::Unused(stored::from_json(TABLE, &parameters)?)),
        Some((None, Some(id))) => Ok(Found::Used(InteractionId::new(id))),
        Some((None, None)) => Err(StorageError::Corrupt(TABLE)),
        None => Ok(Found::Missing),
    }
}

/// Uses a request up; `false` when it was used before, its time is over, or another client pushed
/// it (RFC 9126 §4).
///
/// One conditional `UPDATE` decides, so of any number of concurrent calls exactly one gets `true`.
/// What the client asked for is wiped. The row remembers the interaction that begins with it, if
/// one does, as long as that goes on.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn redeem(
    tx: &mut Tx<'_>,
    digest: &SecretDigest,
    client_id: &ClientId,
    (interaction, until): (&InteractionId, Timestamp),
) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let changed = on_either!(tx, connection => diesel::update(pushed_requests::table)
        .filter(pushed_requests::digest.eq(digest.as_bytes().as_slice()))
        .filter(pushed_requests::client_id.eq(client_id.as_str()))
        .filter(pushed_requests::parameters.is_not_null())
        .filter(pushed_requests::expires_at.gt(now))
        .set((
            pushed_requests::parameters.eq(None::<String>),
            pushed_requests::interaction_id.eq(interaction.as_str()),
            pushed_requests::expires_at.eq(until.millis()),
        ))
        .changed(connection))?;
    Ok(changed == 1)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::client::{ClientSettings, Credential};

    use super::*;
    use crate::clients::{NewClient, Source};
    use crate::registrations;
    use crate::samples::{HOUR, MINUTE, client_id, digest, in_parallel, write};
    use crate::testing::{START, on_both_databases};
    use crate::unit_of_work::Store;

    fn register(store: &Store, id: &'static str) {
        write(store, move |tx| {
            let client = NewClient {
                id: &client_id(id),
                settings: &ClientSettings::named("Service"),
                credential: &Credential::default(),
                source: Source::CommandLine,
                source_digest: None,
            };
            crate::clients::insert(tx, &client)
        });
    }

    fn parameters() -> RawPairs {
        RawPairs::parse(b"client_id=demo&scope=openid&state=a%26b")
    }

    /// Pushes for `client`, which is good for a minute.
    fn push(store: &Store, client: &'static str) -> bool {
        write(store, move |tx| {
            let request = NewPushedRequest {
                digest: digest("request_uri"),
                client_id: client_id(client),
                parameters: parameters(),
                expires_at: START.plus(MINUTE),
            };
            insert(tx, &request)
        })
    }

    fn found(store: &Store, client: &'static str) -> Found {
        write(store, move |tx| {
            find(tx, &digest("request_uri"), &client_id(client))
        })
    }

    /// Uses the request up by the interaction of that name, which goes on for an hour.
    fn use_up(tx: &mut Tx<'_>, client: &str, interaction: &str) -> Result<bool, StorageError> {
        let interaction = InteractionId::new(interaction.to_owned());
        let until = tx.now().plus(HOUR);
        let (digest, client) = (digest("request_uri"), client_id(client));
        redeem(tx, &digest, &client, (&interaction, until))
    }

    #[test]
    fn a_request_is_found_as_it_was_pushed_until_its_time_is_over() {
        on_both_databases(|store, clock| {
            register(store, "demo");
            assert!(push(store, "demo"));

            clock.advance(MINUTE.saturating_sub(Duration::from_millis(1)));
            assert_eq!(found(store, "demo"), Found::Unused(parameters()));
            clock.advance(Duration::from_millis(1));

            assert_eq!(found(store, "demo"), Found::Missing);
            assert!(!write(store, |tx| use_up(tx, "demo", "one")));
        });
    }

    #[test]
    fn another_client_finds_nothing_and_uses_nothing_up() {
        on_both_databases(|store, _| {
            register(store, "demo");
            register(store, "thief");
            push(store, "demo");

            assert_eq!(found(store, "thief"), Found::Missing);
            assert!(!write(store, |tx| use_up(tx, "thief", "one")));

            assert_eq!(found(store, "demo"), Found::Unused(parameters()));
        });
    }

    #[test]
    fn a_request_that_is_used_in_parallel_is_good_once() {
        on_both_databases(|store, _| {
            register(store, "demo");
            push(store, "demo");

            let endings = in_parallel(store, 16, |tx, time| {
                use_up(tx, "demo", &format!("interaction {time}"))
            });

            assert_eq!(endings.iter().filter(|first| **first).count(), 1);
        });
    }

    #[test]
    fn a_used_request_leads_to_its_interaction_as_long_as_that_goes_on() {
        on_both_databases(|store, clock| {
            register(store, "demo");
            push(store, "demo");
            assert!(write(store, |tx| use_up(tx, "demo", "one")));
            let one = InteractionId::new("one".to_owned());

            clock.advance(HOUR.saturating_sub(MINUTE));
            assert_eq!(found(store, "demo"), Found::Used(one));
            assert_eq!(found(store, "thief"), Found::Missing);
            clock.advance(MINUTE);

            assert_eq!(found(store, "demo"), Found::Missing);
        });
    }

    #[test]
    fn nothing_of_what_was_asked_for_is_kept_once_it_is_used() {
        on_both_databases(|store, _| {
            register(store, "demo");
            push(store, "demo");

            write(store, |tx| use_up(tx, "demo", "one"));

            let kept: Option<String> = write(store, |tx| {
                Ok(on_either!(tx, connection => pushed_requests::table
                    .select(pushed_requests::parameters)
                    .first(connection))?)
            });
            assert_eq!(kept, None);
        });
    }

    #[test]
    fn a_client_that_is_gone_or_switched_off_pushes_nothing() {
        on_both_databases(|store, _| {
            assert!(!push(store, "demo"));
            register(store, "demo");
            write(store, |tx| {
                crate::clients::replace_disabled(tx, &client_id("demo"), true)
            });
            assert!(!push(store, "demo"));

            assert_eq!(found(store, "demo"), Found::Missing);
        });
    }

    #[test]
    fn what_a_client_pushed_goes_with_it() {
        on_both_databases(|store, _| {
            register(store, "demo");
            push(store, "demo");

            write(store, |tx| registrations::delete(tx, &client_id("demo")));

            register(store, "demo");
            assert_eq!(found(store, "demo"), Found::Missing);
        });
    }
}
