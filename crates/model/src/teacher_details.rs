//! What a person said about themselves.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::date_of_birth::DateOfBirth;
use crate::name::{NamePart, PersonName};
use crate::national_insurance_number::NationalInsuranceNumber;
use crate::trn::Trn;

/// What a person answered on the details pages; `None` where they were not asked yet.
///
/// Stored sealed, as JSON. Prints hidden.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TeacherDetails {
    /// Their name, as on official documents.
    pub name: Option<PersonName>,
    /// What they were called before.
    pub previous_names: Option<PreviousNames>,
    /// What they like to be called.
    pub preferred_name: Option<NamePart>,
    /// When they were born.
    pub date_of_birth: Option<DateOfBirth>,
    /// Their National Insurance number.
    pub national_insurance_number: Option<Stated<NationalInsuranceNumber>>,
    /// Their teacher reference number.
    pub trn: Option<Stated<Trn>>,
    /// Whether they have qualified teacher status.
    pub qts: Option<Qts>,
}

/// Whether somebody ever had another name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PreviousNames {
    /// They never had.
    Never,
    /// They do not want to say.
    PreferNotToSay,
    /// These, in the order they gave them.
    Names(Vec<PersonName>),
}

/// The answer to a question that can be answered without a value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stated<T> {
    /// They have none, do not know it, or went on without it.
    Without,
    /// This.
    Value(T),
}

/// Whether somebody has qualified teacher status.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Qts {
    /// They have not.
    No,
    /// They have.
    Yes {
        /// Which university, SCITT or school awarded it; without one when another way led there,
        /// `None` while they have not been asked.
        provider: Option<Stated<Provider>>,
    },
}

/// A training provider.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provider {
    /// Its UK provider reference number, 8 digits; `None` when its name was typed freely.
    pub ukprn: Option<String>,
    /// Its name.
    pub name: String,
}

impl TeacherDetails {
    /// The National Insurance number, if they gave one.
    #[must_use]
    pub fn stated_national_insurance_number(&self) -> Option<&NationalInsuranceNumber> {
        self.national_insurance_number.as_ref()?.value()
    }

    /// The TRN, if they gave one.
    #[must_use]
    pub fn stated_trn(&self) -> Option<&Trn> {
        self.trn.as_ref()?.value()
    }

    /// The names they had before, if they gave any.
    #[must_use]
    pub fn former_names(&self) -> &[PersonName] {
        match &self.previous_names {
            Some(PreviousNames::Names(names)) => names,
            _ => &[],
        }
    }

    /// Whether they say that they have a TRN or qualified teacher status, so that finding no
    /// record of theirs is something to look into.
    #[must_use]
    pub fn claims_a_record(&self) -> bool {
        self.stated_trn().is_some() || matches!(self.qts, Some(Qts::Yes { .. }))
    }
}

impl<T> Stated<T> {
    /// The value, if there is one.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Without => None,
            Self::Value(value) => Some(value),
        }
    }
}

/// Prints the name of a type and none of its values.
macro_rules! hidden {
    ($($shown:ident $(<$parameter:ident>)?),+) => {$(
        impl$(<$parameter>)? fmt::Debug for $shown$(<$parameter>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($shown), "(..)"))
            }
        }
    )+};
}

hidden!(TeacherDetails, PreviousNames, Stated<T>, Qts, Provider);

#[cfg(test)]
mod tests {
    use super::*;

    fn part(typed: &str) -> NamePart {
        NamePart::parse(typed).unwrap()
    }

    fn whole() -> TeacherDetails {
        let name = PersonName {
            first: Some(part("Ada")),
            middle: None,
            last: part("Lovelace"),
        };
        TeacherDetails {
            previous_names: Some(PreviousNames::Names(vec![name.clone()])),
            name: Some(name),
            preferred_name: Some(part("Ada")),
            date_of_birth: DateOfBirth::from_iso("1990-03-27"),
            national_insurance_number: NationalInsuranceNumber::parse("AB123456C")
                .ok()
                .map(Stated::Value),
            trn: Some(Stated::Without),
            qts: Some(Qts::Yes {
                provider: Some(Stated::Value(Provider {
                    ukprn: Some("10000001".to_owned()),
                    name: "University of Hill".to_owned(),
                })),
            }),
        }
    }

    #[test]
    fn details_read_back_as_they_were_stored() {
        let not_asked = |provider| TeacherDetails {
            qts: Some(Qts::Yes { provider }),
            ..TeacherDetails::default()
        };

        for details in [
            TeacherDetails::default(),
            whole(),
            not_asked(None),
            not_asked(Some(Stated::Without)),
        ] {
            let json = serde_json::to_string(&details).unwrap();

            assert_eq!(
                serde_json::from_str::<TeacherDetails>(&json).unwrap(),
                details
            );
        }
    }

    #[test]
    fn details_do_not_print() {
        assert_eq!(format!("{:?}", whole()), "TeacherDetails(..)");
        assert_eq!(format!("{:?}", whole().trn), "Some(Stated(..))");
        assert_eq!(format!("{:?}", whole().qts), "Some(Qts(..))");
    }

    #[test]
    fn a_trn_or_qts_is_a_claim_to_have_a_record() {
        let nothing = TeacherDetails::default();
        let with = |change: fn(&mut TeacherDetails)| {
            let mut details = TeacherDetails::default();
            change(&mut details);
            details.claims_a_record()
        };

        assert!(!nothing.claims_a_record());
        assert!(!with(|d| d.trn = Some(Stated::Without)));
        assert!(!with(|d| d.qts = Some(Qts::No)));
        assert!(with(|d| d.qts = Some(Qts::Yes { provider: None })));
        assert!(with(
            |d| d.trn = Trn::parse("1234567").ok().map(Stated::Value)
        ));
    }
}
