//! Emails: one view gives the subject, the plain text and the HTML.

use serde::Serialize;

use crate::{Pages, PagesError, render_with};

/// An email: its data, its two templates and its subject.
///
/// Like a page's [`View`](crate::View), it is filled with its own fields and the site's
/// `product_name`, `organisation` and `support_email`.
pub trait EmailView: Serialize {
    /// The template of the plain text: a path below `templates/` without `.hbs`, for example
    /// `email/sign_in_code.text`. Nothing is escaped in it.
    const TEXT: &'static str;

    /// The template of the HTML, for example `email/sign_in_code.html`.
    const HTML: &'static str;

    /// The subject line.
    fn subject(&self, product_name: &str) -> String;

    /// Examples, for the tests that render every email.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// An email ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailContent {
    /// One line.
    pub subject: String,
    /// The plain text body.
    pub text: String,
    /// The HTML body: a whole document with inline styles and no remote content.
    pub html: String,
}

/// Prints no word of the email: it may hold a code or a link.
impl std::fmt::Debug for EmailContent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EmailContent(..)")
    }
}

impl Pages {
    /// Renders an email.
    ///
    /// # Errors
    ///
    /// [`PagesError::Render`] when a template and the view do not fit.
    pub fn email<V: EmailView>(&self, view: &V) -> Result<EmailContent, PagesError> {
        let settings = self.settings();
        let data = settings.around(view);
        let subject = one_line(&view.subject(&settings.product_name));
        let text = render_with(self.text(), V::TEXT, &data)?;
        let content = render_with(self.html(), V::HTML, &data)?;
        let layout = EmailLayout {
            subject: &subject,
            product_name: &settings.product_name,
            content,
        };
        let html = render_with(self.html(), "email/layout.html", &layout)?;
        Ok(EmailContent {
            subject,
            text,
            html,
        })
    }
}

#[derive(Serialize)]
struct EmailLayout<'a> {
    subject: &'a str,
    product_name: &'a str,
    content: String,
}

/// A line break in a subject would end the header (RFC 5322 §2.2).
fn one_line(subject: &str) -> String {
    subject.replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PagesSettings;

    #[derive(Serialize)]
    struct SignIn {
        code: &'static str,
        link: &'static str,
        minutes: u64,
        service: &'static str,
    }

    impl EmailView for SignIn {
        const TEXT: &'static str = "email/sign_in_code.text";
        const HTML: &'static str = "email/sign_in_code.html";

        fn subject(&self, product_name: &str) -> String {
            format!("{} is your code\r\nBcc: all@{product_name}", self.code)
        }

        fn samples() -> Vec<Self> {
            vec![Self {
                code: "123456",
                link: "https://identity.example/sign-in/link/a?b=c&d=e",
                minutes: 15,
                service: "Tom & Jerry's <Service>",
            }]
        }
    }

    fn email() -> EmailContent {
        let pages = Pages::new(PagesSettings::default()).unwrap();
        pages.email(&SignIn::samples()[0]).unwrap()
    }

    #[test]
    fn plain_text_is_not_escaped_and_html_is() {
        let email = email();

        assert!(email.text.contains("Tom & Jerry's <Service>"));
        assert!(
            email
                .text
                .contains("\nhttps://identity.example/sign-in/link/a?b=c&d=e\n")
        );
        assert!(
            email
                .html
                .contains("Tom &amp; Jerry&#x27;s &lt;Service&gt;")
        );
    }

    #[test]
    fn a_subject_cannot_add_a_header() {
        assert_eq!(
            email().subject,
            "123456 is your code  Bcc: all@Get an identity"
        );
    }

    #[test]
    fn an_email_never_prints_its_code() {
        assert_eq!(format!("{:?}", email()), "EmailContent(..)");
    }
}
