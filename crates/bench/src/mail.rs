//! A mail server that keeps the sign-in codes it is sent, inside the bench.
//!
//! The codes go the way they go in production, by SMTP, and reading them back costs the provider
//! nothing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::spawn_local;

use crate::fault::Fault;

/// The codes that have come, by address.
#[derive(Clone, Default)]
pub(crate) struct Mailbox(Rc<Inner>);

#[derive(Default)]
struct Inner {
    codes: RefCell<HashMap<String, String>>,
    came: Notify,
}

impl Mailbox {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    ///
    /// No port is free.
    pub(crate) async fn listen() -> io::Result<(Self, SocketAddr)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let mailbox = Self::default();
        let own = mailbox.clone();
        spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mailbox = own.clone();
                // A client that hangs up in the middle of a mail has sent none.
                spawn_local(async move { mailbox.receive(stream).await });
            }
        });
        Ok((mailbox, address))
    }

    /// Takes the code that came for an address, waiting a little for it.
    ///
    /// # Errors
    ///
    /// [`Fault::NoMail`].
    pub(crate) async fn take(&self, address: &str) -> Result<String, Fault> {
        let code = async {
            loop {
                let came = self.0.came.notified();
                if let Some(code) = self.0.codes.borrow_mut().remove(address) {
                    return code;
                }
                came.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), code)
            .await
            .map_err(|_| Fault::NoMail)
    }

    /// Speaks RFC 5321 as far as one known client needs it.
    async fn receive(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 bench\r\n").await?;
        let mut line = String::new();
        let mut recipient = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
            let answer = match verb.as_str() {
                "RCPT" => {
                    recipient = between(&line, "<", ">").unwrap_or_default().to_owned();
                    "250 OK"
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    if let Some(code) = read_code(&mut stream).await? {
                        self.0.codes.borrow_mut().insert(recipient.clone(), code);
                        self.0.came.notify_waiters();
                    }
                    "250 OK"
                }
                "QUIT" => "221 bye",
                _ => "250 OK",
            };
            stream.write_all(answer.as_bytes()).await?;
            stream.write_all(b"\r\n").await?;
        }
    }
}

/// Reads a mail to its end; the code that begins its subject, if one does.
async fn read_code(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut code = None;
    let mut line = String::new();
    while line != ".\r\n" {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if code.is_none() {
            code = line.strip_prefix("Subject: ").and_then(code_of_subject);
        }
    }
    Ok(code)
}

/// Six digits at the beginning, plain or in base64 (RFC 2047).
fn code_of_subject(subject: &str) -> Option<String> {
    let digits = |text: &str| {
        let code = text.get(..6)?;
        code.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| code.to_owned())
    };
    let decoded = between(subject, "=?utf-8?b?", "?=").and_then(|word| STANDARD.decode(word).ok());
    match decoded {
        Some(bytes) => digits(str::from_utf8(&bytes).ok()?),
        None => digits(subject),
    }
}

/// What stands between two marks.
pub(crate) fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

#[cfg(test)]
mod tests {
    use tokio::task::LocalSet;

    use super::*;

    #[test]
    fn a_code_is_read_from_a_plain_or_an_encoded_subject() {
        assert_eq!(
            code_of_subject("123456 is your code\r\n").as_deref(),
            Some("123456")
        );
        assert_eq!(
            code_of_subject("=?utf-8?b?MTIzNDU2IGlzIHlvdXIgY29kZQ==?=\r\n").as_deref(),
            Some("123456")
        );
        assert_eq!(code_of_subject("You now have an account\r\n"), None);
    }

    #[tokio::test]
    async fn a_mail_brings_its_code_to_whoever_waits_for_the_address() {
        LocalSet::new()
            .run_until(async {
                let (mailbox, address) = Mailbox::listen().await.unwrap();
                let waiting = mailbox.clone();
                let waiting = spawn_local(async move { waiting.take("ada@example.test").await });

                let mut client = TcpStream::connect(address).await.unwrap();
                client
                    .write_all(
                        b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<ada@example.test>\r\nDATA\r\n\
                          Subject: 654321 is your code\r\n\r\nHello\r\n.\r\n",
                    )
                    .await
                    .unwrap();

                assert_eq!(waiting.await.unwrap().unwrap(), "654321");
            })
            .await;
    }
}
