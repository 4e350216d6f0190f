//! One database's turn: start, idle, load, and the same again with a full database.

use std::error::Error;
use std::process::Command;

use tempfile::TempDir;

use crate::Options;
use crate::backchannel_logout;
use crate::load;
use crate::mail::Mailbox;
use crate::provider::{Launch, Provider};
use crate::record_lookup;
use crate::recovery_codes;
use crate::report::Report;
use crate::second_factor::Holders;
use crate::seed;
use crate::site::Site;

/// Where the provider keeps its rows, and a folder for its files.
pub(crate) struct Database {
    /// Its name in the report.
    pub(crate) name: &'static str,
    /// Where the provider finds it.
    pub(crate) url: String,
    /// The provider's folder.
    pub(crate) folder: TempDir,
}

impl Database {
    /// A new file.
    ///
    /// # Errors
    ///
    /// No temporary folder can be made.
    pub(crate) fn sqlite() -> std::io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = format!(
            "sqlite:{}",
            folder.path().join("identity.sqlite3").display()
        );
        Ok(Self {
            name: "sqlite",
            url,
            folder,
        })
    }

    /// A new database on a server; it is the server's owner who removes it.
    ///
    /// # Errors
    ///
    /// `psql` is missing or the server refuses.
    pub(crate) fn postgres(server: &str) -> Result<Self, Box<dyn Error>> {
        let name = format!("bench_{}", std::process::id());
        let status = Command::new("psql")
            .args(["--quiet", "--dbname", server, "--command"])
            .arg(format!("CREATE DATABASE {name}"))
            .status()?;
        if !status.success() {
            return Err("psql could not create a database".into());
        }
        let (host, _) = server
            .rsplit_once('/')
            .ok_or("the PostgreSQL URL names no database")?;
        Ok(Self {
            name: "postgres",
            url: format!("{host}/{name}"),
            folder: tempfile::tempdir()?,
        })
    }
}

/// One database's turn.
pub(crate) struct Run<'r> {
    pub(crate) options: &'r Options,
    pub(crate) database: &'r Database,
    pub(crate) launch: &'r Launch,
    pub(crate) mailbox: &'r Mailbox,
}

/// Starts that the time to ready is the middle one of.
const STARTS: usize = 5;

impl Run<'_> {
    /// More sign-ins than any machine does in a second.
    const MOST_SIGN_INS: u32 = 2_000;

    /// Starts, idles, loads; how many people have signed in.
    ///
    /// # Errors
    ///
    /// The provider does not start, or a scenario cannot begin.
    pub(crate) async fn fresh(&self, report: &mut Report) -> Result<u32, Box<dyn Error>> {
        let name = self.database.name;
        // The first start applies the migrations and makes the keys.
        self.launch.start()?.stop()?;
        self.look_records_up(report).await?;
        let provider = self.start_often(report, &format!("ready_{name}"))?;

        tokio::time::sleep(self.options.times().measured).await;
        let idle = provider.process().resident()?;
        report.add_memory(&format!("rss_idle_{name}"), idle);
        let people = self.load(report, &provider, "", 0).await?;
        let peak = provider.process().most_resident()?;
        report.add_memory(&format!("rss_peak_{name}"), peak);
        provider.stop()?;
        let people = self.check_recovery_codes(report, people).await?;
        self.tell_of_logouts(report, people).await
    }

    /// The same with a database that holds many users, and how much each figure grew.
    ///
    /// # Errors
    ///
    /// As [`fresh`](Self::fresh), or the database cannot be filled.
    pub(crate) async fn full(
        &self,
        report: &mut Report,
        users: u32,
        people: u32,
    ) -> Result<(), Box<dyn Error>> {
        let suffix = format!("_with_{users}_users");
        let url = self.database.url.clone();
        tokio::task::spawn_blocking(move || seed::fill(&url, users))
            .await?
            .map_err(|fault| format!("the database could not be filled: {fault}"))?;
        let name = self.database.name;
        let provider = self.start_often(report, &format!("ready_{name}{suffix}"))?;
        self.load(report, &provider, &suffix, people).await?;
        let peak = provider.process().most_resident()?;
        report.add_memory(&format!("rss_peak_{name}{suffix}"), peak);
        provider.stop()?;
        report.compare(name, &suffix);
        Ok(())
    }

    /// Imports the teaching records and finds people in them.
    async fn look_records_up(&self, report: &mut Report) -> Result<(), Box<dyn Error>> {
        let records = self.options.records();
        if records == 0 {
            return Ok(());
        }
        let (name, url) = (self.database.name, self.database.url.clone());
        let keyring = self.launch.keyring()?;
        let keys = keyring.clone();
        let import = move || record_lookup::import(&url, &keys, records);
        let took = tokio::task::spawn_blocking(import)
            .await?
            .map_err(|fault| format!("the records could not be imported: {fault}"))?;
        report.add(&format!("record_import_{name}"), took.as_secs_f64(), "s");
        if self.options.measures(record_lookup::NAME) {
            let name = format!("{}_{name}", record_lookup::NAME);
            record_lookup::run(report, &name, &self.database.url, &keyring, records)
                .await
                .map_err(|fault| format!("{name}: {fault}"))?;
        }
        Ok(())
    }

    /// On a provider of its own, so that the peak is that of the checks; how many people there are.
    async fn check_recovery_codes(
        &self,
        report: &mut Report,
        people: u32,
    ) -> Result<u32, Box<dyn Error>> {
        if !self.options.measures(recovery_codes::NAME) {
            return Ok(people);
        }
        let name = format!("{}_{}", recovery_codes::NAME, self.database.name);
        let provider = self.launch.start()?;
        let site = Site::new(provider.address, self.mailbox.clone(), people);
        let bench = recovery_codes::Bench {
            site: &site,
            server: provider.process(),
            times: self.options.times(),
            holders: self.holders()?,
        };
        bench
            .run(report, &name)
            .await
            .map_err(|fault| format!("{name}: {fault}"))?;
        provider.stop()?;
        Ok(site.people())
    }

    /// On a provider of its own, with nothing else to do; how many people there are.
    async fn tell_of_logouts(
        &self,
        report: &mut Report,
        people: u32,
    ) -> Result<u32, Box<dyn Error>> {
        if !self.options.measures(backchannel_logout::NAME) {
            return Ok(people);
        }
        let name = format!("{}_{}", backchannel_logout::NAME, self.database.name);
        let provider = self.launch.start()?;
        let site = Site::new(provider.address, self.mailbox.clone(), people);
        backchannel_logout::run(report, &name, &self.database.url, &site)
            .await
            .map_err(|fault| format!("{name}: {fault}"))?;
        provider.stop()?;
        Ok(site.people())
    }

    fn holders(&self) -> Result<Holders, Box<dyn Error>> {
        Ok(Holders {
            database_url: self.database.url.clone(),
            keyring: self.launch.keyring()?,
        })
    }

    fn start_often(&self, report: &mut Report, name: &str) -> Result<Provider, Box<dyn Error>> {
        let mut times = Vec::new();
        for _ in 1..STARTS {
            let provider = self.launch.start()?;
            times.push(provider.time_to_ready);
            provider.stop()?;
        }
        let provider = self.launch.start()?;
        times.push(provider.time_to_ready);
        times.sort_unstable();
        let middle = times.get(STARTS / 2).copied().unwrap_or_default();
        report.add(name, middle.as_secs_f64() * 1e3, "ms");
        Ok(provider)
    }

    async fn load(
        &self,
        report: &mut Report,
        provider: &Provider,
        suffix: &str,
        people: u32,
    ) -> Result<u32, Box<dyn Error>> {
        let site = Site::new(provider.address, self.mailbox.clone(), people);
        for scenario in self.options.scenarios() {
            for connections in self.options.connections() {
                let process = provider.process();
                let times = self.options.times();
                let mut last = site.people();
                if scenario.needs_app() {
                    let enough = times.operations_at(Self::MOST_SIGN_INS);
                    self.holders()?.add(last, enough).await?;
                    last += enough;
                }
                let name = format!("{}_{}_c{connections}", scenario.name(), self.database.name);
                let figures = load::run(scenario, *connections, &site, process, times)
                    .await
                    .map_err(|fault| format!("{name}: {fault}"))?;
                // Who has an app and did not come is nobody that a later scenario knows.
                site.pass(last);
                report.add_load(&name, suffix, &figures);
            }
        }
        Ok(site.people())
    }
}
