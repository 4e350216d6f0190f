//! The development mailbox: what would have been sent, in a page. The `server` crate holds the
//! emails and the routes, and mounts them in development only.

use serde::Serialize;

use crate::View;

/// The list of emails at `/dev/mailbox`.
#[derive(Debug, Serialize)]
pub struct MailboxPage {
    /// Newest first.
    pub messages: Vec<MailboxLine>,
}

/// One email in the list.
#[derive(Debug, Serialize)]
pub struct MailboxLine {
    /// Where the email itself is shown.
    pub url: String,
    /// The subject.
    pub subject: String,
    /// Whom it is for.
    pub to: String,
    /// When it was sent, in words.
    pub sent: String,
}

impl View for MailboxPage {
    const TEMPLATE: &'static str = "development/mailbox";

    fn title(&self) -> String {
        "Development mailbox".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![
            Self {
                messages: Vec::new(),
            },
            Self {
                messages: vec![MailboxLine {
                    url: "/dev/mailbox/1".to_owned(),
                    subject: "123456 is your code to sign in to Apply for a qualification"
                        .to_owned(),
                    to: "ada.lovelace.with.a.rather.long.address@example.test".to_owned(),
                    sent: "22 November 2026 at 4:20pm".to_owned(),
                }],
            },
        ]
    }
}

/// One email at `/dev/mailbox/{id}`, as text, with links that can be followed.
#[derive(Debug, Serialize)]
pub struct MessagePage {
    subject: String,
    to: String,
    sent: String,
    parts: Vec<TextPart>,
    html_url: String,
}

/// A piece of text; a link where it is a web address.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct TextPart {
    text: String,
    link: bool,
}

impl MessagePage {
    /// The page for an email's subject, addressee, time in words and plain text; `html_url` is
    /// where its HTML body is shown alone.
    #[must_use]
    pub fn new(subject: String, to: String, sent: String, text: &str, html_url: String) -> Self {
        Self {
            subject,
            to,
            sent,
            parts: with_links(text),
            html_url,
        }
    }
}

impl View for MessagePage {
    const TEMPLATE: &'static str = "development/message";

    fn title(&self) -> String {
        self.subject.clone()
    }

    fn samples() -> Vec<Self> {
        vec![Self::new(
            "123456 is your code to sign in to Apply for a qualification".to_owned(),
            "ada@example.test".to_owned(),
            "22 November 2026 at 4:20pm".to_owned(),
            "123456 is your code.\n\nOr open this link:\n\nhttp://localhost:8080/sign-in/link/abc\n\nGet an identity\n",
            "/dev/mailbox/1/html".to_owned(),
        )]
    }
}

/// Splits text before each `http://` or `https://` and after it at the next white space.
fn with_links(text: &str) -> Vec<TextPart> {
    text.split_inclusive(char::is_whitespace)
        .fold(Vec::new(), |mut parts: Vec<TextPart>, word| {
            let address = word.trim_end();
            let link = address.starts_with("http://") || address.starts_with("https://");
            if link {
                parts.push(TextPart {
                    text: address.to_owned(),
                    link,
                });
            }
            let plain = if link {
                word.get(address.len()..).unwrap_or_default()
            } else {
                word
            };
            match parts.last_mut() {
                Some(last) if !last.link => last.text.push_str(plain),
                _ => parts.push(TextPart {
                    text: plain.to_owned(),
                    link: false,
                }),
            }
            parts
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_address_becomes_a_link_and_all_else_stays_text() {
        let parts = with_links("Open\n\nhttps://id.example/x?a=b\n\nthen press");

        let read: Vec<_> = parts
            .iter()
            .map(|part| (part.text.as_str(), part.link))
            .collect();
        assert_eq!(
            read,
            [
                ("Open\n\n", false),
                ("https://id.example/x?a=b", true),
                ("\n\nthen press", false),
            ]
        );
    }

    #[test]
    fn a_script_address_never_becomes_a_link() {
        let parts = with_links("javascript:alert(1) data:text/html,x");

        assert!(parts.iter().all(|part| !part.link));
    }
}
