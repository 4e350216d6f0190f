//! Use your passkey.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::browser_session::Amr;
use model::event::{Event, EventKind};
use pages::{FieldError, View};
use serde::Serialize;
use storage::second_factors::CredentialUse;
use storage::{StorageError, Tx, events, second_factors};

use super::FactorPage;
use super::given::given;
use super::passkey_problem::{Doing, PasskeyProblem, Reply};
use super::ways::OtherWays;
use super::webauthn::Refused;
use crate::details::Frame;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::stage::{Stage, change};
use crate::visitor::Visitor;

const PAGE: Page = Page::SecondFactor(FactorPage::Passkey);

/// The id of the button that asks the browser for a passkey, on both pages.
pub(super) const BUTTON: &str = "passkey";

/// `/second-factor/passkey`: fingerprint, face or screen lock.
///
/// Posts `passkey` (the browser's answer as JSON, from the script) or `passkey-problem` (why there is
/// none), and `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct PasskeyPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// What the script asks the browser for: `PublicKeyCredentialRequestOptionsJSON`.
    pub options: String,
    /// What to do, when there was a problem.
    pub problem: Option<&'static str>,
    /// What else the person can give.
    pub ways: OtherWays,
}

impl View for PasskeyPage {
    const TEMPLATE: &'static str = "second_factor/passkey";

    fn title(&self) -> String {
        "Use your passkey".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        error_at_button(self.problem)
    }

    fn samples() -> Vec<Self> {
        [
            (None, OtherWays::default()),
            (None, OtherWays::sample()),
            (Some(PasskeyProblem::NotFinished), OtherWays::sample()),
            (Some(PasskeyProblem::MayBeCopied), OtherWays::sample()),
        ]
        .map(|(problem, ways)| Self {
            frame: Frame::sample(),
            options: r#"{"challenge":"AAAA","allowCredentials":[]}"#.to_owned(),
            problem: problem.map(|problem| problem.message(Doing::Giving)),
            ways,
        })
        .into()
    }
}

pub(super) fn error_at_button(problem: Option<&'static str>) -> Vec<FieldError> {
    let error = problem.map(|message| FieldError {
        field: BUTTON,
        message: message.to_owned(),
    });
    error.into_iter().collect()
}

/// `GET /second-factor/passkey`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let asked = change(&journey, &visitor, PAGE, ask).await?;
    Ok(respond(&asked, StatusCode::OK, None))
}

/// A page whose question is stored.
struct Asked {
    stage: Stage,
    options: String,
}

/// Asks for a passkey, or once more what was asked and not answered yet: another tab of the same
/// interaction can answer it too.
fn ask(tx: &mut Tx<'_>, mut stage: Stage) -> Work<Asked> {
    let journey = stage.journey.clone();
    let (Some(party), Some(pending)) = (&journey.passkeys, &mut stage.pending) else {
        return Ok(Err(stage.elsewhere()));
    };
    let held = second_factors::list_passkeys(tx, pending.user_id())?;
    let under_way = pending.assertion.take();
    let ceremony = match under_way.filter(|ceremony| ceremony.still_fits(&held)) {
        Some(ceremony) => ceremony,
        None => party.ask_for_one_of(&held)?,
    };
    let options = ceremony.options.clone();
    pending.assertion = Some(ceremony);
    stage.keep_pending(tx)?;
    Ok(Ok(Asked { stage, options }))
}

fn respond(asked: &Asked, status: StatusCode, problem: Option<PasskeyProblem>) -> HttpResponse {
    let stage = &asked.stage;
    let view = PasskeyPage {
        frame: stage.frame(),
        options: asked.options.clone(),
        problem: problem.map(|problem| problem.message(Doing::Giving)),
        ways: OtherWays::than(FactorPage::Passkey, stage),
    };
    stage.respond(status, PAGE, &view)
}

/// How a try ended.
enum Tried {
    /// It was right: there the person goes on.
    Accepted(String),
    /// It was not taken; another is asked for.
    Refused(Box<Asked>, PasskeyProblem),
}

/// `POST /second-factor/passkey`.
///
/// Tries are not counted: a signature cannot be guessed, so a limit would only shut out whose
/// passkey it is.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    if form.action != Action::Continue {
        return Err(JourneyError::Unreadable);
    }
    let reply = Reply::read(form.field("passkey"), form.field("passkey-problem"));
    let tried = change(&journey, &visitor, PAGE, move |tx, stage| {
        try_passkey(tx, stage, &reply)
    });
    Ok(match tried.await? {
        Tried::Accepted(path) => see_other(&path),
        Tried::Refused(asked, problem) => respond(&asked, StatusCode::BAD_REQUEST, Some(problem)),
    })
}

fn try_passkey(tx: &mut Tx<'_>, mut stage: Stage, reply: &Reply) -> Work<Tried> {
    let checked = match reply {
        Reply::Passkey(answer) => check(tx, &mut stage, answer)?,
        Reply::Problem(problem) => Err(*problem),
    };
    match checked {
        Ok(factor) => Ok(Ok(Tried::Accepted(given(tx, stage, factor)?))),
        Err(problem) => Ok(ask(tx, stage)?.map(|asked| Tried::Refused(asked.into(), problem))),
    }
}

/// Checks an answer against what was asked, which is spent by it whether it is right or wrong.
fn check(
    tx: &mut Tx<'_>,
    stage: &mut Stage,
    answer: &str,
) -> Result<Result<Amr, PasskeyProblem>, StorageError> {
    let journey = stage.journey.clone();
    let (Some(party), Some(pending)) = (&journey.passkeys, &mut stage.pending) else {
        return Ok(Err(PasskeyProblem::Wrong));
    };
    let Some(ceremony) = pending.assertion.take() else {
        return Ok(Err(PasskeyProblem::Wrong));
    };
    let owner = pending.user_id().clone();
    stage.keep_pending(tx)?;
    let held = second_factors::list_passkeys(tx, &owner)?;
    let passkey = match party.given(&ceremony, answer, &owner, &held)? {
        Ok(passkey) => passkey,
        Err(refused) => {
            if let Refused::MayBeCopied(id) = &refused {
                let event = Event::of(EventKind::PasskeyMayBeCopied)
                    .by_client(stage.interaction.client_id.as_str())
                    .of_user(owner.as_str())
                    .about(id);
                events::insert(tx, &event)?;
            }
            return Ok(Err(PasskeyProblem::from(&refused)));
        }
    };
    let used = CredentialUse {
        before: &passkey.row.credential,
        after: &passkey.credential,
    };
    // Whoever used it between the list and this statement, in another interaction, was first.
    let is_first = second_factors::use_passkey(tx, &owner, &passkey.row.id, used)?;
    Ok(if is_first {
        Ok(passkey.amr)
    } else {
        Err(PasskeyProblem::Wrong)
    })
}
