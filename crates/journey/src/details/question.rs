//! What all details questions have in common: how one is shown, and how an answer is taken, kept
//! and looked up.

use actix_web::http::StatusCode;
use model::teacher_details::Stated;
use pages::{Field, View};
use serde::Serialize;
use storage::Tx;

use super::DetailsPage;
use super::questions::Questions;
use crate::error::{Answer, see_other};
use crate::form::Form;
use crate::interaction_details::InteractionDetails;
use crate::journey::{Journey, Work};
use crate::lookup::{self, DueLookup};
use crate::plan::Page;
use crate::stage::{Stage, change, enter};
use crate::visitor::Visitor;

/// What stands around every question.
#[derive(Clone, Debug, Serialize)]
pub struct Frame {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
}

impl Frame {
    pub(crate) fn sample() -> Self {
        Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
        }
    }
}

/// A page that asks one thing about the person.
pub(crate) trait Question: View + Send + Sized + 'static {
    /// Which page it is.
    const PAGE: DetailsPage;

    /// The page with the answer that is known, if one is.
    fn opened(frame: Frame, questions: &Questions) -> Self;

    /// Takes the answer of a form into what is known. A form that the page does not send is
    /// unreadable.
    fn take(
        tx: &mut Tx<'_>,
        asked: &Asked<'_>,
        known: &mut InteractionDetails,
    ) -> Work<Taken<Self>>;
}

/// A question whose form came in.
pub(crate) struct Asked<'a> {
    /// Where the interaction stands.
    pub(crate) stage: &'a Stage,
    /// What is asked, and what was known before.
    pub(crate) questions: &'a Questions,
    /// What was answered.
    pub(crate) form: &'a Form,
}

/// What a form came to.
pub(crate) enum Taken<V> {
    /// It answers the question: on to the next.
    Answered,
    /// It is kept, and the same question is asked again.
    AskedAgain,
    /// It does not answer the question yet: the page is shown with that status.
    Shown(StatusCode, V),
}

impl<V> Taken<V> {
    /// The page again, with what is wrong on it.
    pub(crate) const fn refused(view: V) -> Self {
        Self::Shown(StatusCode::BAD_REQUEST, view)
    }
}

/// Shows a question: `GET`.
pub(crate) async fn show<Q: Question>(journey: Journey, visitor: Visitor) -> Answer {
    let page = Page::Details(Q::PAGE);
    let stage = enter(&journey, &visitor, page).await?;
    let Some(questions) = &stage.questions else {
        return Err(stage.elsewhere());
    };
    let view = Q::opened(stage.frame(), questions);
    Ok(stage.respond(StatusCode::OK, page, &view))
}

/// Takes an answer: `POST`. The teaching records are asked after the commit, when the answer says
/// more than they were asked by before.
pub(crate) async fn submit<Q: Question>(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    let page = Page::Details(Q::PAGE);
    let submitted = change(&journey, &visitor, page, move |tx, stage| {
        take::<Q>(tx, stage, &form)
    });
    match submitted.await? {
        Submitted::Kept { due, again } => {
            let next = match due {
                Due::Now(lookup) => lookup::run(&journey, &visitor, *lookup).await?,
                Due::Nothing { next } => next,
            };
            Ok(see_other(&again.unwrap_or(next)))
        }
        Submitted::Shown(stage, status, view) => Ok(stage.respond(status, page, &view)),
    }
}

/// What taking a form leaves to be done after the commit.
enum Submitted<Q> {
    Kept {
        due: Due,
        /// The page itself, when it is asked again.
        again: Option<String>,
    },
    Shown(Box<Stage>, StatusCode, Q),
}

enum Due {
    /// The records are to be asked; then it is known where the person goes.
    Now(Box<DueLookup>),
    Nothing {
        next: String,
    },
}

fn take<Q: Question>(tx: &mut Tx<'_>, mut stage: Stage, form: &Form) -> Work<Submitted<Q>> {
    let Some(questions) = stage.questions.take() else {
        return Ok(Err(stage.elsewhere()));
    };
    let mut known = questions.known.clone();
    let asked = Asked {
        stage: &stage,
        questions: &questions,
        form,
    };
    let taken = match Q::take(tx, &asked, &mut known)? {
        Ok(taken) => taken,
        Err(elsewhere) => return Ok(Err(elsewhere)),
    };
    let again = match taken {
        Taken::Answered => None,
        Taken::AskedAgain => Some(stage.url_of(Page::Details(Q::PAGE))),
        Taken::Shown(status, view) => {
            stage.questions = Some(questions);
            return Ok(Ok(Submitted::Shown(stage.into(), status, view)));
        }
    };
    let due = lookup::due(tx, &stage, &mut known)?;
    stage.keep(tx, &known)?;
    let next = stage.go_on(tx)?;
    let due = due.map_or(Due::Nothing { next }, |due| Due::Now(due.into()));
    Ok(Ok(Submitted::Kept { due, again }))
}

/// An answer to a question of two radios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum YesOrNo {
    Yes,
    No,
}

impl YesOrNo {
    /// What a form says; `None` when nothing was chosen.
    pub(crate) fn of(form: &Form, field: &str) -> Option<Self> {
        match form.field(field) {
            "yes" => Some(Self::Yes),
            "no" => Some(Self::No),
            _ => None,
        }
    }

    /// The radios of a page that asks whether somebody has what they stated, or claim to have and
    /// have yet to type.
    pub(crate) fn said<T>(stated: Option<&Stated<T>>, is_claimed: bool) -> Field {
        match stated {
            Some(Stated::Without) => Self::No.chosen(),
            None if !is_claimed => Field::default(),
            _ => Self::Yes.chosen(),
        }
    }

    /// The radios with this one chosen.
    pub(crate) fn chosen(self) -> Field {
        Field::holding(match self {
            Self::Yes => "yes",
            Self::No => "no",
        })
    }
}
