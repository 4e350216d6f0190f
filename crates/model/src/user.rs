//! A person's account.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::email_address::EmailAddress;

/// The identity of an account: a UUID in lower case, for example
/// `0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10`. It is the `sub` that clients see.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// Wraps an id that storage or entropy gave.
    #[must_use]
    pub const fn new(id: String) -> Self {
        Self(id)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One account for education services.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Who it is.
    pub id: UserId,
    /// The address that signs in to it.
    pub email: EmailAddress,
    /// When the address was last proven by a code; `None` when it never was.
    pub email_verified_at: Option<Timestamp>,
    /// Whether a second factor is asked of whoever signs in to it.
    pub has_second_factor: bool,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When what clients can see of it last changed.
    pub updated_at: Timestamp,
}
