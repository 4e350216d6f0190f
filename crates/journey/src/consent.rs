//! Consent: what a service wants to know, and the choice to say no.

use actix_web::http::StatusCode;
use model::ScopeSet;
use model::event::EventKind;
use model::requirement::ConsentRule;
use pages::View;
use serde::Serialize;
use storage::{StorageError, Tx, consents};

use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::Journey;
use crate::plan::Page;
use crate::sign_in;
use crate::stage::{Stage, change, enter, with_address};
use crate::visitor::Visitor;

/// `/sign-in/consent`: names what is shared with which service.
///
/// Posts `action`: `allow`, or `cancel` for "Do not allow": both that and giving up send the
/// service `access_denied`.
#[derive(Debug, Serialize)]
pub struct ConsentPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// Who is signed in.
    pub address: String,
    /// What the request's scopes stand for, in the order of this list.
    pub shared: Vec<Sharing>,
}

/// One thing a service asks for, in words a person understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub enum Sharing {
    /// `openid`: who it is, as a number.
    Identity,
    /// `email`.
    Email,
    /// `profile`.
    Profile,
    /// `trn`.
    Trn,
    /// `national_insurance`.
    NationalInsuranceNumber,
    /// `offline_access`.
    WhileAway,
}

impl Sharing {
    /// Everything that can be shared, in the order in which it is listed, with its scope value.
    const ALL: [(&'static str, Self); 6] = [
        ("openid", Self::Identity),
        ("email", Self::Email),
        ("profile", Self::Profile),
        ("trn", Self::Trn),
        ("national_insurance", Self::NationalInsuranceNumber),
        ("offline_access", Self::WhileAway),
    ];

    /// What scope values stand for.
    fn of(scope: &ScopeSet) -> Vec<Self> {
        let asked = Self::ALL.iter().filter(|(value, _)| scope.contains(value));
        asked.map(|(_, sharing)| *sharing).collect()
    }
}

impl From<Sharing> for &'static str {
    fn from(sharing: Sharing) -> Self {
        match sharing {
            Sharing::Identity => "recognise you when you come back",
            Sharing::Email => "see your email address",
            Sharing::Profile => "see your name, the name you prefer and your date of birth",
            Sharing::Trn => {
                "see your teacher reference number (TRN) and how we found it, or whether we still \
                 look for it"
            }
            Sharing::NationalInsuranceNumber => "see your National Insurance number",
            Sharing::WhileAway => "see this information when you are not using the service",
        }
    }
}

impl View for ConsentPage {
    const TEMPLATE: &'static str = "journey/consent";

    fn title(&self) -> String {
        format!("Share your information with {}", self.service_name)
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            address: "ada.lovelace@example.com".to_owned(),
            shared: vec![
                Sharing::Identity,
                Sharing::Email,
                Sharing::Profile,
                Sharing::Trn,
                Sharing::NationalInsuranceNumber,
                Sharing::WhileAway,
            ],
        }]
    }
}

/// `GET /sign-in/consent`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, Page::Consent).await?;
    let (stage, address) = with_address(&journey, stage, Stage::signed_in).await?;
    let view = ConsentPage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        address: address.as_typed().to_owned(),
        shared: Sharing::of(&asked(&stage.interaction.requirements.consent)),
    };
    Ok(stage.respond(StatusCode::OK, Page::Consent, &view))
}

fn asked(rule: &ConsentRule) -> ScopeSet {
    match rule {
        ConsentRule::NotAsked => ScopeSet::default(),
        ConsentRule::Remembered(scope) | ConsentRule::EachTime(scope) => scope.clone(),
    }
}

/// `POST /sign-in/consent`; "Do not allow" is Cancel.
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
