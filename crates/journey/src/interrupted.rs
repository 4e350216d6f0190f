//! A sign-in that cannot go on here, and the way back to the service.

use pages::{ServiceLink, View};
use serde::Serialize;

/// Shown for a stale, missing or foreign interaction (status 400).
#[derive(Debug, Serialize)]
pub struct InterruptedPage {
    heading: &'static str,
    explanation: &'static str,
    restart_url: Option<String>,
    service: Option<ServiceLink>,
}

/// Why a sign-in cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

impl Interruption {
    const fn heading(self) -> &'static str {
        match self {
            Self::Expired => "Your sign-in has timed out",
            Self::OtherBrowser => "We cannot continue your sign-in in this browser",
            Self::Finished => "This sign-in has ended",
            Self::FormExpired => "This form can no longer be sent",
        }
    }

    const fn explanation(self) -> &'static str {
        match self {
            Self::Expired => {
                "You were away for too long, so we stopped this sign-in to keep your account \
                 safe. We have not kept what you entered."
            }
            Self::OtherBrowser => {
                "This sign-in was started in another browser, or your browser did not send our \
                 cookie. Cookies must be turned on to sign in."
            }
            Self::Finished => "Nothing more is needed on this page.",
            Self::FormExpired => {
                "The page was open for too long, or was opened again from another tab. Nothing \
                 has been changed."
            }
        }
    }
}

impl InterruptedPage {
    /// The page for a cause; `service` where the interaction is known.
    #[must_use]
    pub fn new(cause: Interruption, service: Option<ServiceLink>) -> Self {
        Self {
            heading: cause.heading(),
            explanation: cause.explanation(),
            restart_url: None,
            service,
        }
    }

    /// Offers to carry on at a page of the same sign-in, where that is still possible.
    #[must_use]
    pub fn carrying_on_at(mut self, url: impl Into<String>) -> Self {
        self.restart_url = Some(url.into());
        self
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
            Self::new(Interruption::FormExpired, None).carrying_on_at("/sign-in/email?i=1"),
        ]
    }
}
