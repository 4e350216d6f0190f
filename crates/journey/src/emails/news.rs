//! News: emails that say what happened, and wait for nobody. [`outbox`](crate::outbox) keeps them
//! sealed until they leave.

use model::Secret;
use pages::{EmailContent, EmailView, Pages, PagesError};
use serde::{Deserialize, Serialize};

use super::second_factor::{
    RecoveryCodeUsedEmail, RecoveryCodesReplacedEmail, SecondFactorAddedEmail,
    SecondFactorRemovedEmail,
};

/// What an email tells its reader. The values beside it fill the templates, ours and those that
/// GOV.UK Notify keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News {
    /// The address opens an account from now on.
    AccountCreated(AccountCreatedEmail),
    /// The person's TRN was found after all.
    TrnFound(TrnFoundEmail),
    /// The teaching record says something else than they did.
    DetailsDiffer(DetailsDifferEmail),
    /// Staff gave the TRN of the person's account to another.
    TrnMoved(TrnMovedEmail),
    /// To the address that the account uses now.
    AddressChanged(AddressChangedEmail),
    /// To the address that the account used until now.
    AddressReplaced(AddressReplacedEmail),
    /// To the address that the account will lose.
    AddressChangePlanned(AddressChangePlannedEmail),
    /// To the address that somebody says they lost.
    AddressChangeAsked(AddressChangeAskedEmail),
    /// To both addresses of somebody who had two accounts.
    AccountsJoined(AccountsJoinedEmail),
    /// The account has a second factor more.
    SecondFactorAdded(SecondFactorAddedEmail),
    /// The account has a second factor less.
    SecondFactorRemoved(SecondFactorRemovedEmail),
    /// A recovery code was used.
    RecoveryCodeUsed(RecoveryCodeUsedEmail),
    /// The account has other recovery codes.
    RecoveryCodesReplaced(RecoveryCodesReplacedEmail),
    /// Somebody will look at the person's case.
    SupportTaskOpened(SupportTaskOpenedEmail),
    /// Somebody looked at it.
    SupportTaskClosed(SupportTaskClosedEmail),
}

impl News {
    /// The email as our own templates write it.
    pub(crate) fn write(&self, pages: &Pages) -> Result<EmailContent, PagesError> {
        match self {
            Self::AccountCreated(view) => pages.email(view),
            Self::TrnFound(view) => pages.email(view),
            Self::DetailsDiffer(view) => pages.email(view),
            Self::TrnMoved(view) => pages.email(view),
            Self::AddressChanged(view) => pages.email(view),
            Self::AddressReplaced(view) => pages.email(view),
            Self::AddressChangePlanned(view) => pages.email(view),
            Self::AddressChangeAsked(view) => pages.email(view),
            Self::AccountsJoined(view) => pages.email(view),
            Self::SecondFactorAdded(view) => pages.email(view),
            Self::SecondFactorRemoved(view) => pages.email(view),
            Self::RecoveryCodeUsed(view) => pages.email(view),
            Self::RecoveryCodesReplaced(view) => pages.email(view),
            Self::SupportTaskOpened(view) => pages.email(view),
            Self::SupportTaskClosed(view) => pages.email(view),
        }
    }
}

/// Tells the owner of an address that it now opens an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountCreatedEmail {
    /// The service it was created for, as it calls itself.
    pub service: String,
}

impl EmailView for AccountCreatedEmail {
    const TEXT: &'static str = "email/account_created.text";
    const HTML: &'static str = "email/account_created.html";

    fn subject(&self, product_name: &str) -> String {
        format!("You now have an account with {product_name}")
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            service: "Apply for a qualification".to_owned(),
        }]
    }
}

/// Tells a person whose TRN was looked for that it was found. It does not say which it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrnFoundEmail {}

impl EmailView for TrnFoundEmail {
    const TEXT: &'static str = "email/trn_found.text";
    const HTML: &'static str = "email/trn_found.html";

    fn subject(&self, _product_name: &str) -> String {
        "We have found your teacher reference number (TRN)".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}

/// Tells a person that their teaching record differs from what they typed. It does not say where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetailsDifferEmail {
    /// The service they typed it for, as it calls itself.
    pub service: String,
}

impl EmailView for DetailsDifferEmail {
    const TEXT: &'static str = "email/details_differ.text";
    const HTML: &'static str = "email/details_differ.html";

    fn subject(&self, _product_name: &str) -> String {
        "Check the details in your teaching record".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            service: "Apply for a qualification".to_owned(),
        }]
    }
}

/// Tells a person that their account no longer has a TRN, because staff found that it is somebody
/// else's, or of another account of theirs. It does not say whose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrnMovedEmail {
    /// The number of the support task in which staff look for a TRN of theirs.
    pub reference: String,
}

impl EmailView for TrnMovedEmail {
    const TEXT: &'static str = "email/trn_moved.text";
    const HTML: &'static str = "email/trn_moved.html";

    fn subject(&self, _product_name: &str) -> String {
        "Your account no longer has a teacher reference number (TRN)".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            reference: "GAI-7K3M-Q2X9".to_owned(),
        }]
    }
}

/// Tells an address that an account uses it from now on, instead of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressChangedEmail {}

impl EmailView for AddressChangedEmail {
    const TEXT: &'static str = "email/address_changed.text";
    const HTML: &'static str = "email/address_changed.html";

    fn subject(&self, product_name: &str) -> String {
        format!("You now sign in to {product_name} with this email address")
    }

    fn samples() -> Vec<Self> {
        vec![Self {}]
    }
}

/// Tells an address that its account uses another from now on, and how to undo that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressReplacedEmail {
    /// The URL of the page whose button undoes the change.
    pub freeze_link: Secret<String>,
    /// How long the link works.
    pub hours: u64,
}

impl EmailView for AddressReplacedEmail {
    const TEXT: &'static str = "email/address_replaced.text";
    const HTML: &'static str = "email/address_replaced.html";

    fn subject(&self, product_name: &str) -> String {
        format!("You no longer sign in to {product_name} with this email address")
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            freeze_link: sample_link(),
            hours: 48,
        }]
    }
}

/// Tells an address that its account will soon use another, and how to stop that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressChangePlannedEmail {
    /// The URL of the page whose button stops the change.
    pub freeze_link: Secret<String>,
    /// How long it is until the change.
    pub hours: u64,
}

impl EmailView for AddressChangePlannedEmail {
    const TEXT: &'static str = "email/address_change_planned.text";
    const HTML: &'static str = "email/address_change_planned.html";

    fn subject(&self, product_name: &str) -> String {
        format!("The email address of your account with {product_name} is about to change")
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            freeze_link: sample_link(),
            hours: 48,
        }]
    }
}

/// Tells an address that somebody says it was theirs and they lost it. Nothing has changed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressChangeAskedEmail {
    /// The support task's number.
    pub reference: String,
}

impl EmailView for AddressChangeAskedEmail {
    const TEXT: &'static str = "email/address_change_asked.text";
    const HTML: &'static str = "email/address_change_asked.html";

    fn subject(&self, product_name: &str) -> String {
        format!("Someone asked to change the email address of your account with {product_name}")
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            reference: "GAI-7K3M-Q2X9".to_owned(),
        }]
    }
}

/// Tells both addresses that they now stand for one account, and which of them opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountsJoinedEmail {
    /// The address that opens the account, redacted.
    pub kept: String,
}

impl EmailView for AccountsJoinedEmail {
    const TEXT: &'static str = "email/accounts_joined.text";
    const HTML: &'static str = "email/accounts_joined.html";

    fn subject(&self, product_name: &str) -> String {
        format!("Your accounts with {product_name} are now one")
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            kept: "j****@****.gov.uk".to_owned(),
        }]
    }
}

/// Tells a person by which number their case is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportTaskOpenedEmail {
    /// The support task's number.
    pub reference: String,
}

impl EmailView for SupportTaskOpenedEmail {
    const TEXT: &'static str = "email/support_task_opened.text";
    const HTML: &'static str = "email/support_task_opened.html";

    fn subject(&self, _product_name: &str) -> String {
        format!("We have your request: {}", self.reference)
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            reference: "GAI-7K3M-Q2X9".to_owned(),
        }]
    }
}

/// Tells a person what came of their case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportTaskClosedEmail {
    /// The support task's number.
    pub reference: String,
    /// What came of it, as sentences.
    pub outcome: String,
}

impl EmailView for SupportTaskClosedEmail {
    const TEXT: &'static str = "email/support_task_closed.text";
    const HTML: &'static str = "email/support_task_closed.html";

    fn subject(&self, _product_name: &str) -> String {
        format!("Our answer to your request: {}", self.reference)
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            reference: "GAI-7K3M-Q2X9".to_owned(),
            outcome: "We have found your teacher reference number (TRN).".to_owned(),
        }]
    }
}

fn sample_link() -> Secret<String> {
    Secret::new("https://identity.example/address-change/freeze/AbCdEf".to_owned())
}
