//! Mail through GOV.UK Notify (<https://www.notifications.service.gov.uk/documentation>).

mod token;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use journey::mailer::{Mail, MailError, MailKind, Mailer, Sending};
use model::Clock;
use reqwest::{Client, StatusCode, Url};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::mail::{Notify, NotifyApiKey, NotifyId};

/// Sends mail through GOV.UK Notify.
pub struct NotifyMailer {
    client: Client,
    url: Url,
    api_key: NotifyApiKey,
    templates: BTreeMap<&'static str, NotifyId>,
    reply_to_id: Option<NotifyId>,
    clock: Arc<dyn Clock>,
}

/// How long after the first try of a code's mail another is worth it: the person is waiting, and
/// can ask for another code after that.
const PATIENCE: Duration = Duration::from_secs(3);

/// Pauses before the second and the third try.
const PAUSES: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(900)];

/// GOV.UK Notify settings that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("mail.notify cannot be used: {0}")]
pub struct UnusableNotify(Box<dyn std::error::Error + Send + Sync>);

impl NotifyMailer {
    /// Prepares to send with these settings. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`UnusableNotify`] when the system's TLS cannot be set up.
    pub fn new(settings: &Notify, clock: Arc<dyn Clock>) -> Result<Self, UnusableNotify> {
        let mut client = Client::builder()
            .timeout(settings.timeout)
            // A kept connection would belong to the thread that opened it, and wait when that is
            // busy with something else.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("get-an-identity/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none());
        if settings.base_url.scheme() == "http" {
            // Only this machine is reached by http, and no proxy reaches it.
            client = client.no_proxy();
        }
        let url = settings.base_url.join("/v2/notifications/email");
        Ok(Self {
            client: client
                .build()
                .map_err(|error| UnusableNotify(error.into()))?,
            url: url.map_err(|error| UnusableNotify(error.into()))?,
            api_key: settings.api_key.clone(),
            templates: settings.templates.clone(),
            reply_to_id: settings.reply_to_id.clone(),
            clock,
        })
    }

    /// Tries, and for a code's mail tries again while that is worth it. Mail from the outbox is
    /// tried again by the outbox.
    async fn deliver(&self, mail: &Mail) -> Result<(), MailError> {
        let started = Instant::now();
        let mut pauses = PAUSES.into_iter();
        loop {
            let outcome = self.post(mail).await;
            outcome.log(&mail.reference);
            if outcome.is_passing() && mail.kind.is_waited_for() {
                match pauses.next() {
                    Some(pause) if started.elapsed() + pause < PATIENCE => {
                        tokio::time::sleep(pause).await;
                        continue;
                    }
                    _ => {}
                }
            }
            return outcome.judge();
        }
    }

    async fn post(&self, mail: &Mail) -> Outcome {
        let (Ok(token), Some(notification)) = (
            token::mint(&self.api_key, self.clock.now()),
            self.notification(mail),
        ) else {
            return Outcome::Unwritable;
        };
        let request = self
            .client
            .post(self.url.clone())
            .bearer_auth(token)
            .json(&notification);
        match request.send().await {
            Ok(answer) if answer.status() == StatusCode::CREATED => Outcome::Accepted,
            Ok(answer) => {
                let status = answer.status();
                let refusal = answer.json::<Refusal>().await.unwrap_or_default();
                let error = refusal.errors.into_iter().next().map(|error| error.error);
                Outcome::Refused {
                    status,
                    error: NotifyError::of(error.as_deref()),
                }
            }
            Err(error) if error.is_timeout() => Outcome::TimedOut,
            Err(_) => Outcome::Unreachable,
        }
    }

    fn notification<'a>(&'a self, mail: &'a Mail) -> Option<Notification<'a>> {
        let personalisation = personalisation(&mail.kind)?;
        let sanitised = personalisation.contains_key(SERVICE).then_some([SERVICE]);
        Some(Notification {
            email_address: mail.to.as_typed(),
            template_id: self.templates.get(mail.kind.name())?.as_str(),
            personalisation,
            reference: &mail.reference,
            sanitise_content_for: sanitised,
            email_reply_to_id: self.reply_to_id.as_ref().map(NotifyId::as_str),
        })
    }
}

/// The name of the value that somebody else wrote: a service's own name.
const SERVICE: &str = "service";

/// What fills the template: the fields of the mail, under their names.
fn personalisation(kind: &MailKind) -> Option<Map<String, Value>> {
    let fields = match kind {
        MailKind::SignInCode(fields) => serde_json::to_value(fields),
        MailKind::AccountCode(fields) => serde_json::to_value(fields),
        MailKind::NewAddressCode(fields) => serde_json::to_value(fields),
        MailKind::News(news) => serde_json::to_value(news),
    };
    match fields {
        Ok(Value::Object(mut fields)) => {
            fields.remove("news");
            Some(fields)
        }
        _ => None,
    }
}

impl Mailer for NotifyMailer {
    fn send<'a>(&'a self, mail: &'a Mail) -> Sending<'a> {
        Box::pin(self.deliver(mail))
    }
}

/// The body of `POST /v2/notifications/email`. A property that Notify does not know is an error.
#[derive(Serialize)]
struct Notification<'a> {
    email_address: &'a str,
    template_id: &'a str,
    personalisation: Map<String, Value>,
    reference: &'a str,
    /// The values that somebody else wrote: no link or heading can be made of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    sanitise_content_for: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_reply_to_id: Option<&'a str>,
}

/// An answer of Notify other than 201.
#[derive(Default, Deserialize)]
struct Refusal {
    #[serde(default)]
    errors: Vec<RefusalError>,
}

#[derive(Deserialize)]
struct RefusalError {
    error: String,
}

/// The errors that are told apart by name; the message beside them is for people and may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NotifyError {
    /// A field is wrong. Of ours only the address can be.
    Validation,
    /// More than 3,000 a minute.
    RateLimit,
    /// More than a day's number, until midnight UTC.
    TooManyRequests,
    Other,
}

impl NotifyError {
    fn of(name: Option<&str>) -> Self {
        match name {
            Some("ValidationError") => Self::Validation,
            Some("RateLimitError") => Self::RateLimit,
            Some("TooManyRequestsError") => Self::TooManyRequests,
            _ => Self::Other,
        }
    }
}

/// How one try ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Refused {
        status: StatusCode,
        error: NotifyError,
    },
    TimedOut,
    Unreachable,
    Unwritable,
}

impl Outcome {
    fn judge(self) -> Result<(), MailError> {
        match self {
            Self::Accepted => Ok(()),
            Self::TimedOut | Self::Unreachable => Err(MailError::Unavailable),
            Self::Unwritable => Err(MailError::Misconfigured),
            Self::Refused { status, error } => Err(match (status, error) {
                (StatusCode::BAD_REQUEST, NotifyError::Validation) => MailError::AddressRefused,
                (StatusCode::TOO_MANY_REQUESTS, _) => MailError::Unavailable,
                (status, _) if status.is_server_error() => MailError::Unavailable,
                _ => MailError::Misconfigured,
            }),
        }
    }

    /// Whether the same request may succeed a moment later.
    fn is_passing(self) -> bool {
        match self {
            Self::TimedOut | Self::Unreachable => true,
            Self::Refused { status, error } => {
                error == NotifyError::RateLimit || status.is_server_error()
            }
            Self::Accepted | Self::Unwritable => false,
        }
    }

    fn log(self, reference: &str) {
        match self.judge() {
            Ok(()) => {}
            Err(MailError::AddressRefused) => {
                tracing::info!(reference, "GOV.UK Notify refuses the address");
            }
            Err(MailError::Unavailable) => {
                tracing::warn!(reference, outcome = ?self, "GOV.UK Notify cannot take mail now");
            }
            Err(MailError::Misconfigured) => {
                tracing::error!(reference, outcome = ?self, "GOV.UK Notify refuses our request");
            }
        }
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
