//! Over both databases, with records as they are imported.

use std::convert::Infallible;
use std::sync::Arc;

use model::teacher_record::RecordName;
use model::trn_lookup::MatchPolicy;
use model::{
    DateOfBirth, EmailAddress, ManualClock, NamePart, NationalInsuranceNumber, PersonName, Secret,
    SystemEntropy,
};
use storage::teacher_records;
use storage::testing::{Kind, START, TestDatabase};

use super::*;
use crate::testing::blocking;

fn record(trn: &str, number: Option<&str>, addresses: &[&str]) -> EmbeddedRecord {
    EmbeddedRecord {
        status: RecordStatus::Active,
        record: TeacherRecord {
            trn: Trn::parse(trn).unwrap(),
            merged_trns: Vec::new(),
            first_name: "Ada".to_owned(),
            middle_name: String::new(),
            last_name: "Lovell".to_owned(),
            previous_names: vec![RecordName {
                first: "Ada".to_owned(),
                middle: String::new(),
                last: "Bell-Tate".to_owned(),
            }],
            date_of_birth: DateOfBirth::from_iso("1985-06-14"),
            national_insurance_number: number.map(str::to_owned),
            email_addresses: addresses.iter().map(ToString::to_string).collect(),
        },
    }
}

fn with_status(trn: &str, status: RecordStatus) -> EmbeddedRecord {
    EmbeddedRecord {
        status,
        ..record(trn, Some("MW123401A"), &[])
    }
}

fn merged_into(trn: &str) -> RecordStatus {
    RecordStatus::MergedInto(Trn::parse(trn).unwrap())
}

/// Somebody who has nothing in common with any record.
fn stranger() -> RecordQuery {
    RecordQuery {
        name: PersonName {
            first: NamePart::parse("Grace").ok(),
            middle: None,
            last: NamePart::parse("Hopper").unwrap(),
        },
        previous_names: Vec::new(),
        date_of_birth: DateOfBirth::from_iso("1985-06-14").unwrap(),
        national_insurance_number: None,
        trn: None,
        email: EmailAddress::parse("grace@mail.example").unwrap(),
        policy: MatchPolicy::Default,
    }
}

fn keyring() -> Keyring {
    Keyring::new(&[(1, Secret::new([7; 32]))]).unwrap()
}

async fn on_both(held: &[EmbeddedRecord], test: impl AsyncFn(&EmbeddedRecords)) {
    for kind in Kind::BOTH {
        let database = TestDatabase::create(kind);
        let store = database.open(Arc::new(ManualClock::starting_at(START)));
        let records = held.iter().cloned().map(Ok::<_, Infallible>);
        blocking(|| {
            teacher_records::import(
                &store,
                &keyring(),
                &SystemEntropy,
                records.collect::<Vec<_>>(),
            )
            .unwrap();
        });
        test(&EmbeddedRecords::new(store, keyring())).await;
    }
}

async fn trns(records: &EmbeddedRecords, change: impl FnOnce(&mut RecordQuery)) -> Vec<String> {
    let mut query = stranger();
    change(&mut query);
    let found = TeacherRecords::find(records, &query).await.unwrap();
    found
        .into_iter()
        .map(|record| record.trn.as_str().to_owned())
        .collect()
}

#[actix_web::test]
async fn a_record_is_found_by_each_thing_that_could_agree() {
    let held = [record(
        "3000001",
        Some("mw 12 34 01"),
        &["Ada@mail.example"],
    )];
    on_both(&held, async |records| {
        let by_trn = |query: &mut RecordQuery| query.trn = Trn::parse("3000001").ok();
        let by_number = |query: &mut RecordQuery| {
            query.national_insurance_number = NationalInsuranceNumber::parse("MW123401B").ok();
        };
        let by_address = |query: &mut RecordQuery| {
            query.email = EmailAddress::parse("ada@MAIL.example").unwrap();
        };
        let by_name = |query: &mut RecordQuery| {
            query.name.last = NamePart::parse("LOVELL").unwrap();
        };
        let by_previous_name = |query: &mut RecordQuery| {
            let mut previous = query.name.clone();
            previous.last = NamePart::parse("Bell Tate").unwrap();
            query.previous_names = vec![previous];
        };

        assert_eq!(trns(records, by_trn).await, ["3000001"]);
        assert_eq!(trns(records, by_number).await, ["3000001"]);
        assert_eq!(trns(records, by_address).await, ["3000001"]);
        assert_eq!(trns(records, by_name).await, ["3000001"]);
        assert_eq!(trns(records, by_previous_name).await, ["3000001"]);
        assert_eq!(trns(records, |_| {}).await, [""; 0]);
    })
    .await;
}

#[actix_web::test]
async fn a_last_name_born_on_another_day_is_nobody_to_look_at() {
    on_both(&[record("3000001", None, &[])], async |records| {
        let found = trns(records, |query| {
            query.name.last = NamePart::parse("Lovell").unwrap();
            query.date_of_birth = DateOfBirth::from_iso("1985-06-15").unwrap();
        });

        assert_eq!(found.await, [""; 0]);
    })
    .await;
}

#[actix_web::test]
async fn merged_records_are_followed_and_deactivated_ones_left_out() {
    let held = [
        with_status("1000001", merged_into("1000002")),
        with_status("1000002", merged_into("3000001")),
        with_status("1000003", RecordStatus::Deactivated),
        with_status("1000004", merged_into("1000003")),
        with_status("1000005", merged_into("1000006")),
        with_status("1000006", merged_into("1000005")),
        with_status("1000007", merged_into("1999999")),
        record("3000001", None, &[]),
    ];
    on_both(&held, async |records| {
        let followed = async |asked: &str| {
            let trn = Trn::parse(asked).unwrap();
            let found = records.record(&trn).await.unwrap();
            found.map(|record| record.trn.as_str().to_owned())
        };

        assert_eq!(followed("3000001").await.as_deref(), Some("3000001"));
        assert_eq!(followed("1000001").await.as_deref(), Some("3000001"));
        for gone in ["1000003", "1000004", "1000005", "1000007", "1999999"] {
            assert_eq!(followed(gone).await, None, "{gone}");
        }
        let by_number = trns(records, |query| {
            query.national_insurance_number = NationalInsuranceNumber::parse("MW123401A").ok();
        });
        assert_eq!(by_number.await, ["3000001"]);
    })
    .await;
}

#[actix_web::test]
async fn the_record_that_survived_is_known_by_the_numbers_that_led_to_it() {
    let held = [
        with_status("1000001", merged_into("1000002")),
        with_status("1000002", merged_into("3000001")),
        record("3000001", None, &[]),
    ];
    on_both(&held, async |records| {
        let trn = Trn::parse("1000001").unwrap();

        let survivor = records.record(&trn).await.unwrap().unwrap();

        assert!(survivor.has_trn(&trn));
        assert!(survivor.has_trn(&Trn::parse("1000002").unwrap()));
    })
    .await;
}

#[actix_web::test]
async fn a_database_that_fails_is_unavailable_and_does_not_have_nobody() {
    on_both(&[record("3000001", None, &[])], async |records| {
        let trn = Trn::parse("3000001").unwrap();
        blocking(|| records.store.revert_all().unwrap());

        assert_eq!(records.record(&trn).await, Err(RecordsUnavailable));
    })
    .await;
}
