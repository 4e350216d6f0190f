//! Choose the account to use: the answer to `prompt=select_account` (OpenID Connect Core
//! §3.1.2.1) when someone is signed in already.

use pages::View;
use serde::Serialize;

/// `/sign-in/select-account`: go on as the person who is signed in, or as someone else.
///
/// Posts `action`: `continue`, `change-address` (sign in with another address) or `cancel`.
#[derive(Debug, Serialize)]
pub struct SelectAccountPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// Who is signed in.
    pub address: String,
}

impl View for SelectAccountPage {
    const TEMPLATE: &'static str = "journey/select_account";

    fn title(&self) -> String {
        "Choose the account to use".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            address: "ada.lovelace@example.com".to_owned(),
        }]
    }
}
