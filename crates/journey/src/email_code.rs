//! Check your email: type the code, or ask for another.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::email_code::InvalidEmailCode;
use pages::{Field, FieldError, View};
use serde::Serialize;

use crate::error::Answer;
use crate::journey::Journey;
use crate::new_code_needed::{NewCodeNeededPage, NewCodeReason};
use crate::plan::Page;
use crate::stage::{Stage, enter, typed_address};
use crate::too_many::in_words;
use crate::visitor::Visitor;

mod submit;

pub(crate) use submit::submit;

/// `/sign-in/email-code`: the same page whether or not the address is known.
///
/// Posts `code` and `action`: `continue`, `resend`, `change-address` or `cancel`.
#[derive(Debug, Serialize)]
pub struct EmailCodePage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// Where the code went.
    pub address: String,
    /// How long a code works.
    pub minutes: u64,
    /// What has just been done for the person, if anything.
    pub notice: Option<CodeNotice>,
    /// What was typed is not shown again: give [`Field::refused`] an empty value.
    pub code: Field,
}

/// What has just been done, in a banner above the heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub enum CodeNotice {
    /// The person asked for another code and it is on its way.
    SentAgain,
    /// The code that was typed had expired less than 2 hours ago; another is on its way.
    ExpiredAndSentAnother,
}

impl CodeNotice {
    /// The code page's URL with this notice on it.
    fn on(self, path: &str) -> String {
        format!("{path}&sent={}", self.name())
    }

    fn name(self) -> &'static str {
        match self {
            Self::SentAgain => "again",
            Self::ExpiredAndSentAnother => "after-expiry",
        }
    }

    fn of(visitor: &Visitor) -> Option<Self> {
        let name = visitor.query.first("sent")?;
        [Self::SentAgain, Self::ExpiredAndSentAnother]
            .into_iter()
            .find(|notice| notice.name() == name)
    }
}

impl From<CodeNotice> for &'static str {
    fn from(notice: CodeNotice) -> Self {
        match notice {
            CodeNotice::SentAgain => "We have sent you another code",
            CodeNotice::ExpiredAndSentAnother => {
                "That code had expired. We have sent you another code"
            }
        }
    }
}

/// Why a code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    /// Nothing was typed.
    Missing,
    /// Something other than digits, spaces and dashes.
    NotNumbers,
    /// Fewer than 6 digits.
    TooFew,
    /// More than 6 digits.
    TooMany,
    /// 6 digits, but not those.
    Wrong {
        /// Tries left before a new code is needed.
        left: u32,
    },
    /// It was right, but too long ago, and no other may be sent yet.
    Expired {
        /// How long until another may be sent.
        wait: Duration,
    },
}

impl CodeProblem {
    /// What to do about it, for the summary and the input.
    #[must_use]
    pub fn message(self) -> String {
        match self {
            Self::Missing => "Enter the code from the email".to_owned(),
            Self::NotNumbers => "The code must only include numbers".to_owned(),
            Self::TooFew => {
                "You have not entered enough numbers, the code must be 6 numbers".to_owned()
            }
            Self::TooMany => {
                "You have entered too many numbers, the code must be 6 numbers".to_owned()
            }
            Self::Wrong { left } => {
                let tries = if left == 1 { "try" } else { "tries" };
                format!(
                    "The code you entered is not correct, check the email and enter it again. \
                     You have {left} {tries} left"
                )
            }
            Self::Expired { wait } => format!(
                "The code you entered has expired. You can ask for another code {}",
                in_words(wait)
            ),
        }
    }
}

impl From<InvalidEmailCode> for CodeProblem {
    fn from(invalid: InvalidEmailCode) -> Self {
        match invalid {
            InvalidEmailCode::Empty => Self::Missing,
            InvalidEmailCode::NotNumbers => Self::NotNumbers,
            InvalidEmailCode::TooFew => Self::TooFew,
            InvalidEmailCode::TooMany => Self::TooMany,
        }
    }
}

impl View for EmailCodePage {
    const TEMPLATE: &'static str = "journey/email_code";

    fn title(&self) -> String {
        "Check your email".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.code.error_at("code").into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        [
            (None, None),
            (Some(CodeNotice::SentAgain), None),
            (Some(CodeNotice::ExpiredAndSentAnother), None),
            (None, Some(CodeProblem::Missing)),
            (None, Some(CodeProblem::Wrong { left: 4 })),
        ]
        .map(|(notice, problem)| Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            address: "ada.lovelace@example.com".to_owned(),
            minutes: 15,
            notice,
            code: problem.map_or_else(Field::default, |problem| {
                Field::refused("", problem.message())
            }),
        })
        .into()
    }
}

/// `GET /sign-in/email-code`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, Page::EmailCode).await?;
    if let Some(reason) = spent(&stage) {
        return Ok(new_code_needed(&stage, StatusCode::OK, reason));
    }
    let notice = CodeNotice::of(&visitor);
    Ok(respond(&stage, StatusCode::OK, notice, Field::default()))
}

/// Why none of the codes that were sent can be used any more.
fn spent(stage: &Stage) -> Option<NewCodeReason> {
    let settings = stage.journey.code;
    let sent_at = stage.interaction.answers.code_sent_at;
    if stage.interaction.wrong_codes >= settings.tries {
        Some(NewCodeReason::TriesSpent)
    } else if sent_at.is_some_and(|at| stage.now >= at.plus(settings.life)) {
        Some(NewCodeReason::Expired)
    } else {
        None
    }
}

fn respond(
    stage: &Stage,
    status: StatusCode,
    notice: Option<CodeNotice>,
    code: Field,
) -> HttpResponse {
    let view = EmailCodePage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        address: typed_address(&stage.interaction),
        minutes: stage.journey.code.minutes(),
        notice,
        code,
    };
    stage.respond(status, Page::EmailCode, &view)
}

fn new_code_needed(stage: &Stage, status: StatusCode, reason: NewCodeReason) -> HttpResponse {
    let view = NewCodeNeededPage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        address: typed_address(&stage.interaction),
        minutes: stage.journey.code.minutes(),
        reason,
    };
    stage.respond(status, Page::EmailCode, &view)
}
