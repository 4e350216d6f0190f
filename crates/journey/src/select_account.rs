//! Choose the account to use: the answer to `prompt=select_account` (OpenID Connect Core
//! §3.1.2.1) when someone is signed in already.

use actix_web::http::StatusCode;
use pages::View;
use serde::Serialize;
use storage::{StorageError, Tx};

use crate::email::forget_address;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::Journey;
use crate::plan::Page;
use crate::stage::{Stage, change, enter, with_address};
use crate::visitor::Visitor;

/// `/sign-in/select-account`: go on as the person who is signed in, or as someone else.
///
/// Posts `action`: `continue`, `change-address` (sign in with another address) or `cancel`.
#[derive(Debug, Serialize)]
pub struct SelectAccountPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// Who is signed in.
    pub address: String,
}

impl View for SelectAccountPage {
    const TEMPLATE: &'static str = "journey/select_account";

    fn title(&self) -> String {
        "Choose the account to use".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            address: "ada.lovelace@example.com".to_owned(),
        }]
    }
}

/// `GET /sign-in/select-account`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, Page::SelectAccount).await?;
    let (stage, address) = with_address(&journey, stage, Stage::signed_in_already).await?;
    let view = SelectAccountPage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        address: address.as_typed().to_owned(),
    };
    Ok(stage.respond(StatusCode::OK, Page::SelectAccount, &view))
}

/// `POST /sign-in/select-account`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    let choice = match form.action {
        Action::Continue => Choice::ThisAccount,
        Action::ChangeAddress => Choice::AnotherAccount,
        _ => return Err(JourneyError::Unreadable),
    };
    let page = Page::SelectAccount;
    let path = change(&journey, &visitor, page, move |tx, stage| {
        Ok(Ok(choose(tx, stage, choice)?))
    });
    Ok(see_other(&path.await?))
}

/// What the person chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    ThisAccount,
    AnotherAccount,
}

fn choose(tx: &mut Tx<'_>, mut stage: Stage, choice: Choice) -> Result<String, StorageError> {
    // Whoever came back here from the code page begins anew.
    forget_address(tx, &mut stage.interaction)?;
    let answers = &mut stage.interaction.answers;
    answers.another_account = choice == Choice::AnotherAccount;
    answers.selected_at = (choice == Choice::ThisAccount).then_some(stage.now);
    stage.go_on(tx)
}
