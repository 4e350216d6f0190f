//! The link in the email: a page with a button where the sign-in began, words everywhere else.
//! Opening it never signs anyone in, because mail scanners open links too.

use pages::View;
use serde::Serialize;

/// `/sign-in/link/{token}` in the browser that asked.
///
/// Posts `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct LinkPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// Where the link was sent.
    pub address: String,
}

impl View for LinkPage {
    const TEMPLATE: &'static str = "journey/link";

    fn title(&self) -> String {
        format!("Sign in to {}", self.service_name)
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            address: "ada.lovelace@example.com".to_owned(),
        }]
    }
}

/// The same link in any other browser, where it can do nothing and says nothing of the sign-in.
#[derive(Debug, Serialize)]
pub struct LinkElsewherePage {}

impl View for LinkElsewherePage {
    const TEMPLATE: &'static str = "journey/link_elsewhere";

    fn title(&self) -> String {
        "Go back to where you started".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}

/// A link that was used, has expired or never was.
#[derive(Debug, Serialize)]
pub struct LinkSpentPage {
    /// How long a link works.
    pub minutes: u64,
    /// The code page of the sign-in this browser has open, if it has one.
    pub continue_url: Option<String>,
}

impl View for LinkSpentPage {
    const TEMPLATE: &'static str = "journey/link_spent";

    fn title(&self) -> String {
        "This link no longer works".to_owned()
    }

    fn samples() -> Vec<Self> {
        [None, Some("/sign-in/email-code?i=1".to_owned())]
            .map(|continue_url| Self {
                minutes: 15,
                continue_url,
            })
            .into()
    }
}
