//! No code works any more: the person must ask for another.

use pages::View;
use serde::Serialize;

use crate::code_use::CodeUse;

/// Shown where a code is typed, when every code is spent or has expired.
///
/// Posts `action`: `resend`, `change-address` (`skip` where the address is another account's) or
/// `cancel`.
#[derive(Debug, Serialize)]
pub struct NewCodeNeededPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// What the code is for.
    pub code_use: CodeUse,
    /// Where the next code will go, as far as the person may see.
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
        let own = "ada.lovelace@example.com";
        [
            (CodeUse::SignIn, own, NewCodeReason::TriesSpent),
            (CodeUse::SignIn, own, NewCodeReason::Expired),
            (
                CodeUse::OtherAccount,
                "a****@****.com",
                NewCodeReason::Expired,
            ),
            (CodeUse::NewAddress, own, NewCodeReason::TriesSpent),
        ]
        .map(|(code_use, address, reason)| Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            code_use,
            address: address.to_owned(),
            minutes: 15,
            reason,
        })
        .into()
    }
}
