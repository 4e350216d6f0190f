//! The person can give none of their second factors any more: staff check who they are.

use actix_web::http::StatusCode;
use pages::View;
use serde::Serialize;
use storage::Tx;

use super::FactorPage;
use crate::accounts::referred::{Referral, ReferredPage};
use crate::details::Frame;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::stage::{Stage, change, enter};
use crate::support::{self, Case, Opening};
use crate::visitor::Visitor;

const PAGE: Page = Page::SecondFactor(FactorPage::Lost);
const DONE: Page = Page::SecondFactor(FactorPage::LostDone);

/// `/second-factor/lost`: what happens next, before anything is asked of staff.
///
/// Posts `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct LostFactorPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
}

impl View for LostFactorPage {
    const TEMPLATE: &'static str = "second_factor/lost";

    fn title(&self) -> String {
        "Ask us to remove your second step".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            frame: Frame::sample(),
        }]
    }
}

/// `GET /second-factor/lost`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, PAGE).await?;
    let view = LostFactorPage {
        frame: stage.frame(),
    };
    Ok(stage.respond(StatusCode::OK, PAGE, &view))
}

/// `POST /second-factor/lost`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    if form.action != Action::Continue {
        return Err(JourneyError::Unreadable);
    }
    Ok(see_other(&change(&journey, &visitor, PAGE, refer).await?))
}

/// Gives the case to staff, once for each account; nothing changes until they decided.
fn refer(tx: &mut Tx<'_>, mut stage: Stage) -> Work<String> {
    let Some(user_id) = stage.user_id().cloned() else {
        return Ok(Err(stage.elsewhere()));
    };
    let contact = stage.signed_in(tx)?;
    let opening = Opening {
        user_id: Some(&user_id),
        client_id: Some(&stage.interaction.client_id),
        contact: &contact,
        case: &Case::SecondFactorLost {},
    };
    let reference = support::open_once(tx, &stage.journey, &opening)?;
    stage.interaction.answers.lost_factor = Some(reference.to_string());
    stage.go_on(tx)?;
    Ok(Ok(DONE.url(&stage.interaction.id)))
}

/// `GET /second-factor/lost-done`.
pub(crate) async fn show_done(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, DONE).await?;
    let Some(reference) = stage.interaction.answers.lost_factor.clone() else {
        return Err(stage.elsewhere());
    };
    let view = ReferredPage::new(&stage, reference, Referral::SecondFactorLost);
    Ok(stage.respond(StatusCode::OK, DONE, &view))
}

/// `POST /second-factor/lost-done`: its only button is Cancel, which every page has.
pub(crate) async fn submit_done(_journey: Journey, _visitor: Visitor, _form: Form) -> Answer {
    Err(JourneyError::Unreadable)
}
