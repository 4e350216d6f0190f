//! Against a real SMTP server process. `AIOSMTPD_PYTHON` names a Python that has aiosmtpd; the
//! Makefile sets it.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Instant;

use model::{EmailAddress, Secret};

use super::super::testing::{REFERENCE, code_for};
use super::*;
use crate::config::mail::SmtpCredentials;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/adapters/smtp/testing")
        .join(name)
}

/// A running SMTP server; it ends with the test.
struct Server {
    process: Child,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    fn start(mode: &str) -> Self {
        let python = std::env::var("AIOSMTPD_PYTHON").expect(
            "AIOSMTPD_PYTHON must name a Python that has aiosmtpd: run the tests by `make test`",
        );
        let mut process = Command::new(python)
            .arg(fixture("server.py"))
            .arg(mode)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut port = String::new();
        output.read_line(&mut port).unwrap();
        let port = port.trim().parse().expect("the server prints its port");
        Self {
            process,
            output,
            port,
        }
    }

    fn settings(&self, tls: SmtpTls) -> Smtp {
        settings(self.port, tls)
    }

    /// The next mail that arrived.
    fn mail(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Ends the server; whether any mail arrived before.
    fn took_nothing(mut self) -> bool {
        drop(self.process.stdin.take());
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap() == 0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn settings(port: u16, tls: SmtpTls) -> Smtp {
    Smtp {
        host: "localhost".to_owned(),
        port,
        tls,
        credentials: None,
        from: EmailAddress::parse("no-reply@identity.example").unwrap(),
        reply_to: None,
        timeout: Duration::from_secs(5),
        ca_file: Some(fixture("ca.pem")),
    }
}

async fn send(settings: &Smtp, to: &str) -> Result<(), MailError> {
    let mailer = SmtpMailer::new(settings, "Get an identity").unwrap();
    mailer.send(&code_for(to)).await
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written() {
    let mut server = Server::start("starttls");

    let sent = send(&server.settings(SmtpTls::StartTls), "ada@example.test").await;

    assert_eq!(sent, Ok(()));
    let mail = server.mail();
    assert_eq!(mail["from"], "no-reply@identity.example");
    assert_eq!(mail["to"], serde_json::json!(["ada@example.test"]));
    assert_eq!(mail["tls"], true);
    let content = mail["content"].as_str().unwrap();
    assert!(content.contains("Subject: 123456 is your code"));
    assert!(content.contains(&format!("Message-ID: <{REFERENCE}@identity.example>")));
    assert!(content.contains("Auto-Submitted: auto-generated"));
    assert!(content.contains("Type 123456.") && content.contains("<b>123456</b>"));
}

#[tokio::test]
async fn tls_from_the_first_byte_works_too() {
    let mut server = Server::start("implicit");

    let sent = send(&server.settings(SmtpTls::Implicit), "ada@example.test").await;

    assert_eq!(sent, Ok(()));
    assert_eq!(server.mail()["tls"], true);
}

#[tokio::test]
async fn a_server_on_this_machine_may_do_without_tls() {
    let mut server = Server::start("plain");

    let sent = send(&server.settings(SmtpTls::None), "ada@example.test").await;

    assert_eq!(sent, Ok(()));
    assert_eq!(server.mail()["tls"], false);
}

#[tokio::test]
async fn a_server_without_starttls_is_told_nothing() {
    let server = Server::start("plain");

    let sent = send(&server.settings(SmtpTls::StartTls), "ada@example.test").await;

    assert_eq!(sent, Err(MailError::Misconfigured));
    assert!(server.took_nothing());
}

#[tokio::test]
async fn a_server_with_a_certificate_of_its_own_making_is_told_nothing() {
    for (mode, tls) in [
        ("starttls", SmtpTls::StartTls),
        ("implicit", SmtpTls::Implicit),
    ] {
        let server = Server::start(mode);
        let mut settings = server.settings(tls);
        settings.ca_file = None;

        let sent = send(&settings, "ada@example.test").await;

        assert_eq!(sent, Err(MailError::Misconfigured), "{mode}");
        assert!(server.took_nothing(), "{mode}");
    }
}

#[tokio::test]
async fn a_certificate_for_another_host_is_not_believed() {
    let server = Server::start("starttls");
    let mut settings = server.settings(SmtpTls::StartTls);
    settings.host = "127.0.0.1".to_owned();

    let sent = send(&settings, "ada@example.test").await;

    assert_eq!(sent, Err(MailError::Misconfigured));
    assert!(server.took_nothing());
}

#[tokio::test]
async fn a_server_that_asks_who_we_are_is_told() {
    let mut server = Server::start("authenticated");
    let mut settings = server.settings(SmtpTls::StartTls);
    let credentials = |password: &str| {
        let (username, password) = ("identity".to_owned(), Secret::new(password.to_owned()));
        Some(SmtpCredentials { username, password })
    };

    settings.credentials = credentials("correct horse");
    assert_eq!(send(&settings, "ada@example.test").await, Ok(()));
    assert_eq!(server.mail()["user"], "identity");

    settings.credentials = credentials("wrong horse");
    assert_eq!(
        send(&settings, "ada@example.test").await,
        Err(MailError::Misconfigured)
    );

    settings.credentials = None;
    assert_eq!(
        send(&settings, "ada@example.test").await,
        Err(MailError::Misconfigured)
    );
}

#[tokio::test]
async fn each_refusal_is_told_apart() {
    let server = Server::start("plain");
    let settings = server.settings(SmtpTls::None);

    for (to, error) in [
        ("unknown@example.test", MailError::AddressRefused),
        ("relay@example.test", MailError::Misconfigured),
        ("greylisted@example.test", MailError::Unavailable),
        ("large@example.test", MailError::Misconfigured),
        ("cut@example.test", MailError::Unavailable),
    ] {
        assert_eq!(send(&settings, to).await, Err(error), "{to}");
    }
    assert!(server.took_nothing());
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();

    let sent = send(&settings(free, SmtpTls::None), "ada@example.test").await;

    assert_eq!(sent, Err(MailError::Unavailable));
}

#[tokio::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    let server = Server::start("silent");
    let mut settings = server.settings(SmtpTls::StartTls);
    settings.timeout = Duration::from_millis(200);
    let started = Instant::now();

    let sent = send(&settings, "ada@example.test").await;

    assert_eq!(sent, Err(MailError::Unavailable));
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[tokio::test]
async fn a_file_of_authorities_that_is_not_there_is_refused_at_start() {
    let mut settings = settings(25, SmtpTls::StartTls);
    settings.ca_file = Some(fixture("nothing.pem"));

    let mailer = SmtpMailer::new(&settings, "Get an identity");

    assert!(matches!(mailer.err(), Some(UnusableSmtp::Certificates(_))));
}
