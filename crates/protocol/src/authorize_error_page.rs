//! The page for a request that must not be answered by a redirect, because its client or its
//! redirect URI is not proven (RFC 6749 §4.1.2.1).

use pages::View;
use serde::Serialize;

/// Plain words for the person, the technical reason for the service's developers. Status 400.
#[derive(Debug, Serialize)]
pub struct AuthorizeErrorPage {
    /// The error code, for example `invalid_request`.
    pub error: String,
    /// What is wrong with the request, for a developer.
    pub reason: String,
}

impl View for AuthorizeErrorPage {
    const TEMPLATE: &'static str = "protocol/authorize_error";

    fn title(&self) -> String {
        "You cannot sign in from this link".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            error: "invalid_request".to_owned(),
            reason: "redirect_uri https://service.example/callback is not registered for client apply-for-a-qualification".to_owned(),
        }]
    }
}
