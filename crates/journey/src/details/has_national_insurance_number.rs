//! Do you have a National Insurance number?

use model::teacher_details::Stated;
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::Tx;

use super::DetailsPage;
use super::question::{Asked, Frame, Question, Taken, YesOrNo};
use super::questions::Questions;
use crate::error::JourneyError;
use crate::form::Action;
use crate::interaction_details::InteractionDetails;
use crate::journey::Work;

/// `/details/has-national-insurance-number`: yes or no.
///
/// Posts `has-national-insurance-number` (`yes` or `no`) and `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct HasNationalInsuranceNumberPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// What it is asked for.
    #[serde(flatten)]
    pub why: WhyNationalInsurance,
    /// The choice: `yes` or `no`.
    pub has_number: Field,
}

/// What a National Insurance number is asked for.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct WhyNationalInsurance {
    /// The service gets it.
    pub is_shared: bool,
    /// It helps to find the teaching record.
    pub finds_record: bool,
}

impl WhyNationalInsurance {
    pub(super) fn of(questions: &Questions) -> Self {
        Self {
            is_shared: questions.left.national_insurance,
            finds_record: questions.left.trn.is_some(),
        }
    }

    pub(super) const SAMPLES: [Self; 2] = [
        Self {
            is_shared: false,
            finds_record: true,
        },
        Self {
            is_shared: true,
            finds_record: false,
        },
    ];
}

const NAME: &str = "has-national-insurance-number";
const NOTHING_CHOSEN: &str = "Select yes if you have a National Insurance number";

impl View for HasNationalInsuranceNumberPage {
    const TEMPLATE: &'static str = "details/has_national_insurance_number";

    fn title(&self) -> String {
        "Do you have a National Insurance number?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.has_number.error_at(NAME).into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        let page = |why, has_number| Self {
            frame: Frame::sample(),
            why,
            has_number,
        };
        let [finding, sharing] = WhyNationalInsurance::SAMPLES;
        vec![
            page(finding, Field::default()),
            page(sharing, Field::holding("yes")),
            page(finding, Field::refused("", NOTHING_CHOSEN)),
        ]
    }
}

impl Question for HasNationalInsuranceNumberPage {
    const PAGE: DetailsPage = DetailsPage::HasNationalInsuranceNumber;

    fn opened(frame: Frame, questions: &Questions) -> Self {
        let known = &questions.known;
        let number = known.details.national_insurance_number.as_ref();
        Self {
            frame,
            why: WhyNationalInsurance::of(questions),
            has_number: YesOrNo::said(number, known.claimed.national_insurance_number),
        }
    }

    fn take(
        _: &mut Tx<'_>,
        asked: &Asked<'_>,
        known: &mut InteractionDetails,
    ) -> Work<Taken<Self>> {
        if asked.form.action != Action::Continue {
            return Ok(Err(JourneyError::Unreadable));
        }
        let number = &mut known.details.national_insurance_number;
        match YesOrNo::of(asked.form, NAME) {
            Some(YesOrNo::Yes) => {
                number.take_if(|number| *number == Stated::Without);
                known.claimed.national_insurance_number = number.is_none();
            }
            Some(YesOrNo::No) => {
                *number = Some(Stated::Without);
                known.claimed.national_insurance_number = false;
            }
            None => {
                let page = Self {
                    has_number: Field::refused("", NOTHING_CHOSEN),
                    ..Self::opened(asked.stage.frame(), asked.questions)
                };
                return Ok(Ok(Taken::refused(page)));
            }
        }
        Ok(Ok(Taken::Answered))
    }
}
