//! What is your teacher reference number (TRN)?

use model::Trn;
use model::teacher_details::Stated;
use model::trn::InvalidTrn;
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::Tx;

use super::DetailsPage;
use super::question::{Asked, Frame, Question, Taken};
use super::questions::Questions;
use crate::error::JourneyError;
use crate::form::Action;
use crate::interaction_details::InteractionDetails;
use crate::journey::Work;

/// `/details/trn`: the number, or to go on without it.
///
/// Posts `trn` and `action`: `continue`, `skip` or `cancel`.
#[derive(Debug, Serialize)]
pub struct TrnPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// The TRN, as it was typed.
    pub trn: Field,
}

const NAME: &str = "trn";

impl View for TrnPage {
    const TEMPLATE: &'static str = "details/trn";

    fn title(&self) -> String {
        "What is your teacher reference number (TRN)?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.trn.error_at(NAME).into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        let refused = |typed, problem| Field::refused(typed, message(problem));
        [
            Field::default(),
            Field::holding("1234567"),
            refused("", InvalidTrn::Empty),
            refused("123", InvalidTrn::WrongLength),
        ]
        .map(|trn| Self {
            frame: Frame::sample(),
            trn,
        })
        .into()
    }
}

/// What to do about a TRN that was not taken.
const fn message(problem: InvalidTrn) -> &'static str {
    match problem {
        InvalidTrn::Empty => "Enter your TRN",
        InvalidTrn::WrongLength => "Your TRN should contain 7 digits",
        InvalidTrn::OtherCharacters => "Your TRN should contain 7 digits and no letters",
        InvalidTrn::AllZeros => "Your TRN cannot be 0000000",
    }
}

impl Question for TrnPage {
    const PAGE: DetailsPage = DetailsPage::Trn;

    fn opened(frame: Frame, questions: &Questions) -> Self {
        let trn = questions.known.details.stated_trn();
        let trn = trn.map_or_else(Field::default, |trn| Field::holding(trn.as_str()));
        Self { frame, trn }
    }

    fn take(
        _: &mut Tx<'_>,
        asked: &Asked<'_>,
        known: &mut InteractionDetails,
    ) -> Work<Taken<Self>> {
        let typed = asked.form.field(NAME);
        let trn = match asked.form.action {
            Action::Skip => Ok(Stated::Without),
            Action::Continue => Trn::parse(typed).map(Stated::Value),
            _ => return Ok(Err(JourneyError::Unreadable)),
        };
        Ok(Ok(match trn {
            Ok(trn) => {
                known.details.trn = Some(trn);
                known.claimed.trn = false;
                Taken::Answered
            }
            Err(problem) => Taken::refused(Self {
                frame: asked.stage.frame(),
                trn: Field::refused(typed, message(problem)),
            }),
        }))
    }
}
