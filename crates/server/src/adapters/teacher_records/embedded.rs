//! Teaching records from a table of ours, which `get-an-identity records import` fills.

use journey::teacher_records::{Asking, RecordQuery, RecordsUnavailable, TeacherRecords};
use model::{Keyring, TeacherRecord, Trn};
use storage::teacher_records::{EmbeddedRecord, Key, RecordStatus, find};
use storage::{StorageError, Store, Tx};

/// Finds records in the database.
pub struct EmbeddedRecords {
    store: Store,
    keyring: Keyring,
}

/// How often a record may have been merged.
const MERGES: usize = 4;

impl EmbeddedRecords {
    /// The records of that database, sealed and digested under these keys.
    #[must_use]
    pub const fn new(store: Store, keyring: Keyring) -> Self {
        Self { store, keyring }
    }

    async fn find(&self, keys: Vec<Key>) -> Result<Vec<TeacherRecord>, RecordsUnavailable> {
        let keyring = self.keyring.clone();
        let found = self.store.read(move |tx| active(tx, &keyring, &keys)).await;
        found.map_err(|fault| {
            tracing::error!(%fault, "the teaching records cannot be read");
            RecordsUnavailable
        })
    }
}

impl TeacherRecords for EmbeddedRecords {
    fn find<'a>(&'a self, query: &'a RecordQuery) -> Asking<'a, Vec<TeacherRecord>> {
        Box::pin(self.find(keys(query)))
    }

    fn record<'a>(&'a self, trn: &'a Trn) -> Asking<'a, Option<TeacherRecord>> {
        Box::pin(async { Ok(self.find(vec![Key::Trn(trn.clone())]).await?.pop()) })
    }
}

/// What could agree: a match takes a number or an address, staff also look at everybody of the same
/// last name and date of birth.
fn keys(query: &RecordQuery) -> Vec<Key> {
    let names = std::iter::once(&query.name).chain(&query.previous_names);
    let people = names.map(|name| Key::Person {
        last_name: name.last.as_str().to_owned(),
        date_of_birth: query.date_of_birth,
    });
    let number = query.national_insurance_number.clone();
    people
        .chain(query.trn.clone().map(Key::Trn))
        .chain(number.map(Key::NationalInsuranceNumber))
        .chain([Key::EmailAddress(query.email.clone())])
        .collect()
}

/// The active records that the keys find, each once: merged ones are followed to the one that
/// survived, which is then known by their numbers, too.
fn active(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    keys: &[Key],
) -> Result<Vec<TeacherRecord>, StorageError> {
    let mut active: Vec<TeacherRecord> = Vec::new();
    for found in find(tx, keyring, keys)? {
        let Some(survivor) = survivor(tx, keyring, found)? else {
            continue;
        };
        match active.iter_mut().find(|other| other.trn == survivor.trn) {
            Some(other) => other.merged_trns.extend(survivor.merged_trns),
            None => active.push(survivor),
        }
    }
    Ok(active)
}

/// The active record that a record leads to, if there is one.
fn survivor(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    found: EmbeddedRecord,
) -> Result<Option<TeacherRecord>, StorageError> {
    let EmbeddedRecord {
        mut record,
        mut status,
    } = found;
    let mut merged = Vec::new();
    for _ in 0..MERGES {
        let RecordStatus::MergedInto(into) = status else {
            break;
        };
        let Some(next) = find(tx, keyring, &[Key::Trn(into)])?.pop() else {
            return Ok(None);
        };
        merged.push(record.trn);
        EmbeddedRecord { record, status } = next;
    }
    record.merged_trns.extend(merged);
    Ok((status == RecordStatus::Active).then_some(record))
}

#[cfg(test)]
mod tests;
