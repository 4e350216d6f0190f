//! What is your date of birth?

use model::DateOfBirth;
use model::date_of_birth::{DateParts, InvalidDate};
use pages::{FieldError, View};
use serde::Serialize;
use storage::Tx;

use super::DetailsPage;
use super::question::{Asked, Frame, Question, Taken};
use super::questions::Questions;
use crate::error::JourneyError;
use crate::form::Action;
use crate::interaction_details::InteractionDetails;
use crate::journey::Work;

/// `/details/date-of-birth`: three fields.
///
/// Posts `date-of-birth-day`, `date-of-birth-month`, `date-of-birth-year` and `action`: `continue`
/// or `cancel`.
#[derive(Debug, Serialize)]
pub struct DateOfBirthPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// The day, as it was typed.
    pub day: String,
    /// The month, as it was typed.
    pub month: String,
    /// The year, as it was typed.
    pub year: String,
    /// What to do, if something is wrong.
    pub error: Option<String>,
    /// Whether the day is marked as wrong.
    pub day_is_wrong: bool,
    /// Whether the month is marked as wrong.
    pub month_is_wrong: bool,
    /// Whether the year is marked as wrong.
    pub year_is_wrong: bool,
}

impl View for DateOfBirthPage {
    const TEMPLATE: &'static str = "details/date_of_birth";

    fn title(&self) -> String {
        "What is your date of birth?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        let field = match self {
            Self {
                day_is_wrong: true, ..
            } => "date-of-birth-day",
            Self {
                month_is_wrong: true,
                ..
            } => "date-of-birth-month",
            _ => "date-of-birth-year",
        };
        let message = self.error.clone();
        message
            .map(|message| FieldError { field, message })
            .into_iter()
            .collect()
    }

    fn samples() -> Vec<Self> {
        let typed = |day, month, year| Typed { day, month, year };
        let missing_year = InvalidDate::Incomplete(DateParts {
            year: true,
            ..DateParts::default()
        });
        vec![
            typed("", "", "").on(Frame::sample(), None),
            typed("27", "3", "1990").on(Frame::sample(), None),
            typed("", "", "").on(Frame::sample(), Some(InvalidDate::Empty)),
            typed("27", "3", "").on(Frame::sample(), Some(missing_year)),
        ]
    }
}

/// The three fields, as they were typed.
struct Typed<'a> {
    day: &'a str,
    month: &'a str,
    year: &'a str,
}

impl Typed<'_> {
    fn on(&self, frame: Frame, problem: Option<InvalidDate>) -> DateOfBirthPage {
        let wrong = problem.map_or_else(DateParts::default, InvalidDate::wrong_parts);
        DateOfBirthPage {
            frame,
            day: self.day.to_owned(),
            month: self.month.to_owned(),
            year: self.year.to_owned(),
            error: problem.map(|problem| problem.to_string()),
            day_is_wrong: wrong.day,
            month_is_wrong: wrong.month,
            year_is_wrong: wrong.year,
        }
    }
}

impl Question for DateOfBirthPage {
    const PAGE: DetailsPage = DetailsPage::DateOfBirth;

    fn opened(frame: Frame, questions: &Questions) -> Self {
        let parts = questions
            .known
            .details
            .date_of_birth
            .as_ref()
            .map(DateOfBirth::parts);
        let [day, month, year] = parts.map_or_else(Default::default, |(day, month, year)| {
            [day.to_string(), month.to_string(), year.to_string()]
        });
        let typed = Typed {
            day: &day,
            month: &month,
            year: &year,
        };
        typed.on(frame, None)
    }

    fn take(
        tx: &mut Tx<'_>,
        asked: &Asked<'_>,
        known: &mut InteractionDetails,
    ) -> Work<Taken<Self>> {
        let form = asked.form;
        if form.action != Action::Continue {
            return Ok(Err(JourneyError::Unreadable));
        }
        let typed = Typed {
            day: form.field("date-of-birth-day"),
            month: form.field("date-of-birth-month"),
            year: form.field("date-of-birth-year"),
        };
        Ok(Ok(
            match DateOfBirth::parse(typed.day, typed.month, typed.year, tx.now()) {
                Ok(date) => {
                    known.details.date_of_birth = Some(date);
                    Taken::Answered
                }
                Err(problem) => Taken::refused(typed.on(asked.stage.frame(), Some(problem))),
            },
        ))
    }
}
