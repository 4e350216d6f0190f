//! Sealing and digesting everything anew under the current key, so that an earlier one can go, and
//! forgetting what was digested under one that is gone.
//!
//! [`teacher_records::rewrap`](crate::teacher_records::rewrap) does it for the embedded records.
//! Digests of secrets that we do not keep (client secrets) cannot be made anew.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text};
use model::keyring::Purpose;
use model::{Entropy, Keyring, Secret, TeacherDetails, Trn, UserId};

use crate::error::StorageError;
use crate::trn_links;
use crate::unit_of_work::{Store, Tx};
use crate::user_details::person_digests;
use crate::users;

/// Most rows that one unit of work seals anew, so that no write waits long behind it.
const BATCH: usize = 200;

/// A column whose values are sealed, with the row's key as context.
struct SealedColumn {
    table: &'static str,
    key: &'static str,
    column: &'static str,
    purpose: Purpose,
    digested: Digested,
}

/// Where the keyed digests of the sealed value are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Digested {
    /// It has none.
    Nowhere,
    /// Beside it, under the current key.
    InColumn(&'static str),
    /// In `trn_digests`, under each key.
    AsTrn,
}

const COLUMNS: [SealedColumn; 10] = [
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
    sealed("pairwise_salts", "id", "sealed", Purpose::PairwiseSalt),
    sealed(
        "signing_keys",
        "kid",
        "sealed_private_key",
        Purpose::SigningKey,
    ),
    sealed("support_tasks", "id", "sealed", Purpose::SupportTask),
    sealed("totp_factors", "user_id", "sealed_seed", Purpose::TotpSeed),
    SealedColumn {
        digested: Digested::AsTrn,
        ..sealed("trn_links", "user_id", "sealed_trn", Purpose::TrnLink)
    },
    SealedColumn {
        digested: Digested::InColumn("person_digest"),
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
        digested: Digested::Nowhere,
    }
}

impl Digested {
    /// The digests of what was sealed, the current key's first; none when it has none.
    fn digests(self, keyring: &Keyring, opened: &Secret<Vec<u8>>) -> Vec<Vec<u8>> {
        let digests = match self {
            Self::Nowhere => None,
            Self::InColumn(_) => of_person(keyring, opened),
            Self::AsTrn => of_trn(keyring, opened),
        };
        digests.unwrap_or_default()
    }
}

fn of_trn(keyring: &Keyring, opened: &Secret<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
    let trn = Trn::parse(std::str::from_utf8(opened.reveal()).ok()?).ok()?;
    Some(trn_links::digests(keyring, &trn))
}

fn of_person(keyring: &Keyring, opened: &Secret<Vec<u8>>) -> Option<Vec<Vec<u8>>> {
    let details: TeacherDetails = serde_json::from_slice(opened.reveal()).ok()?;
    let name = details.name.as_ref()?;
    Some(person_digests(keyring, name, details.date_of_birth?))
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
    digests: Vec<Vec<u8>>,
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
        digests: column.digested.digests(keyring, &opened),
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
    if column.digested == Digested::AsTrn {
        let ids: Vec<UserId> = rows
            .iter()
            .map(|anew| UserId::new(anew.row.id.clone()))
            .collect();
        users::lock(tx, &ids.iter().collect::<Vec<_>>())?;
    }
    let mut replaced = 0;
    for anew in rows {
        replaced += usize::from(replace(tx, column, anew)?);
    }
    Ok(replaced)
}

fn replace(tx: &mut Tx<'_>, column: &SealedColumn, anew: &Anew) -> Result<bool, StorageError> {
    let SealedColumn {
        table,
        key,
        column,
        digested,
        ..
    } = column;
    let Anew {
        row,
        sealed,
        digests,
    } = anew;
    let replaced = match digested {
        Digested::AsTrn => {
            let user_id = UserId::new(row.id.clone());
            return trn_links::seal_anew(tx, &user_id, (&row.sealed, sealed), digests);
        }
        Digested::InColumn(digest) => {
            let statement = format!(
                "UPDATE {table} SET {column} = $1, {digest} = $2 WHERE {key} = $3 AND {column} = $4"
            );
            on_either!(tx, connection => diesel::sql_query(statement)
                .bind::<Binary, _>(sealed)
                .bind::<Nullable<Binary>, _>(digests.first())
                .bind::<Text, _>(&row.id)
                .bind::<Binary, _>(&row.sealed)
                .execute(connection))?
        }
        Digested::Nowhere => {
            let statement =
                format!("UPDATE {table} SET {column} = $1 WHERE {key} = $2 AND {column} = $3");
            on_either!(tx, connection => diesel::sql_query(statement)
                .bind::<Binary, _>(sealed)
                .bind::<Text, _>(&row.id)
                .bind::<Binary, _>(&row.sealed)
                .execute(connection))?
        }
    };
    Ok(replaced == 1)
}

/// Deletes the digests of TRNs that were made under keys which the keyring no longer has: whoever
/// got such a key could find TRNs by them. Returns how many there were. An account whose TRN is
/// under a key that is gone, too, keeps its digests.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn forget_removed_keys(store: &Store, keyring: &Keyring) -> Result<usize, StorageError> {
    let mut forgotten = 0;
    loop {
        let keyring = keyring.clone();
        let batch =
            store.write_blocking(move |tx| trn_links::forget_removed_keys(tx, &keyring, BATCH))?;
        if batch == 0 {
            return Ok(forgotten);
        }
        forgotten += batch;
    }
}

#[cfg(test)]
mod tests;
