//! Why requests of clients were refused lately, for those who run the client.
//!
//! One row holds one reason and how often it was met, so that whoever sends bad requests in
//! somebody else's name makes numbers larger and not the table longer.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use model::{ClientId, Timestamp};

use crate::error::StorageError;
use crate::schema::refusals;
use crate::unit_of_work::Tx;

/// Most reasons that are kept of one client. There are fewer in the whole program; this holds
/// whatever they say.
const MOST: i64 = 200;

/// Longest description that is kept, in characters.
const LONGEST: usize = 300;

/// One reason why requests of a client were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The path of the endpoint, for example `/token`.
    pub endpoint: String,
    /// The error code of the standard.
    pub error: String,
    /// The reason in words. Names parameters, never what they held.
    pub description: String,
    /// How often it was written down.
    pub times: i64,
    /// The first time of those.
    pub first_at: Timestamp,
    /// The last time.
    pub last_at: Timestamp,
}

/// A refusal that just happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefusal {
    /// The client that the request named.
    pub client_id: ClientId,
    /// The path of the endpoint.
    pub endpoint: &'static str,
    /// The error code of the standard.
    pub error: String,
    /// The reason in words.
    pub description: String,
}

/// Written as one statement: who has as many reasons as are kept gets no new one, and one that is
/// there is counted.
const RECORD: &str = "\
    INSERT INTO refusals (client_id, endpoint, error, description, times, first_at, last_at) \
    SELECT $1, $2, $3, $4, 1, $5, $5 WHERE $6 > (SELECT count(*) FROM refusals \
    WHERE client_id = $1 AND NOT (endpoint = $2 AND error = $3 AND description = $4)) \
    ON CONFLICT (client_id, endpoint, error, description) \
    DO UPDATE SET times = refusals.times + 1, last_at = excluded.last_at";

/// Writes a refusal down.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn record(tx: &mut Tx<'_>, refusal: &NewRefusal) -> Result<(), StorageError> {
    let now = tx.now().millis();
    let description: String = refusal.description.chars().take(LONGEST).collect();
    on_either!(tx, connection => diesel::sql_query(RECORD)
        .bind::<Text, _>(refusal.client_id.as_str())
        .bind::<Text, _>(refusal.endpoint)
        .bind::<Text, _>(&refusal.error)
        .bind::<Text, _>(&description)
        .bind::<BigInt, _>(now)
        .bind::<BigInt, _>(MOST)
        .execute(connection))?;
    Ok(())
}

type Columns = (String, String, String, i64, i64, i64);

/// The reasons that a client's requests were refused for, the last one first, so many at most.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn list(
    tx: &mut Tx<'_>,
    client_id: &ClientId,
    most: u32,
) -> Result<Vec<Refusal>, StorageError> {
    let rows: Vec<Columns> = on_either!(tx, connection => refusals::table
        .filter(refusals::client_id.eq(client_id.as_str()))
        .order((refusals::last_at.desc(), refusals::first_at.desc(), refusals::description))
        .limit(i64::from(most))
        .select((
            refusals::endpoint,
            refusals::error,
            refusals::description,
            refusals::times,
            refusals::first_at,
            refusals::last_at,
        ))
        .load(connection))?;
    let read = |(endpoint, error, description, times, first_at, last_at): Columns| Refusal {
        endpoint,
        error,
        description,
        times,
        first_at: Timestamp::from_millis(first_at),
        last_at: Timestamp::from_millis(last_at),
    };
    Ok(rows.into_iter().map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{DAY, HOUR, client_id, write};
    use crate::testing::{START, on_both_databases};
    use crate::unit_of_work::Store;

    fn refuse(store: &Store, client: &'static str, description: &str) {
        let refusal = NewRefusal {
            client_id: client_id(client),
            endpoint: "/token",
            error: "invalid_grant".to_owned(),
            description: description.to_owned(),
        };
        write(store, move |tx| record(tx, &refusal));
    }

    fn listed(store: &Store, client: &'static str) -> Vec<(String, i64)> {
        let all = write(store, move |tx| list(tx, &client_id(client), 500));
        let told = |refusal: Refusal| (refusal.description, refusal.times);
        all.into_iter().map(told).collect()
    }

    #[test]
    fn a_reason_is_kept_once_and_counted_and_the_last_one_comes_first() {
        on_both_databases(|store, clock| {
            refuse(store, "demo", "The code has expired.");
            clock.advance(HOUR);
            refuse(store, "demo", "The client secret is wrong.");
            refuse(store, "other", "The code has expired.");
            clock.advance(HOUR);
            refuse(store, "demo", "The code has expired.");

            let all = write(store, |tx| list(tx, &client_id("demo"), 50));

            assert_eq!(
                all,
                [
                    Refusal {
                        endpoint: "/token".to_owned(),
                        error: "invalid_grant".to_owned(),
                        description: "The code has expired.".to_owned(),
                        times: 2,
                        first_at: START,
                        last_at: START.plus(2 * HOUR),
                    },
                    Refusal {
                        endpoint: "/token".to_owned(),
                        error: "invalid_grant".to_owned(),
                        description: "The client secret is wrong.".to_owned(),
                        times: 1,
                        first_at: START.plus(HOUR),
                        last_at: START.plus(HOUR),
                    },
                ]
            );
            let first = write(store, |tx| list(tx, &client_id("demo"), 1));
            assert_eq!(first.as_slice(), &all[..1]);
        });
    }

    /// The attack: a stranger fills the table in a client's name.
    #[test]
    fn no_client_has_more_reasons_than_are_kept_and_those_still_count() {
        on_both_databases(|store, _| {
            for number in 0..MOST + 5 {
                refuse(store, "demo", &format!("{number}{}", "x".repeat(1_000)));
            }
            refuse(store, "demo", &format!("0{}", "x".repeat(1_000)));
            refuse(store, "other", "The code has expired.");

            let all = listed(store, "demo");

            assert_eq!(all.len(), usize::try_from(MOST).unwrap());
            assert!(all.iter().all(|(text, _)| text.len() == LONGEST));
            let most = all.iter().map(|(_, times)| *times).max();
            assert_eq!(most, Some(2));
            assert_eq!(listed(store, "other").len(), 1);
        });
    }

    #[test]
    fn a_reason_that_was_not_met_for_a_week_is_forgotten() {
        on_both_databases(|store, clock| {
            refuse(store, "demo", "old");
            clock.advance(6 * DAY);
            refuse(store, "demo", "young");
            clock.advance(2 * DAY);

            let (table, retention) = crate::purge::RETENTION
                .into_iter()
                .find(|(table, _)| *table == "refusals")
                .unwrap();
            write(store, move |tx| crate::purge::purge(tx, table, retention));

            assert_eq!(listed(store, "demo"), [("young".to_owned(), 1)]);
        });
    }
}
