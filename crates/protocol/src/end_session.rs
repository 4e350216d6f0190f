//! `/end-session`: signing out (OpenID Connect RP-Initiated Logout 1.0 §2).
//!
//! The clients of the session are told by [`backchannel_logout`](crate::backchannel_logout), and by
//! [`frontchannel_logout`](crate::frontchannel_logout) on the page that answers.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::browser_session::BrowserSession;
use model::cookies::Cookie;
use model::digest::same_bytes;
use model::event::{Event, EventKind};
use model::keyring::Purpose;
use model::raw_pairs::{RawPairs, Repeated};
use model::{Client, Entropy, Keyring, RegisteredRedirect, SecretDigest};
use pages::{ErrorPage, HiddenField, ServiceLink, Shell};
use serde::Deserialize;
use storage::sign_out::{self, SignedOut};
use storage::{StorageError, Tx, browser_sessions, events};
use url::Url;

use crate::authorize::response::{see_other, with_query};
use crate::browser::{Browser, add_cookie};
use crate::end_session_page::{EndSessionOutcome, EndSessionPage, SignedOutPage};
use crate::fault::page_of_fault;
use crate::frontchannel_logout::{frames, shell_around};
use crate::id_token_hint::{self, IdTokenHint, InvalidHint};
use crate::jws::JwsError;
use crate::provider::Provider;
use crate::subjects::Subjects;

/// The parameters of a logout request; the confirmation form carries them along.
const PARAMETERS: [&str; 6] = [
    "id_token_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
    "logout_hint",
    "ui_locales",
];

/// `GET /end-session`.
pub async fn end_session_by_query(provider: Data<Provider>, http: HttpRequest) -> HttpResponse {
    let pairs = RawPairs::parse(http.query_string().as_bytes());
    answered(&provider, &http, &pairs).await
}

/// `POST /end-session`: a client's form, or the answer to our own question.
///
/// A browser sends no `SameSite=Lax` cookie with another site's form, so a request without one is
/// asked for again by GET.
pub async fn end_session_by_form(
    provider: Data<Provider>,
    http: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let pairs = RawPairs::parse(&body);
    if Browser::of(&http, provider.cookies).is_unknown() {
        let kept = pairs.iter().filter(|(name, _)| PARAMETERS.contains(name));
        let kept: RawPairs = kept.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        return see_other(&format!("/end-session?{}", kept.to_query()));
    }
    answered(&provider, &http, &pairs).await
}

/// `GET /signed-out`.
pub async fn signed_out(provider: Data<Provider>, query: Query<SignedOutQuery>) -> HttpResponse {
    match client_of(&provider, query.client_id.as_deref()).await {
        Ok(client) => page_of(&provider, EndSessionOutcome::SignedOut, client.as_deref()),
        Err(fault) => page_of_fault(&provider, &fault),
    }
}

/// Which service to offer the way back to.
#[derive(Deserialize)]
pub struct SignedOutQuery {
    client_id: Option<String>,
}

async fn answered(provider: &Provider, http: &HttpRequest, pairs: &RawPairs) -> HttpResponse {
    let request = match LogoutRequest::parse(provider, pairs).await {
        Ok(Ok(request)) => request,
        Ok(Err(refused)) => {
            tracing::info!(reason = %refused, "a logout request was refused");
            return provider.pages.error(ErrorPage::BadRequest, None);
        }
        Err(fault) => return page_of_fault(provider, &fault),
    };
    let browser = Browser::of(http, provider.cookies);
    match act(provider, &browser, pairs, &request).await {
        Ok(response) => response,
        Err(fault) => page_of_fault(provider, &fault),
    }
}

/// A logout request in which nothing is left to check.
struct LogoutRequest {
    hint: Option<IdTokenHint>,
    client: Option<Arc<Client>>,
    redirect: Option<RegisteredRedirect>,
    state: Option<String>,
}

/// Why a logout request gets a page and no redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("the parameter {0} is repeated")]
    Repeated(&'static str),
    #[error("id_token_hint is no ID token of this issuer")]
    ForeignHint,
    #[error("client_id is unknown, or not in the audience of id_token_hint")]
    UnknownClient,
    #[error("post_logout_redirect_uri is not registered for the client")]
    UnregisteredRedirect,
}

impl LogoutRequest {
    async fn parse(
        provider: &Provider,
        pairs: &RawPairs,
    ) -> Result<Result<Self, Refused>, StorageError> {
        for name in PARAMETERS {
            if let Err(Repeated(name)) = pairs.one(name) {
                return Ok(Err(Refused::Repeated(name)));
            }
        }
        let value = |name| pairs.first(name).filter(|value| !value.is_empty());
        let hint = match value("id_token_hint") {
            None => None,
            Some(hint) => {
                let keys = provider.keys.current();
                match id_token_hint::verify(hint, &keys, provider.issuer.as_str()) {
                    Ok(hint) => Some(hint),
                    // Sessions outlive signing keys. What proves nothing is as good as no hint: the
                    // person is asked.
                    Err(InvalidHint::Signature(JwsError::UnknownKey)) => None,
                    Err(_) => return Ok(Err(Refused::ForeignHint)),
                }
            }
        };
        let client_id = match named_client(hint.as_ref(), value("client_id")) {
            Ok(client_id) => client_id,
            Err(refused) => return Ok(Err(refused)),
        };
        let client = client_of(provider, client_id).await?;
        if client_id.is_some() && client.is_none() {
            return Ok(Err(Refused::UnknownClient));
        }
        let redirect = match (value("post_logout_redirect_uri"), &client) {
            // Without a client there is nothing to tie the URI to: it is not followed.
            (None, _) | (Some(_), None) => None,
            (Some(uri), Some(client)) => match client.post_logout_redirect(uri) {
                Some(redirect) => Some(redirect),
                None => return Ok(Err(Refused::UnregisteredRedirect)),
            },
        };
        let state = value("state").map(str::to_owned);
        Ok(Ok(Self {
            hint,
            client,
            redirect,
            state,
        }))
    }

    /// Whether the hint is about the person who is signed in here: then they need not be asked.
    fn is_about(&self, subjects: &Subjects, session: &BrowserSession) -> bool {
        let user_id = &session.authentication.user_id;
        let named = self.hint.as_ref().zip(self.client.as_ref());
        named.is_some_and(|(hint, client)| {
            hint.sub == subjects.of(client, user_id)
                && hint.sid.as_ref().is_none_or(|sid| *sid == session.sid)
        })
    }

    /// The proven redirect, with `state` and nothing else (§3).
    fn way_back(&self) -> Option<String> {
        let redirect = self.redirect.as_ref()?.as_str();
        Some(match &self.state {
            Some(state) => with_query(redirect, &[("state", state.clone())]),
            None => redirect.to_owned(),
        })
    }
}

/// The client that asks, if any is named; refused when hint and parameter contradict each other.
fn named_client<'a>(
    hint: Option<&'a IdTokenHint>,
    parameter: Option<&'a str>,
) -> Result<Option<&'a str>, Refused> {
    match (hint, parameter) {
        (None, parameter) => Ok(parameter),
        (Some(hint), None) => Ok(hint.audience.first().map(String::as_str)),
        (Some(hint), Some(parameter)) if hint.audience.iter().any(|name| name == parameter) => {
            Ok(Some(parameter))
        }
        (Some(_), Some(_)) => Err(Refused::UnknownClient),
    }
}

async fn client_of(
    provider: &Provider,
    id: Option<&str>,
) -> Result<Option<Arc<Client>>, StorageError> {
    match id {
        Some(id) => provider.clients.find(id).await,
        None => Ok(None),
    }
}

async fn act(
    provider: &Provider,
    browser: &Browser,
    pairs: &RawPairs,
    request: &LogoutRequest,
) -> Result<HttpResponse, StorageError> {
    let session = match browser.session {
        None => None,
        Some(secret) => provider
            .store
            .read(move |tx| browser_sessions::find(tx, &secret))
            .await?
            .map(|session| (secret, session)),
    };
    let Some((secret, session)) = session else {
        return Ok(leave(provider, request));
    };
    let csrf = csrf_of(provider, &secret);
    let answer = pairs.first("action");
    let is_ours = pairs
        .first("csrf")
        .is_some_and(|sent| same_bytes(sent.as_bytes(), csrf.as_bytes()));
    match answer {
        Some("stay") if is_ours => Ok(page_of(
            provider,
            EndSessionOutcome::Stayed,
            request.client.as_deref(),
        )),
        Some("sign-out") if is_ours => sign_out(provider, secret, request).await,
        _ if request.is_about(&provider.subjects, &session) => {
            sign_out(provider, secret, request).await
        }
        _ => Ok(question(provider, pairs, request, csrf)),
    }
}

/// Ties the question's form to the session it is about.
fn csrf_of(provider: &Provider, session: &SecretDigest) -> String {
    let digest = provider
        .keyring
        .digest(Purpose::Csrf, &[b"end-session", session.as_bytes()]);
    URL_SAFE_NO_PAD.encode(digest)
}

async fn sign_out(
    provider: &Provider,
    secret: SecretDigest,
    request: &LogoutRequest,
) -> Result<HttpResponse, StorageError> {
    let (keyring, entropy) = (provider.keyring.clone(), Arc::clone(&provider.entropy));
    let end = move |tx: &mut Tx<'_>| end(tx, &keyring, &*entropy, &secret);
    let frames = match provider.store.write(end).await? {
        Some(ended) => frames(provider, &ended.clients, &ended.session.sid).await?,
        None => Vec::new(),
    };
    let mut response = if frames.is_empty() {
        leave(provider, request)
    } else {
        page_with(provider, &frames, request)
    };
    add_cookie(&mut response, &provider.cookies.clear(Cookie::Session));
    add_cookie(&mut response, &provider.cookies.clear(Cookie::SessionState));
    Ok(response)
}

fn end(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    secret: &SecretDigest,
) -> Result<Option<SignedOut>, StorageError> {
    let Some(ended) = sign_out::sign_out(tx, keyring, entropy, secret)? else {
        return Ok(None);
    };
    let event = Event::of(EventKind::SignedOut)
        .of_user(ended.session.user_id.as_str())
        .about(&ended.session.sid);
    events::insert(tx, &event)?;
    Ok(Some(ended))
}

/// Where a browser goes whose session is over.
fn leave(provider: &Provider, request: &LogoutRequest) -> HttpResponse {
    if let Some(back) = request.way_back() {
        return see_other(&back);
    }
    let client_id = request
        .client
        .as_ref()
        .map(|client| ("client_id", client.id.to_string()));
    let signed_out = provider.issuer.url("/signed-out");
    match client_id {
        Some(client_id) => see_other(&with_query(&signed_out, &[client_id])),
        None => see_other(&signed_out),
    }
}

/// The page that tells clients in frames, and then goes where [`leave`] goes at once. Where that is
/// was proven for this very answer: the page reads it from nowhere else.
fn page_with(provider: &Provider, frames: &[Url], request: &LogoutRequest) -> HttpResponse {
    let page = SignedOutPage::with_frames(
        frames.iter().map(ToString::to_string).collect(),
        request.way_back(),
        request.client.as_deref().map(link_to),
    );
    let shell = shell_around(frames);
    provider.pages.respond(StatusCode::OK, &shell, &page)
}

fn question(
    provider: &Provider,
    pairs: &RawPairs,
    request: &LogoutRequest,
    csrf: String,
) -> HttpResponse {
    let parameters = pairs
        .iter()
        .filter(|(name, _)| PARAMETERS.contains(name))
        .map(|(name, value)| HiddenField {
            name: name.to_owned(),
            value: value.to_owned(),
        })
        .collect();
    let service_name = request
        .client
        .as_ref()
        .map(|one| one.settings.client_name.clone());
    let form_url = "/end-session".to_owned();
    let page = EndSessionPage {
        csrf,
        service_name,
        form_url,
        parameters,
    };
    let mut shell = Shell::default();
    shell
        .form_action
        .extend(request.redirect.iter().map(RegisteredRedirect::form_action));
    provider.pages.respond(StatusCode::OK, &shell, &page)
}

fn page_of(
    provider: &Provider,
    outcome: EndSessionOutcome,
    client: Option<&Client>,
) -> HttpResponse {
    let service = client.map(link_to);
    provider.pages.respond(
        StatusCode::OK,
        &Shell::default(),
        &SignedOutPage::new(outcome, service),
    )
}

fn link_to(client: &Client) -> ServiceLink {
    ServiceLink {
        name: client.settings.client_name.clone(),
        url: client.settings.client_uri.as_ref().map(ToString::to_string),
    }
}
