//! Replacing all embedded records, in many short units of work: whoever signs in meanwhile waits
//! for none of them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer};
use model::{Entropy, Keyring};

use super::{EmbeddedRecord, SealedRow, digests_of, open, seal};
use crate::connection::Connection;
use crate::error::StorageError;
use crate::schema::{teacher_record_imports, teacher_record_keys, teacher_records};
use crate::unit_of_work::{Store, Tx};

/// Most rows that one unit of work writes.
const BATCH: usize = 2_000;

/// Most records that one unit of work reads.
const PAGE: i64 = 2_000;

/// Why an import was given up. What was there before it still counts.
#[derive(Debug, thiserror::Error)]
pub enum ImportError<E> {
    /// The records could not be read.
    #[error(transparent)]
    Source(E),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Another import began after this one.
    #[error("another import of teaching records began meanwhile")]
    Overtaken,
}

/// What a record is found by, and its number in the import.
struct NewKey {
    digest: Box<[u8]>,
    number: i64,
}

/// Imports all of `records`, which then replace those that were there; how many they are.
///
/// The keys are written at the end, in their order, which an index takes many times faster; until
/// then they are kept in memory (about 60 bytes each, four or so a record).
///
/// # Errors
///
/// [`ImportError`] when the records cannot be read or written, or another import began meanwhile;
/// what was there before still counts then.
pub fn import<E>(
    store: &Store,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    records: impl IntoIterator<Item = Result<EmbeddedRecord, E>>,
) -> Result<u64, ImportError<E>> {
    let import_id = store.write_blocking(begin)?;
    remove_others(store)?;
    let mut keys = Vec::new();
    let mut rows = Vec::with_capacity(BATCH);
    let mut number = 0;
    for record in records {
        let record = record.map_err(ImportError::Source)?;
        number += 1;
        let digests = digests_of(&record.record, keyring);
        keys.extend(digests.into_iter().map(|digest| NewKey {
            digest: digest.into_boxed_slice(),
            number,
        }));
        rows.push((
            number,
            seal(&record, (import_id, number), keyring, entropy)?,
        ));
        if rows.len() == BATCH {
            write_records(store, import_id, std::mem::take(&mut rows))?;
        }
    }
    write_records(store, import_id, rows)?;
    write_keys(store, import_id, keys)?;
    if !store.write_blocking(move |tx| complete(tx, import_id))? {
        return Err(ImportError::Overtaken);
    }
    remove_others(store)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

/// Seals and digests all records anew under the current key, unless they are; how many they are.
///
/// # Errors
///
/// [`ImportError`] as of an [`import`].
pub fn rewrap(
    store: &Store,
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> Result<u64, ImportError<StorageError>> {
    let key_id = vec![keyring.current_id()];
    let outdated = store.read_blocking(move |tx| match current(tx)? {
        Some(import_id) => Ok(is_outdated(tx, import_id, &key_id)?.then_some(import_id)),
        None => Ok(None),
    })?;
    let Some(import_id) = outdated else {
        return Ok(0);
    };
    let mut after = 0;
    let batches = std::iter::from_fn(|| {
        let batch = store.read_blocking(move |tx| list(tx, import_id, after));
        match batch {
            Ok(batch) => {
                after = batch.last()?.1;
                let open = |row: &_| open(row, keyring);
                Some(batch.iter().map(open).collect::<Vec<_>>())
            }
            Err(fault) => Some(vec![Err(fault)]),
        }
    });
    import(store, keyring, entropy, batches.flatten())
}

/// Begins an import; one that was not completed can no longer be.
fn begin(tx: &mut Tx<'_>) -> Result<i64, StorageError> {
    on_either!(tx, connection => diesel::delete(teacher_record_imports::table)
        .filter(teacher_record_imports::completed_at.is_null())
        .execute(connection))?;
    let mut import_id = tx.now().millis();
    loop {
        let inserted = on_either!(tx, connection => diesel::insert_into(teacher_record_imports::table)
            .values(teacher_record_imports::id.eq(import_id))
            .on_conflict_do_nothing()
            .execute(connection))?;
        if inserted == 1 {
            return Ok(import_id);
        }
        import_id += 1;
    }
}

/// Has an import count from now on; `false` when another began after it.
fn complete(tx: &mut Tx<'_>, import_id: i64) -> Result<bool, StorageError> {
    let now = tx.now().millis();
    let completed = on_either!(tx, connection => diesel::update(teacher_record_imports::table)
        .filter(teacher_record_imports::id.eq(import_id))
        .filter(teacher_record_imports::completed_at.is_null())
        .set(teacher_record_imports::completed_at.eq(now))
        .execute(connection))?;
    if completed == 1 {
        on_either!(tx, connection => diesel::delete(teacher_record_imports::table)
            .filter(teacher_record_imports::id.ne(import_id))
            .execute(connection))?;
        // Plans by how many rows there are now, not by how many there were before.
        if let Connection::Postgres(connection) = tx.connection() {
            diesel::sql_query("ANALYZE teacher_records, teacher_record_keys")
                .execute(*connection)?;
        }
    }
    Ok(completed == 1)
}

/// The import that counts.
pub(super) fn current(tx: &mut Tx<'_>) -> Result<Option<i64>, StorageError> {
    Ok(on_either!(tx, connection => teacher_record_imports::table
        .filter(teacher_record_imports::completed_at.is_not_null())
        .order(teacher_record_imports::completed_at.desc())
        .then_order_by(teacher_record_imports::id.desc())
        .select(teacher_record_imports::id)
        .first(connection)
        .optional())?)
}

fn write_records(
    store: &Store,
    import_id: i64,
    rows: Vec<(i64, Vec<u8>)>,
) -> Result<(), StorageError> {
    if rows.is_empty() {
        return Ok(());
    }
    store.write_blocking(move |tx| {
        let values: Vec<_> = rows
            .iter()
            .map(|(number, sealed)| {
                (
                    teacher_records::import_id.eq(import_id),
                    teacher_records::number.eq(number),
                    teacher_records::sealed.eq(sealed),
                )
            })
            .collect();
        on_either!(tx, connection => diesel::insert_into(teacher_records::table)
            .values(&values)
            .execute(connection))?;
        Ok(())
    })
}

fn write_keys(store: &Store, import_id: i64, mut keys: Vec<NewKey>) -> Result<(), StorageError> {
    keys.sort_unstable_by(|one, other| one.digest.cmp(&other.digest));
    let mut keys = keys.into_iter().peekable();
    while keys.peek().is_some() {
        let batch: Vec<NewKey> = keys.by_ref().take(BATCH).collect();
        store.write_blocking(move |tx| {
            let values: Vec<_> = batch
                .iter()
                .map(|key| {
                    (
                        teacher_record_keys::import_id.eq(import_id),
                        teacher_record_keys::digest.eq(key.digest.as_ref()),
                        teacher_record_keys::number.eq(key.number),
                    )
                })
                .collect();
            on_either!(tx, connection => diesel::insert_into(teacher_record_keys::table)
                .values(&values)
                .execute(connection))?;
            Ok(())
        })?;
    }
    Ok(())
}

/// Removes the rows of every import that is not there any more, in batches.
fn remove_others(store: &Store) -> Result<(), StorageError> {
    for (table, key) in [
        ("teacher_record_keys", "import_id, digest, number"),
        ("teacher_records", "import_id, number"),
    ] {
        while store.write_blocking(move |tx| remove_batch(tx, table, key))? > 0 {}
    }
    Ok(())
}

/// Each table is in the order of the imports, so those of one import that is gone are neighbours.
fn remove_batch(
    tx: &mut Tx<'_>,
    table: &'static str,
    key: &'static str,
) -> Result<usize, StorageError> {
    #[derive(QueryableByName)]
    struct Gone {
        #[diesel(sql_type = BigInt)]
        import_id: i64,
    }
    let mut after = i64::MIN;
    loop {
        let next = format!(
            "SELECT import_id FROM {table} WHERE import_id > $1 ORDER BY import_id LIMIT 1"
        );
        let next: Option<Gone> = on_either!(tx, connection => diesel::sql_query(next)
            .bind::<BigInt, _>(after)
            .get_result(connection)
            .optional())?;
        let Some(Gone { import_id }) = next else {
            return Ok(0);
        };
        let is_there: i64 = on_either!(tx, connection => teacher_record_imports::table
            .find(import_id)
            .count()
            .get_result(connection))?;
        if is_there == 0 {
            let delete = format!(
                "DELETE FROM {table} WHERE ({key}) IN \
                 (SELECT {key} FROM {table} WHERE import_id = $1 ORDER BY {key} LIMIT {BATCH})"
            );
            return Ok(on_either!(tx, connection => diesel::sql_query(delete)
                .bind::<BigInt, _>(import_id)
                .execute(connection))?);
        }
        after = import_id;
    }
}

diesel::define_sql_function! {
    /// Part of a value, from the byte of that number (the first is 1), so many bytes.
    fn substr(value: Binary, from: Integer, count: Integer) -> Binary;
}

/// Whether any record of an import is sealed under another key than that.
fn is_outdated(tx: &mut Tx<'_>, import_id: i64, key_id: &[u8]) -> Result<bool, StorageError> {
    let outdated: Option<i64> = on_either!(tx, connection => teacher_records::table
        .filter(teacher_records::import_id.eq(import_id))
        .filter(substr(teacher_records::sealed, 1, 1).ne(key_id))
        .select(teacher_records::number)
        .first(connection)
        .optional())?;
    Ok(outdated.is_some())
}

/// The next records of an import after that number.
fn list(tx: &mut Tx<'_>, import_id: i64, after: i64) -> Result<Vec<SealedRow>, StorageError> {
    Ok(on_either!(tx, connection => teacher_records::table
        .filter(teacher_records::import_id.eq(import_id))
        .filter(teacher_records::number.gt(after))
        .order(teacher_records::number)
        .limit(PAGE)
        .select((teacher_records::import_id, teacher_records::number, teacher_records::sealed))
        .load(connection))?)
}
