//! News of a person's second factor: whoever reads their email learns of every change.

use pages::EmailView;
use serde::{Deserialize, Serialize};

/// What a mail speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum FactorKind {
    /// An authenticator app.
    App,
    /// A passkey.
    Passkey,
}

impl FactorKind {
    const fn in_words(self) -> &'static str {
        match self {
            Self::App => "an authenticator app",
            Self::Passkey => "a passkey",
        }
    }
}

impl From<FactorKind> for &'static str {
    fn from(kind: FactorKind) -> Self {
        kind.in_words()
    }
}

impl TryFrom<String> for FactorKind {
    type Error = &'static str;

    fn try_from(words: String) -> Result<Self, Self::Error> {
        let mut kinds = [Self::App, Self::Passkey].into_iter();
        kinds
            .find(|kind| kind.in_words() == words)
            .ok_or("no kind of second factor")
    }
}

/// Tells a person that their account has a second factor more, or another app than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorAddedEmail {
    /// Which one, in words.
    pub factor: FactorKind,
}

impl EmailView for SecondFactorAddedEmail {
    const TEXT: &'static str = "email/second_factor_added.text";
    const HTML: &'static str = "email/second_factor_added.html";

    fn subject(&self, product_name: &str) -> String {
        let factor = self.factor.in_words();
        format!("You have set up {factor} for {product_name}")
    }

    fn samples() -> Vec<Self> {
        [FactorKind::App, FactorKind::Passkey]
            .map(|factor| Self { factor })
            .into()
    }
}

/// Tells a person that a second factor of their account is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecondFactorRemovedEmail {
    /// Which one, in words.
    pub factor: FactorKind,
}

impl EmailView for SecondFactorRemovedEmail {
    const TEXT: &'static str = "email/second_factor_removed.text";
    const HTML: &'static str = "email/second_factor_removed.html";

    fn subject(&self, product_name: &str) -> String {
        let factor = self.factor.in_words();
        format!("You have removed {factor} from {product_name}")
    }

    fn samples() -> Vec<Self> {
        [FactorKind::App, FactorKind::Passkey]
            .map(|factor| Self { factor })
            .into()
    }
}

/// Tells a person that one of their recovery codes was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodeUsedEmail {
    /// How many are left.
    pub left: u32,
}

impl EmailView for RecoveryCodeUsedEmail {
    const TEXT: &'static str = "email/recovery_code_used.text";
    const HTML: &'static str = "email/recovery_code_used.html";

    fn subject(&self, product_name: &str) -> String {
        format!("A recovery code was used to sign in to {product_name}")
    }

    fn samples() -> Vec<Self> {
        [9, 1, 0].map(|left| Self { left }).into()
    }
}

/// Tells a person that they have new recovery codes, and that those before are worth nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryCodesReplacedEmail {}

impl EmailView for RecoveryCodesReplacedEmail {
    const TEXT: &'static str = "email/recovery_codes_replaced.text";
    const HTML: &'static str = "email/recovery_codes_replaced.html";

    fn subject(&self, product_name: &str) -> String {
        format!("You have new recovery codes for {product_name}")
    }

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}
