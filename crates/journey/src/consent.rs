//! Consent: what a service wants to know, and the choice to say no.

use actix_web::http::StatusCode;
use model::ScopeSet;
use model::client_links::ClientLinks;
use model::event::EventKind;
use model::requirement::ConsentRule;
use model::sharing::Sharing;
use pages::View;
use serde::Serialize;
use storage::{StorageError, Tx, consents};

use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::Journey;
use crate::plan::Page;
use crate::service_links;
use crate::sign_in;
use crate::stage::{Stage, change, enter, with_address};
use crate::visitor::Visitor;

/// `/sign-in/consent`: names what is shared with which service.
///
/// Posts `action`: `allow`, or `cancel` for "Do not share", which sends the service
/// `access_denied` as giving up does on every page.
#[derive(Debug, Serialize)]
pub struct ConsentPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// Who is signed in.
    pub address: String,
    /// What the request asks for, by scope or by the name of a claim.
    pub shared: Vec<Sharing>,
    /// What the service shows of itself.
    #[serde(flatten)]
    pub links: ClientLinks,
}

impl View for ConsentPage {
    const TEMPLATE: &'static str = "journey/consent";

    fn title(&self) -> String {
        format!("Share your information with {}", self.service_name)
    }

    fn samples() -> Vec<Self> {
        let page = |shared: Vec<Sharing>, links| Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            address: "ada.lovelace@example.com".to_owned(),
            shared,
            links,
        };
        vec![
            page(vec![Sharing::Identity], ClientLinks::default()),
            page(
                Sharing::ALL.map(|(_, sharing)| sharing).into(),
                service_links::sample(),
            ),
        ]
    }
}

/// `GET /sign-in/consent`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, Page::Consent).await?;
    let (stage, address) = with_address(&journey, stage, Stage::signed_in).await?;
    let links = service_links::load(&journey, &stage).await?;
    let view = ConsentPage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        address: address.as_typed().to_owned(),
        shared: Sharing::of(&asked(&stage.interaction.requirements.consent)),
        links,
    };
    Ok(stage.respond_linking(StatusCode::OK, Page::Consent, &view, &view.links))
}

fn asked(rule: &ConsentRule) -> ScopeSet {
    match rule {
        ConsentRule::NotAsked => ScopeSet::default(),
        ConsentRule::Remembered(scope) | ConsentRule::EachTime(scope) => scope.clone(),
    }
}

/// `POST /sign-in/consent`; "Do not share" is Cancel.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    if form.action != Action::Allow {
        return Err(JourneyError::Unreadable);
    }
    let path = change(&journey, &visitor, Page::Consent, |tx, mut stage| {
        Ok(Ok(agree(tx, &mut stage)?))
    });
    Ok(see_other(&path.await?))
}

fn agree(tx: &mut Tx<'_>, stage: &mut Stage) -> Result<String, StorageError> {
    let interaction = &stage.interaction;
    if let Some(authentication) = &stage.standing.authentication {
        let user_id = &authentication.user_id;
        let scope = asked(&interaction.requirements.consent);
        consents::grant(tx, user_id, &interaction.client_id, &scope)?;
        sign_in::record(tx, EventKind::ConsentGranted, interaction, user_id)?;
    }
    stage.go_on(tx)
}
