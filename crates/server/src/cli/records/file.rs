//! A CSV file of teaching records, one a line, as `config/teacher-records.sample.csv` shows it.

use std::io::Read;

use model::teacher_record::RecordName;
use model::{DateOfBirth, TeacherRecord, Trn};
use serde::Deserialize;
use storage::teacher_records::{EmbeddedRecord, RecordStatus};

use crate::cli::csv_file::{self, Unusable};

/// One line, before it is understood. Lists are parted by semicolons, the parts of a previous name
/// (first, middle, last) by vertical bars.
#[derive(Deserialize)]
struct Line {
    trn: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    merged_into: String,
    first_name: String,
    #[serde(default)]
    middle_name: String,
    last_name: String,
    #[serde(default)]
    previous_names: String,
    date_of_birth: String,
    #[serde(default)]
    national_insurance_number: String,
    #[serde(default)]
    email_addresses: String,
}

/// The records of a file, in its order.
pub(super) fn read(file: impl Read) -> impl Iterator<Item = Result<EmbeddedRecord, Unusable>> {
    csv_file::lines(file).map(|read| {
        let (number, line): (u64, Line) = read?;
        line.understand(number)
    })
}

impl Line {
    fn understand(self, line: u64) -> Result<EmbeddedRecord, Unusable> {
        let wrong = |column, shape| Unusable::value(line, column, shape);
        let trn = |text: &str, column| {
            Trn::parse(text).map_err(|_| wrong(column, "a TRN: seven digits, not all zeros"))
        };
        let status = match self.status.as_str() {
            "" | "active" => RecordStatus::Active,
            "deactivated" => RecordStatus::Deactivated,
            "merged" => RecordStatus::MergedInto(trn(&self.merged_into, "merged_into")?),
            _ => return Err(wrong("status", "active, deactivated or merged")),
        };
        let born = self.date_of_birth.as_str();
        let date_of_birth = match DateOfBirth::from_iso(born) {
            None if !born.is_empty() => return Err(wrong("date_of_birth", "like 1990-03-27")),
            date => date,
        };
        let previous_names = items(&self.previous_names).map(|name| {
            previous_name(name).ok_or_else(|| wrong("previous_names", "like First|Middle|Last"))
        });
        Ok(EmbeddedRecord {
            status,
            record: TeacherRecord {
                trn: trn(&self.trn, "trn")?,
                merged_trns: Vec::new(),
                first_name: self.first_name,
                middle_name: self.middle_name,
                last_name: self.last_name,
                previous_names: previous_names.collect::<Result<_, _>>()?,
                date_of_birth,
                national_insurance_number: Some(self.national_insurance_number)
                    .filter(|number| !number.is_empty()),
                email_addresses: items(&self.email_addresses).map(str::to_owned).collect(),
            },
        })
    }
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    let items = list.split(';').map(str::trim);
    items.filter(|item| !item.is_empty())
}

fn previous_name(text: &str) -> Option<RecordName> {
    let parts: Vec<&str> = text.split('|').map(str::trim).collect();
    let [first, middle, last] = parts.as_slice() else {
        return None;
    };
    Some(RecordName {
        first: (*first).to_owned(),
        middle: (*middle).to_owned(),
        last: (*last).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(text: &str) -> Vec<Result<EmbeddedRecord, Unusable>> {
        read(text.as_bytes()).collect()
    }

    const HEAD: &str = "trn,status,merged_into,first_name,last_name,previous_names,date_of_birth,\
                        email_addresses\n";

    #[test]
    fn a_line_is_a_record() {
        let text = format!(
            "{HEAD}1234567,,,Ada,\"Lovell, the younger\",Ada||Bell; Ada|Mary|Tate,1985-06-14,\
             ada@a.example; ada@b.example\n"
        );

        let [one] = records(&text).try_into().unwrap();

        let EmbeddedRecord { record, status } = one.unwrap();
        assert_eq!(status, RecordStatus::Active);
        assert_eq!(record.trn.as_str(), "1234567");
        assert_eq!(record.last_name, "Lovell, the younger");
        assert_eq!(record.previous_names.len(), 2);
        assert_eq!(record.previous_names[1].middle, "Mary");
        assert_eq!(record.date_of_birth, DateOfBirth::from_iso("1985-06-14"));
        assert_eq!(record.national_insurance_number, None);
        assert_eq!(record.email_addresses, ["ada@a.example", "ada@b.example"]);
    }

    #[test]
    fn a_merged_record_says_into_which() {
        let text = format!("{HEAD}1234567,merged,7654321,Ada,Lovell,,,\n");

        let [one] = records(&text).try_into().unwrap();

        let survivor = Trn::parse("7654321").unwrap();
        assert_eq!(one.unwrap().status, RecordStatus::MergedInto(survivor));
    }

    #[test]
    fn a_line_that_cannot_be_used_is_told_by_its_number_and_column_only() {
        for (line, told) in [
            (
                "123456,,,Ada,Lovell,,,",
                "line 3: trn must be a TRN: seven digits, not all zeros",
            ),
            (
                "1234567,gone,,Ada,Lovell,,,",
                "line 3: status must be active, deactivated or merged",
            ),
            (
                "1234567,merged,,Ada,Lovell,,,",
                "line 3: merged_into must be a TRN: seven digits, not all zeros",
            ),
            (
                "1234567,,,Ada,Lovell,,14/06/1985,",
                "line 3: date_of_birth must be like 1990-03-27",
            ),
            (
                "1234567,,,Ada,Lovell,Ada Bell,,",
                "line 3: previous_names must be like First|Middle|Last",
            ),
            (
                "1234567,,,Ada,Lovell",
                "line 3 does not have the columns that it needs, or is not UTF-8",
            ),
        ] {
            let text = format!("{HEAD}7654321,,,Bob,Byron,,,\n{line}\n");

            let read = records(&text);

            assert!(read[0].is_ok());
            assert_eq!(read[1].as_ref().unwrap_err().to_string(), told);
        }
    }

    #[test]
    fn a_file_without_the_columns_that_matter_is_refused() {
        let [one] = records("trn,name\n1234567,Ada\n").try_into().unwrap();

        assert_eq!(one.unwrap_err(), Unusable::Malformed { line: 2 });
    }

    #[test]
    fn the_sample_is_of_more_than_500_people_with_all_peculiarities() {
        let sample = include_str!("../../../../../config/teacher-records.sample.csv");

        let kept: Vec<EmbeddedRecord> = records(sample).into_iter().map(Result::unwrap).collect();

        let count = |is: fn(&EmbeddedRecord) -> bool| kept.iter().filter(|kept| is(kept)).count();
        assert!(count(|kept| kept.status == RecordStatus::Active) >= 500);
        assert!(count(|kept| kept.status == RecordStatus::Deactivated) >= 5);
        assert!(count(|kept| matches!(kept.status, RecordStatus::MergedInto(_))) >= 5);
        assert!(count(|kept| !kept.record.previous_names.is_empty()) >= 50);
        assert!(count(|kept| kept.record.last_name.contains('-')) >= 10);
        assert!(count(|kept| kept.record.last_name.contains('\'')) >= 10);
        assert!(count(|kept| kept.record.national_insurance_number.is_none()) >= 30);
        assert!(count(|kept| kept.record.first_name.is_empty()) >= 1);
        assert!(count(|kept| !kept.record.first_name.is_ascii()) >= 5);
    }
}
