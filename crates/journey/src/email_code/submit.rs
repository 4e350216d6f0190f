//! What the code page's buttons do: try a code, send another, use another address.

use actix_web::http::StatusCode;
use model::EmailAddress;
use model::email_code::{self, EmailCode};
use model::event::{Event, EventKind};
use pages::Field;
use storage::email_codes::{self, Attempt};
use storage::limits::{self, Hit};
use storage::{StorageError, Tx, events};

use super::{CodeNotice, CodeProblem, new_code_needed, respond, spent};
use crate::code_delivery::{EarlierCodes, Letter, TooSoon, code_digest, issue, send};
use crate::email::change_address;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::new_code_needed::NewCodeReason;
use crate::plan::Page;
use crate::stage::{Stage, change, enter};
use crate::too_many::Limit;
use crate::visitor::Visitor;
use crate::{rate_limit, sign_in};

/// `POST /sign-in/email-code`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    match form.action {
        Action::Continue => enter_code(&journey, &visitor, &form).await,
        Action::Resend => resend(&journey, &visitor).await,
        Action::ChangeAddress => change_address(&journey, &visitor, Page::EmailCode).await,
        _ => Err(JourneyError::Unreadable),
    }
}

/// How a try at a code ended.
enum Tried {
    /// It was right: there the person goes on.
    SignedIn(String),
    /// It was right but too late: another is to be sent.
    Replaced(Box<Letter>, String),
    /// It was not taken; another may be typed.
    Refused(Box<Stage>, CodeProblem),
    /// It was not taken, and no code that was sent will be.
    Spent(Box<Stage>, NewCodeReason),
}

async fn enter_code(journey: &Journey, visitor: &Visitor, form: &Form) -> Answer {
    let tried = match email_code::parse(form.field("code")) {
        Ok(code) => {
            change(journey, visitor, Page::EmailCode, move |tx, stage| {
                try_code(tx, stage, &code)
            })
            .await?
        }
        Err(invalid) => {
            let stage = enter(journey, visitor, Page::EmailCode).await?;
            refused(stage, invalid.into())
        }
    };
    match tried {
        Tried::SignedIn(path) => Ok(see_other(&path)),
        Tried::Replaced(letter, path) => send(journey, visitor, *letter, &path).await,
        Tried::Refused(stage, problem) => {
            let code = Field::refused("", problem.message());
            Ok(respond(&stage, problem.status(), None, code))
        }
        Tried::Spent(stage, reason) => Ok(new_code_needed(&stage, StatusCode::BAD_REQUEST, reason)),
    }
}

impl CodeProblem {
    const fn status(self) -> StatusCode {
        match self {
            Self::Expired { .. } => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// What was typed is not taken; when nothing that could be typed would be, that is the news.
fn refused(stage: Stage, problem: CodeProblem) -> Tried {
    match spent(&stage) {
        Some(reason) => Tried::Spent(stage.into(), reason),
        None => Tried::Refused(stage.into(), problem),
    }
}

/// Tries a code. Every limit is counted before the code is looked at, and given back when it was
/// no wrong one.
fn try_code(tx: &mut Tx<'_>, stage: Stage, code: &EmailCode) -> Work<Tried> {
    let Some(address) = stage.interaction.answers.email.clone() else {
        return Ok(Err(stage.elsewhere()));
    };
    let (journey, id) = (&stage.journey, &stage.interaction.id);
    let tries_allowed = journey.code.tries;
    if stage.interaction.wrong_codes >= tries_allowed {
        return Ok(Ok(Tried::Spent(stage.into(), NewCodeReason::TriesSpent)));
    }
    let counters = rate_limit::tries(journey, &address, stage.visitor.browser.client);
    if let Hit::Refused { until } = limits::hit(tx, &counters)? {
        return Ok(Err(stage.too_many(Limit::Tries, until)));
    }
    let digest = code_digest(journey, id, &address, code);
    let attempt = email_codes::attempt(tx, id, &digest, tries_allowed)?;
    if !matches!(attempt, Attempt::Wrong { .. }) {
        limits::release(tx, &counters)?;
    }
    Ok(Ok(match attempt {
        Attempt::Accepted => Tried::SignedIn(sign_in::accept(tx, stage)?),
        Attempt::Expired => replace_expired(tx, stage, &address)?,
        Attempt::Exhausted => Tried::Spent(stage.into(), NewCodeReason::TriesSpent),
        Attempt::Wrong { left: 0 } => exhaust(tx, stage)?,
        Attempt::Wrong { left } => refused(stage, CodeProblem::Wrong { left }),
    }))
}

/// The last try was wrong: every code and link that was sent dies.
fn exhaust(tx: &mut Tx<'_>, stage: Stage) -> Result<Tried, StorageError> {
    let interaction = &stage.interaction;
    email_codes::end_all(tx, &interaction.id)?;
    let event = Event::of(EventKind::CodeTriesExhausted)
        .by_client(interaction.client_id.as_str())
        .about(interaction.id.as_str());
    events::insert(tx, &event)?;
    Ok(Tried::Spent(stage.into(), NewCodeReason::TriesSpent))
}

/// A right code that came too late: its owner is told, and gets another if one may be sent.
fn replace_expired(
    tx: &mut Tx<'_>,
    mut stage: Stage,
    address: &EmailAddress,
) -> Result<Tried, StorageError> {
    Ok(match issue(tx, &mut stage, address, EarlierCodes::Stay)? {
        Ok(letter) => {
            let path = stage.go_on(tx)?;
            Tried::Replaced(letter.into(), CodeNotice::ExpiredAndSentAnother.on(&path))
        }
        Err(TooSoon { until }) => {
            let wait = stage.wait(until);
            Tried::Refused(stage.into(), CodeProblem::Expired { wait })
        }
    })
}

async fn resend(journey: &Journey, visitor: &Visitor) -> Answer {
    let (letter, path) = change(journey, visitor, Page::EmailCode, issue_another).await?;
    send(journey, visitor, letter, &path).await
}

fn issue_another(tx: &mut Tx<'_>, mut stage: Stage) -> Work<(Letter, String)> {
    let Some(address) = stage.interaction.answers.email.clone() else {
        return Ok(Err(stage.elsewhere()));
    };
    match issue(tx, &mut stage, &address, EarlierCodes::Stay)? {
        Ok(letter) => {
            let path = stage.go_on(tx)?;
            Ok(Ok((letter, CodeNotice::SentAgain.on(&path))))
        }
        Err(TooSoon { until }) => Ok(Err(stage.too_many(Limit::CodesSent, until))),
    }
}
