//! Teacher details: asked once, one question a page, and compared with the teaching records.
//!
//! [`questions`] chooses the page, [`question`] is what all questions have in common, and each
//! page has its file. The answers wait sealed in the interaction's row until `check-answers`
//! stores them for good ([`keep`]).

pub mod check_answers;
pub mod date_of_birth;
pub mod has_national_insurance_number;
pub mod has_qts;
pub mod has_trn;
mod keep;
pub mod name;
pub mod national_insurance_number;
pub mod preferred_name;
pub mod previous_names;
pub mod qts_provider;
mod question;
pub(crate) mod questions;
pub mod trn;
pub mod trn_found;
pub mod trn_not_found;

use model::keyring::Purpose;
use model::{TeacherDetails, UserId};
use storage::{StorageError, Tx, user_details};

pub(crate) use keep::{keep_now, keep_undecided};
pub use question::Frame;
pub(crate) use question::{Question, show, submit};

use crate::journey::Journey;
use crate::visitor::Visitor;

/// A page about the person, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DetailsPage {
    /// What is your name?
    Name,
    /// Have you ever changed your name?
    PreviousNames,
    /// Which name do you want services to use?
    PreferredName,
    /// What is your date of birth?
    DateOfBirth,
    /// Do you have a National Insurance number?
    HasNationalInsuranceNumber,
    /// What is your National Insurance number?
    NationalInsuranceNumber,
    /// Do you have a TRN?
    HasTrn,
    /// What is your TRN?
    Trn,
    /// Have you been awarded QTS?
    HasQts,
    /// How were you awarded QTS?
    QtsProvider,
    /// Check your answers.
    CheckAnswers,
    /// We have found your TRN: it is not what was said.
    TrnFound,
    /// Why there is no TRN, and what happens next.
    TrnNotFound,
}

impl DetailsPage {
    /// The pages that ask something.
    pub(crate) const QUESTIONS: [Self; 10] = [
        Self::Name,
        Self::PreviousNames,
        Self::PreferredName,
        Self::DateOfBirth,
        Self::HasNationalInsuranceNumber,
        Self::NationalInsuranceNumber,
        Self::HasTrn,
        Self::Trn,
        Self::HasQts,
        Self::QtsProvider,
    ];

    /// The page's path.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Name => "/details/name",
            Self::PreviousNames => "/details/previous-names",
            Self::PreferredName => "/details/preferred-name",
            Self::DateOfBirth => "/details/date-of-birth",
            Self::HasNationalInsuranceNumber => "/details/has-national-insurance-number",
            Self::NationalInsuranceNumber => "/details/national-insurance-number",
            Self::HasTrn => "/details/has-trn",
            Self::Trn => "/details/trn",
            Self::HasQts => "/details/has-qts",
            Self::QtsProvider => "/details/qts-provider",
            Self::CheckAnswers => "/details/check-answers",
            Self::TrnFound => "/details/trn-found",
            Self::TrnNotFound => "/details/trn-not-found",
        }
    }

    /// The question that this one is the second half of.
    pub(crate) const fn follows_up(self) -> Option<Self> {
        match self {
            Self::NationalInsuranceNumber => Some(Self::HasNationalInsuranceNumber),
            Self::Trn => Some(Self::HasTrn),
            Self::QtsProvider => Some(Self::HasQts),
            _ => None,
        }
    }
}

/// The URL of a page for somebody who comes from the page with all answers.
pub(crate) fn from_check_answers(url: &str) -> String {
    format!("{url}&from=check-answers")
}

pub(crate) fn is_from_check_answers(visitor: &Visitor) -> bool {
    visitor.query.first("from") == Some("check-answers")
}

/// Opens what an account's person said at earlier sign-ins.
pub(crate) fn open(
    journey: &Journey,
    user_id: &UserId,
    sealed: &[u8],
) -> Result<TeacherDetails, StorageError> {
    let corrupt = StorageError::Corrupt("user_details");
    let opened = journey
        .keyring
        .open(Purpose::Details, user_id.as_str(), sealed);
    let Ok(plaintext) = opened else {
        return Err(corrupt);
    };
    serde_json::from_slice(plaintext.reveal()).map_err(|_| corrupt)
}

/// What an account's person said at earlier sign-ins; nothing, if they were never asked.
pub(crate) fn stored(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user_id: &UserId,
) -> Result<TeacherDetails, StorageError> {
    match user_details::find(tx, user_id)? {
        Some(row) => open(journey, user_id, &row.sealed),
        None => Ok(TeacherDetails::default()),
    }
}

/// Seals what an account's person said.
pub(crate) fn seal(
    journey: &Journey,
    user_id: &UserId,
    details: &TeacherDetails,
) -> Result<Vec<u8>, StorageError> {
    let plaintext = serde_json::to_vec(details);
    let plaintext = plaintext.map_err(|_| StorageError::Corrupt("user_details"))?;
    let context = user_id.as_str();
    Ok(journey
        .keyring
        .seal(Purpose::Details, context, &plaintext, &*journey.entropy))
}
