//! Do you have a teacher reference number (TRN)?

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

/// `/details/has-trn`: yes or no, and who has one.
///
/// Posts `has-trn` (`yes` or `no`) and `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct HasTrnPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// The choice: `yes` or `no`.
    pub has_trn: Field,
}

const NAME: &str = "has-trn";
const NOTHING_CHOSEN: &str = "Select yes if you have a TRN";

impl View for HasTrnPage {
    const TEMPLATE: &'static str = "details/has_trn";

    fn title(&self) -> String {
        "Do you have a teacher reference number (TRN)?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.has_trn.error_at(NAME).into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        [
            Field::default(),
            Field::holding("no"),
            Field::refused("", NOTHING_CHOSEN),
        ]
        .map(|has_trn| Self {
            frame: Frame::sample(),
            has_trn,
        })
        .into()
    }
}

impl Question for HasTrnPage {
    const PAGE: DetailsPage = DetailsPage::HasTrn;

    fn opened(frame: Frame, questions: &Questions) -> Self {
        let known = &questions.known;
        let has_trn = YesOrNo::said(known.details.trn.as_ref(), known.claimed.trn);
        Self { frame, has_trn }
    }

    fn take(
        _: &mut Tx<'_>,
        asked: &Asked<'_>,
        known: &mut InteractionDetails,
    ) -> Work<Taken<Self>> {
        if asked.form.action != Action::Continue {
            return Ok(Err(JourneyError::Unreadable));
        }
        let trn = &mut known.details.trn;
        match YesOrNo::of(asked.form, NAME) {
            Some(YesOrNo::Yes) => {
                trn.take_if(|trn| *trn == Stated::Without);
                known.claimed.trn = trn.is_none();
            }
            Some(YesOrNo::No) => {
                *trn = Some(Stated::Without);
                known.claimed.trn = false;
            }
            None => {
                let page = Self {
                    frame: asked.stage.frame(),
                    has_trn: Field::refused("", NOTHING_CHOSEN),
                };
                return Ok(Ok(Taken::refused(page)));
            }
        }
        Ok(Ok(Taken::Answered))
    }
}
