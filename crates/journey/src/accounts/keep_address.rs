//! A person has proven two accounts: which address opens the one they become?

use actix_web::http::StatusCode;
use pages::{FieldError, View};
use serde::Serialize;

use super::joining::{KeptAddress, join};
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::Journey;
use crate::plan::Page;
use crate::stage::{Stage, change, enter, with_address};
use crate::visitor::Visitor;

/// `/details/keep-address`: both addresses are proven, so both are shown.
///
/// Posts `address` (`this` or `other` account's) and `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct KeepAddressPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// The address that they signed in with.
    pub own: String,
    /// The other account's address.
    pub other: String,
    /// What to do, when nothing was chosen.
    pub error: Option<&'static str>,
}

const NOTHING_CHOSEN: &str = "Select the email address you want to use";

impl View for KeepAddressPage {
    const TEMPLATE: &'static str = "accounts/keep_address";

    fn title(&self) -> String {
        "Which email address do you want to use?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        let error = self.error.map(|message| FieldError {
            field: "address",
            message: message.to_owned(),
        });
        error.into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        [None, Some(NOTHING_CHOSEN)]
            .map(|error| Self {
                csrf: "csrf".to_owned(),
                service_name: "Apply for a qualification".to_owned(),
                own: "ada.lovelace@example.com".to_owned(),
                other: "a.lovelace@st-marys.sch.uk".to_owned(),
                error,
            })
            .into()
    }
}

/// `GET /details/keep-address`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    answer(&journey, &visitor, StatusCode::OK, None).await
}

async fn answer(
    journey: &Journey,
    visitor: &Visitor,
    status: StatusCode,
    error: Option<&'static str>,
) -> Answer {
    let stage = enter(journey, visitor, Page::KeepAddress).await?;
    let (stage, own) = with_address(journey, stage, Stage::signed_in).await?;
    let Some(other) = &stage.offered else {
        return Err(stage.elsewhere());
    };
    let view = KeepAddressPage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        own: own.as_typed().to_owned(),
        other: other.email.as_typed().to_owned(),
        error,
    };
    Ok(stage.respond(status, Page::KeepAddress, &view))
}

/// `POST /details/keep-address`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    if form.action != Action::Continue {
        return Err(JourneyError::Unreadable);
    }
    let kept = match form.field("address") {
        "this" => KeptAddress::This,
        "other" => KeptAddress::Other,
        "" => {
            let status = StatusCode::BAD_REQUEST;
            return answer(&journey, &visitor, status, Some(NOTHING_CHOSEN)).await;
        }
        _ => return Err(JourneyError::Unreadable),
    };
    let joined = change(&journey, &visitor, Page::KeepAddress, move |tx, stage| {
        join(tx, stage, kept)
    });
    Ok(see_other(&joined.await?))
}
