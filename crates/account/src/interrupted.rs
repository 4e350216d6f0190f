//! The pages of who comes back with nothing.

use actix_web::http::StatusCode;
use pages::View;
use serde::Serialize;

use crate::routes;

/// Says why the account area cannot go on, and where to.
#[derive(Debug, Serialize)]
pub struct InterruptedPage {
    heading: &'static str,
    explanation: &'static str,
    account_url: &'static str,
    link: &'static str,
}

/// Why the account area cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// What came back belongs to no request of this browser, or to one of long ago.
    NotFromHere,
    /// The person gave up signing in.
    NotSignedIn,
    /// The form was not shown in this session. Nothing was changed.
    FormExpired,
}

impl Interruption {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::NotFromHere => StatusCode::BAD_REQUEST,
            Self::NotSignedIn => StatusCode::OK,
            Self::FormExpired => StatusCode::FORBIDDEN,
        }
    }
}

impl InterruptedPage {
    /// The page of an interruption.
    #[must_use]
    pub const fn new(interruption: Interruption) -> Self {
        let (heading, explanation, link) = match interruption {
            Interruption::NotFromHere => (
                "We cannot continue from this page",
                "You may have taken too long, or opened a link that was made for somebody else. \
                 Go to your account to see whether anything has changed.",
                "Go to your account",
            ),
            Interruption::NotSignedIn => (
                "You have not signed in",
                "You need to sign in to see your account.",
                "Sign in to your account",
            ),
            Interruption::FormExpired => (
                "This page has expired",
                "Nothing has been changed. Go to your account and try again.",
                "Go to your account",
            ),
        };
        Self {
            heading,
            explanation,
            account_url: routes::OVERVIEW,
            link,
        }
    }
}

impl View for InterruptedPage {
    const TEMPLATE: &'static str = "account/interrupted";

    fn title(&self) -> String {
        self.heading.to_owned()
    }

    fn samples() -> Vec<Self> {
        [
            Interruption::NotFromHere,
            Interruption::NotSignedIn,
            Interruption::FormExpired,
        ]
        .map(Self::new)
        .into()
    }
}
