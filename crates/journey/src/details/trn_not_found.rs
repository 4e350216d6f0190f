//! Why there is no TRN, and what happens next: the four ways in which none is there are told
//! apart, because "no record was found" is read as "you have no TRN".

use actix_web::http::StatusCode;
use model::interaction::RefusalReason;
use model::trn_lookup::TrnLookupStatus;
use pages::View;
use serde::Serialize;
use storage::trn_links::{self, TrnLink};
use storage::{StorageError, Tx};

use super::DetailsPage;
use super::question::Frame;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::sign_in;
use crate::stage::{Stage, change, enter};
use crate::visitor::Visitor;

/// `/details/trn-not-found`: goes on to the service, or back to it when it requires a TRN.
///
/// Posts `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct TrnNotFoundPage {
    /// What stands around the news.
    #[serde(flatten)]
    pub frame: Frame,
    heading: &'static str,
    state: State,
    may_continue: bool,
}

/// Why no TRN is there for the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The records could not be asked.
    Unavailable,
    /// Somebody has to look.
    Pending,
    /// No record is theirs.
    None,
    /// Staff decided that there is none.
    Failed,
    /// There is one, but not sure enough for this service.
    Unconfirmed,
}

impl State {
    fn of(link: &TrnLink) -> Self {
        match link.status {
            TrnLookupStatus::Failed => Self::Failed,
            _ if link.is_unavailable => Self::Unavailable,
            TrnLookupStatus::Pending => Self::Pending,
            TrnLookupStatus::None => Self::None,
            TrnLookupStatus::Found => Self::Unconfirmed,
        }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Unavailable => "We cannot check your teaching record now",
            Self::Pending => "We have to check your teaching record",
            Self::None => "We have not found your teaching record yet",
            Self::Failed => "We cannot give you a TRN",
            Self::Unconfirmed => "We could not confirm your TRN",
        }
    }
}

impl TrnNotFoundPage {
    const fn new(frame: Frame, state: State, may_continue: bool) -> Self {
        Self {
            frame,
            heading: state.heading(),
            state,
            may_continue,
        }
    }
}

impl View for TrnNotFoundPage {
    const TEMPLATE: &'static str = "details/trn_not_found";

    fn title(&self) -> String {
        self.heading.to_owned()
    }

    fn samples() -> Vec<Self> {
        let states = [
            State::Unavailable,
            State::Pending,
            State::None,
            State::Failed,
            State::Unconfirmed,
        ];
        let page = |state| [true, false].map(|may| Self::new(Frame::sample(), state, may));
        states.into_iter().flat_map(page).collect()
    }
}

const PAGE: Page = Page::Details(DetailsPage::TrnNotFound);

/// `GET /details/trn-not-found`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, PAGE).await?;
    let read = journey.store.read(move |tx| with_state(tx, stage));
    let (stage, reason) = read.await?;
    let Some(reason) = reason else {
        return Err(stage.elsewhere());
    };
    let view = TrnNotFoundPage::new(stage.frame(), reason, may_continue(&stage));
    Ok(stage.respond(StatusCode::OK, PAGE, &view))
}

fn with_state(tx: &mut Tx<'_>, stage: Stage) -> Result<(Stage, Option<State>), StorageError> {
    let link = match &stage.standing.authentication {
        Some(authentication) => trn_links::find(tx, &authentication.user_id)?,
        None => None,
    };
    Ok((stage, link.as_ref().map(State::of)))
}

/// Whether the service takes a person without the TRN.
fn may_continue(stage: &Stage) -> bool {
    let rule = &stage.interaction.requirements.details;
    rule.has_required_trn(&stage.standing.details)
}

/// `POST /details/trn-not-found`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    if form.action != Action::Continue {
        return Err(JourneyError::Unreadable);
    }
    let path = change(&journey, &visitor, PAGE, leave).await?;
    Ok(see_other(&path))
}

fn leave(tx: &mut Tx<'_>, mut stage: Stage) -> Work<String> {
    Ok(Ok(if may_continue(&stage) {
        stage.interaction.answers.trn_news = None;
        stage.go_on(tx)?
    } else {
        sign_in::refuse(tx, stage, RefusalReason::NoTrn)?
    }))
}
