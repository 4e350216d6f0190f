//! Leaving to sign in, or to do what needs the person to prove anew who they are.

use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use form_urlencoded::Serializer;
use model::requirement::FactorTask;
use pages::ErrorPage;
use serde::Deserialize;

use crate::account::Account;
use crate::client;
use crate::error::see_other;
use crate::news::News;
use crate::state::{Errand, State};
use crate::visitor::Browser;

/// Where a service sends a browser to sign in (OpenID Connect Core §3.1.2).
const AUTHORIZE: &str = "/authorize";

/// How long ago the person may have signed in when they change their second factor, in seconds.
const RECENT: &str = "900";

/// Which change somebody asks for.
#[derive(Deserialize)]
pub(crate) struct Change {
    action: String,
}

/// `GET /account/second-factor/change`: goes to the pages that do it.
///
/// Anyone can send a browser here, and nothing comes of it: the pages it leads to ask for the
/// second factor anew, and for a button.
pub(crate) async fn change(
    account: Data<Account>,
    request: HttpRequest,
    query: Query<Change>,
) -> HttpResponse {
    match FactorTask::parse(&query.action) {
        Some(task) => leave(
            &account,
            &Browser::of(&account, &request),
            Errand::Change(News::of(&task)),
            &[("max_age", RECENT), ("action", &task.to_string())],
        ),
        None => account.pages.error(ErrorPage::NotFound, None),
    }
}

/// Sends a browser to sign in and come back.
pub(crate) fn sign_in(account: &Account, browser: &Browser, errand: Errand) -> HttpResponse {
    leave(account, browser, errand, &[])
}

fn leave(
    account: &Account,
    browser: &Browser,
    errand: Errand,
    parameters: &[(&str, &str)],
) -> HttpResponse {
    let (secret, set_cookie) = browser.known_or_new(account);
    let (keyring, now) = (&account.keyring, account.store.clock().now());
    let state = State::mint(keyring, &*account.entropy, &secret, errand, now);
    let query = Serializer::new(String::new())
        .append_pair("client_id", client::id().as_str())
        .append_pair("redirect_uri", &client::redirect_uri(&account.issuer))
        .append_pair("response_type", "code")
        .append_pair("scope", &client::SCOPE.join(" "))
        .append_pair("state", state.as_str())
        .append_pair("code_challenge", &state.challenge(keyring, &secret))
        .append_pair("code_challenge_method", "S256")
        .extend_pairs(parameters)
        .finish();
    let mut response = see_other(&format!("{AUTHORIZE}?{query}"));
    // Our cookies are ASCII without control characters, so they always make a header.
    if let Some(value) = set_cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}
