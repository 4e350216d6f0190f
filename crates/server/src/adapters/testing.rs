//! Mail for the tests of the adapters.

use journey::emails::SignInCodeEmail;
use journey::mailer::{Mail, MailKind};
use model::{EmailAddress, Secret};
use pages::EmailContent;

pub(super) const REFERENCE: &str = "3d844edf-8d35-48ac-975b-e847b4f122b0";

/// A mail with a sign-in code for that address.
pub(super) fn code_for(to: &str) -> Mail {
    Mail {
        reference: REFERENCE.to_owned(),
        to: EmailAddress::parse(to).unwrap(),
        kind: MailKind::SignInCode(SignInCodeEmail {
            code: Secret::new("123456".to_owned()),
            link: Secret::new("https://identity.example/sign-in/link/abc".to_owned()),
            minutes: 15,
            service: "Apply".to_owned(),
        }),
        content: EmailContent {
            subject: "123456 is your code".to_owned(),
            text: "Type 123456.\n".to_owned(),
            html: "<p>Type <b>123456</b>.</p>".to_owned(),
        },
    }
}
