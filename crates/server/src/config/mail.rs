//! `[mail]`: which way mail leaves, and what that way needs.

mod notify;
mod smtp;

use model::EmailAddress;

pub use notify::{Notify, NotifyApiKey, NotifyId};
pub use smtp::{Smtp, SmtpCredentials, SmtpTls};

use super::environment::Environment;
use super::section::Section;
use super::setting::{Choice, Setting, quote, text};
use super::tree::Content;

/// The way mail leaves.
#[derive(Clone, Debug)]
pub enum Mail {
    /// To an SMTP server.
    Smtp(Smtp),
    /// Through GOV.UK Notify.
    Notify(Notify),
    /// Into a page of this server, never further.
    DevMailbox,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Adapter {
    Smtp,
    Notify,
    DevMailbox,
}

impl Choice for Adapter {
    const ALL: &'static [(&'static str, Self)] = &[
        ("smtp", Self::Smtp),
        ("notify", Self::Notify),
        ("dev-mailbox", Self::DevMailbox),
    ];
}

impl Mail {
    pub(crate) fn read(section: &mut Section<'_>, environment: Environment) -> Option<Self> {
        let adapter = section.required("adapter");
        section.unread("smtp");
        section.unread("notify");
        match adapter? {
            Adapter::Smtp => section.inside("smtp", Smtp::read).map(Self::Smtp),
            Adapter::Notify => section.inside("notify", Notify::read).map(Self::Notify),
            Adapter::DevMailbox if environment == Environment::Production => {
                let remedy = "must be \"smtp\" or \"notify\" in production: \"dev-mailbox\" shows \
                              everyone's mail to everyone";
                section.fault("adapter", remedy);
                None
            }
            Adapter::DevMailbox => Some(Self::DevMailbox),
        }
    }
}

impl Setting for EmailAddress {
    fn read(content: &Content) -> Option<Self> {
        Self::parse(text(content)?).ok()
    }

    fn shape() -> String {
        "an email address".to_owned()
    }

    fn shown(&self) -> String {
        quote(self.as_typed())
    }
}
