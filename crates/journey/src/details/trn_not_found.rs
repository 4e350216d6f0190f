//! Why there is no TRN, and what happens next: the ways in which none is there are told
//! apart, because "no record was found" is read as "you have no TRN".

use actix_web::http::StatusCode;
use model::interaction::{RefusalReason, TrnNews};
use model::trn_lookup::TrnLookupStatus;
use model::{Interaction, UserId};
use pages::View;
use serde::Serialize;
use storage::trn_links::{self, TrnLink};
use storage::{StorageError, Tx, user_details};

use super::DetailsPage;
use super::question::Frame;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::interaction_details::InteractionDetails;
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::sign_in;
use crate::stage::{Stage, change, enter};
use crate::support::{self, Reference};
use crate::visitor::Visitor;

/// `/details/trn-not-found`: goes on to the service, or back to it when it requires a TRN; or has
/// the answers corrected and the record looked for again.
///
/// Posts `action`: `continue`, `change-answers` or `cancel`.
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
    may_change: bool,
}

/// Why no TRN is there for the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The records could not be asked.
    Unavailable,
    /// The person had the records asked too often.
    NotAsked,
    /// Somebody has to look.
    Pending,
    /// Somebody looked, and could not be sure.
    Undecided,
    /// No record is theirs.
    None,
    /// Staff decided that there is none.
    Failed,
    /// There is one, but not sure enough for this service.
    Unconfirmed,
}

impl State {
    fn of(link: &TrnLink, news: Option<TrnNews>, reference: Option<&Reference>) -> Self {
        match link.status {
            TrnLookupStatus::Failed => Self::Failed,
            _ if news == Some(TrnNews::NotAsked) => Self::NotAsked,
            _ if link.is_unavailable => Self::Unavailable,
            TrnLookupStatus::Pending if reference.is_none() => Self::Undecided,
            TrnLookupStatus::Pending => Self::Pending,
            TrnLookupStatus::None => Self::None,
            TrnLookupStatus::Found => Self::Unconfirmed,
        }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::Unavailable => "We cannot check your teaching record now",
            Self::NotAsked => "You have changed your answers too many times",
            Self::Pending => "We have to check your teaching record",
            Self::Undecided => "We could not be sure which teaching record is yours",
            Self::None => "We have not found your teaching record yet",
            Self::Failed => "We cannot give you a TRN",
            Self::Unconfirmed => "We could not confirm your TRN",
        }
    }
}

/// Where a person stands, and what they can do.
struct Standing {
    state: State,
    /// The number of the case that staff look at, if they do.
    reference: Option<Reference>,
    may_continue: bool,
    may_change: bool,
}

impl TrnNotFoundPage {
    fn new(frame: Frame, standing: Standing) -> Self {
        let reference = standing.reference;
        Self {
            frame,
            heading: standing.state.heading(),
            state: standing.state,
            reference: reference.map(|reference| reference.to_string()),
            may_continue: standing.may_continue,
            may_change: standing.may_change,
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
            State::NotAsked,
            State::Pending,
            State::Undecided,
            State::None,
            State::Failed,
            State::Unconfirmed,
        ];
        let page = |state, may_continue| {
            let standing = Standing {
                state,
                reference: Reference::parse("GAI-7K3M-Q2X9").filter(|_| state == State::Pending),
                may_continue,
                may_change: state != State::Failed,
            };
            Self::new(Frame::sample(), standing)
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
    let view = TrnNotFoundPage::new(stage.frame(), standing);
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
    let reference = support::open_for_record(tx, user_id)?;
    let news = stage.interaction.answers.trn_news;
    let reason = State::of(&link, news, reference.as_ref());
    let standing = Standing {
        state: reason,
        reference: reference.filter(|_| matches!(reason, State::Pending | State::None)),
        may_continue: may_continue(&stage),
        may_change: may_change(&stage) && reason != State::NotAsked,
    };
    Ok((stage, Some(standing)))
}

/// Whether the service takes a person without the TRN.
fn may_continue(stage: &Stage) -> bool {
    let rule = &stage.interaction.requirements.details;
    rule.has_required_trn(&stage.standing.details)
}

/// Whether other answers may still find the record.
fn may_change(stage: &Stage) -> bool {
    let rule = &stage.interaction.requirements.details;
    rule.may_be_tried_again(&stage.standing.details)
}

/// What a person is told who comes back: that their record is still not found, where it matters.
pub(crate) fn news(
    tx: &mut Tx<'_>,
    interaction: &Interaction,
    user_id: &UserId,
) -> Result<Option<TrnNews>, StorageError> {
    let rule = &interaction.requirements.details;
    if rule.trn.is_none() {
        return Ok(None);
    }
    let standing = user_details::standing(tx, user_id)?;
    let is_told = !rule.left(&standing).asks_anything() && rule.is_told_again(&standing);
    Ok(is_told.then_some(TrnNews::NotFound))
}

/// `POST /details/trn-not-found`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    let path = match form.action {
        Action::Continue => change(&journey, &visitor, PAGE, leave).await?,
        Action::ChangeAnswers => change(&journey, &visitor, PAGE, correct).await?,
        _ => return Err(JourneyError::Unreadable),
    };
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

/// Leads through the answers once more; they are kept, and looked for, as at the first time.
fn correct(tx: &mut Tx<'_>, mut stage: Stage) -> Work<String> {
    let Some(authentication) = &stage.standing.authentication else {
        return Ok(Err(stage.elsewhere()));
    };
    if !may_change(&stage) {
        return Ok(Err(stage.elsewhere()));
    }
    let user_id = &authentication.user_id;
    let said_here = InteractionDetails::open_of(&stage.journey, &stage.interaction, user_id)?;
    let known = match said_here {
        Some(known) => known,
        None => InteractionDetails::of(user_id, super::stored(tx, &stage.journey, user_id)?),
    };
    let corrected = InteractionDetails {
        are_corrected: true,
        ..known
    };
    stage.keep(tx, &corrected)?;
    Ok(Ok(stage.go_on(tx)?))
}
