//! The email could not be sent: the person may try again and loses nothing.

use pages::View;
use serde::Serialize;

/// Shown when the mailer failed; the interaction goes on.
///
/// Posts to [`retry_url`](Self::retry_url) the address again and `action`: `continue` (try again),
/// `change-address` or `cancel`; where the person did not type the address, neither it nor
/// `change-address`.
#[derive(Debug, Serialize)]
pub struct CodeNotSentPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// Where the code should have gone, as far as the person may see.
    pub address: String,
    /// The same as they typed it, if they did.
    pub typed: Option<String>,
    /// The page where a code is asked for: it was not necessarily that page which tried to send.
    pub retry_url: String,
    /// The code page, where a code may have arrived all the same.
    pub code_url: Option<String>,
    /// Why it did not.
    pub reason: NotSentReason,
}

/// Why an email was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "NotSentReasonFlags")]
pub enum NotSentReason {
    /// The mail service does not take this address.
    AddressRefused,
    /// The mail service does not work at the moment.
    Unavailable,
}

#[derive(Serialize)]
struct NotSentReasonFlags {
    address_refused: bool,
    unavailable: bool,
}

impl From<NotSentReason> for NotSentReasonFlags {
    fn from(reason: NotSentReason) -> Self {
        Self {
            address_refused: reason == NotSentReason::AddressRefused,
            unavailable: reason == NotSentReason::Unavailable,
        }
    }
}

impl View for CodeNotSentPage {
    const TEMPLATE: &'static str = "journey/code_not_sent";

    fn title(&self) -> String {
        "We could not send your email".to_owned()
    }

    fn samples() -> Vec<Self> {
        let typed = "ada.lovelace@example.com";
        let code_url = "/sign-in/email-code?i=1";
        [
            (NotSentReason::AddressRefused, typed, Some(typed), None),
            (
                NotSentReason::Unavailable,
                typed,
                Some(typed),
                Some(code_url),
            ),
            (NotSentReason::Unavailable, "a****@****.com", None, None),
        ]
        .map(|(reason, address, typed, code_url)| Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            address: address.to_owned(),
            typed: typed.map(ToOwned::to_owned),
            retry_url: "/sign-in/email?i=1".to_owned(),
            code_url: code_url.map(ToOwned::to_owned),
            reason,
        })
        .into()
    }
}
