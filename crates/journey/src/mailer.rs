//! The port through which mail leaves. The adapters (SMTP, GOV.UK Notify, the development mailbox)
//! are in the `server` crate; the journey sends codes right after the commit that made them, and the
//! outbox job sends the rest.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use model::EmailAddress;
use pages::EmailContent;

use crate::emails::{AccountCodeEmail, NewAddressCodeEmail, News, SignInCodeEmail};

/// Takes mail and hands it on.
pub trait Mailer: Send + Sync {
    /// Sends one mail. When this returns `Ok`, the next system has taken responsibility for it.
    ///
    /// Nothing in it is ever logged. A caller that is told [`MailError::Unavailable`] does not
    /// know whether the mail left: it may, so a retry can send it twice.
    fn send<'a>(&'a self, mail: &'a Mail) -> Sending<'a>;
}

/// A mail on its way.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + 'a>>;

/// One mail to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// A UUID by which we and the next system find this mail; no personal data.
    pub reference: String,
    /// Whom it is for.
    pub to: EmailAddress,
    /// Which mail it is, with what a template kept elsewhere fills in.
    pub kind: MailKind,
    /// The mail as our own templates write it.
    pub content: EmailContent,
}

/// Which mail it is, and the values in it: GOV.UK Notify fills its own templates with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// The code and the link to sign in with.
    SignInCode(SignInCodeEmail),
    /// The code that proves an account whose details somebody gave.
    AccountCode(AccountCodeEmail),
    /// The code that proves the new address of somebody who lost theirs.
    NewAddressCode(NewAddressCodeEmail),
    /// Nobody waits for it.
    News(News),
}

impl MailKind {
    /// The name of every mail: settings call the template that Notify keeps by it.
    pub const NAMES: [&'static str; 18] = [
        "sign_in_code",
        "account_code",
        "new_address_code",
        "account_created",
        "trn_found",
        "details_differ",
        "trn_moved",
        "address_changed",
        "address_replaced",
        "address_change_planned",
        "address_change_asked",
        "accounts_joined",
        "second_factor_added",
        "second_factor_removed",
        "recovery_code_used",
        "recovery_codes_replaced",
        "support_task_opened",
        "support_task_closed",
    ];

    /// This mail's name, one of [`NAMES`](Self::NAMES).
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::SignInCode(_) => "sign_in_code",
            Self::AccountCode(_) => "account_code",
            Self::NewAddressCode(_) => "new_address_code",
            Self::News(News::AccountCreated(_)) => "account_created",
            Self::News(News::TrnFound(_)) => "trn_found",
            Self::News(News::DetailsDiffer(_)) => "details_differ",
            Self::News(News::TrnMoved(_)) => "trn_moved",
            Self::News(News::AddressChanged(_)) => "address_changed",
            Self::News(News::AddressReplaced(_)) => "address_replaced",
            Self::News(News::AddressChangePlanned(_)) => "address_change_planned",
            Self::News(News::AddressChangeAsked(_)) => "address_change_asked",
            Self::News(News::AccountsJoined(_)) => "accounts_joined",
            Self::News(News::SecondFactorAdded(_)) => "second_factor_added",
            Self::News(News::SecondFactorRemoved(_)) => "second_factor_removed",
            Self::News(News::RecoveryCodeUsed(_)) => "recovery_code_used",
            Self::News(News::RecoveryCodesReplaced(_)) => "recovery_codes_replaced",
            Self::News(News::SupportTaskOpened(_)) => "support_task_opened",
            Self::News(News::SupportTaskClosed(_)) => "support_task_closed",
        }
    }

    /// Whether the person waits for it on a page, so that another try is worth it only now.
    #[must_use]
    pub const fn is_waited_for(&self) -> bool {
        !matches!(self, Self::News(_))
    }
}

/// Why a mail did not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailError {
    /// The next system will not send to this address, now or later: the person has to check it.
    AddressRefused,
    /// It could not be reached, or was too slow or too busy: a later try may do.
    Unavailable,
    /// It refuses what we are or say: an operator has to mend it. The adapter has logged why.
    Misconfigured,
}

impl fmt::Display for MailError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AddressRefused => "the address was refused",
            Self::Unavailable => "the mail system cannot be reached now",
            Self::Misconfigured => "the mail system refuses our configuration",
        })
    }
}

impl std::error::Error for MailError {}
