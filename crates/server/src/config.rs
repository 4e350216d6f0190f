//! Configuration: read in layers, parsed into types, validated whole before anything opens.
//!
//! The layers, each over the one before: what the program holds, `default.toml`,
//! `<environment>.toml`, environment variables `IDENTITY__SECTION__KEY`, and for secrets the
//! files that `*_file` settings name. `docs/configuration.md` lists every setting;
//! `check-config` prints the effective ones. The command line loads a [`Config`];
//! `compose` hands its sections to whom they concern.

pub mod background;
pub mod clients;
pub mod database;
mod development;
pub mod effective;
pub mod environment;
pub mod fault;
pub mod http;
pub mod issuer;
pub mod layers;
pub mod logging;
pub mod mail;
pub mod place;
pub mod presentation;
pub mod quantity;
pub mod registration;
pub mod secrets;
mod section;
mod setting;
pub mod sign_in;
pub mod teacher_records;
pub mod tokens;
mod tree;

use std::path::PathBuf;

use background::{Jobs, Outbound};
use database::Database;
use effective::EffectiveSetting;
use environment::Environment;
use fault::Faults;
use http::Http;
use issuer::Issuer;
use journey::ReservedAddresses;
use layers::Sources;
use logging::Logging;
use mail::Mail;
use presentation::Presentation;
use registration::Registration;
use secrets::Secrets;
use section::{Report, Section};
use sign_in::SignIn;
use teacher_records::TeacherRecords;
use tokens::{Keys, Tokens};

/// Everything that is configured.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the deployment is for.
    pub environment: Environment,
    /// The provider's name.
    pub issuer: Issuer,
    /// A file of clients that are registered when the server starts.
    pub clients_file: Option<PathBuf>,
    /// Sockets, limits and proxies.
    pub http: Http,
    /// The database.
    pub database: Database,
    /// The sealing keys.
    pub secrets: Secrets,
    /// How long a sign-in lasts and how often it may be tried.
    pub sign_in: SignIn,
    /// What is different for addresses that nobody can have, in development.
    pub reserved_addresses: ReservedAddresses,
    /// Where teaching records come from.
    pub teacher_records: TeacherRecords,
    /// Lifetimes of tokens.
    pub tokens: Tokens,
    /// Lives of signing keys.
    pub keys: Keys,
    /// The way mail leaves.
    pub mail: Mail,
    /// The log.
    pub logging: Logging,
    /// Look and words of the pages.
    pub presentation: Presentation,
    /// Jobs.
    pub jobs: Jobs,
    /// Requests to clients' addresses.
    pub outbound: Outbound,
    /// Clients that register themselves.
    pub registration: Registration,
}

/// A valid configuration and where each of its values stands.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Every setting, for `check-config`.
    pub settings: Vec<EffectiveSetting>,
}

/// Reads and validates the configuration.
///
/// # Errors
///
/// [`Faults`] with everything that is wrong, not only the first.
pub fn load(sources: &Sources) -> Result<Loaded, Faults> {
    let tree = layers::read(sources).map_err(Faults)?;
    let mut report = Report::default();
    let config = section::read_tree(tree, &mut report, |root| {
        Config::read(root, sources.environment)
    });
    match config {
        Some(config) if report.faults.is_empty() => Ok(Loaded {
            config,
            settings: report.settings,
        }),
        _ => Err(Faults(report.faults)),
    }
}

impl Config {
    /// `None` only when a fault was noted; sections without required settings always read.
    fn read(root: &mut Section<'_>, environment: Environment) -> Option<Self> {
        let issuer: Option<Issuer> = root.required("issuer");
        let clients_file = root.inside("clients", |section| section.optional("file"));
        let http = Http::read(root, issuer.as_ref());
        let database = root.inside("database", Database::read);
        let secrets = root.inside("secrets", |section| Secrets::read(section, environment));
        let sign_in = SignIn::read(root);
        let reserved_addresses = root.inside("development", |section| {
            development::read(section, environment)
        });
        let teacher_records = root.inside("teacher_records", |section| {
            TeacherRecords::read(section, sign_in.interaction)
        });
        let tokens = root.inside("tokens", Tokens::read);
        let keys = root.inside("keys", |section| Keys::read(section, &tokens));
        let mail = root.inside("mail", |section| Mail::read(section, environment));
        let logging = root.inside("logging", Logging::read);
        let presentation = Presentation::read(root);
        let jobs = root.inside("jobs", Jobs::read);
        let outbound = root.inside("outbound", Outbound::read);
        let registration = root.inside("registration", Registration::read);
        Some(Self {
            environment,
            issuer: issuer?,
            clients_file,
            http,
            database: database?,
            secrets,
            sign_in,
            reserved_addresses,
            teacher_records: teacher_records?,
            tokens,
            keys: keys?,
            mail: mail?,
            logging,
            presentation: presentation?,
            jobs,
            outbound,
            registration,
        })
    }
}

#[cfg(test)]
mod tests;
