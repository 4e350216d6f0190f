//! Which teaching record is a person's: pure rules over what they said, the address they proved,
//! and the records that may be theirs.
//!
//! - *default*: exactly one record agrees on at least three of name, date of birth, National
//!   Insurance number, TRN and email: found, level Low. The name counts once, so two more things
//!   agree whenever it is one of them.
//! - *strict*: date of birth and TRN agree, and the National Insurance number or, where the record
//!   has none, first and last name: found, level Medium.
//!
//! A stated TRN leaves out every record that it does not lead to: one that was merged leads to the
//! record that survived. A stated National Insurance number that
//! is not the record's leaves the match undecided. More than one record is undecided, too.

mod names;
mod suggestions;
#[cfg(test)]
mod tests;

use model::EmailAddress;
use model::teacher_details::TeacherDetails;
use model::teacher_record::TeacherRecord;
use model::trn::Trn;
use model::trn_lookup::{
    Attribute, LookupSource, MatchPolicy, POLICY_VERSION, TrnLookupStatus, TrnOutcome,
    VerificationLevel,
};
use serde::{Deserialize, Serialize};

use crate::synonyms::Synonyms;
pub(crate) use names::same_name;

pub use suggestions::{Suggestion, suggest};

/// How many attributes have to agree by the default policy.
const ENOUGH: usize = 3;

/// What a person says of themselves, and what is known of them.
#[derive(Clone, Copy, Debug)]
pub struct Person<'a> {
    /// Their answers.
    pub details: &'a TeacherDetails,
    /// The address that they proved by a code.
    pub email: &'a EmailAddress,
    /// Which first names are taken for one another.
    pub synonyms: &'a Synonyms,
}

/// What the records say about a person. Kept sealed with the answers that it was found by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// One record is theirs.
    One {
        /// Its TRN.
        trn: Trn,
        /// How sure that is.
        level: VerificationLevel,
        /// What agrees.
        agreed: Vec<Attribute>,
    },
    /// Somebody has to look: several records may be theirs, or one that has another National
    /// Insurance number.
    Unclear,
    /// No record is theirs.
    Nothing,
    /// The records could not be asked.
    Unavailable,
    /// The records were not asked: the person had them asked too often.
    NotAsked,
}

impl Match {
    /// The TRN, if exactly one record is theirs.
    #[must_use]
    pub const fn trn(&self) -> Option<&Trn> {
        match self {
            Self::One { trn, .. } => Some(trn),
            _ => None,
        }
    }

    /// Where this leaves the person: who claims to have a TRN or QTS and is not found is looked
    /// for by staff, and nobody is told that they have none because the records were not asked.
    #[must_use]
    pub fn outcome(&self, details: &TeacherDetails, policy: MatchPolicy) -> TrnOutcome {
        let (status, trn, level, agreed) = match self {
            Self::One { trn, level, agreed } => (
                TrnLookupStatus::Found,
                Some(trn.clone()),
                Some(*level),
                agreed.clone(),
            ),
            Self::Unclear => (TrnLookupStatus::Pending, None, None, Vec::new()),
            Self::Nothing | Self::Unavailable | Self::NotAsked if details.claims_a_record() => {
                (TrnLookupStatus::Pending, None, None, Vec::new())
            }
            Self::Nothing | Self::Unavailable | Self::NotAsked => {
                (TrnLookupStatus::None, None, None, Vec::new())
            }
        };
        TrnOutcome {
            status,
            trn,
            level,
            policy,
            policy_version: POLICY_VERSION,
            agreed,
            source: LookupSource::Lookup,
            is_unavailable: matches!(self, Self::Unavailable | Self::NotAsked),
        }
    }
}

/// Decides which of the candidates, all active records, is the person's.
#[must_use]
pub fn evaluate(person: Person<'_>, candidates: &[TeacherRecord], policy: MatchPolicy) -> Match {
    let mut theirs = candidates.iter().filter_map(|record| {
        let comparison = person.compare(record);
        comparison.is_enough(policy).then_some((record, comparison))
    });
    match (theirs.next(), theirs.next()) {
        (None, _) => Match::Nothing,
        (Some((record, comparison)), None) if !comparison.contradicts_number => Match::One {
            trn: record.trn.clone(),
            level: level(policy),
            agreed: comparison.agreed,
        },
        _ => Match::Unclear,
    }
}

const fn level(policy: MatchPolicy) -> VerificationLevel {
    match policy {
        MatchPolicy::Default => VerificationLevel::Low,
        MatchPolicy::Strict => VerificationLevel::Medium,
    }
}

/// How a person and one record compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// What agrees, in the order of [`Attribute`].
    pub agreed: Vec<Attribute>,
    /// The person stated another TRN than the record's.
    pub contradicts_trn: bool,
    /// The person stated another National Insurance number than the record's.
    pub contradicts_number: bool,
    /// The record has no National Insurance number.
    pub lacks_number: bool,
}

impl Person<'_> {
    /// Compares the person with one record.
    #[must_use]
    pub fn compare(self, record: &TeacherRecord) -> Comparison {
        let details = self.details;
        let stated_number = details.stated_national_insurance_number();
        let recorded_number = record
            .national_insurance_number
            .as_deref()
            .filter(|number| !number.trim().is_empty());
        let same_number = match (stated_number, recorded_number) {
            (Some(stated), Some(recorded)) => Some(stated.agrees_with(recorded)),
            _ => None,
        };
        let same_trn = details.stated_trn().map(|stated| record.has_trn(stated));
        let agreements = [
            (Attribute::Name, self.has_name_of(record)),
            (
                Attribute::DateOfBirth,
                details.date_of_birth.is_some() && details.date_of_birth == record.date_of_birth,
            ),
            (
                Attribute::NationalInsuranceNumber,
                same_number == Some(true),
            ),
            (Attribute::Trn, same_trn == Some(true)),
            (Attribute::Email, self.has_address_of(record)),
        ];
        let agreed = agreements
            .into_iter()
            .filter_map(|(attribute, agrees)| agrees.then_some(attribute));
        Comparison {
            agreed: agreed.collect(),
            contradicts_trn: same_trn == Some(false),
            contradicts_number: same_number == Some(false),
            lacks_number: recorded_number.is_none(),
        }
    }

    /// Whether any of the person's names is any of the record's.
    fn has_name_of(self, record: &TeacherRecord) -> bool {
        let details = self.details;
        let mut stated = details.name.iter().chain(details.former_names());
        stated.any(|stated| {
            let former = record.previous_names.iter();
            let former = former.map(|name| (name.first.as_str(), name.last.as_str()));
            std::iter::once((record.first_name.as_str(), record.last_name.as_str()))
                .chain(former)
                .any(|recorded| same_name(stated, recorded, self.synonyms))
        })
    }

    fn has_address_of(self, record: &TeacherRecord) -> bool {
        let addresses = record.email_addresses.iter();
        addresses
            .filter_map(|address| EmailAddress::parse(address).ok())
            .any(|address| address.lookup() == self.email.lookup())
    }
}

impl Comparison {
    /// Whether the record is the person's by a policy, if no other one is.
    fn is_enough(&self, policy: MatchPolicy) -> bool {
        !self.contradicts_trn
            && match policy {
                MatchPolicy::Default => self.agreed.len() >= ENOUGH,
                MatchPolicy::Strict => self.is_strictly_enough(),
            }
    }

    /// A number that contradicts is enough, too, so that the record is not passed over in silence:
    /// [`evaluate`] leaves it undecided.
    fn is_strictly_enough(&self) -> bool {
        let agrees = |attribute| self.agreed.contains(&attribute);
        let by_number = agrees(Attribute::NationalInsuranceNumber) || self.contradicts_number;
        let by_name = self.lacks_number && agrees(Attribute::Name);
        agrees(Attribute::DateOfBirth) && agrees(Attribute::Trn) && (by_number || by_name)
    }
}
