//! `/authorize`: where a relying service sends a browser (OpenID Connect Core §3.1.2).
//!
//! A request is parsed, decided over and answered with what it asks for, an interaction or a
//! refusal. An interaction comes back through [`resume()`], which asks the same question again.

mod acr;
mod begin;
pub(crate) mod claims_parameter;
mod decision;
pub(crate) mod error;
mod expected;
mod issue;
mod prompt;
pub(crate) mod pushed;
pub(crate) mod request;
pub(crate) mod request_object;
pub(crate) mod response;
mod resume;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use model::Client;
use model::raw_pairs::RawPairs;
use pages::Shell;
use storage::StorageError;

use crate::authorize::begin::{Answer, begin};
use crate::authorize::error::{AuthorizeError, OUR_FAULT, Refusal, ShowPage};
use crate::authorize::pushed::{Found, KEPT_MAX, NewRequest, PushedRequest};
use crate::authorize::request::{AuthorizationRequest, PagesAllowed, read_parameters};
use crate::authorize::response::{Recipient, see_other, with_query};
use crate::authorize_error_page::AuthorizeErrorPage;
use crate::browser::{Browser, add_cookie};
use crate::fault::page_of_fault;
use crate::form::is_form;
use crate::oauth_error::{Failure, OAuthError};
use crate::provider::Provider;
use crate::refusal_log::note;
use crate::session_state;

pub use prompt::Prompt;
pub use response::ResponseMode;
pub use resume::resume;

/// What refusals are written down under.
const PATH: &str = "/authorize";

/// How a request came.
pub(crate) enum Arrival {
    /// The browser brought it.
    Brought,
    /// It is kept, because its client pushed it (RFC 9126) or a browser posted it, and nobody used
    /// it yet.
    Pushed(PushedRequest),
    /// It came before, one way or the other, and is taken up again.
    Again,
}

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
/// by GET. It is kept as one that was pushed is: it may say whom it means, and be longer than a URL
/// should be.
pub async fn authorize_by_form(
    provider: Data<Provider>,
    http: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    if !is_form(&http) {
        return show_page(&provider, &ShowPage::NotAForm);
    }
    let pairs = RawPairs::parse(&body);
    if !Browser::of(&http, provider.cookies).is_unknown() {
        return answer(&provider, &http, pairs).await;
    }
    if pushed::is_in(&pairs) {
        return see_other(&format!("/authorize?{}", pairs.to_query()));
    }
    ask_again(&provider, pairs)
        .await
        .unwrap_or_else(|fault| page_of_fault(&provider, &fault))
}

/// Keeps a request, and has its browser come again with its name.
async fn ask_again(provider: &Provider, pairs: RawPairs) -> Result<HttpResponse, StorageError> {
    let pairs = match resolve(provider, &pairs).await? {
        Ok(resolved) => resolved.unwrap_or(pairs),
        Err(refusal) => return Ok(refuse(provider, &pairs, &refusal).await),
    };
    let (recipient, request) = match parse(provider, &pairs, &Arrival::Brought).await? {
        Ok(parsed) => parsed,
        Err(refusal) => return Ok(refuse(provider, &pairs, &refusal).await),
    };
    let client = &recipient.client;
    let Some(kept) = NewRequest::draw(provider, client, read_parameters(&pairs)) else {
        let description = OAuthError::LongRequest(KEPT_MAX).to_string();
        let refusal = Refusal::invalid_request(description);
        return Ok(refuse_client(provider, &recipient, &refusal).await);
    };
    let client_id = client.id.to_string();
    let name = [
        ("client_id", client_id),
        ("request_uri", kept.request_uri.clone()),
    ];
    let location = with_query(PATH, &name);
    match provider.store.write(move |tx| kept.store(tx)).await {
        Ok(true) => Ok(see_other(&location)),
        Ok(false) => Ok(refuse(provider, &pairs, &ShowPage::UnknownClient.into()).await),
        // Nobody is there to read a page.
        Err(fault) if request.pages == PagesAllowed::No => {
            Ok(refuse_for_fault(provider, &recipient, fault).await)
        }
        Err(fault) => Err(fault),
    }
}

async fn answer(provider: &Provider, http: &HttpRequest, pairs: RawPairs) -> HttpResponse {
    let browser = Browser::of(http, provider.cookies);
    let answer = if pushed::is_in(&pairs) {
        answer_pushed(provider, &browser, &pairs).await
    } else {
        answer_brought(provider, &browser, pairs).await
    };
    answer.unwrap_or_else(|fault| page_of_fault(provider, &fault))
}

async fn answer_brought(
    provider: &Provider,
    browser: &Browser,
    pairs: RawPairs,
) -> Result<HttpResponse, StorageError> {
    match resolve(provider, &pairs).await? {
        Ok(resolved) => {
            let pairs = resolved.unwrap_or(pairs);
            answer_resolved(provider, browser, pairs, Arrival::Brought).await
        }
        Err(refusal) => Ok(refuse(provider, &pairs, &refusal).await),
    }
}

/// Answers what was pushed and nothing else: beside the `request_uri`, only the client's id is
/// read.
async fn answer_pushed(
    provider: &Provider,
    browser: &Browser,
    pairs: &RawPairs,
) -> Result<HttpResponse, StorageError> {
    let client = match find_client(provider, pairs).await? {
        Ok(client) => client,
        Err(page) => return Ok(refuse(provider, pairs, &page.into()).await),
    };
    let unusable = ShowPage::PushedRequest.into();
    let Some(pushed) = PushedRequest::named(pairs, &client) else {
        return Ok(refuse(provider, pairs, &unusable).await);
    };
    let found = provider.store.read({
        let (pushed, browser) = (pushed.clone(), browser.browser);
        move |tx| pushed.find(tx, browser.as_ref())
    });
    match found.await? {
        Found::Unused(pairs) => {
            answer_resolved(provider, browser, pairs, Arrival::Pushed(pushed)).await
        }
        Found::GoesOn { location } => Ok(see_other(&location)),
        Found::Unusable => Ok(refuse(provider, pairs, &unusable).await),
    }
}

/// Answers a request whose object, if it came with one, has been read.
async fn answer_resolved(
    provider: &Provider,
    browser: &Browser,
    pairs: RawPairs,
    arrival: Arrival,
) -> Result<HttpResponse, StorageError> {
    let (recipient, request) = match parse(provider, &pairs, &arrival).await? {
        Ok(parsed) => parsed,
        Err(refusal) => return Ok(refuse(provider, &pairs, &refusal).await),
    };
    let pages = request.pages;
    let answer = match begin(provider, browser, &recipient, request, (pairs, arrival)).await {
        // Nobody is there to read a page.
        Err(fault) if pages == PagesAllowed::No => {
            return Ok(refuse_for_fault(provider, &recipient, fault).await);
        }
        answer => answer?,
    };
    let state = answer.sid().map(|sid| session_state::cookie(provider, sid));
    let mut response = respond(provider, &recipient, answer).await;
    if let Some(cookie) = state {
        add_cookie(&mut response, &cookie);
    }
    Ok(response)
}

/// Puts what the client signed in the place of parameters; `None` when it signed nothing. An object
/// that cannot be used says nothing: where that is told is up to the parameters beside it.
async fn resolve(
    provider: &Provider,
    pairs: &RawPairs,
) -> Result<Result<Option<RawPairs>, AuthorizeError>, StorageError> {
    if !request_object::is_in(pairs) {
        return Ok(Ok(None));
    }
    let client = match find_client(provider, pairs).await? {
        Ok(client) => client,
        Err(page) => return Ok(Err(page.into())),
    };
    Ok(request_object::resolve(provider, &client, pairs)
        .await
        .map(Some)
        .map_err(|refusal| match Recipient::prove(client, pairs) {
            Ok(recipient) => AuthorizeError::Redirect(Box::new(recipient), refusal),
            Err(ShowPage::Missing(_)) => ShowPage::RequestObject(refusal).into(),
            Err(page) => page.into(),
        }))
}

async fn find_client(
    provider: &Provider,
    pairs: &RawPairs,
) -> Result<Result<Arc<Client>, ShowPage>, StorageError> {
    let client_id = match ShowPage::unless_once(pairs, "client_id") {
        Ok(client_id) => client_id,
        Err(page) => return Ok(Err(page)),
    };
    let client = provider.clients.find(client_id).await?;
    Ok(client.ok_or(ShowPage::UnknownClient))
}

/// Tells a refusal, and writes it down for those who look after the client.
async fn refuse(provider: &Provider, pairs: &RawPairs, refused: &AuthorizeError) -> HttpResponse {
    match refused {
        AuthorizeError::ShowPage(page) => {
            let claimed = pairs.one("client_id").ok().flatten();
            refuse_person(provider, claimed, page).await
        }
        AuthorizeError::Redirect(recipient, refusal) => {
            refuse_client(provider, recipient, refusal).await
        }
    }
}

/// Tells a person why not, and writes it down for the client that the request named.
async fn refuse_person(
    provider: &Provider,
    claimed_client: Option<&str>,
    page: &ShowPage,
) -> HttpResponse {
    note(
        provider,
        claimed_client,
        PATH,
        page.code(),
        &page.to_string(),
    )
    .await;
    show_page(provider, page)
}

/// Tells a client why not, and writes it down.
async fn refuse_client(
    provider: &Provider,
    recipient: &Recipient,
    refusal: &Refusal,
) -> HttpResponse {
    let client_id = Some(recipient.client.id.as_str());
    let description = &refusal.description;
    note(provider, client_id, PATH, refusal.error, description).await;
    recipient.refuse(provider, refusal)
}

/// Proves client and redirect URI, then reads the rest.
async fn parse(
    provider: &Provider,
    pairs: &RawPairs,
    arrival: &Arrival,
) -> Result<Result<(Recipient, AuthorizationRequest), AuthorizeError>, StorageError> {
    let proven = find_client(provider, pairs)
        .await?
        .and_then(|client| Recipient::prove(client, pairs));
    let recipient = match proven {
        Ok(recipient) => recipient,
        Err(page) => return Ok(Err(page.into())),
    };
    let must_push = recipient
        .client
        .settings
        .require_pushed_authorization_requests;
    if must_push && matches!(arrival, Arrival::Brought) {
        let refusal = Refusal::invalid_request("This client must push its authorization requests.");
        return Ok(Err(AuthorizeError::Redirect(Box::new(recipient), refusal)));
    }
    let keys = provider.keys.current();
    match AuthorizationRequest::parse(pairs, &recipient.client, &keys, &provider.issuer) {
        Ok(request) => Ok(Ok((recipient, request))),
        Err(refusal) => Ok(Err(AuthorizeError::Redirect(Box::new(recipient), refusal))),
    }
}

async fn refuse_for_fault(
    provider: &Provider,
    recipient: &Recipient,
    fault: impl Into<Failure>,
) -> HttpResponse {
    let incident = fault.into().log(provider);
    let client_id = Some(recipient.client.id.as_str());
    // Each incident has a number of its own: written down with it, few would fill the list.
    note(provider, client_id, PATH, "server_error", OUR_FAULT).await;
    recipient.refuse(provider, &Refusal::server_error(&incident))
}

async fn respond(provider: &Provider, recipient: &Recipient, answer: Answer) -> HttpResponse {
    match answer {
        Answer::Issued(issued) => match issued.parameters(provider, recipient).await {
            Ok(parameters) => recipient.grant(provider, parameters),
            Err(failure) => refuse_for_fault(provider, recipient, failure).await,
        },
        Answer::Refused(refusal) => refuse_client(provider, recipient, &refusal).await,
        Answer::UsedBefore => {
            let client_id = Some(recipient.client.id.as_str());
            refuse_person(provider, client_id, &ShowPage::PushedRequest).await
        }
        Answer::Asked {
            location,
            set_cookie,
        } => {
            let mut response = see_other(&location);
            if let Some(cookie) = set_cookie {
                add_cookie(&mut response, &cookie);
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
