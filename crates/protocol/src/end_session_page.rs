//! The pages of signing out (OpenID Connect RP-Initiated Logout 1.0 §2).

use pages::{HiddenField, ServiceLink, View};
use serde::Serialize;

/// Asks before signing out, because anyone can send a browser here.
///
/// Posts `parameters` and `action`, `sign-out` or `stay`, to `form_url`.
#[derive(Debug, Serialize)]
pub struct EndSessionPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked, if it is known.
    pub service_name: Option<String>,
    /// Where the form goes, for example `/end-session`.
    pub form_url: String,
    /// The logout request, to be sent back as it came.
    pub parameters: Vec<HiddenField>,
}

impl View for EndSessionPage {
    const TEMPLATE: &'static str = "protocol/end_session";

    fn title(&self) -> String {
        "Do you want to sign out?".to_owned()
    }

    fn samples() -> Vec<Self> {
        let state = HiddenField {
            name: "state".to_owned(),
            value: "af0ifjsldkj".to_owned(),
        };
        [None, Some("Apply for a qualification".to_owned())]
            .map(|service_name| Self {
                csrf: "csrf".to_owned(),
                service_name,
                form_url: "/end-session".to_owned(),
                parameters: vec![state.clone()],
            })
            .into()
    }
}

/// `/signed-out`: what became of the question, and the way back where there is one.
#[derive(Debug, Serialize)]
pub struct SignedOutPage {
    outcome: EndSessionOutcome,
    heading: &'static str,
    service: Option<ServiceLink>,
    /// Where the browser goes on to when the frames have loaded.
    go_on: Option<String>,
    /// Pages of services that sign the person out there; not shown.
    frames: Vec<String>,
}

/// What became of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "EndSessionOutcomeFlags")]
pub enum EndSessionOutcome {
    /// There is no session in this browser any more.
    SignedOut,
    /// The person chose to stay signed in.
    Stayed,
}

#[derive(Serialize)]
struct EndSessionOutcomeFlags {
    signed_out: bool,
    stayed: bool,
}

impl From<EndSessionOutcome> for EndSessionOutcomeFlags {
    fn from(outcome: EndSessionOutcome) -> Self {
        Self {
            signed_out: outcome == EndSessionOutcome::SignedOut,
            stayed: outcome == EndSessionOutcome::Stayed,
        }
    }
}

impl SignedOutPage {
    /// The page for an outcome; the link is shown where `service` has a URL.
    #[must_use]
    pub fn new(outcome: EndSessionOutcome, service: Option<ServiceLink>) -> Self {
        let heading = match outcome {
            EndSessionOutcome::SignedOut => "You have signed out",
            EndSessionOutcome::Stayed => "You are still signed in",
        };
        Self {
            outcome,
            heading,
            service: service.filter(|service| service.url.is_some()),
            go_on: None,
            frames: Vec::new(),
        }
    }

    /// The page while services are told in frames. It leads on to `go_on`, if the service that
    /// asked named a place for that.
    #[must_use]
    pub fn with_frames(
        frames: Vec<String>,
        go_on: Option<String>,
        service: Option<ServiceLink>,
    ) -> Self {
        Self {
            go_on,
            frames,
            ..Self::new(EndSessionOutcome::SignedOut, service)
        }
    }
}

impl View for SignedOutPage {
    const TEMPLATE: &'static str = "protocol/signed_out";

    fn title(&self) -> String {
        self.heading.to_owned()
    }

    fn samples() -> Vec<Self> {
        let service = ServiceLink {
            name: "Apply for a qualification".to_owned(),
            url: Some("https://service.example/".to_owned()),
        };
        let frames = vec!["https://course.example/logout?iss=x&sid=y".to_owned()];
        let go_on = Some("https://service.example/signed-out".to_owned());
        vec![
            Self::new(EndSessionOutcome::SignedOut, None),
            Self::new(EndSessionOutcome::SignedOut, Some(service.clone())),
            Self::new(EndSessionOutcome::Stayed, None),
            Self::with_frames(frames.clone(), None, Some(service)),
            Self::with_frames(frames, go_on, None),
        ]
    }
}
