//! Mail through an SMTP server (RFC 5321), over TLS unless the server is this machine.
//!
//! Each mail has a connection of its own, because a connection whose last mail was given up
//! half-way must never carry the next one.

mod message;

use std::time::Duration;

use journey::mailer::{Mail, MailError, Mailer, Sending};
use lettre::Message;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters,
};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::ClientId;

use crate::config::mail::{Smtp, SmtpTls};
use message::Letterhead;

/// Sends mail to an SMTP server.
pub struct SmtpMailer {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<Credentials>,
    hello: ClientId,
    timeout: Duration,
    letterhead: Letterhead,
}

enum Security {
    StartTls(TlsParameters),
    Implicit(TlsParameters),
    None,
}

/// An SMTP configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableSmtp {
    /// The file of trusted certificates cannot be read.
    #[error("mail.smtp.ca_file cannot be read: {0}")]
    Certificates(#[from] std::io::Error),
    /// The certificates, the host name or the sender cannot be used.
    #[error("mail.smtp cannot be used: {0}")]
    Settings(Box<dyn std::error::Error + Send + Sync>),
}

impl SmtpMailer {
    /// Prepares to send with these settings, under the product's name. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// [`UnusableSmtp`] names the setting.
    pub fn new(settings: &Smtp, product_name: &str) -> Result<Self, UnusableSmtp> {
        let tls = || tls_parameters(settings);
        let security = match settings.tls {
            SmtpTls::StartTls => Security::StartTls(tls()?),
            SmtpTls::Implicit => Security::Implicit(tls()?),
            SmtpTls::None => Security::None,
        };
        let credentials = settings
            .credentials
            .as_ref()
            .map(|known| Credentials::new(known.username.clone(), known.password.reveal().clone()));
        let letterhead = Letterhead::new(product_name, &settings.from, settings.reply_to.as_ref())
            .map_err(|error| UnusableSmtp::Settings(error.into()))?;
        Ok(Self {
            host: settings.host.clone(),
            port: settings.port,
            security,
            credentials,
            hello: ClientId::default(),
            timeout: settings.timeout,
            letterhead,
        })
    }

    async fn deliver(&self, mail: &Mail) -> Result<(), MailError> {
        let message = self.letterhead.write(mail)?;
        let delivered = tokio::time::timeout(self.timeout, self.hand_over(&message)).await;
        let failure = match delivered {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(failure)) => failure,
            Err(_) => Failure {
                stage: Stage::Any,
                cause: None,
            },
        };
        let error = failure.judge();
        failure.log(&mail.reference, error);
        Err(error)
    }

    async fn hand_over(&self, message: &Message) -> Result<(), Failure> {
        let mut connection = self.connect().await.map_err(Stage::Connect.failed())?;
        if let Some(credentials) = &self.credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection
                .auth(&mechanisms, credentials)
                .await
                .map_err(Stage::Authenticate.failed())?;
        }
        let envelope = message.envelope();
        let sender = MailFrom::new(envelope.from().cloned(), Vec::new());
        connection
            .command(sender)
            .await
            .map_err(Stage::Sender.failed())?;
        for recipient in envelope.to() {
            let recipient = Rcpt::new(recipient.clone(), Vec::new());
            connection
                .command(recipient)
                .await
                .map_err(Stage::Recipient.failed())?;
        }
        connection
            .command(Data)
            .await
            .map_err(Stage::Content.failed())?;
        connection
            .message(&message.formatted())
            .await
            .map_err(Stage::Content.failed())?;
        // The mail is theirs now, whether or not they say goodbye.
        let _ = connection.quit().await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let implicit = match &self.security {
            Security::Implicit(tls) => Some(tls.clone()),
            Security::StartTls(_) | Security::None => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            server,
            Some(self.timeout),
            &self.hello,
            implicit,
            None,
        )
        .await?;
        if let Security::StartTls(tls) = &self.security {
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        Ok(connection)
    }
}

impl Mailer for SmtpMailer {
    fn send<'a>(&'a self, mail: &'a Mail) -> Sending<'a> {
        Box::pin(self.deliver(mail))
    }
}

fn tls_parameters(settings: &Smtp) -> Result<TlsParameters, UnusableSmtp> {
    let unusable = |error: SmtpError| UnusableSmtp::Settings(error.into());
    let mut tls = TlsParameters::builder(settings.host.clone());
    if let Some(file) = &settings.ca_file {
        let authority = Certificate::from_pem(&std::fs::read(file)?).map_err(unusable)?;
        tls = tls
            .certificate_store(CertificateStore::None)
            .add_root_certificate(authority);
    }
    tls.build().map_err(unusable)
}

/// How far a mail got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connect,
    Authenticate,
    Sender,
    Recipient,
    Content,
    /// It took too long as a whole.
    Any,
}

/// Where a mail failed, and on what.
struct Failure {
    stage: Stage,
    /// `None` when time ran out.
    cause: Option<SmtpError>,
}

impl Stage {
    fn failed(self) -> impl Fn(SmtpError) -> Failure {
        move |cause| Failure {
            stage: self,
            cause: Some(cause),
        }
    }
}

impl Failure {
    fn judge(&self) -> MailError {
        let Some(cause) = &self.cause else {
            return MailError::Unavailable;
        };
        let is_permanent = cause.is_permanent();
        match self.stage {
            Stage::Recipient if is_permanent && !is_policy(cause) => MailError::AddressRefused,
            _ if is_permanent || cause.is_tls() || cause.is_client() || is_alien(cause) => {
                MailError::Misconfigured
            }
            _ => MailError::Unavailable,
        }
    }

    /// Logs stage and reply code; never the server's words, which may repeat the address.
    fn log(&self, reference: &str, error: MailError) {
        let cause = self.cause.as_ref();
        let code = cause.and_then(SmtpError::status).map(u16::from);
        let kind = match cause {
            None => "too slow",
            Some(cause) if cause.is_tls() || is_alien(cause) => "tls",
            Some(cause) if cause.is_client() => "not offered by the server",
            Some(cause) if cause.status().is_some() => "reply",
            Some(_) => "connection",
        };
        let stage = self.stage;
        match error {
            MailError::Misconfigured => {
                tracing::error!(
                    reference,
                    ?stage,
                    kind,
                    code,
                    "SMTP refuses our configuration"
                );
            }
            MailError::Unavailable => {
                tracing::warn!(reference, ?stage, kind, code, "SMTP cannot take mail now");
            }
            MailError::AddressRefused => {
                tracing::info!(reference, ?stage, kind, code, "SMTP refuses the address");
            }
        }
    }
}

/// Whether a refusal is about us, not about the address: enhanced status 5.7.x (RFC 3463 §3.8),
/// for example "relaying denied".
fn is_policy(cause: &SmtpError) -> bool {
    let reply = std::error::Error::source(cause).map(ToString::to_string);
    reply.is_some_and(|reply| reply.starts_with("5.7."))
}

/// Whether the peer is not who it should be, or speaks something else: its certificate does not
/// hold, or what came is no TLS or no SMTP.
fn is_alien(cause: &SmtpError) -> bool {
    let mut next = std::error::Error::source(cause);
    while let Some(error) = next {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::InvalidData) {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests;
