//! Every way in which a request ends on another page than its own.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue, LOCATION, RETRY_AFTER};
use model::slow_hash::Overloaded;
use model::{IncidentId, InteractionId};
use pages::{ErrorPage, PagesError, Shell};
use storage::StorageError;

use crate::form::Unreadable;
use crate::interrupted::{InterruptedPage, Interruption};
use crate::journey::Journey;
use crate::plan::Page;
use crate::too_many::TooManyPage;

/// Why a request does not end on its own page.
#[derive(Debug)]
pub(crate) enum JourneyError {
    /// The person belongs on another page of ours: a path, with its query.
    Elsewhere(String),
    /// No cookie came back at all.
    CookiesOff,
    /// Another browser began the interaction.
    OtherBrowser,
    /// There is no such interaction, or no longer.
    Missing,
    /// The form was not shown to this browser in this interaction. Nothing was changed.
    FormExpired(InteractionId),
    /// No page of ours sends such a form.
    Unreadable,
    /// A limit was reached.
    TooMany(Box<TooMany>),
    /// More secrets wait to be hashed than can be soon.
    Overloaded,
    /// The database failed.
    Storage(StorageError),
    /// A mail could not be written.
    Pages(PagesError),
}

/// A reached limit, as its page tells it.
#[derive(Debug)]
pub(crate) struct TooMany {
    pub(crate) shell: Shell,
    pub(crate) page: TooManyPage,
    pub(crate) wait: Duration,
}

/// A page's answer to a request.
pub(crate) type Answer = Result<HttpResponse, JourneyError>;

impl From<StorageError> for JourneyError {
    fn from(fault: StorageError) -> Self {
        Self::Storage(fault)
    }
}

impl From<PagesError> for JourneyError {
    fn from(fault: PagesError) -> Self {
        Self::Pages(fault)
    }
}

impl From<Overloaded> for JourneyError {
    fn from(_: Overloaded) -> Self {
        Self::Overloaded
    }
}

impl From<Unreadable> for JourneyError {
    fn from(_: Unreadable) -> Self {
        Self::Unreadable
    }
}

impl JourneyError {
    pub(crate) fn respond(self, journey: &Journey) -> HttpResponse {
        let pages = &journey.pages;
        match self {
            Self::Elsewhere(path) => see_other(&path),
            Self::CookiesOff => pages.error(ErrorPage::CookiesOff, None),
            Self::OtherBrowser => interrupted(
                journey,
                StatusCode::FORBIDDEN,
                &InterruptedPage::new(Interruption::OtherBrowser),
            ),
            Self::Missing => interrupted(
                journey,
                StatusCode::BAD_REQUEST,
                &InterruptedPage::new(Interruption::Expired),
            ),
            Self::FormExpired(id) => interrupted(
                journey,
                StatusCode::FORBIDDEN,
                &InterruptedPage::new(Interruption::FormExpired)
                    .carrying_on_at(Page::Email.url(&id)),
            ),
            Self::Unreadable => pages.error(ErrorPage::BadRequest, None),
            Self::TooMany(refusal) => too_many(journey, &refusal),
            Self::Overloaded => busy(journey),
            Self::Storage(fault @ StorageError::Unreachable(_)) => {
                page_of_fault(journey, ErrorPage::Unavailable, &fault)
            }
            Self::Storage(fault) => page_of_fault(journey, ErrorPage::Problem, &fault),
            Self::Pages(fault) => page_of_fault(journey, ErrorPage::Problem, &fault),
        }
    }
}

/// Sends the browser on to a path of ours, by GET (RFC 9110 §15.4.4).
pub(crate) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, path))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

fn interrupted(journey: &Journey, status: StatusCode, page: &InterruptedPage) -> HttpResponse {
    journey.pages.respond(status, &Shell::default(), page)
}

/// For a moment: what came was not looked at, and can be sent again.
fn busy(journey: &Journey) -> HttpResponse {
    let mut response = journey.pages.error(ErrorPage::Busy, None);
    response
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

fn too_many(journey: &Journey, refusal: &TooMany) -> HttpResponse {
    let mut response =
        journey
            .pages
            .respond(StatusCode::TOO_MANY_REQUESTS, &refusal.shell, &refusal.page);
    let seconds = HeaderValue::from(refusal.wait.as_secs().max(1));
    response.headers_mut().insert(RETRY_AFTER, seconds);
    response
}

/// Logs a fault once, under a new incident id, and shows the page with that id.
fn page_of_fault(
    journey: &Journey,
    page: ErrorPage,
    fault: &dyn std::error::Error,
) -> HttpResponse {
    let incident = IncidentId::draw(&*journey.entropy);
    tracing::error!(incident = %incident, error = %fault, "a page of the journey met a fault");
    journey.pages.error(page, Some(&incident))
}
