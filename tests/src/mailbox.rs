//! The person's mail.

use crate::{ISSUER, MailCatcher, Wire};

/// Where mail arrives: the development mailbox of the provider, or an SMTP server.
#[derive(Clone, Debug)]
pub enum Mailbox {
    /// The page `/dev/mailbox.json`.
    OfTheProvider(Wire),
    /// A server that takes everything.
    Caught(MailCatcher),
}

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The address that it went to.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The plain text.
    pub text: String,
}

impl Mailbox {
    /// Every mail, the newest first.
    pub async fn all(&self) -> Vec<Mail> {
        match self {
            Self::Caught(catcher) => catcher.all(),
            Self::OfTheProvider(wire) => {
                let kept = wire.get("/dev/mailbox.json").await.json();
                let text = |mail: &serde_json::Value, key| mail[key].as_str().unwrap().to_owned();
                let mails = kept.as_array().unwrap().iter().map(|mail| Mail {
                    to: text(mail, "to"),
                    subject: text(mail, "subject"),
                    text: text(mail, "text"),
                });
                mails.collect()
            }
        }
    }

    /// The mails to an address, the newest first.
    pub async fn to(&self, address: &str) -> Vec<Mail> {
        let mut all = self.all().await;
        all.retain(|mail| mail.to == address);
        all
    }

    /// The code in the newest mail to an address that has one.
    pub async fn last_code_for(&self, address: &str) -> String {
        let code = self.to(address).await.iter().find_map(Mail::code);
        code.unwrap_or_else(|| panic!("no code was mailed to {address}"))
    }

    /// The link in the newest mail to an address that has one.
    pub async fn last_link_for(&self, address: &str) -> String {
        let link = self.to(address).await.iter().find_map(Mail::link);
        link.unwrap_or_else(|| panic!("no link was mailed to {address}"))
    }
}

impl Mail {
    /// The code, with which the subject begins.
    pub fn code(&self) -> Option<String> {
        let code = self.subject.split(' ').next()?;
        (code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())).then(|| code.to_owned())
    }

    /// The link to sign in with.
    pub fn link(&self) -> Option<String> {
        let start = self.text.find(&format!("{ISSUER}/sign-in/link/"))?;
        self.text[start..]
            .split_whitespace()
            .next()
            .map(str::to_owned)
    }
}
