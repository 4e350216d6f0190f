//! What the records system holds about a teacher.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::date_of_birth::DateOfBirth;
use crate::trn::Trn;

/// An active teaching record: deactivated ones are left out and merged ones followed before a
/// record becomes one of these. Names are as the records system writes them. Prints hidden.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeacherRecord {
    /// The record's number.
    pub trn: Trn,
    /// The numbers of records that were merged into this one, as far as they were met on the way to
    /// it: they are this person's, too.
    #[serde(default)]
    pub merged_trns: Vec<Trn>,
    /// The first name; empty for a person with one name only.
    pub first_name: String,
    /// The middle names; empty when there are none.
    pub middle_name: String,
    /// The last name, or the only one.
    pub last_name: String,
    /// What the person was called before.
    #[serde(default)]
    pub previous_names: Vec<RecordName>,
    /// When the person was born, if the record says.
    pub date_of_birth: Option<DateOfBirth>,
    /// The National Insurance number, if the record has one; some lack the suffix.
    pub national_insurance_number: Option<String>,
    /// The addresses on record.
    #[serde(default)]
    pub email_addresses: Vec<String>,
}

/// An earlier name on a record.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordName {
    /// The first name.
    pub first: String,
    /// The middle names.
    pub middle: String,
    /// The last name.
    pub last: String,
}

impl TeacherRecord {
    /// Whether a number leads to this record.
    #[must_use]
    pub fn has_trn(&self, trn: &Trn) -> bool {
        self.trn == *trn || self.merged_trns.contains(trn)
    }
}

impl fmt::Debug for TeacherRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TeacherRecord(..)")
    }
}

impl fmt::Debug for RecordName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecordName(..)")
    }
}
