//! The emails this journey sends.

use pages::EmailView;
use serde::Serialize;

/// The code and the link, good for the same sign-in and dying together.
#[derive(Serialize)]
pub struct SignInCodeEmail {
    /// 6 digits.
    pub code: String,
    /// The URL of the page with the button.
    pub link: String,
    /// How long both work.
    pub minutes: u64,
    /// The service that asked.
    pub service_name: String,
}

impl EmailView for SignInCodeEmail {
    const TEXT: &'static str = "email/sign_in_code.text";
    const HTML: &'static str = "email/sign_in_code.html";

    /// Begins with the code, so that a notification shows it whole.
    fn subject(&self, _product_name: &str) -> String {
        format!(
            "{} is your code to sign in to {}",
            self.code, self.service_name
        )
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            code: "123456".to_owned(),
            link: "https://identity.example/sign-in/link/AbCdEf".to_owned(),
            minutes: 15,
            service_name: "Apply for a qualification".to_owned(),
        }]
    }
}

/// Tells the owner of an address that it now opens an account.
#[derive(Serialize)]
pub struct AccountCreatedEmail {
    /// The service it was created for.
    pub service_name: String,
}

impl EmailView for AccountCreatedEmail {
    const TEXT: &'static str = "email/account_created.text";
    const HTML: &'static str = "email/account_created.html";

    fn subject(&self, product_name: &str) -> String {
        format!("You now have an account with {product_name}")
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            service_name: "Apply for a qualification".to_owned(),
        }]
    }
}
