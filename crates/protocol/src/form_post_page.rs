//! An authorization response that the client receives as a POST (OAuth 2.0 Form Post Response
//! Mode §2).

use pages::{HiddenField, View};
use serde::Serialize;

/// A form that sends itself, or waits for its button where there is no JavaScript.
///
/// The shell's `form_action` must hold the redirect URI's origin, or the browser refuses to send
/// it.
#[derive(Debug, Serialize)]
pub struct FormPostPage {
    /// The service, named in the heading.
    pub service_name: String,
    /// The registered redirect URI.
    pub action: String,
    /// The response's parameters.
    pub fields: Vec<HiddenField>,
}

impl View for FormPostPage {
    const TEMPLATE: &'static str = "protocol/form_post";

    fn title(&self) -> String {
        format!("Continue to {}", self.service_name)
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            service_name: "Apply for a qualification".to_owned(),
            action: "https://service.example/callback".to_owned(),
            fields: vec![HiddenField {
                name: "code".to_owned(),
                value: "SplxlOBeZQQYbYS6WxSbIA".to_owned(),
            }],
        }]
    }
}
