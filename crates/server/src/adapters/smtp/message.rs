//! Writes a mail as an Internet message (RFC 5322): plain text first, then HTML.

use journey::mailer::{Mail, MailError};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use model::EmailAddress;

/// What is the same on every mail.
pub(super) struct Letterhead {
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");
const NO_AUTO_REPLY: HeaderName = HeaderName::new_from_ascii_str("X-Auto-Response-Suppress");

impl Letterhead {
    /// # Errors
    ///
    /// The sender's or the reply address is not one for SMTP.
    pub(super) fn new(
        product_name: &str,
        from: &EmailAddress,
        reply_to: Option<&EmailAddress>,
    ) -> Result<Self, lettre::address::AddressError> {
        let reply_to = reply_to.map(address).transpose()?;
        Ok(Self {
            from: Mailbox::new(Some(product_name.to_owned()), address(from)?),
            reply_to: reply_to.map(|address| Mailbox::new(None, address)),
        })
    }

    /// # Errors
    ///
    /// [`MailError::AddressRefused`] for an address that SMTP does not know;
    /// [`MailError::Misconfigured`] when the content cannot be a message.
    pub(super) fn write(&self, mail: &Mail) -> Result<Message, MailError> {
        let to = address(&mail.to).map_err(|_| MailError::AddressRefused)?;
        let message_id = format!("<{}@{}>", mail.reference, self.from.email.domain());
        let automatic = HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned());
        let no_reply = HeaderValue::new(NO_AUTO_REPLY, "All".to_owned());
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(mail.content.subject.clone())
            .message_id(Some(message_id))
            .raw_header(automatic)
            .raw_header(no_reply);
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(reply_to.clone());
        }
        let body =
            MultiPart::alternative_plain_html(mail.content.text.clone(), mail.content.html.clone());
        message
            .multipart(body)
            .map_err(|_| MailError::Misconfigured)
    }
}

/// The address with its host in ASCII, so that every server can take it (RFC 5891).
fn address(address: &EmailAddress) -> Result<Address, lettre::address::AddressError> {
    let local = address.as_typed().split('@').next().unwrap_or_default();
    let host = address.lookup().split('@').nth(1).unwrap_or_default();
    Address::new(local, host)
}

#[cfg(test)]
mod tests {
    use journey::emails::{AddressChangedEmail, News};
    use journey::mailer::MailKind;
    use pages::EmailContent;

    use super::*;

    fn write(to: &str, subject: &str) -> Result<String, MailError> {
        let from = EmailAddress::parse("no-reply@identity.example").unwrap();
        let letterhead = Letterhead::new("Get an identity", &from, None).unwrap();
        let mail = Mail {
            reference: "3d844edf-8d35-48ac-975b-e847b4f122b0".to_owned(),
            to: EmailAddress::parse(to).unwrap(),
            kind: MailKind::News(News::AddressChanged(AddressChangedEmail {})),
            content: EmailContent {
                subject: subject.to_owned(),
                text: "The text – with a dash.\n".to_owned(),
                html: "<p>The HTML.</p>".to_owned(),
            },
        };
        let message = letterhead.write(&mail)?;
        Ok(String::from_utf8(message.formatted()).unwrap())
    }

    #[test]
    fn a_message_says_what_it_is_and_puts_the_text_first() {
        let message = write("ada@example.test", "Your code").unwrap();

        for header in [
            "From: \"Get an identity\" <no-reply@identity.example>\r\n",
            "To: ada@example.test\r\n",
            "Subject: Your code\r\n",
            "Message-ID: <3d844edf-8d35-48ac-975b-e847b4f122b0@identity.example>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: multipart/alternative;",
        ] {
            assert!(message.contains(header), "{header} in {message}");
        }
        let text = message.find("text/plain").unwrap();
        let html = message.find("text/html").unwrap();
        assert!(text < html);
        assert!(message.is_ascii());
    }

    #[test]
    fn a_subject_cannot_add_a_header() {
        let message = write("ada@example.test", "Code\r\nBcc: eve@example.test").unwrap();

        assert!(!message.contains("\r\nBcc:"), "{message}");
    }

    #[test]
    fn a_host_beyond_ascii_is_written_in_ascii() {
        let message = write("Ada@exämple.test", "Code").unwrap();

        assert!(
            message.contains("To: Ada@xn--exmple-cua.test\r\n"),
            "{message}"
        );
    }
}
