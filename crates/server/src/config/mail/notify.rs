//! `[mail.notify]`.

use std::collections::BTreeMap;
use std::time::Duration;

use journey::mailer::MailKind;
use model::Secret;
use url::Url;

use crate::config::issuer::is_loopback;
use crate::config::section::{MASK, Section};
use crate::config::setting::{Setting, quote, text};
use crate::config::tree::Content;

/// A GOV.UK Notify service and its templates.
#[derive(Clone, Debug)]
pub struct Notify {
    /// The API key, in the parts that Notify joins.
    pub api_key: NotifyApiKey,
    /// Notify itself, or what stands in for it in a test.
    pub base_url: Url,
    /// The template of each mail, by the mail's name. All are there.
    pub templates: BTreeMap<&'static str, NotifyId>,
    /// The id of the reply-to address, when the service has more than its default one.
    pub reply_to_id: Option<NotifyId>,
    /// How long one request to Notify may take.
    pub timeout: Duration,
}

impl Notify {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
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
        let templates = section.inside("templates", templates);
        Some(Self {
            api_key: api_key?,
            base_url: base_url?,
            templates: templates?,
            reply_to_id,
            timeout,
        })
    }
}

/// Every mail needs its template, so that none fails for want of it once people wait for it.
fn templates(section: &mut Section<'_>) -> Option<BTreeMap<&'static str, NotifyId>> {
    let read: Vec<_> = MailKind::NAMES
        .into_iter()
        .map(|name| Some((name, section.required(name)?)))
        .collect();
    read.into_iter().collect()
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
        MASK.to_owned()
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
