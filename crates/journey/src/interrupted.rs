//! A sign-in that cannot go on here, and what to do instead.

use pages::View;
use serde::Serialize;

/// Shown for a missing interaction (status 400), and for one of another browser or a form without
/// its token (status 403). An interaction that is over leads back to its service by itself.
#[derive(Debug, Serialize)]
pub struct InterruptedPage {
    heading: &'static str,
    explanation: &'static str,
    restart_url: Option<String>,
}

/// Why a sign-in cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// The interaction's time is up, or there never was one.
    Expired,
    /// The browser is not the one that began it, or keeps no cookies.
    OtherBrowser,
    /// The form's CSRF value is not this browser's.
    FormExpired,
}

impl Interruption {
    const fn heading(self) -> &'static str {
        match self {
            Self::Expired => "Your sign-in has timed out",
            Self::OtherBrowser => "We cannot continue your sign-in in this browser",
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
            Self::FormExpired => {
                "The page was open for too long, or was opened again from another tab. Nothing \
                 has been changed."
            }
        }
    }
}

impl InterruptedPage {
    /// The page for a cause.
    #[must_use]
    pub const fn new(cause: Interruption) -> Self {
        Self {
            heading: cause.heading(),
            explanation: cause.explanation(),
            restart_url: None,
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
        vec![
            Self::new(Interruption::Expired),
            Self::new(Interruption::OtherBrowser),
            Self::new(Interruption::FormExpired).carrying_on_at("/sign-in/email?i=1"),
        ]
    }
}
