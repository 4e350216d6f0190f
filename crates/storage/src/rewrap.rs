//! Sealing and digesting everything anew under the current key, so that an earlier one can go.
//!
//! [`teacher_records::rewrap`](crate::teacher_records::rewrap) does it for the embedded records.
//! Digests of secrets that we do not keep (client secrets) cannot be made anew.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text};
use model::keyring::Purpose;
use model::{Entropy, Keyring, Secret, TeacherDetails, Trn};

use crate::error::StorageError;
use crate::trn_links;
use crate::unit_of_work::{Store, Tx};
use crate::user_details::person_digests;

/// Most rows that one unit of work seals anew, so that no write waits long behind it.
const BATCH: usize = 200;

/// A column whose values are sealed, with the row's key as context.
struct SealedColumn {
    table: &'static str,
    key: &'static str,
    column: &'static str,
    purpose: Purpose,
    digested: Option<Digested>,
}

/// A keyed digest of the sealed value that stands beside it.
#[derive(Clone, Copy)]
struct Digested {
    column: &'static str,
    of: Digest,
}

/// Digests what was sealed under the current key; `None` when it has no digest.
type Digest = fn(&Keyring, &Secret<Vec<u8>>) -> Option<Vec<u8>>;

const COLUMNS: [SealedColumn; 9] = [
    sealed("address_changes", "id", "sealed", Purpose::AddressChange),
    sealed(
        "interactions",
        "id",
        "sealed_details",
        Purpose::InteractionDetails,
    ),
    sealed(
        "interactions",
        "id",
        "sealed_factor",
        Purpose::InteractionFactor,
    ),
    sealed("outbox", "id", "sealed", Purpose::Outbox),
    sealed(
        "signing_keys",
        "kid",
        "sealed_private_key",
        Purpose::SigningKey,
    ),
    sealed("support_tasks", "id", "sealed", Purpose::SupportTask),
    sealed("totp_factors", "user_id", "sealed_seed", Purpose::TotpSeed),
    SealedColumn {
        digested: Some(Digested {
            column: "trn_digest",
            of: trn_digest,
        }),
        ..sealed("trn_links", "user_id", "sealed_trn", Purpose::TrnLink)
    },
    SealedColumn {
        digested: Some(Digested {
            column: "person_digest",
            of: person_digest,
        }),
        ..sealed("user_details", "user_id", "sealed", Purpose::Details)
    },
];

const fn sealed(
    table: &'static str,
    key: &'static str,
    column: &'static str,
    purpose: Purpose,
) -> SealedColumn {
    SealedColumn {
        table,
        key,
        column,
        purpose,
        digested: None,
    }
}

fn trn_digest(keyring: &Keyring, opened: &Secret<Vec<u8>>) -> Option<Vec<u8>> {
    let trn = Trn::parse(std::str::from_utf8(opened.reveal()).ok()?).ok()?;
    trn_links::digests(keyring, &trn).into_iter().next()
}

fn person_digest(keyring: &Keyring, opened: &Secret<Vec<u8>>) -> Option<Vec<u8>> {
    let details: TeacherDetails = serde_json::from_slice(opened.reveal()).ok()?;
    let digests = person_digests(keyring, details.name.as_ref()?, details.date_of_birth?);
    digests.into_iter().next()
}

/// What became of one table's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewrapped {
    /// The table.
    pub table: &'static str,
    /// How many rows were sealed anew.
    pub rows: usize,
    /// How many no configured key opens; they stay as they are.
    pub unopenable: usize,
}

/// Seals every value anew that is under another key than the current one, and makes its digest
/// anew. Short units of work: people go on signing in meanwhile. Whatever was done stays done, so
/// it can be called again after it was cut off.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn rewrap(
    store: &Store,
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> Result<Vec<Rewrapped>, StorageError> {
    COLUMNS
        .iter()
        .map(|column| rewrap_column(store, column, keyring, entropy))
        .collect()
}

fn rewrap_column(
    store: &Store,
    column: &'static SealedColumn,
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> Result<Rewrapped, StorageError> {
    let mut done = Rewrapped {
        table: column.table,
        rows: 0,
        unopenable: 0,
    };
    let (key_id, mut after) = (keyring.current_id(), String::new());
    loop {
        let from = after.clone();
        let outdated = store.read_blocking(move |tx| list(tx, column, key_id, &from))?;
        let Some(last) = outdated.last() else {
            return Ok(done);
        };
        after.clone_from(&last.id);
        let found = outdated.len();
        let anew: Vec<Anew> = outdated
            .into_iter()
            .filter_map(|row| seal_anew(column, row, keyring, entropy))
            .collect();
        done.unopenable += found - anew.len();
        done.rows += store.write_blocking(move |tx| replace_all(tx, column, &anew))?;
    }
}

/// A row whose value is under another key than the current one.
#[derive(QueryableByName)]
struct Outdated {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Binary)]
    sealed: Vec<u8>,
}

/// The row, and what it is to hold.
struct Anew {
    row: Outdated,
    sealed: Vec<u8>,
    digest: Option<Vec<u8>>,
}

fn list(
    tx: &mut Tx<'_>,
    column: &SealedColumn,
    key_id: u8,
    after: &str,
) -> Result<Vec<Outdated>, StorageError> {
    let SealedColumn {
        table, key, column, ..
    } = column;
    // What left the outbox is wiped: nothing is sealed there any more.
    let statement = format!(
        "SELECT {key} AS id, {column} AS sealed FROM {table} \
         WHERE length({column}) > 0 AND substr({column}, 1, 1) <> $1 AND {key} > $2 \
         ORDER BY {key} LIMIT {BATCH}"
    );
    Ok(on_either!(tx, connection => diesel::sql_query(statement)
        .bind::<Binary, _>(vec![key_id])
        .bind::<Text, _>(after)
        .load(connection))?)
}

fn seal_anew(
    column: &SealedColumn,
    row: Outdated,
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> Option<Anew> {
    let opened = keyring.open(column.purpose, &row.id, &row.sealed).ok()?;
    Some(Anew {
        sealed: keyring.seal(column.purpose, &row.id, opened.reveal(), entropy),
        digest: column
            .digested
            .and_then(|digested| (digested.of)(keyring, &opened)),
        row,
    })
}

/// Replaces what is still as it was read; what changed meanwhile was sealed anew by that. Returns
/// how many rows were replaced.
fn replace_all(
    tx: &mut Tx<'_>,
    column: &SealedColumn,
    rows: &[Anew],
) -> Result<usize, StorageError> {
    let SealedColumn {
        table,
        key,
        column,
        digested,
        ..
    } = column;
    let mut replaced = 0;
    for anew in rows {
        replaced += if let Some(Digested { column: digest, .. }) = digested {
            let statement = format!(
                "UPDATE {table} SET {column} = $1, {digest} = $2 WHERE {key} = $3 AND {column} = $4"
            );
            on_either!(tx, connection => diesel::sql_query(statement)
                .bind::<Binary, _>(&anew.sealed)
                .bind::<Nullable<Binary>, _>(&anew.digest)
                .bind::<Text, _>(&anew.row.id)
                .bind::<Binary, _>(&anew.row.sealed)
                .execute(connection))?
        } else {
            let statement =
                format!("UPDATE {table} SET {column} = $1 WHERE {key} = $2 AND {column} = $3");
            on_either!(tx, connection => diesel::sql_query(statement)
                .bind::<Binary, _>(&anew.sealed)
                .bind::<Text, _>(&anew.row.id)
                .bind::<Binary, _>(&anew.row.sealed)
                .execute(connection))?
        };
    }
    Ok(replaced)
}

#[cfg(test)]
mod tests;
