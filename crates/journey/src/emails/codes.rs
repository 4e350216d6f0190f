//! Emails with a code: the person waits for them, so they are sent right away.

use model::Secret;
use model::email_code::EmailCode;
use pages::EmailView;
use serde::Serialize;

/// The code and the link, good for the same sign-in and dying together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SignInCodeEmail {
    /// 6 digits.
    pub code: EmailCode,
    /// The URL of the page with the button.
    pub link: Secret<String>,
    /// How long both work.
    pub minutes: u64,
    /// The service that asked, as it calls itself.
    pub service: String,
}

impl EmailView for SignInCodeEmail {
    const TEXT: &'static str = "email/sign_in_code.text";
    const HTML: &'static str = "email/sign_in_code.html";

    /// Begins with the code, so that a notification shows it whole.
    fn subject(&self, _product_name: &str) -> String {
        format!(
            "{} is your code to sign in to {}",
            self.code.reveal(),
            self.service
        )
    }

    fn samples() -> Vec<Self> {
        let link = "https://identity.example/sign-in/link/AbCdEf";
        vec![Self {
            code: Secret::new("123456".to_owned()),
            link: Secret::new(link.to_owned()),
            minutes: 15,
            service: "Apply for a qualification".to_owned(),
        }]
    }
}

/// The code that proves an account whose details somebody gave. It has no link: it signs nobody
/// in by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountCodeEmail {
    /// 6 digits.
    pub code: EmailCode,
    /// How long it works.
    pub minutes: u64,
    /// The service that somebody is signing in to, as it calls itself.
    pub service: String,
}

impl EmailView for AccountCodeEmail {
    const TEXT: &'static str = "email/account_code.text";
    const HTML: &'static str = "email/account_code.html";

    fn subject(&self, product_name: &str) -> String {
        let code = self.code.reveal();
        format!("{code} is your code to show that you have an account with {product_name}")
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            code: Secret::new("123456".to_owned()),
            minutes: 15,
            service: "Apply for a qualification".to_owned(),
        }]
    }
}

/// The code that proves the new address of somebody who lost the one of their account. It has no
/// link either.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewAddressCodeEmail {
    /// 6 digits.
    pub code: EmailCode,
    /// How long it works.
    pub minutes: u64,
    /// The service that somebody is signing in to, as it calls itself.
    pub service: String,
}

impl EmailView for NewAddressCodeEmail {
    const TEXT: &'static str = "email/new_address_code.text";
    const HTML: &'static str = "email/new_address_code.html";

    fn subject(&self, product_name: &str) -> String {
        let code = self.code.reveal();
        format!("{code} is your code to use this email address with {product_name}")
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            code: Secret::new("123456".to_owned()),
            minutes: 15,
            service: "Apply for a qualification".to_owned(),
        }]
    }
}
