//! A sign-in that cannot go on here, and the way back to the service.

use pages::{ServiceLink, View};
use serde::Serialize;

/// Shown for a stale, missing or foreign interaction (status 400).
#[derive(Debug, Serialize)]
pub struct InterruptedPage {
    cause: Interruption,
    heading: &'static str,
    service: Option<ServiceLink>,
}

/// Why a sign-in cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "InterruptionFlags")]
pub enum Interruption {
    /// The interaction's time is up, or there never was one.
    Expired,
    /// The browser is not the one that began it, or keeps no cookies.
    OtherBrowser,
    /// It was finished or given up before.
    Finished,
    /// The form's CSRF value is not this browser's.
    FormExpired,
}

#[derive(Serialize)]
struct InterruptionFlags {
    expired: bool,
    other_browser: bool,
    finished: bool,
    form_expired: bool,
}

impl From<Interruption> for InterruptionFlags {
    fn from(cause: Interruption) -> Self {
        Self {
            expired: cause == Interruption::Expired,
            other_browser: cause == Interruption::OtherBrowser,
            finished: cause == Interruption::Finished,
            form_expired: cause == Interruption::FormExpired,
        }
    }
}

impl InterruptedPage {
    /// The page for a cause; `service` where the interaction is known.
    #[must_use]
    pub fn new(cause: Interruption, service: Option<ServiceLink>) -> Self {
        let heading = match cause {
            Interruption::Expired => "Your sign-in has timed out",
            Interruption::OtherBrowser => "We cannot continue your sign-in in this browser",
            Interruption::Finished => "This sign-in has ended",
            Interruption::FormExpired => "This form can no longer be sent",
        };
        Self {
            cause,
            heading,
            service,
        }
    }
}

impl View for InterruptedPage {
    const TEMPLATE: &'static str = "journey/interrupted";

    fn title(&self) -> String {
        self.heading.to_owned()
    }

    fn samples() -> Vec<Self> {
        let service = |url: Option<&str>| ServiceLink {
            name: "Apply for a qualification".to_owned(),
            url: url.map(ToOwned::to_owned),
        };
        vec![
            Self::new(
                Interruption::Expired,
                Some(service(Some("https://service.example/"))),
            ),
            Self::new(Interruption::OtherBrowser, Some(service(None))),
            Self::new(Interruption::Finished, None),
            Self::new(Interruption::FormExpired, None),
        ]
    }
}
