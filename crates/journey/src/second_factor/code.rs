//! Enter the code from your authenticator app.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::browser_session::Amr;
use model::email_code::{self, EmailCode, InvalidEmailCode};
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::{StorageError, Tx, second_factors};

use super::FactorPage;
use super::given::given;
use super::limits::Try;
use super::ways::OtherWays;
use crate::details::Frame;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::stage::{Stage, change, enter};
use crate::visitor::Visitor;

const PAGE: Page = Page::SecondFactor(FactorPage::Code);

/// `/second-factor/code`: the 6 numbers that an app shows.
///
/// Posts `code` and `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct AppCodePage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// What was typed is not shown again: give [`Field::refused`] an empty value.
    pub code: Field,
    /// What else the person can give.
    pub ways: OtherWays,
}

/// Why a code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppCodeProblem {
    /// It cannot be one.
    Invalid(InvalidEmailCode),
    /// It is not that of now.
    Wrong {
        /// How often one may still be typed.
        left: u32,
    },
    /// It was right, and used already: each code is good once (RFC 6238 §5.2).
    Used,
}

impl AppCodeProblem {
    /// What to do about it, for the summary and the input.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::Invalid(invalid) => invalid_code(invalid).to_owned(),
            Self::Wrong { left } => format!(
                "The code you entered is not correct, enter the code that your app shows now. {}",
                tries_left(left)
            ),
            Self::Used => "You have used this code before, wait until your app shows a new one \
                           and enter that"
                .to_owned(),
        }
    }
}

/// What is wrong with something that is no code of an app.
pub(super) const fn invalid_code(invalid: InvalidEmailCode) -> &'static str {
    match invalid {
        InvalidEmailCode::Empty => "Enter the code from your authenticator app",
        InvalidEmailCode::NotNumbers => "The code must only include numbers",
        InvalidEmailCode::TooFew => {
            "You have not entered enough numbers, the code must be 6 numbers"
        }
        InvalidEmailCode::TooMany => {
            "You have entered too many numbers, the code must be 6 numbers"
        }
    }
}

/// `You have 4 tries left`.
pub(crate) fn tries_left(left: u32) -> String {
    let tries = if left == 1 { "try" } else { "tries" };
    format!("You have {left} {tries} left")
}

impl View for AppCodePage {
    const TEMPLATE: &'static str = "second_factor/code";

    fn title(&self) -> String {
        "Enter the code from your authenticator app".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.code.error_at("code").into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        [
            (None, OtherWays::default()),
            (None, OtherWays::sample()),
            (
                Some(AppCodeProblem::Invalid(InvalidEmailCode::Empty)),
                OtherWays::sample(),
            ),
            (Some(AppCodeProblem::Wrong { left: 1 }), OtherWays::sample()),
            (Some(AppCodeProblem::Used), OtherWays::sample()),
        ]
        .map(|(problem, ways)| Self {
            frame: Frame::sample(),
            code: problem.map_or_else(Field::default, |problem| {
                Field::refused("", problem.message())
            }),
            ways,
        })
        .into()
    }
}

/// `GET /second-factor/code`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, PAGE).await?;
    Ok(respond(&stage, StatusCode::OK, Field::default()))
}

fn respond(stage: &Stage, status: StatusCode, code: Field) -> HttpResponse {
    let view = AppCodePage {
        frame: stage.frame(),
        code,
        ways: OtherWays::than(FactorPage::Code, stage),
    };
    stage.respond(status, PAGE, &view)
}

/// How a try at a code ended.
enum Tried {
    /// It was right: there the person goes on.
    Accepted(String),
    /// It was not taken; another may be typed.
    Refused(Box<Stage>, AppCodeProblem),
}

/// `POST /second-factor/code`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    if form.action != Action::Continue {
        return Err(JourneyError::Unreadable);
    }
    let tried = match email_code::parse(form.field("code")) {
        Ok(code) => {
            change(&journey, &visitor, PAGE, move |tx, stage| {
                try_code(tx, stage, &code)
            })
            .await?
        }
        Err(invalid) => {
            let stage = enter(&journey, &visitor, PAGE).await?;
            Tried::Refused(stage.into(), AppCodeProblem::Invalid(invalid))
        }
    };
    Ok(match tried {
        Tried::Accepted(path) => see_other(&path),
        Tried::Refused(stage, problem) => {
            let code = Field::refused("", problem.message());
            respond(&stage, StatusCode::BAD_REQUEST, code)
        }
    })
}

/// Tries a code. It is counted before it is looked at, and given back unless it is a wrong guess.
fn try_code(tx: &mut Tx<'_>, stage: Stage, code: &EmailCode) -> Work<Tried> {
    let Some(account) = stage.user_id().cloned() else {
        return Ok(Err(stage.elsewhere()));
    };
    let Some(app) = second_factors::standing(tx, &account)?.totp else {
        return Ok(Err(stage.elsewhere()));
    };
    let tried = match Try::count(tx, &stage, &account)? {
        Ok(tried) => tried,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let seed = app.seed(&account, &stage.journey.keyring);
    let seed = seed.map_err(|_| StorageError::Corrupt("totp_factors"))?;
    if let Some(step) = seed.verify(code.reveal(), tx.now(), None) {
        tried.release(tx)?;
        // One conditional update: of all who type this code, on any node, one gets in by it.
        let is_first = second_factors::use_totp_step(tx, &account, step)?;
        return Ok(Ok(if is_first {
            Tried::Accepted(given(tx, stage, Amr::Otp)?)
        } else {
            Tried::Refused(stage.into(), AppCodeProblem::Used)
        }));
    }
    Ok(match tried.left(tx, &stage)? {
        Ok(left) => Ok(Tried::Refused(stage.into(), AppCodeProblem::Wrong { left })),
        Err(refusal) => Err(refusal),
    })
}
