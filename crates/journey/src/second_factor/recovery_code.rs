//! Enter a recovery code: the way in for who lost their second factor.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::UserId;
use model::browser_session::Amr;
use model::recovery_code::{InvalidRecoveryCode, RecoveryCode};
use model::slow_hash::Salt;
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::{Tx, second_factors};

use super::FactorPage;
use super::code::tries_left;
use super::given::given;
use super::limits::Try;
use super::telling::{FactorChange, tell};
use super::ways::OtherWays;
use crate::details::Frame;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::stage::{Stage, change, enter};
use crate::visitor::Visitor;

const PAGE: Page = Page::SecondFactor(FactorPage::RecoveryCode);
const NAME: &str = "recovery-code";

/// `/second-factor/recovery-code`: one of the codes that were saved.
///
/// Posts `recovery-code` and `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct RecoveryCodePage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// The code as typed, while it cannot be one; one that was tried is not shown again.
    pub recovery_code: Field,
    /// What else the person can give.
    pub ways: OtherWays,
}

/// Why a recovery code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryCodeProblem {
    /// It cannot be one.
    Invalid(InvalidRecoveryCode),
    /// It is none of theirs, or none any more.
    Wrong {
        /// How often one may still be typed.
        left: u32,
    },
}

impl RecoveryCodeProblem {
    /// What to do about it, for the summary and the input.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::Invalid(InvalidRecoveryCode::Empty) => "Enter a recovery code".to_owned(),
            Self::Invalid(InvalidRecoveryCode::WrongCharacters) => {
                "The recovery code must only include letters and numbers, and never the letter U"
                    .to_owned()
            }
            Self::Invalid(InvalidRecoveryCode::TooFew) => {
                "You have not entered enough characters, \
                 the recovery code must be 12 letters and numbers"
                    .to_owned()
            }
            Self::Invalid(InvalidRecoveryCode::TooMany) => "You have entered too many characters, \
                 the recovery code must be 12 letters and numbers"
                .to_owned(),
            Self::Wrong { left } => format!(
                "The recovery code you entered is not correct or you have used it before, check it \
                 or enter another one. {}",
                tries_left(left)
            ),
        }
    }
}

impl View for RecoveryCodePage {
    const TEMPLATE: &'static str = "second_factor/recovery_code";

    fn title(&self) -> String {
        "Enter a recovery code".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.recovery_code.error_at(NAME).into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        [
            Field::default(),
            Field::refused(
                "7K3Q-WX0M",
                RecoveryCodeProblem::Invalid(InvalidRecoveryCode::TooFew).message(),
            ),
            Field::refused("", RecoveryCodeProblem::Wrong { left: 4 }.message()),
        ]
        .map(|recovery_code| Self {
            frame: Frame::sample(),
            recovery_code,
            ways: OtherWays::sample(),
        })
        .into()
    }
}

/// `GET /second-factor/recovery-code`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, PAGE).await?;
    Ok(respond(&stage, StatusCode::OK, Field::default()))
}

fn respond(stage: &Stage, status: StatusCode, recovery_code: Field) -> HttpResponse {
    let view = RecoveryCodePage {
        frame: stage.frame(),
        recovery_code,
        ways: OtherWays::than(FactorPage::RecoveryCode, stage),
    };
    stage.respond(status, PAGE, &view)
}

/// `POST /second-factor/recovery-code`: three steps, since a hash takes too long for a unit of
/// work.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    if form.action != Action::Continue {
        return Err(JourneyError::Unreadable);
    }
    let typed = form.field(NAME);
    let code = match RecoveryCode::parse(typed) {
        Ok(code) => code,
        Err(invalid) => {
            let stage = enter(&journey, &visitor, PAGE).await?;
            let problem = RecoveryCodeProblem::Invalid(invalid);
            let field = Field::refused(typed, problem.message());
            return Ok(respond(&stage, StatusCode::BAD_REQUEST, field));
        }
    };
    let counted = change(&journey, &visitor, PAGE, |tx, stage| count(tx, &stage)).await?;
    let redeemed = redeem(&journey, &visitor, &counted, &code).await;
    if let Err(JourneyError::Overloaded | JourneyError::Elsewhere(_)) = &redeemed {
        // Nothing was looked at.
        let release = move |tx: &mut Tx<'_>| counted.tried.release(tx);
        journey.store.write(release).await?;
    }
    Ok(match redeemed? {
        Redeemed::Accepted(path) => see_other(&path),
        Redeemed::Refused(stage, problem) => {
            let field = Field::refused("", problem.message());
            respond(&stage, StatusCode::BAD_REQUEST, field)
        }
    })
}

/// A try that may be made.
struct Counted {
    tried: Try,
    account: UserId,
    salt: Salt,
}

fn count(tx: &mut Tx<'_>, stage: &Stage) -> Work<Counted> {
    let Some(account) = stage.user_id().cloned() else {
        return Ok(Err(stage.elsewhere()));
    };
    let Some(salt) = second_factors::recovery_salt(tx, &account)? else {
        return Ok(Err(stage.elsewhere()));
    };
    Ok(Try::count(tx, stage, &account)?.map(|tried| Counted {
        tried,
        account,
        salt,
    }))
}

/// How a try at a code ended.
enum Redeemed {
    /// It was right: there the person goes on.
    Accepted(String),
    /// It was not taken; another may be typed.
    Refused(Box<Stage>, RecoveryCodeProblem),
}

async fn redeem(
    journey: &Journey,
    visitor: &Visitor,
    counted: &Counted,
    code: &RecoveryCode,
) -> Result<Redeemed, JourneyError> {
    let secrets = vec![code.plain().clone()];
    let hashes = journey.slow_hash.hash_all(counted.salt, secrets).await?;
    let (tried, account) = (counted.tried.clone(), counted.account.clone());
    change(journey, visitor, PAGE, move |tx, stage| {
        if stage.user_id() != Some(&account) {
            return Ok(Err(stage.elsewhere()));
        }
        // One conditional update: of all who type this code, one gets in by it.
        for hash in &hashes {
            if let Some(left) = second_factors::redeem_recovery_code(tx, &account, hash)? {
                tried.release(tx)?;
                tell(tx, &stage, FactorChange::RecoveryCodeUsed { left })?;
                let path = given(tx, stage, Amr::Recovery)?;
                return Ok(Ok(Redeemed::Accepted(path)));
            }
        }
        Ok(tried
            .left(tx, &stage)?
            .map(|left| Redeemed::Refused(stage.into(), RecoveryCodeProblem::Wrong { left })))
    })
    .await
}
