use model::name::{NamePart, PersonName};
use model::national_insurance_number::NationalInsuranceNumber;
use model::teacher_details::{PreviousNames, Qts, Stated};
use model::teacher_record::RecordName;

use super::*;
use Attribute::{DateOfBirth, Email, Name, NationalInsuranceNumber as Number, Trn as TrnAttribute};

const BORN: &str = "1985-06-14";
const NUMBER: &str = "MW123456A";
const TRN: &str = "1234567";
const EMAIL: &str = "ada@example.test";

fn date(iso: &str) -> Option<model::date_of_birth::DateOfBirth> {
    model::date_of_birth::DateOfBirth::from_iso(iso)
}

fn person_name(first: &str, last: &str) -> PersonName {
    PersonName {
        first: NamePart::parse(first).ok(),
        middle: None,
        last: NamePart::parse(last).unwrap(),
    }
}

fn number(text: &str) -> Option<Stated<NationalInsuranceNumber>> {
    NationalInsuranceNumber::parse(text).ok().map(Stated::Value)
}

fn trn(text: &str) -> Option<Stated<Trn>> {
    Trn::parse(text).ok().map(Stated::Value)
}

/// Ada Lovelace, who said everything.
fn ada() -> TeacherDetails {
    TeacherDetails {
        name: Some(person_name("Ada", "Lovelace")),
        previous_names: Some(PreviousNames::Never),
        date_of_birth: date(BORN),
        national_insurance_number: number(NUMBER),
        trn: trn(TRN),
        ..TeacherDetails::default()
    }
}

/// Ada Lovelace's record, on which everything agrees.
fn record() -> TeacherRecord {
    TeacherRecord {
        trn: Trn::parse(TRN).unwrap(),
        merged_trns: Vec::new(),
        first_name: "Ada".to_owned(),
        middle_name: String::new(),
        last_name: "Lovelace".to_owned(),
        previous_names: Vec::new(),
        date_of_birth: date(BORN),
        national_insurance_number: Some(NUMBER.to_owned()),
        email_addresses: vec![EMAIL.to_owned()],
    }
}

fn record_with(change: impl FnOnce(&mut TeacherRecord)) -> TeacherRecord {
    let mut record = record();
    change(&mut record);
    record
}

fn ada_with(change: impl FnOnce(&mut TeacherDetails)) -> TeacherDetails {
    let mut details = ada();
    change(&mut details);
    details
}

fn compared(details: &TeacherDetails, record: &TeacherRecord) -> Comparison {
    with_person(details, |person| person.compare(record))
}

fn found(details: &TeacherDetails, records: &[TeacherRecord], policy: MatchPolicy) -> Match {
    with_person(details, |person| evaluate(person, records, policy))
}

fn with_person<T>(details: &TeacherDetails, work: impl FnOnce(Person<'_>) -> T) -> T {
    let email = EmailAddress::parse("Ada@Example.test").unwrap();
    let synonyms = Synonyms::parse("elizabeth,liz\nalexander,alex\nalexandra,alex\n").unwrap();
    work(Person {
        details,
        email: &email,
        synonyms: &synonyms,
    })
}

/// Who gives only these attributes; all of them are the record's.
fn saying_only(attributes: &[Attribute]) -> (TeacherDetails, TeacherRecord) {
    let says = |attribute| attributes.contains(&attribute);
    let other = person_name("Grace", "Hopper");
    let details = TeacherDetails {
        name: Some(ada().name.filter(|_| says(Name)).unwrap_or(other)),
        date_of_birth: date(if says(DateOfBirth) {
            BORN
        } else {
            "1990-01-01"
        }),
        national_insurance_number: ada().national_insurance_number.filter(|_| says(Number)),
        trn: ada().trn.filter(|_| says(TrnAttribute)),
        ..TeacherDetails::default()
    };
    let record = record_with(|record| {
        if !says(Email) {
            record.email_addresses.clear();
        }
    });
    (details, record)
}

#[test]
fn by_default_any_three_of_five_attributes_are_enough_and_no_two_are() {
    let all = [Name, DateOfBirth, Number, TrnAttribute, Email];

    for chosen in 0_u32..32 {
        let attributes: Vec<Attribute> = all
            .into_iter()
            .enumerate()
            .filter_map(|(bit, attribute)| (chosen & (1 << bit) != 0).then_some(attribute))
            .collect();
        let (details, record) = saying_only(&attributes);

        let found = found(&details, &[record], MatchPolicy::Default);

        let expected = if attributes.len() >= 3 {
            Match::One {
                trn: Trn::parse(TRN).unwrap(),
                level: VerificationLevel::Low,
                agreed: attributes.clone(),
            }
        } else {
            Match::Nothing
        };
        assert_eq!(found, expected, "{attributes:?}");
    }
}

#[test]
fn a_name_counts_once_however_often_it_agrees() {
    let details = TeacherDetails {
        previous_names: Some(PreviousNames::Names(vec![
            person_name("Ada", "Byron"),
            person_name("Ada", "King"),
        ])),
        name: ada().name,
        date_of_birth: date(BORN),
        ..TeacherDetails::default()
    };
    let record = record_with(|record| {
        record.email_addresses.clear();
        record.previous_names = ["Byron", "King"]
            .map(|last| RecordName {
                first: "Ada".to_owned(),
                middle: String::new(),
                last: last.to_owned(),
            })
            .into();
    });

    assert_eq!(compared(&details, &record).agreed, [Name, DateOfBirth]);
    assert_eq!(
        found(&details, &[record], MatchPolicy::Default),
        Match::Nothing
    );
}

#[test]
fn names_agree_however_they_are_written() {
    for ((first, last), (recorded_first, recorded_last)) in [
        (("Ada", "Lovelace"), ("ADA", "LOVELACE")),
        (("Mary-Jane", "Smith-Jones"), ("Mary Jane", "Smith Jones")),
        (("Mary Jane", "Smith"), ("Mary", "Smith")),
        (("Mary", "Smith"), ("Mary Jane", "Smith")),
        (("Liz", "Smith"), ("Elizabeth", "Smith")),
        (("Elizabeth Anne", "Smith"), ("Liz", "Smith")),
        (("Alex", "Smith"), ("Alexandra", "Smith")),
        (("Niamh", "O\u{2019}Neill"), ("Niamh", "O'NEILL")),
        (("Sea\u{301}n", "Smith"), ("Se\u{e1}n", "Smith")),
        (("Zo\u{eb}", "Smi\u{200b}th"), ("ZO\u{cb}", "Smith")),
        (("", "Sukarno"), ("", "Sukarno")),
        (("", "Sukarno"), ("Sukarno", "")),
        (("", "Sukarno"), (".", "Sukarno")),
        (("", "Sukarno"), ("Sukarno", "-")),
        (("", "Sukarno"), ("Sukarno", "Sukarno")),
        (("Sukarno", "Sukarno"), ("", "Sukarno")),
        (("Sukarno", "."), ("Sukarno", "")),
    ] {
        let details = ada_with(|details| details.name = Some(person_name(first, last)));
        let record = record_with(|record| {
            record.first_name = recorded_first.to_owned();
            record.last_name = recorded_last.to_owned();
        });

        let agreed = compared(&details, &record).agreed;

        assert!(
            agreed.contains(&Name),
            "{first} {last} / {recorded_first} {recorded_last}"
        );
    }
}

#[test]
fn other_names_do_not_agree() {
    for ((first, last), (recorded_first, recorded_last)) in [
        (("Ada", "Lovelace"), ("Ada", "Byron")),
        (("Ada", "Lovelace"), ("Augusta", "Lovelace")),
        (("Alexander", "Smith"), ("Alexandra", "Smith")),
        (("Ada", "Liz"), ("Ada", "Elizabeth")),
        (("Ada", "Smith-Jones"), ("Ada", "Jones")),
        (("Ada", "ONeill"), ("Ada", "O'Neill")),
        (("Sean", "Smith"), ("Se\u{e1}n", "Smith")),
        (("Lovelace", "Ada"), ("Ada", "Lovelace")),
        (("", "Lovelace"), ("Ada", "Lovelace")),
        (("Ada", "Lovelace"), ("", "Lovelace")),
        (("", "."), ("", "")),
    ] {
        let details = ada_with(|details| details.name = Some(person_name(first, last)));
        let record = record_with(|record| {
            record.first_name = recorded_first.to_owned();
            record.last_name = recorded_last.to_owned();
        });

        let agreed = compared(&details, &record).agreed;

        assert!(
            !agreed.contains(&Name),
            "{first} {last} / {recorded_first} {recorded_last}"
        );
    }
}

#[test]
fn a_former_name_agrees_on_either_side() {
    let formerly = ada_with(|details| {
        details.name = Some(person_name("Ada", "King"));
        details.previous_names = Some(PreviousNames::Names(vec![person_name("Ada", "Lovelace")]));
    });
    let renamed = record_with(|record| {
        record.last_name = "King".to_owned();
        record.previous_names = vec![RecordName {
            first: "Ada".to_owned(),
            middle: String::new(),
            last: "Lovelace".to_owned(),
        }];
    });
    let once = record_with(|record| {
        record.first_name = "Augusta".to_owned();
        record.last_name = "Noel".to_owned();
        record.previous_names.clone_from(&renamed.previous_names);
    });

    assert!(compared(&formerly, &record()).agreed.contains(&Name));
    assert!(compared(&ada(), &renamed).agreed.contains(&Name));
    assert!(compared(&formerly, &once).agreed.contains(&Name));
    assert!(
        !compared(&ada_with(|ada| ada.name = formerly.name.clone()), &once)
            .agreed
            .contains(&Name)
    );
}

#[test]
fn a_record_without_the_suffix_of_a_number_agrees() {
    for (recorded, agrees) in [
        (NUMBER, true),
        ("mw 12 34 56 a", true),
        ("MW123456", true),
        ("MW123456B", false),
        ("MW123457A", false),
        ("99A12345", false),
    ] {
        let record = record_with(|record| {
            record.national_insurance_number = Some(recorded.to_owned());
        });

        let comparison = compared(&ada(), &record);

        assert_eq!(comparison.agreed.contains(&Number), agrees, "{recorded}");
        assert_eq!(comparison.contradicts_number, !agrees, "{recorded}");
    }
}

#[test]
fn an_address_agrees_whatever_its_case_and_place() {
    let record_of = |addresses: &[&str]| {
        record_with(|record| {
            record.email_addresses = addresses.iter().map(ToString::to_string).collect();
        })
    };

    for addresses in [
        &["ADA@EXAMPLE.TEST"][..],
        &["old@example.test", " ada@example.test"],
    ] {
        assert!(
            compared(&ada(), &record_of(addresses))
                .agreed
                .contains(&Email)
        );
    }
    for addresses in [&[][..], &["", "no address"], &["ada@example.com"]] {
        assert!(
            !compared(&ada(), &record_of(addresses))
                .agreed
                .contains(&Email)
        );
    }
}

#[test]
fn two_records_that_agree_are_undecided() {
    let twin = record_with(|record| record.trn = Trn::parse("7654321").unwrap());
    let says_no_trn = ada_with(|details| details.trn = Some(Stated::Without));

    let found = found(&says_no_trn, &[record(), twin], MatchPolicy::Default);

    assert_eq!(found, Match::Unclear);
}

#[test]
fn records_that_do_not_agree_enough_do_not_make_a_match_undecided() {
    let namesake = record_with(|record| {
        record.trn = Trn::parse("7654321").unwrap();
        record.national_insurance_number = None;
        record.email_addresses.clear();
    });

    let found = found(&ada(), &[namesake, record()], MatchPolicy::Default);

    assert_eq!(found.trn().map(Trn::as_str), Some(TRN));
}

#[test]
fn a_stated_trn_leaves_out_every_other_record() {
    let other = ada_with(|details| details.trn = trn("7654321"));
    let twin = record_with(|record| record.trn = Trn::parse("7654321").unwrap());

    for policy in [MatchPolicy::Default, MatchPolicy::Strict] {
        assert_eq!(found(&other, &[record()], policy), Match::Nothing);
        let found = found(&other, &[record(), twin.clone()], policy);
        assert_eq!(found.trn().map(Trn::as_str), Some("7654321"));
    }
}

#[test]
fn the_stated_trn_of_a_merged_record_agrees_with_the_one_that_survived() {
    let before = ada_with(|details| details.trn = trn("7654321"));
    let survivor = record_with(|record| record.merged_trns = vec![Trn::parse("7654321").unwrap()]);

    for policy in [MatchPolicy::Default, MatchPolicy::Strict] {
        let found = found(&before, std::slice::from_ref(&survivor), policy);

        assert_eq!(found.trn().map(Trn::as_str), Some(TRN));
    }
}

#[test]
fn a_stated_number_that_is_not_the_records_leaves_the_match_undecided() {
    let other = ada_with(|details| details.national_insurance_number = number("MW999999A"));

    for policy in [MatchPolicy::Default, MatchPolicy::Strict] {
        assert_eq!(
            found(&other, &[record()], policy),
            Match::Unclear,
            "{policy:?}"
        );
    }
}

#[test]
fn a_stated_number_contradicts_no_record_that_has_none() {
    for missing in [None, Some(String::new()), Some(" ".to_owned())] {
        let record = record_with(|record| record.national_insurance_number = missing);

        let found = found(&ada(), &[record], MatchPolicy::Default);

        assert_eq!(found.trn().map(Trn::as_str), Some(TRN));
    }
}

#[test]
fn the_strict_policy_wants_date_of_birth_trn_and_number() {
    let medium = |agreed: &[Attribute]| Match::One {
        trn: Trn::parse(TRN).unwrap(),
        level: VerificationLevel::Medium,
        agreed: agreed.to_vec(),
    };
    let strict = |details: &TeacherDetails, record: TeacherRecord| {
        found(details, &[record], MatchPolicy::Strict)
    };
    let renamed = ada_with(|details| details.name = Some(person_name("Grace", "Hopper")));
    let without_number = record_with(|record| record.national_insurance_number = None);
    let without_address = |mut record: TeacherRecord| {
        record.email_addresses.clear();
        record
    };

    assert_eq!(
        strict(&renamed, without_address(record())),
        medium(&[DateOfBirth, Number, TrnAttribute])
    );
    assert_eq!(
        strict(&ada(), without_address(without_number.clone())),
        medium(&[Name, DateOfBirth, TrnAttribute])
    );
    assert_eq!(strict(&renamed, without_number.clone()), Match::Nothing);
    for lacking in [
        ada_with(|details| details.trn = Some(Stated::Without)),
        ada_with(|details| details.trn = None),
        ada_with(|details| details.national_insurance_number = Some(Stated::Without)),
        ada_with(|details| details.date_of_birth = date("1985-06-15")),
    ] {
        assert_eq!(strict(&lacking, record()), Match::Nothing);
    }
    let without_both =
        ada_with(|details| details.national_insurance_number = Some(Stated::Without));
    assert_eq!(
        strict(&without_both, without_address(without_number)),
        medium(&[Name, DateOfBirth, TrnAttribute])
    );
}

#[test]
fn a_record_without_a_date_of_birth_agrees_on_none() {
    let record = record_with(|record| record.date_of_birth = None);
    let unasked = ada_with(|details| details.date_of_birth = None);

    assert!(!compared(&ada(), &record).agreed.contains(&DateOfBirth));
    assert!(!compared(&unasked, &record).agreed.contains(&DateOfBirth));
}

#[test]
fn who_claims_a_trn_or_qts_and_is_not_found_waits_and_who_does_not_has_none() {
    use TrnLookupStatus::{Found, None as NoRecord, Pending};
    let claims_nothing = ada_with(|details| details.trn = Some(Stated::Without));
    let claims_qts = ada_with(|details| {
        details.trn = Some(Stated::Without);
        details.qts = Some(Qts::Yes { provider: None });
    });
    let denies_qts = ada_with(|details| {
        details.trn = Some(Stated::Without);
        details.qts = Some(Qts::No);
    });
    let one = Match::One {
        trn: Trn::parse(TRN).unwrap(),
        level: VerificationLevel::Low,
        agreed: vec![Name, DateOfBirth, Email],
    };

    for (found, details, status) in [
        (&Match::Nothing, &ada(), Pending),
        (&Match::Nothing, &claims_qts, Pending),
        (&Match::Nothing, &claims_nothing, NoRecord),
        (&Match::Nothing, &denies_qts, NoRecord),
        (&Match::Unavailable, &ada(), Pending),
        (&Match::Unavailable, &claims_qts, Pending),
        (&Match::Unavailable, &claims_nothing, NoRecord),
        (&Match::NotAsked, &claims_qts, Pending),
        (&Match::NotAsked, &claims_nothing, NoRecord),
        (&Match::Unclear, &claims_nothing, Pending),
        (&one, &claims_nothing, Found),
    ] {
        let outcome = found.outcome(details, MatchPolicy::Default);

        assert_eq!(outcome.status, status, "{found:?}");
        let was_not_answered = [Match::Unavailable, Match::NotAsked].contains(found);
        assert_eq!(outcome.is_unavailable, was_not_answered);
        assert_eq!(outcome.trn.is_some(), status == Found);
        assert_eq!(outcome.level.is_some(), status == Found);
        assert_eq!(outcome.policy_version, POLICY_VERSION);
        assert_eq!(outcome.source, LookupSource::Lookup);
    }
    assert_eq!(
        one.outcome(&ada(), MatchPolicy::Default).agreed,
        [Name, DateOfBirth, Email]
    );
}

#[test]
fn a_match_reads_back_and_does_not_print_its_trn() {
    let found = found(&ada(), &[record()], MatchPolicy::Strict);

    let json = serde_json::to_string(&found).unwrap();

    assert_eq!(serde_json::from_str::<Match>(&json).unwrap(), found);
    assert!(!format!("{found:?}").contains(TRN));
}

#[test]
fn staff_see_the_likeliest_record_first_and_none_that_only_shares_an_address() {
    let numbered = |trn: &str, change: fn(&mut TeacherRecord)| {
        let mut record = record_with(change);
        record.trn = Trn::parse(trn).unwrap();
        record
    };
    let details = ada_with(|details| details.national_insurance_number = number("MW999999A"));
    let records = [
        numbered("7000001", |record| record.first_name = "Grace".to_owned()),
        numbered("7000002", |_| {}),
        numbered("7000003", |record| {
            record.national_insurance_number = Some("MW999999".to_owned());
            record.last_name = "Hopper".to_owned();
            record.date_of_birth = None;
        }),
        record(),
    ];

    let suggested = with_person(&details, |person| suggest(person, &records));

    let trns: Vec<&str> = suggested.iter().map(|one| one.trn.as_str()).collect();
    assert_eq!(trns, [TRN, "7000003", "7000002"]);
    assert_eq!(
        suggested[0].agreed,
        [Name, DateOfBirth, TrnAttribute, Email]
    );
    assert!(suggested[0].contradicts_number);
    assert!(!suggested[1].contradicts_number);
}
