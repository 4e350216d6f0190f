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
use crate::support::{self, Reference};
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
    /// The number of the case that staff look at, if they do.
    reference: Option<String>,
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

/// Where a person stands, and who looks at it.
struct Standing {
    state: State,
    reference: Option<Reference>,
}

impl TrnNotFoundPage {
    fn new(frame: Frame, found: Standing, may_continue: bool) -> Self {
        let Standing { state, reference } = found;
        Self {
            frame,
            heading: state.heading(),
            state,
            reference: reference.map(|reference| reference.to_string()),
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
        let page = |state, may_continue| {
            let reference = Reference::parse("GAI-7K3M-Q2X9").filter(|_| state == State::Pending);
            Self::new(Frame::sample(), Standing { state, reference }, may_continue)
        };
        let pages = |state| [true, false].map(|may_continue| page(state, may_continue));
        states.into_iter().flat_map(pages).collect()
    }
}

const PAGE: Page = Page::Details(DetailsPage::TrnNotFound);

/// `GET /details/trn-not-found`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, PAGE).await?;
    let read = journey.store.read(move |tx| with_standing(tx, stage));
    let (stage, standing) = read.await?;
    let Some(standing) = standing else {
        return Err(stage.elsewhere());
    };
    let view = TrnNotFoundPage::new(stage.frame(), standing, may_continue(&stage));
    Ok(stage.respond(StatusCode::OK, PAGE, &view))
}

fn with_standing(tx: &mut Tx<'_>, stage: Stage) -> Result<(Stage, Option<Standing>), StorageError> {
    let Some(authentication) = &stage.standing.authentication else {
        return Ok((stage, None));
    };
    let user_id = &authentication.user_id;
    let Some(link) = trn_links::find(tx, user_id)? else {
        return Ok((stage, None));
    };
    let state = State::of(&link);
    let reference = match state {
        State::Pending => support::open_lookup(tx, user_id)?,
        _ => None,
    };
    Ok((stage, Some(Standing { state, reference })))
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
