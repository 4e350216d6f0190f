//! The pages for what no other crate has a page for: the wrong address, a fault, an outage.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::IncidentId;
use serde::Serialize;

use crate::{Pages, Shell, View};

/// What happened, as far as the person is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorPage {
    /// The request could not be read.
    BadRequest,
    /// A form without the proof that it is ours, or a page that is not for this person.
    Forbidden,
    /// No such page.
    NotFound,
    /// Too many requests from one place.
    TooManyRequests,
    /// A fault of ours.
    Problem,
    /// We, or something we need, cannot answer now.
    Unavailable,
    /// Too many people at once, for a moment.
    Busy,
    /// The browser does not send our cookies.
    CookiesOff,
    /// The page was left open for too long.
    TimedOut,
}

impl ErrorPage {
    /// Every page, in the order above.
    pub const ALL: [Self; 9] = [
        Self::BadRequest,
        Self::Forbidden,
        Self::NotFound,
        Self::TooManyRequests,
        Self::Problem,
        Self::Unavailable,
        Self::Busy,
        Self::CookiesOff,
        Self::TimedOut,
    ];

    /// The status that goes with the page.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::BadRequest | Self::CookiesOff | Self::TimedOut => StatusCode::BAD_REQUEST,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::Problem => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::Busy => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::BadRequest => "We could not understand that request",
            Self::Forbidden => "You cannot use this page",
            Self::NotFound => "Page not found",
            Self::TooManyRequests => "You have made too many requests",
            Self::Problem => "There is a problem with the service",
            Self::Unavailable => "The service is not available",
            Self::Busy => "The service is busy",
            Self::CookiesOff => "Turn on cookies to sign in",
            Self::TimedOut => "This page has timed out",
        }
    }

    const fn paragraphs(self) -> &'static [&'static str] {
        match self {
            Self::BadRequest => {
                &["Go back to the service you want to use and start again from there."]
            }
            Self::Forbidden => &[
                "The page may have been opened from another website, or been open for too long.",
                "Go back to the service you want to use and start again from there.",
            ],
            Self::NotFound => &[
                "If you typed the web address, check it is correct.",
                "If you pasted the web address, check you copied all of it.",
                "To sign in, go to the service you want to use and start from there.",
            ],
            Self::TooManyRequests => &["Wait a few minutes, then try again."],
            Self::Problem => &[
                "Try again later.",
                "If you were signing in, you can go back to the service and start again.",
            ],
            Self::Unavailable => {
                &["You will be able to use the service later. Try again in a few minutes."]
            }
            Self::Busy => &["Wait a few seconds, then go back and send the form again."],
            Self::CookiesOff => &[
                "Your browser did not send the cookie that shows this is the browser you started in.",
                "Turn on cookies in your browser, then go back to the service you want to use and start again from there.",
            ],
            Self::TimedOut => &[
                "The page was open for too long, so we stopped to keep your account safe. We have not kept what you entered.",
                "Go back to the service you want to use and start again from there.",
            ],
        }
    }
}

/// An [`ErrorPage`] with the incident it belongs to.
#[derive(Debug, Serialize)]
pub struct ErrorView {
    heading: &'static str,
    paragraphs: &'static [&'static str],
    incident: Option<String>,
}

impl ErrorView {
    /// The page's data. `incident` is what the log line of the same fault holds.
    #[must_use]
    pub fn new(page: ErrorPage, incident: Option<&IncidentId>) -> Self {
        Self {
            heading: page.heading(),
            paragraphs: page.paragraphs(),
            incident: incident.map(ToString::to_string),
        }
    }
}

impl View for ErrorView {
    const TEMPLATE: &'static str = "error_page";

    fn title(&self) -> String {
        self.heading.to_owned()
    }

    fn samples() -> Vec<Self> {
        let incident = IncidentId::draw(&model::SystemEntropy);
        ErrorPage::ALL
            .map(|page| {
                let shown = page == ErrorPage::Problem || page == ErrorPage::Unavailable;
                Self::new(page, shown.then_some(&incident))
            })
            .into()
    }
}

impl Pages {
    /// Answers with an error page and its status.
    #[must_use]
    pub fn error(&self, page: ErrorPage, incident: Option<&IncidentId>) -> HttpResponse {
        let view = ErrorView::new(page, incident);
        self.respond(page.status(), &Shell::default(), &view)
    }
}
