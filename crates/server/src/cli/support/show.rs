//! All that staff need to settle a task, unsealed.

use std::io::Write as _;

use journey::Journey;
use journey::lookup::suggestions;
use journey::support::{Case, Reference, Task, find};
use journey::trn_match::Suggestion;
use model::teacher_details::{PreviousNames, Qts, Stated};
use model::trn::Trn;
use model::trn_lookup::Attribute;
use model::{PersonName, TeacherDetails};

use crate::cli::CommandError;
use crate::cli::output::{date, table};

pub(super) fn show(journey: &Journey, reference: &Reference) -> Result<(), CommandError> {
    let task = task(journey, reference)?;
    let mut out = std::io::stdout();
    table(&mut out, &rows(&task))?;
    if let Case::TrnLookup { details } | Case::TrnInUse { details, .. } = &task.case {
        writeln!(out, "\nTeaching records that may be theirs:")?;
        show_suggestions(journey, &task, details)?;
    }
    Ok(())
}

fn task(journey: &Journey, reference: &Reference) -> Result<Task, CommandError> {
    let (company, wanted) = (journey.clone(), reference.clone());
    let found = journey
        .store
        .read_blocking(move |tx| find(tx, &company, &wanted))?;
    found.ok_or_else(|| CommandError::refused(format!("there is no task {reference}")))
}

fn show_suggestions(
    journey: &Journey,
    task: &Task,
    details: &TeacherDetails,
) -> Result<(), CommandError> {
    let mut out = std::io::stdout();
    match block_on(suggestions(journey, details, &task.contact))? {
        Ok(found) if found.is_empty() => writeln!(out, "none")?,
        Ok(found) => {
            let heading = ["TRN", "agrees on", "differs in"].map(str::to_owned);
            let rows: Vec<_> = std::iter::once(heading)
                .chain(found.iter().map(suggestion))
                .collect();
            table(&mut out, &rows)?;
        }
        Err(unavailable) => writeln!(out, "{unavailable}")?,
    }
    Ok(())
}

fn suggestion(found: &Suggestion) -> [String; 3] {
    let agreed: Vec<_> = found.agreed.iter().map(|one| in_words(*one)).collect();
    let differs = if found.contradicts_number {
        in_words(Attribute::NationalInsuranceNumber)
    } else {
        ""
    };
    [
        found.trn.as_str().to_owned(),
        agreed.join(", "),
        differs.to_owned(),
    ]
}

const fn in_words(attribute: Attribute) -> &'static str {
    match attribute {
        Attribute::Name => "name",
        Attribute::DateOfBirth => "date of birth",
        Attribute::NationalInsuranceNumber => "National Insurance number",
        Attribute::Trn => "TRN",
        Attribute::Email => "email",
    }
}

/// Refuses a TRN that no active record has.
pub(super) fn check_record(journey: &Journey, trn: &Trn) -> Result<(), CommandError> {
    let found = block_on(journey.teacher_records.record(trn))?;
    let record = found.map_err(|unavailable| CommandError::refused(unavailable.to_string()))?;
    match record {
        Some(record) if record.trn == *trn => Ok(()),
        Some(record) => Err(CommandError::refused(format!(
            "that record was merged: its TRN is {}",
            record.trn.as_str()
        ))),
        None => Err(CommandError::refused("no active record has that TRN")),
    }
}

/// The same for the TRN that a task is about, if it is about one.
pub(super) fn check_record_in_question(
    journey: &Journey,
    reference: &Reference,
) -> Result<(), CommandError> {
    match task(journey, reference)?.case {
        Case::TrnInUse { trn, .. } => check_record(journey, &trn),
        _ => Ok(()),
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(work))
}

fn rows(task: &Task) -> Vec<[String; 2]> {
    let id = |id: Option<&dyn std::fmt::Display>| id.map_or_else(String::new, ToString::to_string);
    let mut rows = vec![
        row("reference", &task.reference),
        row("kind", task.case.kind()),
        row("opened", &date(task.opened_at)),
        row("account", &id(task.user_id.as_ref().map(|id| id as _))),
        row("client", &id(task.client_id.as_ref().map(|id| id as _))),
        row("contact", task.contact.as_typed()),
    ];
    if let Some(closing) = &task.settled {
        rows.push(row(
            "closed",
            &format!("{} on {}", closing.outcome, date(closing.at)),
        ));
    }
    match &task.case {
        Case::TrnLookup { details } => rows.extend(of_details(details)),
        Case::TrnInUse {
            details,
            trn,
            owner,
        } => {
            rows.push(row("matched TRN", trn.as_str()));
            rows.push(row("account that has it", owner.as_str()));
            rows.extend(of_details(details));
        }
        Case::LostAddress { lost, new } | Case::AddressTaken { lost, new } => {
            rows.push(row("lost address", lost.as_typed()));
            rows.push(row("new address", new.as_typed()));
        }
        Case::ChangeFrozen { kept, refused } => {
            rows.push(row("address kept", kept.as_typed()));
            rows.push(row("address refused", refused.as_typed()));
        }
        // The account and its address are all there is to know.
        Case::SecondFactorLost {} => {}
    }
    rows
}

fn row(name: &str, value: &str) -> [String; 2] {
    [name.to_owned(), value.to_owned()]
}

/// What the person said, as far as they did.
fn of_details(details: &TeacherDetails) -> Vec<[String; 2]> {
    let previous = match &details.previous_names {
        Some(PreviousNames::Names(names)) => {
            let names: Vec<_> = names.iter().map(PersonName::full).collect();
            Some(names.join(", "))
        }
        Some(PreviousNames::PreferNotToSay) => Some("prefer not to say".to_owned()),
        Some(PreviousNames::Never) => Some("none".to_owned()),
        None => None,
    };
    let number = stated(details.national_insurance_number.as_ref(), |number| {
        number.in_pairs()
    });
    let said = [
        ("name", details.name.as_ref().map(PersonName::full)),
        ("previous names", previous),
        (
            "date of birth",
            details.date_of_birth.map(|date| date.in_words()),
        ),
        ("National Insurance number", number),
        (
            "stated TRN",
            stated(details.trn.as_ref(), |trn| trn.as_str().to_owned()),
        ),
        ("QTS", details.qts.as_ref().map(qts)),
    ];
    said.into_iter()
        .filter_map(|(name, value)| Some(row(name, &value?)))
        .collect()
}

fn stated<T>(said: Option<&Stated<T>>, show: impl Fn(&T) -> String) -> Option<String> {
    let said = said?;
    Some(said.value().map_or_else(|| "none given".to_owned(), show))
}

fn qts(qts: &Qts) -> String {
    match qts {
        Qts::No => "no".to_owned(),
        Qts::Yes {
            provider: Some(Stated::Value(provider)),
        } => format!("yes, {}", provider.name),
        Qts::Yes { .. } => "yes".to_owned(),
    }
}
