//! Consent: what a service wants to know, and the choice to say no.

use pages::View;
use serde::Serialize;

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

impl From<Sharing> for &'static str {
    fn from(sharing: Sharing) -> Self {
        match sharing {
            Sharing::Identity => "recognise you when you come back",
            Sharing::Email => "see your email address",
            Sharing::Profile => "see your name and date of birth",
            Sharing::Trn => "see your teacher reference number (TRN)",
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
