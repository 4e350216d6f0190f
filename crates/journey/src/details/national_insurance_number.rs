//! What is your National Insurance number?

use model::NationalInsuranceNumber;
use model::national_insurance_number::InvalidNationalInsuranceNumber;
use model::teacher_details::Stated;
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::Tx;

use super::DetailsPage;
use super::has_national_insurance_number::WhyNationalInsurance;
use super::question::{Asked, Frame, Question, Taken};
use super::questions::Questions;
use crate::error::JourneyError;
use crate::form::Action;
use crate::interaction_details::InteractionDetails;
use crate::journey::Work;

/// `/details/national-insurance-number`: the number, or to go on without it.
///
/// Posts `national-insurance-number` and `action`: `continue`, `skip` or `cancel`.
#[derive(Debug, Serialize)]
pub struct NationalInsuranceNumberPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// What it is asked for.
    #[serde(flatten)]
    pub why: WhyNationalInsurance,
    /// The number, as it was typed.
    pub number: Field,
}

const NAME: &str = "national-insurance-number";

impl View for NationalInsuranceNumberPage {
    const TEMPLATE: &'static str = "details/national_insurance_number";

    fn title(&self) -> String {
        "What is your National Insurance number?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.number.error_at(NAME).into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        let page = |why, number| Self {
            frame: Frame::sample(),
            why,
            number,
        };
        let [finding, sharing] = WhyNationalInsurance::SAMPLES;
        let refused = |typed, problem| Field::refused(typed, message(problem));
        vec![
            page(finding, Field::default()),
            page(sharing, Field::holding("QQ 12 34 56 C")),
            page(finding, refused("", InvalidNationalInsuranceNumber::Empty)),
            page(
                finding,
                refused("QQ 12 34", InvalidNationalInsuranceNumber::Malformed),
            ),
        ]
    }
}

/// What to do about a number that was not taken.
const fn message(problem: InvalidNationalInsuranceNumber) -> &'static str {
    match problem {
        InvalidNationalInsuranceNumber::Empty => "Enter your National Insurance number",
        // The hint shows an example.
        InvalidNationalInsuranceNumber::Malformed => {
            "Enter a National Insurance number in the correct format"
        }
    }
}

impl Question for NationalInsuranceNumberPage {
    const PAGE: DetailsPage = DetailsPage::NationalInsuranceNumber;

    fn opened(frame: Frame, questions: &Questions) -> Self {
        let number = questions.known.details.stated_national_insurance_number();
        Self {
            frame,
            why: WhyNationalInsurance::of(questions),
            number: number.map_or_else(Field::default, |number| Field::holding(number.in_pairs())),
        }
    }

    fn take(
        _: &mut Tx<'_>,
        asked: &Asked<'_>,
        known: &mut InteractionDetails,
    ) -> Work<Taken<Self>> {
        let typed = asked.form.field(NAME);
        let number = match asked.form.action {
            Action::Skip => Ok(Stated::Without),
            Action::Continue => NationalInsuranceNumber::parse(typed).map(Stated::Value),
            _ => return Ok(Err(JourneyError::Unreadable)),
        };
        Ok(Ok(match number {
            Ok(number) => {
                known.details.national_insurance_number = Some(number);
                known.claimed.national_insurance_number = false;
                Taken::Answered
            }
            Err(problem) => Taken::refused(Self {
                number: Field::refused(typed, message(problem)),
                ..Self::opened(asked.stage.frame(), asked.questions)
            }),
        }))
    }
}
