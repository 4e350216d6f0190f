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
use crate::accounts::{lost_address, other_account};
use crate::code_delivery::{EarlierCodes, Letter, TooSoon, code_digest, issue, send};
use crate::code_use::CodeUse;
use crate::email::change_address;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::new_code_needed::NewCodeReason;
use crate::plan::Page;
use crate::rate_limit;
use crate::stage::{Stage, change, enter};
use crate::too_many::Limit;
use crate::visitor::Visitor;

/// The page's form.
pub(crate) async fn submit(
    code_use: CodeUse,
    journey: Journey,
    visitor: Visitor,
    form: Form,
) -> Answer {
    match (form.action, code_use) {
        (Action::Continue, _) => enter_code(code_use, &journey, &visitor, &form).await,
        (Action::Resend, _) => resend(code_use, &journey, &visitor).await,
        (Action::ChangeAddress, CodeUse::SignIn) => {
            change_address(&journey, &visitor, Page::EmailCode).await
        }
        (Action::ChangeAddress, CodeUse::NewAddress) => {
            lost_address::change_new(&journey, &visitor, Page::LostAddressCode).await
        }
        (Action::Skip, CodeUse::OtherAccount) => {
            other_account::go_on_without(&journey, &visitor, Page::AccountCode).await
        }
        _ => Err(JourneyError::Unreadable),
    }
}

/// How a try at a code ended.
enum Tried {
    /// It was right: there the person goes on.
    Accepted(String),
    /// It was right but too late: another is to be sent.
    Replaced(Box<Letter>, String),
    /// It was not taken; another may be typed.
    Refused(Box<Stage>, CodeProblem),
    /// It was not taken, and no code that was sent will be.
    Spent(Box<Stage>, NewCodeReason),
}

async fn enter_code(
    code_use: CodeUse,
    journey: &Journey,
    visitor: &Visitor,
    form: &Form,
) -> Answer {
    let tried = match email_code::parse(form.field("code")) {
        Ok(code) => {
            change(journey, visitor, code_use.page(), move |tx, stage| {
                try_code(tx, stage, code_use, &code)
            })
            .await?
        }
        Err(invalid) => {
            let stage = enter(journey, visitor, code_use.page()).await?;
            refused(stage, code_use, invalid.into())
        }
    };
    match tried {
        Tried::Accepted(path) => Ok(see_other(&path)),
        Tried::Replaced(letter, path) => send(journey, visitor, *letter, &path).await,
        Tried::Refused(stage, problem) => {
            let code = Field::refused("", problem.message());
            respond(&stage, code_use, problem.status(), None, code)
        }
        Tried::Spent(stage, reason) => {
            new_code_needed(&stage, code_use, StatusCode::BAD_REQUEST, reason)
        }
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
fn refused(stage: Stage, code_use: CodeUse, problem: CodeProblem) -> Tried {
    match spent(&stage, code_use) {
        Some(reason) => Tried::Spent(stage.into(), reason),
        None => Tried::Refused(stage.into(), problem),
    }
}

/// Tries a code. Every limit is counted before the code is looked at, and given back when it was
/// no wrong one.
fn try_code(tx: &mut Tx<'_>, stage: Stage, code_use: CodeUse, code: &EmailCode) -> Work<Tried> {
    let Some(address) = code_use.recipient(&stage) else {
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
    let digest = code_digest(journey, code_use, id, &address, code);
    let attempt = email_codes::attempt(tx, id, &digest, tries_allowed)?;
    if !matches!(attempt, Attempt::Wrong { .. }) {
        limits::release(tx, &counters)?;
    }
    Ok(Ok(match attempt {
        Attempt::Accepted => Tried::Accepted(code_use.accept(tx, stage)?),
        Attempt::Expired => replace_expired(tx, stage, code_use, &address)?,
        Attempt::Exhausted => Tried::Spent(stage.into(), NewCodeReason::TriesSpent),
        Attempt::Wrong { left: 0 } => exhaust(tx, stage)?,
        Attempt::Wrong { left } => refused(stage, code_use, CodeProblem::Wrong { left }),
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
    code_use: CodeUse,
    address: &EmailAddress,
) -> Result<Tried, StorageError> {
    let issued = issue(tx, &mut stage, code_use, address, EarlierCodes::Stay)?;
    Ok(match issued {
        Ok(letter) => {
            stage.go_on(tx)?;
            let path = code_use.page().url(&stage.interaction.id);
            Tried::Replaced(letter.into(), CodeNotice::ExpiredAndSentAnother.on(&path))
        }
        Err(TooSoon { until }) => {
            let wait = stage.wait(until);
            Tried::Refused(stage.into(), CodeProblem::Expired { wait })
        }
    })
}

async fn resend(code_use: CodeUse, journey: &Journey, visitor: &Visitor) -> Answer {
    let issued = change(journey, visitor, code_use.page(), move |tx, stage| {
        issue_another(tx, stage, code_use)
    });
    let (letter, path) = issued.await?;
    send(journey, visitor, letter, &path).await
}

fn issue_another(tx: &mut Tx<'_>, mut stage: Stage, code_use: CodeUse) -> Work<(Letter, String)> {
    let Some(address) = code_use.recipient(&stage) else {
        return Ok(Err(stage.elsewhere()));
    };
    match issue(tx, &mut stage, code_use, &address, EarlierCodes::Stay)? {
        Ok(letter) => {
            stage.go_on(tx)?;
            let path = code_use.page().url(&stage.interaction.id);
            Ok(Ok((letter, CodeNotice::SentAgain.on(&path))))
        }
        Err(TooSoon { until }) => Ok(Err(stage.too_many(Limit::CodesSent, until))),
    }
}
