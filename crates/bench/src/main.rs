//! Measures what the provider costs: processor time for each operation, latency, memory.
//!
//! The provider runs as a process of its own, bound to the first processor; this program, the mail
//! server inside it and the database server stay on the second. Each scenario runs on each database
//! at several numbers of connections, and every answer is checked. The report is lines of
//! `name value unit`, such as `code_flow_es256_sqlite_c8_cpu_us 212 us`. Finding a teacher among a
//! million records is measured in this process, one look-up after another.
//!
//! [`scenario`] says what is measured, [`run`] when, [`load`] how, [`report`] what is to be reached.

mod backchannel_logout;
mod fault;
mod http;
mod load;
mod mail;
mod process;
mod provider;
mod record_lookup;
mod recovery_codes;
mod report;
mod run;
mod scenario;
mod second_factor;
mod seed;
mod sign_in;
mod site;
mod teachers;

use std::error::Error;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use clap::Parser;
use tokio::task::LocalSet;

use load::Times;
use mail::Mailbox;
use provider::Launch;
use report::Report;
use run::{Database, Run};
use scenario::Scenario;

/// Measures speed and memory of the provider.
#[derive(Debug, Parser)]
struct Options {
    /// The provider's program [default: `get-an-identity` beside this one].
    #[arg(long, env = "BENCH_PROVIDER")]
    provider: Option<PathBuf>,

    /// The directory of default.toml and production.toml.
    #[arg(long, default_value = "config")]
    config_dir: PathBuf,

    /// A PostgreSQL server on which databases may be created; SQLite alone without it.
    #[arg(long, env = "TEST_POSTGRES_URL")]
    postgres: Option<String>,

    /// Only the scenarios whose name begins like this.
    #[arg(long)]
    only: Option<String>,

    /// Numbers of connections.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8, 32])]
    connections: Vec<usize>,

    /// How long each figure is measured.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,

    /// Measure again with so many users and sessions in the database.
    #[arg(long)]
    users: Option<u32>,

    /// Teaching records that people are found in.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(..=i64::from(teachers::MOST)))]
    records: u32,

    /// A short run that only shows that everything works; its figures mean nothing.
    #[arg(long)]
    quick: bool,
}

impl Options {
    fn times(&self) -> Times {
        let seconds = if self.quick { 1.0 } else { self.seconds };
        let measured = Duration::from_secs_f64(seconds);
        Times {
            warm_up: measured / 4,
            measured,
        }
    }

    /// How many teaching records there are; none, if nothing that is measured asks for them.
    fn records(&self) -> u32 {
        let is_measured =
            self.measures(record_lookup::NAME) || self.scenarios().any(Scenario::needs_records);
        match (is_measured, self.quick) {
            (false, _) => 0,
            (true, true) => 10_000,
            (true, false) => self.records,
        }
    }

    fn measures(&self, name: &str) -> bool {
        name.starts_with(self.only.as_deref().unwrap_or_default())
    }

    fn connections(&self) -> &[usize] {
        if self.quick { &[2] } else { &self.connections }
    }

    fn scenarios(&self) -> impl Iterator<Item = Scenario> {
        let all = Scenario::ALL.into_iter();
        all.filter(|scenario| self.measures(scenario.name()))
    }

    fn provider(&self) -> std::io::Result<PathBuf> {
        match &self.provider {
            Some(path) => Ok(path.clone()),
            None => Ok(std::env::current_exe()?.with_file_name("get-an-identity")),
        }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let outcome = runtime
        .map_err(Box::from)
        .and_then(|runtime| LocalSet::new().block_on(&runtime, measure(&options)));
    match outcome {
        Ok(report) if report.errors() == 0 => ExitCode::SUCCESS,
        Ok(report) => {
            eprintln!("bench: {} operations failed", report.errors());
            ExitCode::FAILURE
        }
        Err(fault) => {
            eprintln!("bench: {fault}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(options: &Options) -> Result<Report, Box<dyn Error>> {
    let server_cpus = split_processors(options)?;
    let (mailbox, mail) = Mailbox::listen().await?;
    let mut report = Report::default();

    let mut databases = vec![Database::sqlite()?];
    if let Some(server) = options
        .postgres
        .as_ref()
        .filter(|url| !options.quick && !url.is_empty())
    {
        databases.push(Database::postgres(server)?);
    }
    for database in databases {
        let launch = Launch::new(
            &options.provider()?,
            &options.config_dir,
            database.folder.path(),
            database.url.clone(),
            mail,
            server_cpus.clone(),
        )?;
        let run = Run {
            options,
            database: &database,
            launch: &launch,
            mailbox: &mailbox,
        };
        let people = run.fresh(&mut report).await?;
        if let Some(users) = options.users {
            run.full(&mut report, users, people).await?;
        }
    }
    if options.quick {
        println!("# --quick: these figures mean nothing");
    } else {
        report.judge();
    }
    Ok(report)
}

/// Binds this program to the second processor and returns the first, for the provider.
///
/// Where there is but one, or `taskset` is missing, nothing is bound and the report says so.
fn split_processors(options: &Options) -> Result<Option<String>, Box<dyn Error>> {
    if options.quick {
        return Ok(None);
    }
    let available = std::thread::available_parallelism()?.get();
    let own = std::process::id().to_string();
    let is_bound = available > 1
        && Command::new("taskset")
            .args(["-a", "-p", "-c", "1", &own])
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
    if is_bound {
        return Ok(Some("0".to_owned()));
    }
    println!("# provider and load share processors: latencies are too high");
    Ok(None)
}
