//! What every endpoint needs: the provider as one value, made once by the server.

use std::sync::Arc;
use std::time::Duration;

use model::{Cookies, Entropy, Keyring};
use pages::Pages;
use storage::Store;
use storage::browser_sessions::SessionLifetimes;

use crate::client_keys::ClientKeys;
use crate::client_secret::SecretChecker;
use crate::clients::Clients;
use crate::discovery;
use crate::issuer::Issuer;
use crate::keys::Keys;
use crate::outbound::Outbound;
use crate::published::Published;
use crate::refusal_log::RefusalLog;
use crate::registration::Registration;
use crate::subjects::Subjects;

/// The provider. Cheap to clone; one is made at start and shared by every worker.
#[derive(Clone)]
pub struct Provider(Arc<Whole>);

struct Whole {
    parts: Parts,
    discovery: Published,
    refusal_log: RefusalLog,
}

/// The parts a [`Provider`] is made of.
pub struct Parts {
    /// Who we are.
    pub issuer: Issuer,
    /// How cookies are named.
    pub cookies: Cookies,
    /// The path at which a journey begins; the interaction's id is added as `?i=`.
    pub journey: &'static str,
    /// How long everything lives.
    pub lifetimes: Lifetimes,
    /// The database.
    pub store: Store,
    /// The pages.
    pub pages: Pages,
    /// The signing keys in force.
    pub keys: Keys,
    /// The sealing and digesting keys.
    pub keyring: Keyring,
    /// The registered clients, cached.
    pub clients: Clients,
    /// Clients' public keys, cached and fetched.
    pub client_keys: ClientKeys,
    /// The way out to clients' request objects. Keys and what is looked at when a client registers
    /// have others: whose names are slow to look up holds up nothing else.
    pub request_objects: Outbound,
    /// The way out for events, which is another one: its connections belong to the thread of the
    /// jobs.
    pub outbound: Outbound,
    /// How clients may register themselves, if they may.
    pub registration: Option<Registration>,
    /// Tells every client the `sub` that it knows a person by.
    pub subjects: Subjects,
    /// Checks client secrets off the request threads where that is slow.
    pub secrets: SecretChecker,
    /// The source of everything unguessable.
    pub entropy: Arc<dyn Entropy>,
}

/// How long what the provider gives out lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// Browser sessions.
    pub session: SessionLifetimes,
    /// An interaction, from authorize to resume.
    pub interaction: Duration,
    /// An authorization code; protocol decision: 60 s.
    pub authorization_code: Duration,
    /// An access token.
    pub access_token: Duration,
    /// An ID token.
    pub id_token: Duration,
    /// A refresh token that is not used.
    pub refresh_idle: Duration,
    /// A chain of refresh tokens, used or not.
    pub refresh_absolute: Duration,
    /// How long clients may cache the JWKS and the discovery document.
    pub published: Duration,
}

impl Provider {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let discovery = discovery::document(&parts);
        Self(Arc::new(Whole {
            parts,
            discovery,
            refusal_log: RefusalLog::default(),
        }))
    }

    /// The discovery document.
    pub(crate) fn discovery(&self) -> &Published {
        &self.0.discovery
    }

    /// Which refusals were written down a moment ago.
    pub(crate) fn refusal_log(&self) -> &RefusalLog {
        &self.0.refusal_log
    }
}

impl std::ops::Deref for Provider {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
