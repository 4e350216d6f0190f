//! Teachers with records: the n-th person who comes to register is the n-th in the table.

use model::{DateOfBirth, TeacherRecord, Trn};
use storage::teacher_records::{EmbeddedRecord, RecordStatus};

/// Most teachers that are different: National Insurance numbers are used up first.
pub(crate) const MOST: u32 = 4_000_000;

/// What somebody answers, and what stands on their record.
pub(crate) struct Teacher {
    pub(crate) first_name: &'static str,
    pub(crate) last_name: String,
    /// Day, month and year, as they are typed.
    pub(crate) born: [String; 3],
    pub(crate) national_insurance_number: String,
    pub(crate) trn: String,
}

/// None is a short form of another.
const FIRST_NAMES: [&str; 20] = [
    "Amara", "Brian", "Chiara", "Dylan", "Esther", "Farid", "Gwen", "Hassan", "Ingrid", "Jerome",
    "Keira", "Liang", "Meera", "Nigel", "Olwen", "Pablo", "Quentin", "Rhona", "Sipho", "Tamsin",
];
const BEGINNINGS: [&str; 20] = [
    "Ash", "Black", "Cold", "Dun", "East", "Fair", "Green", "Hart", "Iron", "Kings", "Lang", "Mar",
    "North", "Oak", "Pen", "Red", "Stan", "Thorn", "West", "Win",
];
const ENDINGS: [&str; 20] = [
    "bourne", "bridge", "bury", "by", "combe", "dale", "den", "field", "ford", "gate", "ham",
    "hurst", "ley", "low", "mere", "more", "stead", "ton", "well", "wood",
];
/// The pairs of letters that HMRC's rule allows and nobody was given.
const NUMBER_PREFIXES: [&str; 4] = ["CR", "MW", "NC", "PP"];

/// So many birth dates, a prime number, so that no two teachers have name and birth date in common.
const BIRTH_DATES: u32 = 14_593;

impl Teacher {
    /// The teacher of that number, which is below [`MOST`].
    pub(crate) fn numbered(number: u32) -> Self {
        let [first, beginning, ending] = [1, 20, 400].map(|unit| number / unit);
        let last_name = format!(
            "{}{}",
            one_of(&BEGINNINGS, beginning),
            one_of(&ENDINGS, ending)
        );
        let date = number % BIRTH_DATES;
        let (day, month, year) = (1 + date % 28, 1 + date / 28 % 12, 1955 + date / 336);
        Self {
            first_name: one_of(&FIRST_NAMES, first),
            last_name,
            born: [day, month, year].map(|part| part.to_string()),
            national_insurance_number: format!(
                "{}{:06}A",
                one_of(&NUMBER_PREFIXES, number / 1_000_000),
                number % 1_000_000
            ),
            trn: (1_000_000 + number).to_string(),
        }
    }

    /// The teacher's record; `None` when a value is none, which a test excludes.
    pub(crate) fn record(&self) -> Option<EmbeddedRecord> {
        let [day, month, year] = &self.born;
        let born = DateOfBirth::from_iso(&format!("{year}-{month:0>2}-{day:0>2}"))?;
        let record = TeacherRecord {
            trn: Trn::parse(&self.trn).ok()?,
            merged_trns: Vec::new(),
            first_name: self.first_name.to_owned(),
            middle_name: String::new(),
            last_name: self.last_name.clone(),
            previous_names: Vec::new(),
            date_of_birth: Some(born),
            national_insurance_number: Some(self.national_insurance_number.clone()),
            email_addresses: vec![format!("teacher-{}@school.example", self.trn)],
        };
        Some(EmbeddedRecord {
            record,
            status: RecordStatus::Active,
        })
    }
}

fn one_of(list: &[&'static str], number: u32) -> &'static str {
    let length = u32::try_from(list.len()).unwrap_or(1);
    let place = usize::try_from(number % length).unwrap_or_default();
    list.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use model::NationalInsuranceNumber;

    use super::*;

    #[test]
    fn teachers_differ_in_all_that_finds_them() {
        let mut people = BTreeSet::new();
        for number in (0..MOST).step_by(997) {
            let teacher = Teacher::numbered(number);
            assert!(teacher.record().is_some(), "{number}");
            let parsed = NationalInsuranceNumber::parse(&teacher.national_insurance_number);
            assert!(parsed.is_ok(), "{number}");
            people.insert((teacher.first_name, teacher.last_name.clone(), teacher.born));
        }

        assert_eq!(people.len(), MOST.div_ceil(997) as usize);
    }
}
