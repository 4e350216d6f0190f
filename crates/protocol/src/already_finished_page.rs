//! The page for a second resume: Back, or the same page opened twice.

use pages::{ServiceLink, View};
use serde::Serialize;

/// Says that this sign-in was finished before, and how to get back to the service.
#[derive(Debug, Serialize)]
pub struct AlreadyFinishedPage {
    /// The service, where it is still known.
    pub service: Option<ServiceLink>,
}

impl View for AlreadyFinishedPage {
    const TEMPLATE: &'static str = "protocol/already_finished";

    fn title(&self) -> String {
        "This sign-in has already been finished".to_owned()
    }

    fn samples() -> Vec<Self> {
        let service = |url: Option<&str>| ServiceLink {
            name: "Apply for a qualification".to_owned(),
            url: url.map(ToOwned::to_owned),
        };
        vec![
            Self { service: None },
            Self {
                service: Some(service(None)),
            },
            Self {
                service: Some(service(Some("https://service.example/"))),
            },
        ]
    }
}
