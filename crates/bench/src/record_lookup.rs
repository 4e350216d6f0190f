//! How long it takes to find a person among a million records: the records are asked as the
//! journey asks them, and what they say is matched.

use std::sync::Arc;
use std::time::{Duration, Instant};

use journey::synonyms::Synonyms;
use journey::teacher_records::{RecordQuery, TeacherRecords as _};
use journey::trn_match::{Person, evaluate};
use model::teacher_details::{PreviousNames, Stated};
use model::trn_lookup::MatchPolicy;
use model::{
    DateOfBirth, EmailAddress, Keyring, NamePart, NationalInsuranceNumber, PersonName, SystemClock,
    SystemEntropy, TeacherDetails, Trn,
};
use server::adapters::teacher_records::embedded::EmbeddedRecords;
use storage::{DatabaseUrl, Store, StoreSettings};

use crate::load::percentile;
use crate::report::Report;
use crate::teachers::Teacher;

/// Its name in the report.
pub(crate) const NAME: &str = "record_lookup";

/// Look-ups that the percentiles are of.
const LOOKUPS: u32 = 10_000;

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Imports so many records; how long that took.
///
/// # Errors
///
/// The database cannot be reached or refuses a row.
pub(crate) fn import(url: &str, keyring: &Keyring, records: u32) -> Result<Duration, Fault> {
    let store = open(url)?;
    let begun = Instant::now();
    let records = (0..records).map(|number| {
        let record = Teacher::numbered(number).record();
        record.ok_or_else(|| std::io::Error::other("a teacher's record that is none"))
    });
    storage::teacher_records::import(&store, keyring, &SystemEntropy, records)?;
    Ok(begun.elapsed())
}

/// Looks people up, one after another, and adds the figures.
///
/// # Errors
///
/// The records cannot be asked, or somebody is not found as they should be.
pub(crate) async fn run(
    report: &mut Report,
    name: &str,
    url: &str,
    keyring: &Keyring,
    records: u32,
) -> Result<(), Fault> {
    let port = EmbeddedRecords::new(open(url)?, keyring.clone());
    let synonyms = Synonyms::built_in()?;
    let mut times = Vec::new();
    // The first tenth warms up.
    for lookup in 0..LOOKUPS + LOOKUPS / 10 {
        // A prime step goes through all records in no order that they are kept in.
        let number = u64::from(lookup) * 7_368_787 % u64::from(records);
        let teacher = Teacher::numbered(u32::try_from(number)?);
        let visit = Visit::of(&teacher, lookup).ok_or("a teacher's answer that is none")?;
        let query = RecordQuery::of(&visit.details, &visit.email, MatchPolicy::Default)
            .ok_or("a query without name and date of birth")?;

        let begun = Instant::now();
        let candidates = port.find(&query).await?;
        let person = Person {
            details: &visit.details,
            email: &visit.email,
            synonyms: &synonyms,
        };
        let found = evaluate(person, &candidates, MatchPolicy::Default);
        times.push(begun.elapsed());

        if found.trn() != visit.expected.as_ref() {
            return Err(format!("the wrong record was found for teacher {number}").into());
        }
    }
    let mut times = times.split_off(usize::try_from(LOOKUPS / 10)?);
    times.sort_unstable();
    for percent in [50, 99] {
        let time = percentile(&times, percent).as_secs_f64() * 1e6;
        report.add(&format!("{name}_p{percent}_us"), time, "us");
    }
    Ok(())
}

fn open(url: &str) -> Result<Store, Fault> {
    let settings = StoreSettings::for_url(DatabaseUrl::parse(url)?);
    Ok(Store::open(&settings, Arc::new(SystemClock))?)
}

/// Somebody's answers, and the TRN that they lead to.
struct Visit {
    details: TeacherDetails,
    email: EmailAddress,
    expected: Option<Trn>,
}

impl Visit {
    /// Of four people one gives a National Insurance number, one a TRN, one both but another
    /// name, and one, who has no record, neither. `None` when an answer of theirs is none.
    fn of(teacher: &Teacher, lookup: u32) -> Option<Self> {
        let [day, month, year] = &teacher.born;
        let number = NationalInsuranceNumber::parse(&teacher.national_insurance_number).ok()?;
        let trn = Trn::parse(&teacher.trn).ok()?;
        let (last_name, number, stated_trn) = match lookup % 4 {
            0 => (teacher.last_name.as_str(), Some(number), None),
            1 => (teacher.last_name.as_str(), None, Some(trn.clone())),
            2 => ("Married", Some(number), Some(trn.clone())),
            _ => ("Stranger", None, None),
        };
        let is_known = number.is_some() || stated_trn.is_some();
        let name = PersonName {
            first: NamePart::parse(teacher.first_name).ok(),
            middle: None,
            last: NamePart::parse(last_name).ok()?,
        };
        let details = TeacherDetails {
            name: Some(name),
            previous_names: Some(PreviousNames::Never),
            date_of_birth: DateOfBirth::from_iso(&format!("{year}-{month:0>2}-{day:0>2}")),
            national_insurance_number: Some(number.map_or(Stated::Without, Stated::Value)),
            trn: Some(stated_trn.map_or(Stated::Without, Stated::Value)),
            ..TeacherDetails::default()
        };
        Some(Self {
            details,
            email: EmailAddress::parse(&format!("visitor-{lookup}@bench.example")).ok()?,
            expected: is_known.then_some(trn),
        })
    }
}
