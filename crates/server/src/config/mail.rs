//! `[mail]`: which way mail leaves, and what that way needs.

use std::time::Duration;

use model::{EmailAddress, Secret};
use url::Url;

use super::environment::Environment;
use super::issuer::{is_loopback, is_loopback_host};
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

/// An SMTP server and how to speak to it.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// The host, by the name in its certificate.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: SmtpTls,
    /// User name and password, when the server asks for them.
    pub credentials: Option<SmtpCredentials>,
    /// The address that mail comes from.
    pub from: EmailAddress,
    /// Where answers go, when not to `from`.
    pub reply_to: Option<EmailAddress>,
    /// How long one mail may take to hand over.
    pub timeout: Duration,
    /// A file of certificates (PEM) to trust instead of the system's, for a server with a
    /// private authority.
    pub ca_file: Option<std::path::PathBuf>,
}

/// A user name and password for an SMTP server.
#[derive(Clone, Debug)]
pub struct SmtpCredentials {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: Secret<String>,
}

/// How an SMTP connection is protected. Neither kind of TLS ever falls back to plain text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// Plain text until `STARTTLS` (RFC 3207), TLS from then on.
    StartTls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// Plain text, to this machine only.
    None,
}

impl Choice for SmtpTls {
    const ALL: &'static [(&'static str, Self)] = &[
        ("starttls", Self::StartTls),
        ("implicit", Self::Implicit),
        ("none", Self::None),
    ];
}

impl Smtp {
    fn read(section: &mut Section<'_>) -> Option<Self> {
        let host: Option<String> = section.required("host");
        let tls = section.or("tls", SmtpTls::StartTls);
        let port = section.or("port", default_port(tls));
        let username = section.optional("username");
        let password = section.optional_or_file("password");
        let from = section.required("from");
        let reply_to = section.optional("reply_to");
        let timeout = section.or("timeout", Duration::from_secs(10));
        let ca_file = section.optional("ca_file");
        if tls == SmtpTls::None && !host.as_deref().is_some_and(is_loopback_host) {
            let remedy = "must be \"starttls\" or \"implicit\" unless mail.smtp.host is this \
                          machine: codes would cross the network in plain text";
            section.fault("tls", remedy);
        }
        let credentials = match (username, password) {
            (Some(username), Some(password)) => Some(SmtpCredentials { username, password }),
            (None, None) => None,
            (Some(_), None) => {
                section.fault("password", "(or password_file) must be set beside username");
                None
            }
            (None, Some(_)) => {
                section.fault("username", "must be set beside password");
                None
            }
        };
        let (host, from) = (host?, from?);
        Some(Self {
            host,
            port,
            tls,
            credentials,
            from,
            reply_to,
            timeout,
            ca_file,
        })
    }
}

const fn default_port(tls: SmtpTls) -> u16 {
    match tls {
        SmtpTls::StartTls => 587,
        SmtpTls::Implicit => 465,
        SmtpTls::None => 25,
    }
}

/// A GOV.UK Notify service and its templates.
#[derive(Clone, Debug)]
pub struct Notify {
    /// The API key, in the parts that Notify joins.
    pub api_key: NotifyApiKey,
    /// Notify itself, or what stands in for it in a test.
    pub base_url: Url,
    /// The template of the sign-in code.
    pub sign_in_code: NotifyId,
    /// The template that tells of a new account.
    pub account_created: NotifyId,
    /// The id of the reply-to address, when the service has more than its default one.
    pub reply_to_id: Option<NotifyId>,
    /// How long one request to Notify may take.
    pub timeout: Duration,
}

impl Notify {
    fn read(section: &mut Section<'_>) -> Option<Self> {
        let api_key = section.required_or_file("api_key");
        let base_url = section.optional("base_url").or_else(default_notify);
        let is_private = base_url
            .as_ref()
            .is_some_and(|url| url.scheme() == "https" || is_loopback(url));
        section.check(
            is_private,
            "base_url",
            "must be https unless its host is this machine",
        );
        let reply_to_id = section.optional("reply_to_id");
        let timeout = section.or("timeout", Duration::from_secs(5));
        let (sign_in_code, account_created) = section.inside("templates", |templates| {
            (
                templates.required("sign_in_code"),
                templates.required("account_created"),
            )
        });
        Some(Self {
            api_key: api_key?,
            base_url: base_url?,
            sign_in_code: sign_in_code?,
            account_created: account_created?,
            reply_to_id,
            timeout,
        })
    }
}

fn default_notify() -> Option<Url> {
    Url::parse("https://api.notifications.service.gov.uk").ok()
}

/// A GOV.UK Notify API key.
///
/// Shape: `<name>-<service id>-<secret>`, both of the latter UUIDs. The name may hold hyphens,
/// so the parts are counted from the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyApiKey {
    /// The service's id, the `iss` of every token.
    pub service_id: String,
    /// The secret whose text signs every token.
    pub secret: Secret<String>,
}

impl NotifyApiKey {
    /// Reads a key as Notify shows it; `None` when it does not end in two UUIDs.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let tail = text.get(text.len().checked_sub(73)?..)?;
        let (service_id, rest) = tail.split_at_checked(36)?;
        let secret = rest.strip_prefix('-')?;
        (is_uuid(service_id) && is_uuid(secret)).then(|| Self {
            service_id: service_id.to_owned(),
            secret: Secret::new(secret.to_owned()),
        })
    }
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

impl Setting for NotifyApiKey {
    fn read(content: &Content) -> Option<Self> {
        Self::parse(text(content)?)
    }

    fn shape() -> String {
        "a GOV.UK Notify API key: its name, the service id and the secret, joined by hyphens"
            .to_owned()
    }

    fn shown(&self) -> String {
        super::section::MASK.to_owned()
    }
}

/// The UUID of a template or a reply-to address at GOV.UK Notify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotifyId(String);

impl NotifyId {
    /// Reads a hyphenated UUID.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_uuid(text).then(|| Self(text.to_owned()))
    }

    /// The UUID as Notify takes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Setting for NotifyId {
    fn read(content: &Content) -> Option<Self> {
        Self::parse(text(content)?)
    }

    fn shape() -> String {
        "a UUID as GOV.UK Notify shows it".to_owned()
    }

    fn shown(&self) -> String {
        quote(&self.0)
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

#[cfg(test)]
mod tests {
    use super::*;

    const SERVICE: &str = "26785a09-ab16-4eb0-8407-a37497a57506";
    const SECRET: &str = "3d844edf-8d35-48ac-975b-e847b4f122b0";

    #[test]
    fn an_api_key_is_read_from_its_end() {
        let key = NotifyApiKey::parse(&format!("my-own-key-{SERVICE}-{SECRET}")).unwrap();

        assert_eq!(key.service_id, SERVICE);
        assert_eq!(key.secret.reveal(), SECRET);
    }

    #[test]
    fn a_key_that_does_not_end_in_two_uuids_is_refused() {
        for wrong in [
            "",
            SERVICE,
            &format!("key-{SERVICE}_{SECRET}"),
            &"x".repeat(80),
        ] {
            assert_eq!(NotifyApiKey::parse(wrong), None, "{wrong}");
        }
    }
}
