//! The email could not be sent: the person may try again and loses nothing.

use pages::View;
use serde::Serialize;

/// Shown when the mailer failed; the interaction goes on.
///
/// Posts to [`email_url`](Self::email_url) the address again and `action`: `continue` (try again),
/// `change-address` or `cancel`.
#[derive(Debug, Serialize)]
pub struct CodeNotSentPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// Where the code should have gone.
    pub address: String,
    /// The email page: it was not necessarily that page which tried to send.
    pub email_url: String,
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
        [
            (NotSentReason::AddressRefused, None),
            (NotSentReason::Unavailable, Some("/sign-in/email-code?i=1")),
        ]
        .map(|(reason, code_url)| Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            address: "ada.lovelace@example.com".to_owned(),
            email_url: "/sign-in/email?i=1".to_owned(),
            code_url: code_url.map(ToOwned::to_owned),
            reason,
        })
        .into()
    }
}
