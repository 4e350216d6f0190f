//! Every way in which a request ends on another page than its own.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use model::IncidentId;
use pages::{ErrorPage, Shell};
use storage::StorageError;

use crate::account::Account;
use crate::departure;
use crate::interrupted::{InterruptedPage, Interruption};
use crate::state::Errand;
use crate::visitor::Browser;

/// Why a request does not end on its own page.
#[derive(Debug)]
pub(crate) enum AccountError {
    /// Nobody is signed in there, or not as strongly as the account asks: they do so, and come
    /// back for the errand.
    SignedOut(Browser, Errand),
    /// There is a page that says why.
    Interrupted(Interruption),
    /// There is no such thing, or it is somebody else's.
    Missing,
    /// No page of ours sends this.
    Unreadable,
    /// The database failed.
    Storage(StorageError),
}

/// A page's answer to a request.
pub(crate) type Answer = Result<HttpResponse, AccountError>;

impl From<StorageError> for AccountError {
    fn from(fault: StorageError) -> Self {
        Self::Storage(fault)
    }
}

/// The answer, or the page in its place.
pub(crate) fn respond(account: &Account, answer: Answer) -> HttpResponse {
    answer.unwrap_or_else(|elsewhere| elsewhere.respond(account))
}

impl AccountError {
    fn respond(self, account: &Account) -> HttpResponse {
        let pages = &account.pages;
        match self {
            Self::SignedOut(browser, errand) => departure::sign_in(account, &browser, errand),
            Self::Interrupted(interruption) => pages.respond(
                interruption.status(),
                &Shell::default(),
                &InterruptedPage::new(interruption),
            ),
            Self::Missing => pages.error(ErrorPage::NotFound, None),
            Self::Unreadable => pages.error(ErrorPage::BadRequest, None),
            Self::Storage(fault @ StorageError::Unreachable(_)) => {
                page_of_fault(account, ErrorPage::Unavailable, &fault)
            }
            Self::Storage(fault) => page_of_fault(account, ErrorPage::Problem, &fault),
        }
    }
}

/// Sends the browser on to a path of ours, by GET (RFC 9110 §15.4.4).
pub(crate) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::SEE_OTHER)
        .insert_header((LOCATION, path))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

/// Logs a fault once, under a new incident id, and shows the page with that id.
fn page_of_fault(
    account: &Account,
    page: ErrorPage,
    fault: &dyn std::error::Error,
) -> HttpResponse {
    let incident = IncidentId::draw(&*account.entropy);
    tracing::error!(incident = %incident, error = %fault, "a page of the account area met a fault");
    account.pages.error(page, Some(&incident))
}
