//! `/account/services`: with which services a person shares what, since when, and the way to end it
//! ([`stop`]) or to go there ([`go_to`]).

pub mod go_to;
pub mod stop;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use form_urlencoded::Serializer;
use model::client::ConsentPolicy;
use model::sharing::Sharing;
use model::{ClientId, Timestamp};
use pages::View;
use serde::Serialize;
use storage::sharing::{self, SharedWith};

use crate::account::Account;
use crate::error::{Answer, respond};
use crate::news::News;
use crate::overview::shell;
use crate::routes::{OVERVIEW, STOP};
use crate::state::Errand;
use crate::visitor::Visitor;

/// `/account/services`.
#[derive(Serialize)]
pub struct ServicesPage {
    /// What was just done, as a sentence.
    news: Option<&'static str>,
    services: Vec<Service>,
}

/// A service, as the person knows it.
#[derive(Clone, Serialize)]
struct Service {
    name: String,
    shared: Vec<Sharing>,
    agreed: Option<String>,
    signed_in: Option<String>,
    stop_url: String,
    /// Where signing in there begins, if it says where.
    go_to_url: Option<String>,
}

impl Service {
    fn new(account: &Account, shared: &SharedWith) -> Self {
        let client = &shared.client;
        let is_open = client.disabled_at.is_none();
        Self {
            name: client.settings.client_name.clone(),
            shared: groups(shared),
            agreed: shared.agreed_at.map(Timestamp::date_in_words),
            signed_in: shared.signed_in_at.map(Timestamp::date_in_words),
            stop_url: url(STOP, &client.id),
            go_to_url: go_to::initiation(client, &account.issuer).filter(|_| is_open),
        }
    }

    fn sample() -> Self {
        Self {
            name: "Apply for a qualification".to_owned(),
            shared: Sharing::ALL.map(|(_, sharing)| sharing).into(),
            agreed: Some("29 November 2026".to_owned()),
            signed_in: Some("29 November 2026".to_owned()),
            stop_url: url(STOP, &ClientId::account_area()),
            go_to_url: Some("https://service.example/login?iss=issuer".to_owned()),
        }
    }
}

impl View for ServicesPage {
    const TEMPLATE: &'static str = "account/services";

    fn title(&self) -> String {
        "Services that you share with".to_owned()
    }

    fn samples() -> Vec<Self> {
        let plain = Service {
            name: "Register for a course".to_owned(),
            shared: vec![Sharing::Identity],
            agreed: None,
            go_to_url: None,
            ..Service::sample()
        };
        let never_there = Service {
            signed_in: None,
            ..Service::sample()
        };
        let page = |news: Option<News>, services| Self {
            news: news.map(News::words),
            services,
        };
        vec![
            page(None, vec![]),
            page(Some(News::SharingStopped), vec![]),
            page(None, vec![Service::sample(), plain, never_there]),
        ]
    }
}

/// What a service gets, each group once: by scope, and by the names of claims.
fn groups(shared: &SharedWith) -> Vec<Sharing> {
    let by_name = shared.claims.iter();
    let mut groups = Sharing::of(&shared.scope);
    groups.extend(by_name.filter_map(|name| Sharing::of_claim(name)));
    groups.sort();
    groups.dedup();
    groups
}

/// Whether a person is asked before they share with it again.
fn asks_again(shared: &SharedWith) -> bool {
    shared.client.settings.consent == ConsentPolicy::Ask
}

/// A page about one service.
fn url(path: &str, client_id: &ClientId) -> String {
    let query = Serializer::new(String::new())
        .append_pair("client_id", client_id.as_str())
        .finish();
    format!("{path}?{query}")
}

/// `GET /account/services`.
pub(crate) async fn show(account: Data<Account>, request: HttpRequest) -> HttpResponse {
    let answer = page(&account, &request).await;
    respond(&account, answer)
}

async fn page(account: &Account, request: &HttpRequest) -> Answer {
    let entered = Visitor::enter(account, request, Errand::Services, |tx, visitor| {
        sharing::list(tx, &visitor.session.authentication.user_id)
    });
    let (visitor, shared) = entered.await?;
    let theirs = shared.iter().filter(|one| !one.client.id.is_account_area());
    let page = ServicesPage {
        news: News::read(account, &visitor.secret, request).map(News::words),
        services: theirs.map(|one| Service::new(account, one)).collect(),
    };
    let mut shell = shell();
    shell.back_link = Some(OVERVIEW.to_owned());
    Ok(account.pages.respond(StatusCode::OK, &shell, &page))
}
