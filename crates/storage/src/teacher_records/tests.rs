use std::convert::Infallible;

use diesel::sql_types::BigInt;
use model::teacher_record::RecordName;
use model::{Secret, SystemEntropy};

use super::*;
use crate::samples::{DAY, write};
use crate::testing::on_both_databases;
use crate::unit_of_work::Store;

fn keyring(ids: &[u8]) -> Keyring {
    let keys: Vec<_> = ids.iter().map(|id| (*id, Secret::new([*id; 32]))).collect();
    Keyring::new(&keys).unwrap()
}

fn trn(digits: &str) -> Trn {
    Trn::parse(digits).unwrap()
}

/// An active record with nothing on it but number and last name.
fn record(number: &str, last_name: &str) -> EmbeddedRecord {
    EmbeddedRecord {
        record: TeacherRecord {
            trn: trn(number),
            first_name: "Ada".to_owned(),
            middle_name: String::new(),
            last_name: last_name.to_owned(),
            previous_names: Vec::new(),
            date_of_birth: None,
            national_insurance_number: None,
            email_addresses: Vec::new(),
            merged_trns: Vec::new(),
        },
        status: RecordStatus::Active,
    }
}

/// A record that every kind of key finds.
fn whole() -> EmbeddedRecord {
    let mut whole = record("1234567", "Lovelace");
    whole.record.date_of_birth = DateOfBirth::from_iso("1990-03-27");
    whole.record.national_insurance_number = Some("ab 12 34 56".to_owned());
    whole.record.email_addresses = vec!["Ada@Example.test".to_owned(), "not one".to_owned()];
    whole.record.previous_names = vec![RecordName {
        first: "Ada".to_owned(),
        middle: String::new(),
        last: "Byron".to_owned(),
    }];
    whole
}

fn imported(store: &Store, records: &[EmbeddedRecord]) -> u64 {
    imported_under(store, &[1], records)
}

fn imported_under(store: &Store, keys: &[u8], records: &[EmbeddedRecord]) -> u64 {
    let records = records.iter().cloned().map(Ok::<_, Infallible>);
    import(store, &keyring(keys), &SystemEntropy, records).unwrap()
}

fn found_under(store: &Store, ids: &'static [u8], keys: Vec<Key>) -> Vec<EmbeddedRecord> {
    write(store, move |tx| find(tx, &keyring(ids), &keys))
}

fn found(store: &Store, keys: Vec<Key>) -> Vec<EmbeddedRecord> {
    found_under(store, &[1], keys)
}

fn by_trn(number: &str) -> Vec<Key> {
    vec![Key::Trn(trn(number))]
}

fn person(last_name: &str, born: &str) -> Key {
    Key::Person {
        last_name: last_name.to_owned(),
        date_of_birth: DateOfBirth::from_iso(born).unwrap(),
    }
}

fn number(typed: &str) -> Key {
    Key::NationalInsuranceNumber(NationalInsuranceNumber::parse(typed).unwrap())
}

fn address(typed: &str) -> Key {
    Key::EmailAddress(EmailAddress::parse(typed).unwrap())
}

/// How many rows the three tables have.
fn rows(store: &Store) -> [i64; 3] {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    [
        "teacher_record_imports",
        "teacher_records",
        "teacher_record_keys",
    ]
    .map(|table| {
        let statement = format!("SELECT count(*) AS count FROM {table}");
        write(store, |tx| {
            let counted: Count = on_either!(tx, connection => diesel::sql_query(statement)
                .get_result(connection))?;
            Ok(counted.count)
        })
    })
}

#[test]
fn a_record_is_found_by_each_of_its_keys_and_reads_back_whole() {
    on_both_databases(|store, _| {
        assert_eq!(imported(store, &[record("7654321", "Smith"), whole()]), 2);

        for key in [
            Key::Trn(trn("1234567")),
            number("AB123456C"),
            number("AB123456D"),
            address("ada@example.TEST"),
            person("LOVELACE", "1990-03-27"),
            person("Byron", "1990-03-27"),
        ] {
            assert_eq!(found(store, vec![key.clone()]), [whole()], "{key:?}");
        }
        for key in [
            Key::Trn(trn("1234568")),
            number("AB123457C"),
            address("bob@example.test"),
            person("Lovelace", "1990-03-28"),
            person("Smith", "1990-03-27"),
        ] {
            assert_eq!(found(store, vec![key.clone()]), [], "{key:?}");
        }
        assert_eq!(found(store, Vec::new()), []);
        assert_eq!(write(store, count), 2);
    });
}

#[test]
fn a_record_that_several_keys_find_is_found_once_and_in_order() {
    on_both_databases(|store, _| {
        imported(store, &[record("7654321", "Smith"), whole()]);

        let keys = vec![
            number("AB123456C"),
            Key::Trn(trn("1234567")),
            Key::Trn(trn("7654321")),
        ];

        assert_eq!(found(store, keys), [record("7654321", "Smith"), whole()]);
    });
}

#[test]
fn closed_records_say_so() {
    on_both_databases(|store, _| {
        let merged = EmbeddedRecord {
            status: RecordStatus::MergedInto(trn("1234567")),
            ..record("7654321", "Smith")
        };
        let deactivated = EmbeddedRecord {
            status: RecordStatus::Deactivated,
            ..record("7654322", "Smith")
        };

        imported(store, &[merged.clone(), deactivated.clone()]);

        assert_eq!(found(store, by_trn("7654321")), [merged]);
        assert_eq!(found(store, by_trn("7654322")), [deactivated]);
    });
}

#[test]
fn an_import_replaces_all_that_was_there() {
    on_both_databases(|store, clock| {
        imported(store, &[whole(), record("7654321", "Smith")]);
        // The next may begin within the same millisecond.
        imported(store, &[record("7654321", "Jones")]);
        clock.advance(DAY);

        imported(store, &[record("7654321", "Brown")]);

        assert_eq!(found(store, by_trn("1234567")), []);
        assert_eq!(
            found(store, by_trn("7654321")),
            [record("7654321", "Brown")]
        );
        assert_eq!(rows(store), [1, 1, 1]);
    });
}

#[test]
fn more_records_than_a_batch_are_all_found() {
    on_both_databases(|store, _| {
        let records: Vec<EmbeddedRecord> = (1_000_000..1_002_100)
            .map(|number| record(&number.to_string(), "Smith"))
            .collect();

        assert_eq!(imported(store, &records), 2_100);

        for number in ["1000000", "1001999", "1002000", "1002099"] {
            assert_eq!(found(store, by_trn(number)), [record(number, "Smith")]);
        }
        imported(store, &[whole()]);
        assert_eq!(rows(store), [1, 1, 5]);
    });
}

#[test]
fn an_import_that_cannot_be_read_to_its_end_changes_nothing() {
    on_both_databases(|store, clock| {
        imported(store, &[whole()]);
        clock.advance(DAY);

        let broken = [Ok(record("7654321", "Smith")), Err("line 2")];
        let ended = import(store, &keyring(&[1]), &SystemEntropy, broken);

        assert!(matches!(ended, Err(ImportError::Source("line 2"))));
        assert_eq!(found(store, by_trn("1234567")), [whole()]);
        assert_eq!(found(store, by_trn("7654321")), []);
    });
}

#[test]
fn of_two_imports_the_one_that_began_later_counts() {
    on_both_databases(|store, clock| {
        let slow = std::iter::once_with(|| {
            clock.advance(DAY);
            imported(store, &[record("1234567", "Later")]);
            Ok::<_, Infallible>(record("1234567", "Earlier"))
        });

        let ended = import(store, &keyring(&[1]), &SystemEntropy, slow);

        assert!(matches!(ended, Err(ImportError::Overtaken)));
        assert_eq!(
            found(store, by_trn("1234567")),
            [record("1234567", "Later")]
        );
        imported(store, &[whole()]);
        assert_eq!(rows(store), [1, 1, 5]);
    });
}

#[test]
fn records_can_be_found_after_a_key_change_and_without_the_earlier_key_once_rewrapped() {
    on_both_databases(|store, _| {
        imported(store, &[whole(), record("7654321", "Smith")]);
        assert_eq!(found_under(store, &[2, 1], by_trn("1234567")), [whole()]);
        assert_eq!(found_under(store, &[2], by_trn("1234567")), []);

        let rewrapped = |ids: &[u8]| rewrap(store, &keyring(ids), &SystemEntropy).unwrap();
        assert_eq!(rewrapped(&[1]), 0);
        assert_eq!(rewrapped(&[2, 1]), 2);
        assert_eq!(rewrapped(&[2, 1]), 0);

        for key in [
            Key::Trn(trn("1234567")),
            number("AB123456C"),
            address("ada@example.test"),
            person("Byron", "1990-03-27"),
        ] {
            assert_eq!(found_under(store, &[2], vec![key]), [whole()]);
        }
        assert_eq!(rows(store), [1, 2, 6]);
    });
}

#[test]
fn records_are_not_opened_with_a_key_that_is_gone() {
    on_both_databases(|store, _| {
        imported(store, &[whole()]);

        let ended = rewrap(store, &keyring(&[2]), &SystemEntropy);

        assert!(matches!(
            ended,
            Err(ImportError::Source(StorageError::Corrupt(_)))
        ));
        assert_eq!(found(store, by_trn("1234567")), [whole()]);
    });
}

#[test]
fn nothing_of_a_record_is_readable_in_the_tables() {
    on_both_databases(|store, _| {
        imported(store, &[whole()]);

        let sealed: Vec<u8> = write(store, |tx| {
            Ok(on_either!(tx, connection => teacher_records::table
                .select(teacher_records::sealed)
                .first(connection))?)
        });

        let text = String::from_utf8_lossy(&sealed).into_owned();
        for value in ["1234567", "Lovelace", "1990", "12 34 56", "Example"] {
            assert!(!text.contains(value), "{value}");
        }
    });
}
