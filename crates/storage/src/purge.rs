//! How long everything is kept, and how it leaves.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::error::StorageError;
use crate::unit_of_work::Tx;

const DAY: u64 = 24 * 60 * 60;

/// What happens to a table's rows in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Deleted this long after the instant in the column.
    After {
        /// The columns of the primary key, parted by commas.
        key: &'static str,
        /// An indexed column that holds an instant.
        column: &'static str,
        /// How long after it.
        keep: Duration,
        /// The rows that stay for longer, as a condition of SQL.
        unless: Option<&'static str>,
    },
    /// Deleted with the row of that table that it hangs on, by its foreign key.
    With(&'static str),
    /// Not deleted by age; why.
    Kept(&'static str),
}

const fn after(key: &'static str, column: &'static str, days: u64) -> Retention {
    Retention::After {
        key,
        column,
        keep: Duration::from_secs(days * DAY),
        unless: None,
    }
}

/// A session's grants say which clients it was used for: they are to be told when it ends.
const GRANTS: Retention = Retention::After {
    key: "id",
    column: "expires_at",
    keep: Duration::from_secs(DAY),
    unless: Some("EXISTS (SELECT 1 FROM browser_sessions WHERE browser_sessions.sid = grants.sid)"),
};

/// Every table, and how long its rows are kept. A test compares it with the live schema.
pub const RETENTION: [(&str, Retention); 38] = [
    ("access_tokens", after("digest", "expires_at", 0)),
    // A frozen or applied change can be looked into, and its link still freezes, for a month.
    ("address_changes", after("id", "takes_effect_at", 30)),
    // A code presented again within a day still revokes what it gave.
    ("authorization_codes", after("digest", "expires_at", 1)),
    ("browser_sessions", after("secret_digest", "expires_at", 0)),
    (
        "client_assertions",
        after("client_id, jti_digest", "expires_at", 0),
    ),
    (
        "clients",
        Retention::Kept(
            "operators switch them off; `registrations::purge` has those that nobody uses",
        ),
    ),
    ("consents", after("user_id, client_id", "expires_at", 0)),
    ("dpop_proofs", after("jkt, jti_digest", "expires_at", 0)),
    ("email_codes", after("id", "expires_at", 1)),
    ("events", after("id", "at", 400)),
    ("grants", GRANTS),
    ("initial_access_tokens", after("id", "expires_at", 0)),
    // Back and old tabs can begin the same request again for a day.
    ("interactions", after("id", "expires_at", 1)),
    ("jobs", Retention::Kept("one row a job")),
    ("limits", after("kind, subject", "expires_at", 0)),
    ("merged_users", Retention::With("users")),
    ("outbox", after("id", "created_at", 7)),
    (
        "pairwise_salts",
        Retention::Kept("every pairwise subject is made with it"),
    ),
    ("passkeys", Retention::With("users")),
    ("pushed_requests", after("digest", "expires_at", 0)),
    ("recovery_code_sets", Retention::With("users")),
    ("recovery_codes", Retention::With("recovery_code_sets")),
    // A spent token presented again within a day still revokes its family.
    ("refresh_tokens", after("digest", "expires_at", 1)),
    (
        "refusals",
        after("client_id, endpoint, error, description", "last_at", 7),
    ),
    ("registrations", Retention::With("clients")),
    ("revoked_jwts", after("jti", "expires_at", 0)),
    (
        "signing_keys",
        Retention::Kept("key rotation removes them on their schedule"),
    ),
    ("support_tasks", after("id", "closed_at", 90)),
    (
        "teacher_record_imports",
        Retention::Kept("the next import removes them"),
    ),
    (
        "teacher_record_keys",
        Retention::Kept("the next import replaces them"),
    ),
    (
        "teacher_records",
        Retention::Kept("the next import replaces them"),
    ),
    ("totp_factors", Retention::With("users")),
    (
        "training_providers",
        Retention::Kept("a new list replaces them"),
    ),
    ("trn_digests", Retention::With("users")),
    ("trn_links", Retention::With("users")),
    ("trn_watchers", Retention::With("users")),
    ("user_details", Retention::With("users")),
    // People come back once a year, some after a career break.
    ("users", after("id", "last_signed_in_at", 7 * 365)),
];

/// Most rows that one batch deletes, so that no write waits long behind it.
pub const BATCH: usize = 500;

/// Deletes one batch of what a table no longer has to keep; how many rows went. A full batch means
/// that there may be more.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn purge(
    tx: &mut Tx<'_>,
    table: &'static str,
    retention: Retention,
) -> Result<usize, StorageError> {
    let Retention::After {
        key,
        column,
        keep,
        unless,
    } = retention
    else {
        return Ok(0);
    };
    let before = tx.now().minus(keep).millis();
    Ok(
        on_either!(tx, connection => diesel::sql_query(statement(table, key, column, unless))
        .bind::<BigInt, _>(before)
        .execute(connection))?,
    )
}

/// Table and columns are ours; both databases read `$1` as the first bind.
fn statement(table: &str, key: &str, column: &str, unless: Option<&str>) -> String {
    let stays = unless.map_or_else(String::new, |stays| format!("AND NOT {stays} "));
    format!(
        "DELETE FROM {table} WHERE ({key}) IN \
         (SELECT {key} FROM {table} WHERE {column} <= $1 {stays}ORDER BY {column} LIMIT {BATCH})"
    )
}

#[cfg(test)]
mod tests;
