//! Check your email: type the code, or ask for another.

use std::time::Duration;

use actix_web::http::StatusCode;
use model::email_code::InvalidEmailCode;
use pages::{Field, FieldError, View};
use serde::Serialize;

use crate::code_use::CodeUse;
use crate::error::{Answer, JourneyError};
use crate::journey::Journey;
use crate::new_code_needed::{NewCodeNeededPage, NewCodeReason};
use crate::plan::Page;
use crate::stage::{Stage, enter};
use crate::too_many::in_words;
use crate::visitor::Visitor;

mod submit;

pub(crate) use submit::submit;

/// `/sign-in/email-code`, `/details/account-code` and `/sign-in/lost-address-code`: the same page
/// whether or not the address is known.
///
/// Posts `code` and `action`: `continue`, `resend`, `change-address` (`skip` where the address is
/// another account's) or `cancel`.
#[derive(Debug, Serialize)]
pub struct EmailCodePage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// What the code is for.
    pub code_use: CodeUse,
    /// Where the code went, as far as the person may see.
    pub address: String,
    /// The page for those who can no longer use the address, where there is one.
    pub lost_address_url: Option<String>,
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
            (CodeUse::SignIn, None, None),
            (CodeUse::SignIn, Some(CodeNotice::SentAgain), None),
            (
                CodeUse::SignIn,
                Some(CodeNotice::ExpiredAndSentAnother),
                None,
            ),
            (CodeUse::SignIn, None, Some(CodeProblem::Missing)),
            (CodeUse::SignIn, None, Some(CodeProblem::Wrong { left: 4 })),
            (CodeUse::OtherAccount, None, None),
            (CodeUse::OtherAccount, None, Some(CodeProblem::Missing)),
            (CodeUse::NewAddress, None, None),
            (CodeUse::NewAddress, None, Some(CodeProblem::Missing)),
        ]
        .map(|(code_use, notice, problem)| Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            code_use,
            address: match code_use {
                CodeUse::OtherAccount => "a****@****.com".to_owned(),
                _ => "ada.lovelace@example.com".to_owned(),
            },
            lost_address_url: (code_use == CodeUse::SignIn)
                .then(|| "/sign-in/lost-address?i=1".to_owned()),
            minutes: 15,
            notice,
            code: problem.map_or_else(Field::default, |problem| {
                Field::refused("", problem.message())
            }),
        })
        .into()
    }
}

/// The page as it is looked at.
pub(crate) async fn show(code_use: CodeUse, journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, code_use.page()).await?;
    if let Some(reason) = spent(&stage, code_use) {
        return new_code_needed(&stage, code_use, StatusCode::OK, reason);
    }
    let notice = CodeNotice::of(&visitor);
    respond(&stage, code_use, StatusCode::OK, notice, Field::default())
}

/// Why none of the codes that were sent can be used any more.
fn spent(stage: &Stage, code_use: CodeUse) -> Option<NewCodeReason> {
    let settings = stage.journey.code;
    let sent_at = code_use.sent_at(&stage.interaction.answers);
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
    code_use: CodeUse,
    status: StatusCode,
    notice: Option<CodeNotice>,
    code: Field,
) -> Answer {
    let id = &stage.interaction.id;
    let view = EmailCodePage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        code_use,
        address: shown_address(stage, code_use)?,
        lost_address_url: (code_use == CodeUse::SignIn).then(|| Page::LostAddress.url(id)),
        minutes: stage.journey.code.minutes(),
        notice,
        code,
    };
    Ok(stage.respond(status, code_use.page(), &view))
}

fn new_code_needed(
    stage: &Stage,
    code_use: CodeUse,
    status: StatusCode,
    reason: NewCodeReason,
) -> Answer {
    let view = NewCodeNeededPage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        code_use,
        address: shown_address(stage, code_use)?,
        minutes: stage.journey.code.minutes(),
        reason,
    };
    Ok(stage.respond(status, code_use.page(), &view))
}

/// The address that the codes went to. Without one, nobody is on this page.
fn shown_address(stage: &Stage, code_use: CodeUse) -> Result<String, JourneyError> {
    let address = code_use.recipient(stage);
    let address = address.ok_or_else(|| stage.elsewhere())?;
    Ok(code_use.shown(&address))
}
