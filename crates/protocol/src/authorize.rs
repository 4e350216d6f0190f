//! `/authorize`: where a relying service sends a browser (OpenID Connect Core §3.1.2).
//!
//! A request is parsed, decided over and answered with a code, an interaction or a refusal. An
//! interaction comes back through [`resume()`], which asks the same question again.

mod acr;
mod begin;
mod claims_parameter;
mod decision;
mod error;
mod expected;
mod prompt;
mod request;
pub(crate) mod response;
mod resume;

#[cfg(test)]
mod tests;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use model::raw_pairs::RawPairs;
use pages::Shell;

use crate::authorize::begin::{Answer, begin};
use crate::authorize::error::{AuthorizeError, Refusal, ShowPage};
use crate::authorize::request::{Address, AuthorizationRequest};
use crate::authorize::response::{Recipient, see_other};
use crate::authorize_error_page::AuthorizeErrorPage;
use crate::browser::Browser;
use crate::fault::page_of_fault;
use crate::form::is_form;
use crate::provider::Provider;
use crate::refusal_log::note;

pub use prompt::Prompt;
pub use response::ResponseMode;
pub use resume::resume;

/// What refusals are written down under.
const PATH: &str = "/authorize";

/// Longest query that a form posted to `/authorize` is turned into.
const QUERY_MAX: usize = 8_000;

/// `GET /authorize`.
pub async fn authorize_by_query(provider: Data<Provider>, http: HttpRequest) -> HttpResponse {
    answer(
        &provider,
        &http,
        RawPairs::parse(http.query_string().as_bytes()),
    )
    .await
}

/// `POST /authorize` with a form.
///
/// A browser sends no `SameSite=Lax` cookie with another site's form. So that a live session is
/// seen, and the other tabs of this browser keep their cookie, such a request is asked for again
/// by GET.
pub async fn authorize_by_form(
    provider: Data<Provider>,
    http: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    if !is_form(&http) {
        return show_page(&provider, &ShowPage::NotAForm);
    }
    let pairs = RawPairs::parse(&body);
    let query = pairs.to_query();
    if Browser::of(&http, provider.cookies).is_unknown() && query.len() <= QUERY_MAX {
        return see_other(&format!("/authorize?{query}"));
    }
    answer(&provider, &http, pairs).await
}

async fn answer(provider: &Provider, http: &HttpRequest, pairs: RawPairs) -> HttpResponse {
    let parsed = match parse(provider, &pairs).await {
        Ok(Ok(parsed)) => parsed,
        Ok(Err(AuthorizeError::ShowPage(page))) => {
            let claimed = pairs.one("client_id").ok().flatten();
            note(provider, claimed, PATH, page.code(), &page.to_string()).await;
            return show_page(provider, &page);
        }
        Ok(Err(AuthorizeError::Redirect(recipient, refusal))) => {
            note_refusal(provider, &recipient, &refusal).await;
            return recipient.refuse(provider, &refusal);
        }
        Err(fault) => return page_of_fault(provider, &fault),
    };
    let (recipient, request) = parsed;
    let browser = Browser::of(http, provider.cookies);
    match begin(provider, &browser, &recipient, request, pairs).await {
        Ok(answer) => {
            if let Answer::Refused(refusal) = &answer {
                note_refusal(provider, &recipient, refusal).await;
            }
            respond(provider, &recipient, answer)
        }
        Err(fault) => page_of_fault(provider, &fault),
    }
}

/// Writes down what a client is told.
async fn note_refusal(provider: &Provider, recipient: &Recipient, refusal: &Refusal) {
    let client_id = Some(recipient.client.id.as_str());
    note(
        provider,
        client_id,
        PATH,
        refusal.error,
        &refusal.description,
    )
    .await;
}

/// Proves client and redirect URI, then reads the rest.
async fn parse(
    provider: &Provider,
    pairs: &RawPairs,
) -> Result<Result<(Recipient, AuthorizationRequest), AuthorizeError>, storage::StorageError> {
    let address = match Address::parse(pairs) {
        Ok(address) => address,
        Err(page) => return Ok(Err(AuthorizeError::ShowPage(page))),
    };
    let Some(client) = provider.clients.find(address.client_id).await? else {
        return Ok(Err(AuthorizeError::ShowPage(ShowPage::UnknownClient)));
    };
    let Some(redirect) = client.redirect(address.redirect_uri) else {
        let client_id = client.id.to_string();
        return Ok(Err(AuthorizeError::ShowPage(
            ShowPage::UnregisteredRedirect { client_id },
        )));
    };
    let recipient = Recipient::of(client, redirect, pairs);
    let keys = provider.keys.current();
    match AuthorizationRequest::parse(pairs, &recipient.client, &keys, &provider.issuer) {
        Ok(request) => Ok(Ok((recipient, request))),
        Err(refusal) => Ok(Err(AuthorizeError::Redirect(Box::new(recipient), refusal))),
    }
}

fn respond(provider: &Provider, recipient: &Recipient, answer: Answer) -> HttpResponse {
    match answer {
        Answer::Code(code) => recipient.grant(provider, &code),
        Answer::Refused(refusal) => recipient.refuse(provider, &refusal),
        Answer::Asked {
            location,
            set_cookie,
        } => {
            let mut response = see_other(&location);
            if let Some(cookie) = set_cookie {
                crate::browser::add_cookie(&mut response, &cookie);
            }
            response
        }
    }
}

fn show_page(provider: &Provider, refused: &ShowPage) -> HttpResponse {
    let page = AuthorizeErrorPage {
        error: refused.code().to_owned(),
        reason: refused.to_string(),
    };
    provider
        .pages
        .respond(StatusCode::BAD_REQUEST, &Shell::default(), &page)
}
