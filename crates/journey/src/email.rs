//! Enter your email address: the first page of every sign-in.

use pages::{Field, FieldError, View};
use serde::Serialize;

/// `/sign-in/email`: names the service, says what the account is, asks for an address.
///
/// Posts `email` and `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct EmailPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// What was typed, or the request's `login_hint`.
    pub email: Field,
}

/// Why an address was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailProblem {
    /// Nothing was typed.
    Missing,
    /// It does not read as an email address.
    NotAnAddress,
}

impl EmailProblem {
    /// What to do about it, for the summary and the input.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Missing => "Enter your email address",
            Self::NotAnAddress => {
                "Enter an email address in the correct format, like name@example.com"
            }
        }
    }
}

impl View for EmailPage {
    const TEMPLATE: &'static str = "journey/email";

    fn title(&self) -> String {
        "Enter your email address".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.email.error_at("email").into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        [
            Field::default(),
            Field::holding("ada.lovelace@example.com"),
            Field::refused("", EmailProblem::Missing.message()),
            Field::refused("ada.example.com", EmailProblem::NotAnAddress.message()),
        ]
        .map(|email| Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            email,
        })
        .into()
    }
}
