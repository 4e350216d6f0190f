//! No code works any more: the person must ask for another.

use pages::View;
use serde::Serialize;

/// Shown at `/sign-in/email-code` when every code is spent or has expired.
///
/// Posts `action`: `resend`, `change-address` or `cancel`.
#[derive(Debug, Serialize)]
pub struct NewCodeNeededPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// Where the next code will go.
    pub address: String,
    /// How long a code works.
    pub minutes: u64,
    /// Why the codes no longer work.
    pub reason: NewCodeReason,
}

/// Why a new code is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "NewCodeReasonFlags")]
pub enum NewCodeReason {
    /// Too many wrong tries in this sign-in.
    TriesSpent,
    /// The last code expired.
    Expired,
}

#[derive(Serialize)]
struct NewCodeReasonFlags {
    tries_spent: bool,
    expired: bool,
}

impl From<NewCodeReason> for NewCodeReasonFlags {
    fn from(reason: NewCodeReason) -> Self {
        Self {
            tries_spent: reason == NewCodeReason::TriesSpent,
            expired: reason == NewCodeReason::Expired,
        }
    }
}

impl View for NewCodeNeededPage {
    const TEMPLATE: &'static str = "journey/new_code_needed";

    fn title(&self) -> String {
        "You need a new code".to_owned()
    }

    fn samples() -> Vec<Self> {
        [NewCodeReason::TriesSpent, NewCodeReason::Expired]
            .map(|reason| Self {
                csrf: "csrf".to_owned(),
                service_name: "Apply for a qualification".to_owned(),
                address: "ada.lovelace@example.com".to_owned(),
                minutes: 15,
                reason,
            })
            .into()
    }
}
