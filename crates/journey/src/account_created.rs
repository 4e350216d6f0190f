//! Account created: shown once, to a person who signs in for the first time.

use actix_web::http::StatusCode;
use pages::View;
use serde::Serialize;

use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::Journey;
use crate::plan::Page;
use crate::stage::{change, enter, typed_address};
use crate::visitor::Visitor;

/// `/sign-in/account-created`: says what they now have, and goes on to the service.
///
/// Posts `action`: `continue`.
#[derive(Debug, Serialize)]
pub struct AccountCreatedPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// The account's address.
    pub address: String,
}

impl View for AccountCreatedPage {
    const TEMPLATE: &'static str = "journey/account_created";

    fn title(&self) -> String {
        "Account created".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            address: "ada.lovelace@example.com".to_owned(),
        }]
    }
}

/// `GET /sign-in/account-created`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, Page::AccountCreated).await?;
    let view = AccountCreatedPage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        address: typed_address(&stage.interaction),
    };
    Ok(stage.respond(StatusCode::OK, Page::AccountCreated, &view))
}

/// `POST /sign-in/account-created`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    if form.action != Action::Continue {
        return Err(JourneyError::Unreadable);
    }
    let page = Page::AccountCreated;
    let path = change(&journey, &visitor, page, |tx, mut stage| {
        stage.interaction.answers.account_created = false;
        Ok(Ok(stage.go_on(tx)?))
    });
    Ok(see_other(&path.await?))
}
