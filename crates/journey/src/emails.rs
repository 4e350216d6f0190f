//! The emails this journey sends: those with a code that somebody waits for, and news, which may
//! wait in the outbox. [`mailer`](crate::mailer) takes them.

mod codes;
mod news;
mod second_factor;

pub use codes::{AccountCodeEmail, NewAddressCodeEmail, SignInCodeEmail};
pub use news::{
    AccountCreatedEmail, AccountsJoinedEmail, AddressChangeAskedEmail, AddressChangePlannedEmail,
    AddressChangedEmail, AddressReplacedEmail, DetailsDifferEmail, News, SupportTaskClosedEmail,
    SupportTaskOpenedEmail, TrnFoundEmail, TrnMovedEmail,
};
pub use second_factor::{
    FactorKind, RecoveryCodeUsedEmail, RecoveryCodesReplacedEmail, SecondFactorAddedEmail,
    SecondFactorRemovedEmail,
};
