//! An SMTP server on this machine that takes everything and keeps it (RFC 5321, the least of it).

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

use crate::mailbox::Mail;

/// Takes mail as long as the runtime lives that it was started on. Clones are one.
#[derive(Clone, Debug)]
pub struct MailCatcher {
    address: SocketAddr,
    kept: Arc<Mutex<Vec<Mail>>>,
    listening: AbortHandle,
}

impl MailCatcher {
    /// Listens on a free port.
    pub async fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Listens there.
    pub async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Arc::<Mutex<Vec<Mail>>>::default();
        let keeping = Arc::clone(&kept);
        let listening = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let kept = Arc::clone(&keeping);
                // A client that is killed in the middle of a mail is no fault of the server.
                tokio::spawn(async move { converse(connection, &kept).await.ok() });
            }
        });
        Self {
            address,
            kept,
            listening: listening.abort_handle(),
        }
    }

    /// Closes the port; whoever comes next is refused.
    pub async fn stop(self) {
        self.listening.abort();
        while TcpStream::connect(self.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every mail, the newest first.
    pub fn all(&self) -> Vec<Mail> {
        self.kept.lock().unwrap().iter().rev().cloned().collect()
    }
}

async fn converse(connection: TcpStream, kept: &Mutex<Vec<Mail>>) -> std::io::Result<()> {
    let mut stream = BufStream::new(connection);
    let mut to = String::new();
    say(&mut stream, "220 catcher").await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim().to_ascii_uppercase();
        if command.starts_with("EHLO") {
            say(&mut stream, "250-catcher\r\n250 8BITMIME").await?;
        } else if command.starts_with("RCPT TO:") {
            to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
            say(&mut stream, "250 ok").await?;
        } else if command == "DATA" {
            say(&mut stream, "354 go on").await?;
            let message = read_message(&mut stream).await?;
            kept.lock().unwrap().push(parse(&to, &message));
            say(&mut stream, "250 kept").await?;
        } else if command == "QUIT" {
            return say(&mut stream, "221 bye").await;
        } else {
            say(&mut stream, "250 ok").await?;
        }
    }
}

async fn say(stream: &mut BufStream<TcpStream>, line: &str) -> std::io::Result<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await?;
    stream.flush().await
}

async fn read_message(stream: &mut BufStream<TcpStream>) -> std::io::Result<String> {
    let mut message = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == ".\r\n" {
            return Ok(message);
        }
        message.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

/// Subject and text; the text is quoted-printable, of which only what our mails hold is undone.
fn parse(to: &str, message: &str) -> Mail {
    let subject = message
        .lines()
        .find_map(|line| line.strip_prefix("Subject: "));
    Mail {
        to: to.to_owned(),
        subject: subject.unwrap_or_default().to_owned(),
        text: message.replace("=\r\n", "").replace("=3D", "="),
    }
}
