//! Account created: shown once, to a person who signs in for the first time.

use pages::View;
use serde::Serialize;

/// `/sign-in/account-created`: says what they now have, and goes on to the service.
///
/// Posts `action`: `continue`.
#[derive(Debug, Serialize)]
pub struct AccountCreatedPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// The account's address.
    pub address: String,
}

impl View for AccountCreatedPage {
    const TEMPLATE: &'static str = "journey/account_created";

    fn title(&self) -> String {
        "Account created".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            address: "ada.lovelace@example.com".to_owned(),
        }]
    }
}
