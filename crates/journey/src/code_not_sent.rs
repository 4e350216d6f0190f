//! The email could not be sent: the person may try again and loses nothing.

use pages::View;
use serde::Serialize;

/// Shown when the mailer failed; the interaction goes on.
///
/// Posts `action`: `resend` (try again), `change-address` or `cancel`.
#[derive(Debug, Serialize)]
pub struct CodeNotSentPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// Where the code should have gone.
    pub address: String,
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
        [NotSentReason::AddressRefused, NotSentReason::Unavailable]
            .map(|reason| Self {
                csrf: "csrf".to_owned(),
                service_name: "Apply for a qualification".to_owned(),
                address: "ada.lovelace@example.com".to_owned(),
                reason,
            })
            .into()
    }
}
