//! The port through which the teaching records are asked. The adapters (a table of ours, the
//! Teaching Record System's API) are in the `server` crate; [`lookup`](crate::lookup) asks after
//! each answer, [`look_up_again`](crate::look_up_again) later on, and
//! [`trn_match`](crate::trn_match) decides over what comes back.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use model::EmailAddress;
use model::date_of_birth::DateOfBirth;
use model::name::PersonName;
use model::national_insurance_number::NationalInsuranceNumber;
use model::teacher_details::TeacherDetails;
use model::teacher_record::TeacherRecord;
use model::trn::Trn;
use model::trn_lookup::MatchPolicy;
use serde::{Deserialize, Serialize};

/// Gives teaching records. Nothing in a query or a record is ever logged.
///
/// An implementation answers within five seconds, whatever happens to the system behind it.
pub trait TeacherRecords: Send + Sync {
    /// The active records that may be the person's: every one that could agree by the rules of
    /// [`trn_match`](crate::trn_match), perhaps more. Merged records are followed to the one
    /// that survives, deactivated ones left out.
    fn find<'a>(&'a self, query: &'a RecordQuery) -> Asking<'a, Vec<TeacherRecord>>;

    /// The active record of a TRN, the survivor's if it was merged; `None` when there is none.
    fn record<'a>(&'a self, trn: &'a Trn) -> Asking<'a, Option<TeacherRecord>>;
}

/// An answer on its way.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = Result<T, RecordsUnavailable>> + Send + 'a>>;

/// The records cannot be asked now: the system behind them is down, slow, busy or refuses us. The
/// adapter has logged why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordsUnavailable;

impl fmt::Display for RecordsUnavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the teaching records cannot be asked now")
    }
}

impl std::error::Error for RecordsUnavailable {}

/// Whom to look for: what a person said of themselves, and the address they proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordQuery {
    /// Their name.
    pub name: PersonName,
    /// What they were called before, in the order they gave it.
    pub previous_names: Vec<PersonName>,
    /// When they were born.
    pub date_of_birth: DateOfBirth,
    /// Their National Insurance number, if they gave one.
    pub national_insurance_number: Option<NationalInsuranceNumber>,
    /// Their TRN, if they gave one.
    pub trn: Option<Trn>,
    /// The address that they proved by a code.
    pub email: EmailAddress,
    /// How much will have to agree.
    pub policy: MatchPolicy,
}

impl RecordQuery {
    /// The query for what is known so far; `None` before name and date of birth are.
    #[must_use]
    pub fn of(details: &TeacherDetails, email: &EmailAddress, policy: MatchPolicy) -> Option<Self> {
        Some(Self {
            name: details.name.clone()?,
            previous_names: details.former_names().to_vec(),
            date_of_birth: details.date_of_birth?,
            national_insurance_number: details.stated_national_insurance_number().cloned(),
            trn: details.stated_trn().cloned(),
            email: email.clone(),
            policy,
        })
    }
}
