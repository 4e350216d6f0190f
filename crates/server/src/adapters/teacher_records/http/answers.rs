//! What the API's answers hold of a person, and the record that they make together.
//!
//! What a record holds is not checked when somebody writes it, so a part that cannot be read is
//! left out: one odd record must not keep others from being found.

use model::date_of_birth::DateOfBirth;
use model::teacher_record::{RecordName, TeacherRecord};
use model::trn::Trn;
use serde::{Deserialize, Deserializer};

/// The answer of `GET /v2/teachers/find`.
#[derive(Deserialize)]
pub(super) struct Teachers {
    #[serde(deserialize_with = "with_a_trn")]
    pub(super) results: Vec<Teacher>,
}

/// One teacher in it: numbers and addresses, but no previous names.
pub(super) struct Teacher {
    pub(super) trn: Trn,
    national_insurance_number: Option<String>,
    email_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    trn: Option<String>,
    national_insurance_number: Option<String>,
    email_addresses: Option<Vec<String>>,
}

/// A person in the records system need not have a TRN.
fn with_a_trn<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Teacher>, D::Error> {
    let found = Vec::<Found>::deserialize(deserializer)?;
    let teachers = found.into_iter().filter_map(|found| {
        Some(Teacher {
            trn: Trn::parse(found.trn.as_deref()?).ok()?,
            national_insurance_number: found.national_insurance_number,
            email_addresses: found.email_addresses.unwrap_or_default(),
        })
    });
    Ok(teachers.collect())
}

/// The answer of `GET /v3/persons/{trn}?include=PreviousNames`: names, but neither numbers nor
/// addresses.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Person {
    trn: Trn,
    #[serde(flatten)]
    name: Name,
    date_of_birth: Option<String>,
    previous_names: Option<Vec<Name>>,
}

#[derive(Deserialize)]
struct Name {
    #[serde(rename = "firstName")]
    first: Option<String>,
    #[serde(rename = "middleName")]
    middle: Option<String>,
    #[serde(rename = "lastName")]
    last: Option<String>,
}

impl Person {
    /// The record, with what a search said about it beside, and the numbers merged into it.
    pub(super) fn into_record(
        self,
        found: Option<Teacher>,
        merged_trns: Vec<Trn>,
    ) -> TeacherRecord {
        let (national_insurance_number, email_addresses) = found
            .map_or((None, Vec::new()), |teacher| {
                (teacher.national_insurance_number, teacher.email_addresses)
            });
        let born = self.date_of_birth.as_deref();
        let RecordName {
            first,
            middle,
            last,
        } = self.name.into_record();
        let previous = self.previous_names.unwrap_or_default();
        TeacherRecord {
            trn: self.trn,
            merged_trns,
            first_name: first,
            middle_name: middle,
            last_name: last,
            previous_names: previous.into_iter().map(Name::into_record).collect(),
            date_of_birth: born.and_then(DateOfBirth::from_iso),
            national_insurance_number,
            email_addresses,
        }
    }
}

impl Name {
    fn into_record(self) -> RecordName {
        RecordName {
            first: self.first.unwrap_or_default(),
            middle: self.middle.unwrap_or_default(),
            last: self.last.unwrap_or_default(),
        }
    }
}
