//! What every page needs: the journey as one value, made once by the server.

use std::sync::Arc;
use std::time::Duration;

use model::{Cookies, Entropy, Keyring, SlowHash};
use pages::Pages;
use storage::limits::Limit;
use storage::{StorageError, Store};

use crate::error::JourneyError;
use crate::mailer::Mailer;
use crate::reserved_addresses::ReservedAddresses;
use crate::second_factor::RelyingParty;
use crate::synonyms::Synonyms;
use crate::teacher_records::TeacherRecords;

/// The journey. Cheap to clone; one is made at start and shared by every worker.
#[derive(Clone)]
pub struct Journey(Arc<Parts>);

/// The parts a [`Journey`] is made of.
pub struct Parts {
    /// Our origin without a trailing slash, for example `https://identity.example`: links in
    /// emails begin with it.
    pub issuer: String,
    /// How cookies are named.
    pub cookies: Cookies,
    /// The emailed code.
    pub code: CodeSettings,
    /// How often anything may be tried.
    pub limits: Limits,
    /// What is different for addresses that nobody can have.
    pub reserved_addresses: ReservedAddresses,
    /// How long an account's address stays after it was decided that another takes its place, and
    /// how long a change can be undone.
    pub address_change_notice: Duration,
    /// Domains beside `sch.uk`, in lower case, whose addresses people lose when they move.
    pub workplace_domains: Vec<String>,
    /// The database.
    pub store: Store,
    /// The pages.
    pub pages: Pages,
    /// Where mail leaves.
    pub mailer: Arc<dyn Mailer>,
    /// The sealing and digesting keys.
    pub keyring: Keyring,
    /// The threads that hash recovery codes.
    pub slow_hash: SlowHash,
    /// Where teaching records are asked for.
    pub teacher_records: Arc<dyn TeacherRecords>,
    /// How often they may be asked.
    pub lookups: LookupLimits,
    /// First names that are taken for one another.
    pub synonyms: Synonyms,
    /// What passkeys are made for; `None` where the issuer has no domain name.
    pub passkeys: Option<RelyingParty>,
    /// The source of everything unguessable.
    pub entropy: Arc<dyn Entropy>,
}

/// The emailed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeSettings {
    /// How long a code and its link are good, in whole minutes.
    pub life: Duration,
    /// Wrong tries in one interaction before a new code is needed.
    pub tries: u32,
}

impl CodeSettings {
    pub(crate) const fn minutes(self) -> u64 {
        self.life.as_secs() / 60
    }
}

/// How often anything may be tried, counted in the database for all nodes together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wrong codes for one email address.
    pub tries_per_address: Limit,
    /// Wrong codes from one client address.
    pub tries_per_client_address: Limit,
    /// Wrong codes in all.
    pub tries_in_all: Limit,
    /// Wrong second factors in one interaction.
    pub factor_tries_per_interaction: Limit,
    /// Wrong second factors for one account.
    pub factor_tries_per_account: Limit,
    /// Emails to one address, in a short while.
    pub sends_per_address: Limit,
    /// Emails to one address, in a long while.
    pub sends_per_address_long: Limit,
    /// Emails asked for from one client address.
    pub sends_per_client_address: Limit,
    /// Emails in all.
    pub sends_in_all: Limit,
}

/// How often the teaching records may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookupLimits {
    /// In one interaction.
    pub per_interaction: Limit,
    /// For one account.
    pub per_account: Limit,
}

/// What a unit of work of the journey gives: the next thing, or a reason to go elsewhere, which
/// commits, or a fault, which rolls back.
pub(crate) type Work<T> = Result<Result<T, JourneyError>, StorageError>;

impl Journey {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl std::ops::Deref for Journey {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
