//! Who is signed in, in one browser.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::user::UserId;

/// How a person proved who they are (RFC 8176 and our own words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Amr {
    /// A code or link sent to their email address.
    Email,
}

impl Amr {
    /// The word in the `amr` claim.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
        }
    }

    /// The method of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        (name == Self::Email.as_str()).then_some(Self::Email)
    }
}

/// The authentication context class that a sign-in reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Acr {
    /// One factor. The word is GOV.UK Sign-in's, so that a service asks both providers alike.
    Cl,
}

impl Acr {
    /// The word in the `acr` claim.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cl => "Cl",
        }
    }

    /// The class of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        (name == Self::Cl.as_str()).then_some(Self::Cl)
    }
}

/// A completed authentication of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// Who was authenticated.
    pub user_id: UserId,
    /// When they really authenticated; a sliding session does not move it.
    pub auth_time: Timestamp,
    /// By what means.
    pub amr: Vec<Amr>,
    /// How strongly.
    pub acr: Acr,
}

/// A live browser session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserSession {
    /// Its row, and the `sid` that ID tokens carry. Not a secret.
    pub sid: String,
    /// Who is signed in, and how.
    pub authentication: Authentication,
    /// When the person last chose this account on purpose (`prompt=select_account`).
    pub selected_at: Timestamp,
    /// When it was last used, to within the sliding step.
    pub last_seen_at: Timestamp,
}
