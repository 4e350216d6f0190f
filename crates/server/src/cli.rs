//! The command line. Each command reads the configuration, whole, before it does anything.

mod client;
mod client_settings;
mod csv_file;
mod data;
mod healthcheck;
mod key;
mod output;
mod providers;
mod records;
mod registration;
mod support;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::compose::{self, Nature, StartError};
use crate::config::clients::ClientEntry;
use crate::config::environment::Environment;
use crate::config::fault::Faults;
use crate::config::layers::{ENVIRONMENT_VARIABLE, Sources};
use crate::config::{self, Config, Loaded};
use crate::{logging, panic_hook, serve};

/// An OpenID Connect provider for teachers.
#[derive(Debug, Parser)]
#[command(name = "get-an-identity", version)]
struct Arguments {
    /// The directory of `default.toml` and the file of each environment
    #[arg(long, global = true, default_value = "config")]
    config_dir: PathBuf,

    /// development, test or production; production when nothing says otherwise
    #[arg(long, global = true, env = ENVIRONMENT_VARIABLE, value_parser = Environment::parse,
        default_value = "production")]
    environment: Environment,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests, and run jobs unless `jobs.in_serve` is false
    Serve,
    /// Run jobs only, beside servers that leave them out
    Work,
    /// Apply the database migrations that are missing
    Migrate,
    /// Print the effective configuration, secrets masked, or everything that is wrong with it
    CheckConfig,
    /// Register and change relying services
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// Let others register their services
    #[command(subcommand)]
    Registration(registration::RegistrationCommand),
    /// Look at and rotate the signing keys
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Look after what is sealed in the database
    #[command(subcommand)]
    Data(data::DataCommand),
    /// Fill the embedded teaching records
    #[command(subcommand)]
    Records(records::RecordsCommand),
    /// Fill the list of training providers
    #[command(subcommand)]
    Providers(providers::ProvidersCommand),
    /// Look at and settle what only staff can decide
    #[command(subcommand)]
    Support(support::SupportCommand),
    /// Ask a server with this configuration on this machine whether it is ready
    Healthcheck,
}

/// Why a command failed, in words for whoever typed it.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Config(#[from] Faults),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("{0}")]
    Refused(String),
    #[error("cannot write: {0}")]
    Output(#[from] std::io::Error),
}

impl CommandError {
    fn refused(words: impl Into<String>) -> Self {
        Self::Refused(words.into())
    }

    /// 2 for a configuration that has to be put right, 1 for anything else.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Config(_) => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

impl From<storage::StorageError> for CommandError {
    fn from(fault: storage::StorageError) -> Self {
        Self::Start(fault.into())
    }
}

/// Runs the command of this process's arguments.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match execute(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "get-an-identity: {error}");
            error.exit_code()
        }
    }
}

fn execute(arguments: Arguments) -> Result<(), CommandError> {
    let sources = Sources::of_process(arguments.config_dir, arguments.environment);
    let loaded = config::load(&sources)?;
    let clients = clients(&loaded.config)?;
    let config = &loaded.config;
    match arguments.command {
        Command::Serve => logged(config, || serve::serve(config, clients)),
        Command::Work => logged(config, || serve::work(config)),
        Command::Migrate => migrate(config),
        Command::CheckConfig => check_config(&loaded, &clients),
        Command::Client(command) => client::execute(command, config),
        Command::Registration(command) => registration::execute(command, config),
        Command::Key(command) => key::execute(command, config),
        Command::Data(command) => data::execute(command, config),
        Command::Records(command) => records::execute(command, config),
        Command::Providers(command) => providers::execute(command, config),
        Command::Support(command) => support::execute(command, config),
        Command::Healthcheck => healthcheck::execute(config),
    }
}

/// The clients file is configuration too: it is read and checked before anything starts.
fn clients(config: &Config) -> Result<Vec<ClientEntry>, Faults> {
    config
        .clients_file
        .as_deref()
        .map_or(Ok(Vec::new()), config::clients::load)
}

fn logged(
    config: &Config,
    run: impl FnOnce() -> Result<(), StartError>,
) -> Result<(), CommandError> {
    let _flush =
        logging::start(config.logging).map_err(|error| CommandError::refused(error.to_string()))?;
    panic_hook::install();
    Ok(run()?)
}

fn migrate(config: &Config) -> Result<(), CommandError> {
    let store = compose::open_store(config, &Nature::of_the_machine())?;
    let applied = store.migrate()?;
    let mut out = std::io::stdout();
    if applied.is_empty() {
        writeln!(out, "The database is up to date.")?;
    }
    for migration in applied {
        writeln!(out, "Applied {migration}")?;
    }
    Ok(())
}

fn check_config(loaded: &Loaded, clients: &[ClientEntry]) -> Result<(), CommandError> {
    let mut out = std::io::stdout();
    write!(out, "{}", loaded.to_toml())?;
    if let Some(file) = &loaded.config.clients_file {
        writeln!(
            out,
            "\n# {} holds {} clients",
            file.display(),
            clients.len()
        )?;
    }
    Ok(())
}
