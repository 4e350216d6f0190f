//! `/account/services/open?client_id=`: begins a sign-in to a service from our side (OpenID Connect
//! Core §4).
//!
//! The browser goes there by a link that the person presses, and carries who we are and nothing of
//! the person: a service that wants to know who comes asks, as ever, at `/authorize`. It is a page,
//! and not a redirect, so that nobody is sent on to a service by a link that begins with our name.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use model::raw_pairs::RawPairs;
use model::{Client, ClientId};
use pages::{Shell, View};
use serde::Serialize;
use storage::clients;

use crate::account::Account;
use crate::error::{AccountError, Answer, respond};

/// Names the service and leads to it.
#[derive(Serialize)]
pub struct GoToPage {
    name: String,
    /// Whose pages come next.
    host: String,
    url: String,
}

impl View for GoToPage {
    const TEMPLATE: &'static str = "account/go_to_service";

    fn title(&self) -> String {
        format!("Go to {}", self.name)
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            name: "Apply for a qualification".to_owned(),
            host: "service.example".to_owned(),
            url: "https://service.example/login?iss=https%3A%2F%2Fidentity.example".to_owned(),
        }]
    }
}

/// Where signing in to a client begins, and who sends the person there: `iss`, which §4 requires.
/// No `login_hint`, which would tell the service an address before anybody agreed to that.
pub(crate) fn initiation(client: &Client, issuer: &str) -> Option<String> {
    let mut url = client.settings.initiate_login_uri.clone()?;
    url.query_pairs_mut().append_pair("iss", issuer);
    Some(url.into())
}

/// The client that a request names.
pub(crate) fn named_client(request: &HttpRequest) -> Option<ClientId> {
    let pairs = RawPairs::parse(request.query_string().as_bytes());
    let named = pairs.one("client_id").ok().flatten()?;
    ClientId::parse(named).ok()
}

/// `GET /account/services/open?client_id=`: for anybody, since it says nothing of a person.
pub(crate) async fn show(account: Data<Account>, request: HttpRequest) -> HttpResponse {
    let answer = page(&account, &request).await;
    respond(&account, answer)
}

async fn page(account: &Account, request: &HttpRequest) -> Answer {
    let client_id = named_client(request).ok_or(AccountError::Missing)?;
    let found = account.store.read(move |tx| clients::find(tx, &client_id));
    let client = found.await?.map(|stored| stored.client);
    let client = client.filter(|client| client.disabled_at.is_none());
    let page = client.and_then(|client| {
        let host = client.settings.initiate_login_uri.as_ref()?.host_str()?;
        Some(GoToPage {
            host: host.to_owned(),
            url: initiation(&client, &account.issuer)?,
            name: client.settings.client_name,
        })
    });
    let page = page.ok_or(AccountError::Missing)?;
    let shell = Shell::default();
    Ok(account.pages.respond(StatusCode::OK, &shell, &page))
}
