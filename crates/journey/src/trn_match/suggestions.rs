//! Which records staff should look at for a person who was not found.

use model::trn_lookup::Attribute;
use model::{TeacherRecord, Trn};

use super::Person;

/// A record that staff should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// The record's TRN.
    pub trn: Trn,
    /// What agrees.
    pub agreed: Vec<Attribute>,
    /// The person stated another National Insurance number than the record's.
    pub contradicts_number: bool,
}

/// The candidates with a TRN, a National Insurance number, or name and date of birth in common
/// with the person, likeliest first. What they stated contradicts none of them away: staff see it.
#[must_use]
pub fn suggest(person: Person<'_>, candidates: &[TeacherRecord]) -> Vec<Suggestion> {
    let mut weighed: Vec<(u32, Suggestion)> = candidates
        .iter()
        .map(|record| {
            let comparison = person.compare(record);
            let suggestion = Suggestion {
                trn: record.trn.clone(),
                contradicts_number: comparison.contradicts_number,
                agreed: comparison.agreed,
            };
            (
                suggestion.agreed.iter().map(|one| weight(*one)).sum(),
                suggestion,
            )
        })
        .filter(|(weight, _)| *weight >= WORTH_A_LOOK)
        .collect();
    weighed.sort_by(|(one, _), (other, _)| other.cmp(one));
    weighed
        .into_iter()
        .map(|(_, suggestion)| suggestion)
        .collect()
}

/// What name and date of birth weigh together.
const WORTH_A_LOOK: u32 = 5;

/// How much an attribute says to staff: a number is one person's, an address proves little.
const fn weight(attribute: Attribute) -> u32 {
    match attribute {
        Attribute::Trn => 20,
        Attribute::NationalInsuranceNumber => 10,
        Attribute::Name => 3,
        Attribute::DateOfBirth => 2,
        Attribute::Email => 0,
    }
}
