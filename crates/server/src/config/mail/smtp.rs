//! `[mail.smtp]`.

use std::path::PathBuf;
use std::time::Duration;

use model::{EmailAddress, Secret};

use crate::config::issuer::is_loopback_host;
use crate::config::section::Section;
use crate::config::setting::Choice;

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
    pub ca_file: Option<PathBuf>,
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
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
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
