//! Have you been awarded qualified teacher status (QTS)?

use model::teacher_details::Qts;
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

/// `/details/has-qts`: yes or no.
///
/// Posts `has-qts` (`yes` or `no`) and `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct HasQtsPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// The choice: `yes` or `no`.
    pub has_qts: Field,
}

const NAME: &str = "has-qts";
const NOTHING_CHOSEN: &str = "Select yes if you have been awarded qualified teacher status (QTS)";

impl View for HasQtsPage {
    const TEMPLATE: &'static str = "details/has_qts";

    fn title(&self) -> String {
        "Have you been awarded qualified teacher status (QTS)?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.has_qts.error_at(NAME).into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        [
            Field::default(),
            Field::holding("yes"),
            Field::refused("", NOTHING_CHOSEN),
        ]
        .map(|has_qts| Self {
            frame: Frame::sample(),
            has_qts,
        })
        .into()
    }
}

impl Question for HasQtsPage {
    const PAGE: DetailsPage = DetailsPage::HasQts;

    fn opened(frame: Frame, questions: &Questions) -> Self {
        let has_qts = match &questions.known.details.qts {
            None => Field::default(),
            Some(Qts::Yes { .. }) => YesOrNo::Yes.chosen(),
            Some(Qts::No) => YesOrNo::No.chosen(),
        };
        Self { frame, has_qts }
    }

    fn take(
        _: &mut Tx<'_>,
        asked: &Asked<'_>,
        known: &mut InteractionDetails,
    ) -> Work<Taken<Self>> {
        if asked.form.action != Action::Continue {
            return Ok(Err(JourneyError::Unreadable));
        }
        let qts = &mut known.details.qts;
        match (YesOrNo::of(asked.form, NAME), &qts) {
            // Where they trained is not asked twice.
            (Some(YesOrNo::Yes), Some(Qts::Yes { .. })) => {}
            (Some(YesOrNo::Yes), _) => *qts = Some(Qts::Yes { provider: None }),
            (Some(YesOrNo::No), _) => *qts = Some(Qts::No),
            (None, _) => {
                let page = Self {
                    frame: asked.stage.frame(),
                    has_qts: Field::refused("", NOTHING_CHOSEN),
                };
                return Ok(Ok(Taken::refused(page)));
            }
        }
        Ok(Ok(Taken::Answered))
    }
}
