//! The embedded teaching records: sealed, and found by keyed digests.
//!
//! An [`import`](import()) replaces them all: its rows carry its id, and the last import that was
//! completed is the one that counts, so nobody ever sees half of one.

use std::fmt;

use diesel::prelude::*;
use model::keyring::Purpose;
use model::{
    DateOfBirth, EmailAddress, Entropy, Keyring, NationalInsuranceNumber, TeacherRecord, Trn, name,
};
use serde::{Deserialize, Serialize};

use crate::error::StorageError;
use crate::prepared::KeepPrepared as _;
use crate::schema::{teacher_record_imports, teacher_record_keys, teacher_records};
use crate::stored;
use crate::unit_of_work::Tx;

mod import;

pub use import::{ImportError, import, rewrap};

const TABLE: &str = "teacher_records";

/// Most records that one look-up reads: whoever agrees with more than these agrees with nobody.
const FOUND_MAX: i64 = 100;

/// A record as it was imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbeddedRecord {
    /// What it says.
    pub record: TeacherRecord,
    /// Whether it still stands.
    pub status: RecordStatus,
}

/// Whether a record still stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordStatus {
    /// It does.
    Active,
    /// It was closed.
    Deactivated,
    /// It is now part of the record of that number.
    MergedInto(Trn),
}

/// What a record is found by. Prints hidden.
#[derive(Clone, PartialEq, Eq)]
pub enum Key {
    /// Its number.
    Trn(Trn),
    /// The National Insurance number, with or without suffix.
    NationalInsuranceNumber(NationalInsuranceNumber),
    /// An address on record.
    EmailAddress(EmailAddress),
    /// A current or previous last name together with the date of birth.
    Person {
        /// The last name.
        last_name: String,
        /// The date of birth.
        date_of_birth: DateOfBirth,
    },
}

impl Key {
    /// What is digested, and for what purpose. The leading word keeps these digests apart from
    /// those of accounts.
    fn parts(&self) -> (Purpose, Vec<String>) {
        match self {
            Self::Trn(trn) => (Purpose::Trn, vec![trn.as_str().to_owned()]),
            Self::NationalInsuranceNumber(number) => (
                Purpose::NationalInsurance,
                vec![number.without_suffix().to_owned()],
            ),
            Self::EmailAddress(address) => {
                (Purpose::RecordEmail, vec![address.lookup().to_owned()])
            }
            Self::Person {
                last_name,
                date_of_birth,
            } => (
                Purpose::Person,
                vec![name::folded(last_name), date_of_birth.iso()],
            ),
        }
    }

    fn digests(&self, keyring: &Keyring) -> Vec<Vec<u8>> {
        let (purpose, parts) = self.parts();
        keyring.digests(purpose, &of_record(&parts))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

fn of_record(parts: &[String]) -> Vec<&[u8]> {
    std::iter::once(&b"teacher record"[..])
        .chain(parts.iter().map(String::as_bytes))
        .collect()
}

/// Every digest that finds a record, under the current key.
fn digests_of(record: &TeacherRecord, keyring: &Keyring) -> Vec<Vec<u8>> {
    let digest = |purpose, parts: &[String]| keyring.digest(purpose, &of_record(parts));
    let mut digests = vec![digest(Purpose::Trn, &[record.trn.as_str().to_owned()])];
    let recorded = record
        .national_insurance_number
        .as_deref()
        .unwrap_or_default();
    let number = NationalInsuranceNumber::recorded_without_suffix(recorded);
    if !number.is_empty() {
        digests.push(digest(Purpose::NationalInsurance, &[number]));
    }
    let addresses = record.email_addresses.iter();
    for address in addresses.filter_map(|address| EmailAddress::parse(address).ok()) {
        digests.push(digest(Purpose::RecordEmail, &[address.lookup().to_owned()]));
    }
    let previous = record.previous_names.iter().map(|name| &name.last);
    for last_name in std::iter::once(&record.last_name).chain(previous) {
        if let Some(born) = record.date_of_birth {
            digests.push(digest(
                Purpose::Person,
                &[name::folded(last_name), born.iso()],
            ));
        }
    }
    digests.sort_unstable();
    digests.dedup();
    digests
}

/// A record's import, its number there, and the record, sealed.
type SealedRow = (i64, i64, Vec<u8>);

/// A record's place: its import and its number there, which its seal is bound to.
fn context(import_id: i64, number: i64) -> String {
    format!("{import_id}/{number}")
}

fn seal(
    record: &EmbeddedRecord,
    (import_id, number): (i64, i64),
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, StorageError> {
    let json = stored::to_json(record)?;
    let context = context(import_id, number);
    Ok(keyring.seal(Purpose::TeacherRecord, &context, json.as_bytes(), entropy))
}

fn open(
    (import_id, number, sealed): &SealedRow,
    keyring: &Keyring,
) -> Result<EmbeddedRecord, StorageError> {
    let context = context(*import_id, *number);
    let opened = keyring
        .open(Purpose::TeacherRecord, &context, sealed)
        .map_err(|_| StorageError::Corrupt(TABLE))?;
    serde_json::from_slice(opened.reveal()).map_err(|_| StorageError::Corrupt(TABLE))
}

/// The records that any of `keys` finds, in the order of their import: at most 100. Deactivated
/// and merged ones are among them.
///
/// One statement looks up the import that counts and its rows, so a new import that is completed
/// meanwhile changes nothing.
///
/// # Errors
///
/// [`StorageError`] when the database fails, or a record cannot be opened with the keys.
pub fn find(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    keys: &[Key],
) -> Result<Vec<EmbeddedRecord>, StorageError> {
    let digests: Vec<Vec<u8>> = keys.iter().flat_map(|key| key.digests(keyring)).collect();
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    let current = teacher_record_imports::table
        .filter(teacher_record_imports::completed_at.is_not_null())
        .order(teacher_record_imports::completed_at.desc())
        .then_order_by(teacher_record_imports::id.desc())
        .select(teacher_record_imports::id)
        .limit(1)
        .single_value();
    let is_place = teacher_records::import_id
        .eq(teacher_record_keys::import_id)
        .and(teacher_records::number.eq(teacher_record_keys::number));
    let mut rows: Vec<SealedRow> = on_either!(tx, connection => teacher_record_keys::table
        .inner_join(teacher_records::table.on(is_place))
        .filter(teacher_record_keys::import_id.nullable().eq(current))
        .filter(teacher_record_keys::digest.eq_any(&digests))
        .select((teacher_records::import_id, teacher_records::number, teacher_records::sealed))
        .limit(FOUND_MAX)
        .prepared()
        .load(connection))?;
    rows.sort_unstable_by_key(|(_, number, _)| *number);
    rows.dedup_by_key(|(_, number, _)| *number);
    rows.iter().map(|row| open(row, keyring)).collect()
}

/// How many records the import that counts has.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn count(tx: &mut Tx<'_>) -> Result<i64, StorageError> {
    let Some(current) = import::current(tx)? else {
        return Ok(0);
    };
    Ok(on_either!(tx, connection => teacher_records::table
        .filter(teacher_records::import_id.eq(current))
        .count()
        .get_result(connection))?)
}

#[cfg(test)]
mod tests;
