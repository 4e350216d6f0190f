//! `/account`: what is known of the person, and the way to what they can change.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use model::keyring::Purpose;
use model::{Keyring, TeacherDetails, User, UserId};
use pages::{Shell, View};
use serde::Serialize;
use storage::{StorageError, Tx, user_details, users};

use crate::account::Account;
use crate::error::{AccountError, Answer, respond};
use crate::routes::{SECOND_FACTOR, SERVICES};
use crate::state::Errand;
use crate::visitor::Visitor;

/// `/account`.
#[derive(Serialize)]
pub struct OverviewPage {
    address: String,
    name: Option<String>,
    has_second_factor: bool,
    second_factor_url: &'static str,
    services_url: &'static str,
}

impl View for OverviewPage {
    const TEMPLATE: &'static str = "account/overview";

    fn title(&self) -> String {
        "Your account".to_owned()
    }

    fn samples() -> Vec<Self> {
        let page = |name: Option<&str>, has_second_factor| Self {
            address: "ada.lovelace@example.com".to_owned(),
            name: name.map(str::to_owned),
            has_second_factor,
            second_factor_url: SECOND_FACTOR,
            services_url: SERVICES,
        };
        vec![page(None, false), page(Some("Ada Lovelace"), true)]
    }
}

/// `GET /account`.
pub(crate) async fn show(account: Data<Account>, request: HttpRequest) -> HttpResponse {
    let answer = answer(&account, &request).await;
    respond(&account, answer)
}

async fn answer(account: &Account, request: &HttpRequest) -> Answer {
    let keyring = account.keyring.clone();
    let entered = Visitor::enter(account, request, Errand::Overview, move |tx, visitor| {
        find(tx, &visitor.session.authentication.user_id, &keyring)
    });
    let (visitor, found) = entered.await?;
    let (user, name) = found.ok_or(AccountError::Missing)?;
    let page = OverviewPage {
        address: user.email.as_typed().to_owned(),
        name,
        has_second_factor: visitor.session.has_second_factor,
        second_factor_url: SECOND_FACTOR,
        services_url: SERVICES,
    };
    Ok(account.pages.respond(StatusCode::OK, &shell(), &page))
}

/// What stands around the pages of who is signed in.
pub(crate) fn shell() -> Shell {
    Shell {
        signed_in: true,
        ..Shell::default()
    }
}

/// The account, and the name of its person if they ever said it.
fn find(
    tx: &mut Tx<'_>,
    id: &UserId,
    keyring: &Keyring,
) -> Result<Option<(User, Option<String>)>, StorageError> {
    let Some(user) = users::find(tx, id)? else {
        return Ok(None);
    };
    let name = match user_details::find(tx, id)? {
        Some(row) => name_in(keyring, id, &row.sealed)?,
        None => None,
    };
    Ok(Some((user, name)))
}

fn name_in(keyring: &Keyring, id: &UserId, sealed: &[u8]) -> Result<Option<String>, StorageError> {
    let unreadable = || StorageError::Corrupt("user_details");
    let plaintext = keyring
        .open(Purpose::Details, id.as_str(), sealed)
        .map_err(|_| unreadable())?;
    let details: TeacherDetails =
        serde_json::from_slice(plaintext.reveal()).map_err(|_| unreadable())?;
    Ok(details.name.map(|name| name.full()))
}
