//! What every page of the account area needs, as one value made by the server.

use std::sync::Arc;
use std::time::Duration;

use model::{Cookies, Entropy, Keyring};
use pages::Pages;
use storage::Store;
use storage::browser_sessions::SessionLifetimes;

/// The account area. Cheap to clone; one is made at start and shared by every worker.
#[derive(Clone)]
pub struct Account(Arc<Parts>);

/// The parts an [`Account`] is made of.
pub struct Parts {
    /// Our origin without a trailing slash, for example `https://identity.example`.
    pub issuer: String,
    /// How cookies are named.
    pub cookies: Cookies,
    /// How long sessions live: looking at one's account is using the session.
    pub session: SessionLifetimes,
    /// How long somebody may be away to sign in: as long as an interaction lives.
    pub absence: Duration,
    /// Whether this deployment has passkeys.
    pub passkeys: Passkeys,
    /// The database.
    pub store: Store,
    /// The pages.
    pub pages: Pages,
    /// The sealing and digesting keys.
    pub keyring: Keyring,
    /// The source of everything unguessable.
    pub entropy: Arc<dyn Entropy>,
}

/// Whether a deployment has passkeys: they belong to a domain name, which not every issuer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passkeys {
    /// They are offered.
    Offered,
    /// The issuer is an IP address.
    Unavailable,
}

impl Account {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for Account {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
