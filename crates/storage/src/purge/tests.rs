use std::collections::BTreeSet;

use diesel::sql_types::Text;
use model::Timestamp;

use super::*;
use crate::connection::Connection;
use crate::limits::{self, Counter, Limit};
use crate::samples::{MINUTE, with_account, write};
use crate::testing::{START, indexes_of, on_both_databases, schema_of};
use crate::unit_of_work::Store;

/// Puts a row into a table: every value that it needs made up from `number`, but `at` in `column`.
fn row(
    tx: &mut Tx<'_>,
    (table, columns): (&str, &[String]),
    number: i64,
    column: Option<&str>,
    at: Timestamp,
) {
    let is_sqlite = matches!(tx.connection(), Connection::Sqlite(_));
    let (names, values): (Vec<&str>, Vec<String>) = columns
        .iter()
        .map(|described| {
            let mut words = described.split(' ');
            let (name, kind) = (words.next().unwrap(), words.next().unwrap());
            let is_needed = words.next() == Some("required") || Some(name) == column;
            let value = match kind {
                _ if !is_needed => "NULL".to_owned(),
                _ if Some(name) == column => at.millis().to_string(),
                _ if ["user_id", "into_user_id"].contains(&name) => format!("'user {number}'"),
                "number" => number.to_string(),
                "text" => format!("'{number}'"),
                "bytes" if is_sqlite => format!("x'{number:08}'"),
                "bytes" => format!("'\\x{number:08}'"),
                other => panic!("a column of type {other}"),
            };
            (name, value)
        })
        .unzip();
    let (names, values) = (names.join(", "), values.join(", "));
    let statement = format!("INSERT INTO {table} ({names}) VALUES ({values})");
    let inserted: Result<usize, diesel::result::Error> =
        on_either!(tx, connection => diesel::sql_query(statement).execute(connection));
    inserted.unwrap();
}

fn rows(store: &Store, table: &'static str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let statement = format!("SELECT count(*) AS count FROM {table}");
    write(store, |tx| {
        let counted: Count =
            on_either!(tx, connection => diesel::sql_query(statement).get_result(connection))?;
        Ok(counted.count)
    })
}

fn tables() -> BTreeSet<String> {
    RETENTION
        .iter()
        .map(|(table, _)| (*table).to_owned())
        .collect()
}

#[test]
fn every_table_has_a_retention_and_every_retention_a_table() {
    on_both_databases(|store, _| {
        let live = store.read_blocking(schema_of).unwrap();

        assert_eq!(live.into_keys().collect::<BTreeSet<_>>(), tables());
    });
}

#[test]
fn every_retention_names_the_primary_key_and_an_indexed_column() {
    on_both_databases(|store, _| {
        let live = store.read_blocking(schema_of).unwrap();
        let indexes = store.read_blocking(indexes_of).unwrap();

        for (table, retention) in RETENTION {
            let Retention::After { key, column, .. } = retention else {
                continue;
            };
            let mut in_key: Vec<(&str, &str)> = live[table]
                .iter()
                .filter_map(|described| {
                    let (name, _) = described.split_once(' ')?;
                    let (_, place) = described.rsplit_once(' ')?;
                    (place != "0").then_some((place, name))
                })
                .collect();
            in_key.sort_unstable();
            let in_key: Vec<&str> = in_key.into_iter().map(|(_, name)| name).collect();
            assert_eq!(in_key.join(", "), key, "{table}");

            let index = format!("{table}_by_{column} {table} ({column})");
            assert!(indexes.contains(&index), "{table} has no {index}");
        }
    });
}

#[test]
fn rows_leave_at_the_end_of_their_time_and_no_sooner() {
    on_both_databases(|store, _| {
        let mut live = store.read_blocking(schema_of).unwrap();
        for user in ["user 1", "user 2", "user 3"] {
            with_account(store, user);
        }
        for (table, retention) in RETENTION {
            let columns = live.remove(table).unwrap();
            let (column, keep) = match retention {
                Retention::After { column, keep, .. } => (Some(column), keep),
                Retention::With(_) | Retention::Kept(_) => (None, Duration::ZERO),
            };
            let before = rows(store, table);
            let over = START.minus(keep);
            let not_over = Timestamp::from_millis(over.millis() + 1);
            write(store, move |tx| {
                row(tx, (table, &columns), 1, column, over);
                row(tx, (table, &columns), 2, column, over.minus(MINUTE));
                row(tx, (table, &columns), 3, column, not_over);
                Ok(())
            });

            let purged = write(store, move |tx| purge(tx, table, retention));

            let expected = if column.is_some() { 2 } else { 0 };
            assert_eq!(purged, expected, "{table}");
            let left = rows(store, table) - before;
            assert_eq!(left, 3 - i64::try_from(expected).unwrap(), "{table}");
        }
    });
}

#[test]
fn what_hangs_on_an_account_leaves_with_it_and_nothing_else_does() {
    on_both_databases(|store, clock| {
        let mut live = store.read_blocking(schema_of).unwrap();
        with_account(store, "user 1");
        clock.advance(MINUTE);
        with_account(store, "user 2");
        let hanging: Vec<&str> = RETENTION
            .iter()
            .filter(|(_, retention)| *retention == Retention::With("users"))
            .map(|(table, _)| *table)
            .chain(["address_changes", "support_tasks"])
            .collect();
        for table in &hanging {
            let (table, mut columns) = (*table, live.remove(*table).unwrap());
            // An optional account is one of these, too.
            for column in &mut columns {
                *column = column.replace("user_id text optional", "user_id text required");
            }
            write(store, move |tx| {
                row(tx, (table, &columns), 1, None, START);
                row(tx, (table, &columns), 2, None, START);
                Ok(())
            });
        }
        let (users, retention) = RETENTION[RETENTION.len() - 1];
        let Retention::After { keep, .. } = retention else {
            panic!("{users} are kept");
        };
        clock.advance(keep.saturating_sub(MINUTE));

        assert_eq!(write(store, move |tx| purge(tx, users, retention)), 1);

        assert!(hanging.len() > 5);
        for table in hanging {
            assert_eq!(rows(store, table), 1, "{table}");
        }
    });
}

#[test]
fn a_table_is_purged_in_batches_the_oldest_rows_first() {
    on_both_databases(|store, clock| {
        write(store, |tx| {
            for number in 0..=BATCH {
                let counter = Counter {
                    kind: "send",
                    subject: number.to_le_bytes().to_vec(),
                    limit: Limit {
                        count: 1,
                        // The first lasts longest.
                        per: if number == 0 { 2 * MINUTE } else { MINUTE },
                    },
                };
                limits::hit(tx, &[counter])?;
            }
            Ok(())
        });
        clock.advance(2 * MINUTE);
        let (table, retention) = RETENTION
            .into_iter()
            .find(|(table, _)| *table == "limits")
            .unwrap();
        let purged = || write(store, move |tx| purge(tx, table, retention));

        assert_eq!(purged(), BATCH);
        assert_eq!(rows(store, "limits"), 1);
        assert_eq!(purged(), 1);
        assert_eq!(purged(), 0);
    });
}

#[test]
fn a_purge_finds_its_rows_by_index() {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }
    on_both_databases(|store, _| {
        for (table, retention) in RETENTION {
            let Retention::After {
                key,
                column,
                unless,
                ..
            } = retention
            else {
                continue;
            };
            let purged = statement(table, key, column, unless);
            let explained = format!("EXPLAIN QUERY PLAN {purged}");
            write(store, move |tx| {
                if let Connection::Sqlite(connection) = tx.connection() {
                    let steps: Vec<Step> = diesel::sql_query(explained)
                        .bind::<BigInt, _>(0)
                        .load(*connection)?;
                    let scan = steps.iter().find(|step| step.detail.starts_with("SCAN"));
                    assert!(scan.is_none(), "{table}: {}", scan.unwrap().detail);
                }
                Ok(())
            });
        }
    });
}
