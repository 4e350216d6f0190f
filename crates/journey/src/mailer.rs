//! The port through which mail leaves. The adapters (SMTP, GOV.UK Notify, the development mailbox)
//! are in the `server` crate; the journey sends sign-in codes right after the commit that made
//! them, and the outbox job sends the rest.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use model::{EmailAddress, Secret};
use pages::EmailContent;

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
    SignInCode {
        /// The digits.
        code: Secret<String>,
        /// The URL of the page with the button.
        link: Secret<String>,
        /// How long both work.
        minutes: u64,
        /// The service that asked, as it calls itself.
        service: String,
    },
    /// Tells the owner of an address that it now opens an account.
    AccountCreated {
        /// The service it was created for, as it calls itself.
        service: String,
    },
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
