//! `/account/services/stop?client_id=`: ends what a person shares with one service.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use model::ClientId;
use model::event::{Event, EventKind};
use model::raw_pairs::RawPairs;
use model::sharing::Sharing;
use pages::View;
use serde::Serialize;
use storage::{StorageError, Tx, events, sharing};

use super::{asks_again, groups};
use crate::account::Account;
use crate::csrf;
use crate::error::{AccountError, Answer, respond, see_other};
use crate::interrupted::Interruption;
use crate::news::News;
use crate::overview::shell;
use crate::routes::SERVICES;
use crate::state::Errand;
use crate::visitor::Visitor;

/// Asks whether to stop sharing with a service, and says what comes of it.
///
/// Posts `action`: `stop`.
#[derive(Serialize)]
pub struct StopPage {
    csrf: String,
    name: String,
    shared: Vec<Sharing>,
    /// Whether signing in there again asks for an agreement first.
    asks_again: bool,
    cancel_url: &'static str,
}

impl View for StopPage {
    const TEMPLATE: &'static str = "account/stop_sharing";

    fn title(&self) -> String {
        format!("Stop sharing with {}?", self.name)
    }

    fn samples() -> Vec<Self> {
        [true, false]
            .map(|asks_again| Self {
                csrf: "csrf".to_owned(),
                name: "Apply for a qualification".to_owned(),
                shared: vec![Sharing::Identity, Sharing::Email],
                asks_again,
                cancel_url: SERVICES,
            })
            .into()
    }
}

/// `GET /account/services/stop?client_id=`.
pub(crate) async fn show(account: Data<Account>, request: HttpRequest) -> HttpResponse {
    let answer = page(&account, &request).await;
    respond(&account, answer)
}

async fn page(account: &Account, request: &HttpRequest) -> Answer {
    let client_id = named_client(request)?;
    let wanted = client_id.clone();
    let entered = Visitor::enter(account, request, Errand::Services, move |tx, visitor| {
        let all = sharing::list(tx, &visitor.session.authentication.user_id)?;
        Ok(all.into_iter().find(|one| one.client.id == wanted))
    });
    let (visitor, found) = entered.await?;
    let shared = found.ok_or(AccountError::Missing)?;
    let page = StopPage {
        csrf: csrf::token(&account.keyring, &visitor.secret, &purpose(&client_id)),
        shared: groups(&shared),
        asks_again: asks_again(&shared),
        name: shared.client.settings.client_name,
        cancel_url: SERVICES,
    };
    let mut shell = shell();
    shell.back_link = Some(SERVICES.to_owned());
    Ok(account.pages.respond(StatusCode::OK, &shell, &page))
}

/// `POST /account/services/stop?client_id=`.
pub(crate) async fn submit(
    account: Data<Account>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let answer = stop(&account, &request, &body).await;
    respond(&account, answer)
}

async fn stop(account: &Account, request: &HttpRequest, body: &[u8]) -> Answer {
    let client_id = named_client(request)?;
    let form = RawPairs::parse(body);
    let one = |name| form.one(name).map_err(|_| AccountError::Unreadable);
    let csrf = one("csrf")?.unwrap_or_default().to_owned();
    if one("action")? != Some("stop") {
        return Err(AccountError::Unreadable);
    }
    let keyring = account.keyring.clone();
    let entered = Visitor::enter(account, request, Errand::Services, move |tx, visitor| {
        if !csrf::is_valid(&keyring, &visitor.secret, &purpose(&client_id), &csrf) {
            return Ok(false);
        }
        end(tx, visitor, &client_id)?;
        Ok(true)
    });
    let (visitor, is_valid) = entered.await?;
    if !is_valid {
        return Err(AccountError::Interrupted(Interruption::FormExpired));
    }
    Ok(see_other(
        &News::SharingStopped.url(account, &visitor.secret),
    ))
}

/// Whoever presses the button twice has stopped as well.
fn end(tx: &mut Tx<'_>, visitor: &Visitor, client_id: &ClientId) -> Result<(), StorageError> {
    let user_id = &visitor.session.authentication.user_id;
    if sharing::stop(tx, user_id, client_id)? {
        let event = Event::of(EventKind::SharingStopped)
            .by_client(client_id.as_str())
            .of_user(user_id.as_str());
        events::insert(tx, &event)?;
    }
    Ok(())
}

/// What the form's token is for.
fn purpose(client_id: &ClientId) -> String {
    format!("stop-sharing {client_id}")
}

fn named_client(request: &HttpRequest) -> Result<ClientId, AccountError> {
    super::go_to::named_client(request).ok_or(AccountError::Missing)
}
