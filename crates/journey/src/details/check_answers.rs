//! Check your answers: everything that was said, before it is kept for good.

use actix_web::http::StatusCode;
use model::teacher_details::{PreviousNames, Qts, Stated};
use model::{InteractionId, NationalInsuranceNumber, PersonName, TeacherDetails};
use pages::View;
use serde::Serialize;

use super::keep::{Kept, keep};
use super::question::Frame;
use super::questions::Questions;
use super::{DetailsPage, from_check_answers};
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::Journey;
use crate::lookup;
use crate::plan::Page;
use crate::stage::{change, enter};
use crate::visitor::Visitor;

/// `/details/check-answers`: every answer, with a link to change it.
///
/// Posts `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct CheckAnswersPage {
    /// What stands around the answers.
    #[serde(flatten)]
    pub frame: Frame,
    /// One for each question that has an answer.
    pub rows: Vec<Row>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What it is.
    pub key: &'static str,
    /// The answer, in lines.
    pub values: Vec<String>,
    /// Where it is changed.
    pub change_url: String,
    /// What is changed, for who cannot see the row.
    pub hidden: &'static str,
}

impl View for CheckAnswersPage {
    const TEMPLATE: &'static str = "details/check_answers";

    fn title(&self) -> String {
        "Check your answers".to_owned()
    }

    fn samples() -> Vec<Self> {
        let row = |key, value: &str, hidden| Row {
            key,
            values: vec![value.to_owned()],
            change_url: "/details/name?i=1&from=check-answers".to_owned(),
            hidden,
        };
        vec![Self {
            frame: Frame::sample(),
            rows: vec![
                row("Name", "Ada Lovelace", "name"),
                row("Date of birth", "27 March 1990", "date of birth"),
                row("TRN", NOT_PROVIDED, "TRN"),
            ],
        }]
    }
}

const NOT_PROVIDED: &str = "Not provided";

/// `GET /details/check-answers`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let page = Page::Details(DetailsPage::CheckAnswers);
    let stage = enter(&journey, &visitor, page).await?;
    let Some(questions) = &stage.questions else {
        return Err(stage.elsewhere());
    };
    let view = CheckAnswersPage {
        frame: stage.frame(),
        rows: rows(questions, &stage.interaction.id),
    };
    Ok(stage.respond(StatusCode::OK, page, &view))
}

fn rows(questions: &Questions, id: &InteractionId) -> Vec<Row> {
    let details = &questions.known.details;
    // A number is changed where it was typed, and where there is none, where that was said.
    let is_said_below = |page: DetailsPage| {
        questions
            .answered()
            .any(|other| other.follows_up() == Some(page))
            && page != DetailsPage::HasQts
    };
    let pages = questions.answered().filter(|page| !is_said_below(*page));
    let rows = pages.map(|page| {
        let (key, hidden) = names_of(page);
        Row {
            key,
            values: values(page, details),
            change_url: from_check_answers(&Page::Details(page).url(id)),
            hidden,
        }
    });
    rows.collect()
}

const fn names_of(page: DetailsPage) -> (&'static str, &'static str) {
    match page {
        DetailsPage::Name => ("Name", "name"),
        DetailsPage::PreviousNames => ("Previous names", "previous names"),
        DetailsPage::PreferredName => ("Preferred name", "preferred name"),
        DetailsPage::DateOfBirth => ("Date of birth", "date of birth"),
        DetailsPage::HasNationalInsuranceNumber | DetailsPage::NationalInsuranceNumber => {
            ("National Insurance number", "National Insurance number")
        }
        DetailsPage::HasTrn | DetailsPage::Trn => (
            "Teacher reference number (TRN)",
            "teacher reference number (TRN)",
        ),
        DetailsPage::HasQts => (
            "Qualified teacher status (QTS)",
            "whether you have qualified teacher status (QTS)",
        ),
        _ => ("Where you trained", "where you trained"),
    }
}

fn values(page: DetailsPage, details: &TeacherDetails) -> Vec<String> {
    let said = match page {
        DetailsPage::Name => details.name.as_ref().map(PersonName::full),
        DetailsPage::PreviousNames => return previous_names(details),
        DetailsPage::PreferredName => details
            .preferred_name
            .as_ref()
            .map(|name| name.as_str().to_owned()),
        DetailsPage::DateOfBirth => details.date_of_birth.map(|date| date.in_words()),
        DetailsPage::HasNationalInsuranceNumber | DetailsPage::NationalInsuranceNumber => details
            .stated_national_insurance_number()
            .map(NationalInsuranceNumber::in_pairs),
        DetailsPage::HasTrn | DetailsPage::Trn => {
            details.stated_trn().map(|trn| trn.as_str().to_owned())
        }
        DetailsPage::HasQts => Some(match details.qts {
            Some(Qts::Yes { .. }) => "Yes".to_owned(),
            _ => "No".to_owned(),
        }),
        _ => where_trained(details),
    };
    vec![said.unwrap_or_else(|| NOT_PROVIDED.to_owned())]
}

fn previous_names(details: &TeacherDetails) -> Vec<String> {
    match &details.previous_names {
        Some(PreviousNames::Names(names)) => names.iter().map(PersonName::full).collect(),
        Some(PreviousNames::PreferNotToSay) => vec!["Prefer not to say".to_owned()],
        _ => vec!["None".to_owned()],
    }
}

fn where_trained(details: &TeacherDetails) -> Option<String> {
    match &details.qts {
        Some(Qts::Yes {
            provider: Some(Stated::Value(provider)),
        }) => Some(provider.name.clone()),
        Some(Qts::Yes {
            provider: Some(Stated::Without),
        }) => Some("Awarded another way".to_owned()),
        _ => None,
    }
}

/// `POST /details/check-answers`: keeps the answers. The teaching records are asked first where
/// these answers have yet to be compared with them.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    if form.action != Action::Continue {
        return Err(JourneyError::Unreadable);
    }
    let page = Page::Details(DetailsPage::CheckAnswers);
    let due = match change(&journey, &visitor, page, keep).await? {
        Kept::For(path) => return Ok(see_other(&path)),
        Kept::NotYet(due) => due,
    };
    let path = lookup::run(&journey, &visitor, *due).await?;
    if path != page.url(&visitor.id) {
        return Ok(see_other(&path));
    }
    match change(&journey, &visitor, page, keep).await? {
        Kept::For(path) => Ok(see_other(&path)),
        // The answers were changed meanwhile: they are to be checked again.
        Kept::NotYet(_) => Ok(see_other(&path)),
    }
}
