//! Check your email: type the code, or ask for another.

use pages::{Field, FieldError, View};
use serde::Serialize;

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
    Wrong,
    /// It was right, but too long ago.
    Expired,
}

impl CodeProblem {
    /// What to do about it, for the summary and the input.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Missing => "Enter the code from the email",
            Self::NotNumbers => "The code must only include numbers",
            Self::TooFew => "You have not entered enough numbers, the code must be 6 numbers",
            Self::TooMany => "You have entered too many numbers, the code must be 6 numbers",
            Self::Wrong => {
                "The code you entered is not correct, check the email and enter it again"
            }
            Self::Expired => "The code you entered has expired, ask for another code",
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
            (None, Some(CodeProblem::Wrong)),
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
