//! What is different for addresses that nobody can have, where a program drives the pages.
//!
//! The configuration refuses both settings in every environment but development.

use model::EmailAddress;
use model::email_code::EmailCode;
use storage::limits::Limit;

/// What holds for [reserved](EmailAddress::is_reserved) addresses instead of what holds for
/// everybody's. Nothing by default.
#[derive(Clone, Debug, Default)]
pub struct ReservedAddresses {
    /// The code that is sent to each of them, instead of one that is drawn.
    pub fixed_code: Option<EmailCode>,
    /// How often codes may be sent and tried for them, by address, by client address and in all.
    pub limit: Option<Limit>,
}

impl ReservedAddresses {
    /// The code that is fixed for an address, if it is reserved.
    pub(crate) fn code_for(&self, address: &EmailAddress) -> Option<EmailCode> {
        self.fixed_code.clone().filter(|_| address.is_reserved())
    }

    /// The limit of an address, if it is reserved and has one of its own.
    pub(crate) fn limit_for(&self, address: &EmailAddress) -> Option<Limit> {
        self.limit.filter(|_| address.is_reserved())
    }
}
