//! A development configuration on a fresh SQLite file, for this crate's tests.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use journey::mailer::Mailer;
use model::{ManualClock, SystemEntropy, Timestamp};

use crate::compose::{self, Composition, Ground, Nature};
use crate::config::environment::Environment;
use crate::config::layers::Sources;
use crate::config::{self, Config};
use crate::jobs::Jobs;

/// A configuration whose every file goes away with it.
pub(crate) struct Scene {
    pub(crate) config: Config,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) nature: Nature,
    _directory: tempfile::TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().display();
        let text = format!(
            "issuer = \"http://localhost:8080\"\n\
             database = {{ url = \"sqlite:{path}/identity.sqlite3\", migrate_on_start = true }}\n\
             secrets.directory = \"{path}\"\n\
             mail.adapter = \"dev-mailbox\"\n\
             outbound.allowed_hosts = [\"127.0.0.1\"]\n\
             contact = {{ organisation = \"Tests\", support_email = \"help@identity.example\" }}\n"
        );
        std::fs::write(directory.path().join("default.toml"), text).unwrap();
        let sources = Sources {
            directory: directory.path().to_owned(),
            environment: Environment::Test,
            variables: BTreeMap::new(),
        };
        let clock = Arc::new(ManualClock::starting_at(Timestamp::from_seconds(
            1_795_000_000,
        )));
        let nature = Nature {
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
        };
        let config = config::load(&sources).unwrap().config;
        Self {
            config,
            clock,
            nature,
            _directory: directory,
        }
    }

    pub(crate) fn ground(&self) -> Ground {
        blocking(|| Ground::open(&self.config, &self.nature).unwrap())
    }

    pub(crate) fn jobs(&self) -> Jobs {
        let composition = self.compose();
        Jobs {
            store: composition.ground.store,
            upkeep: composition.ground.upkeep,
            journey: composition.journey,
            provider: composition.provider,
            poll: Duration::from_millis(10),
            lease: Duration::from_secs(60),
        }
    }

    pub(crate) fn jobs_that_mail_with(&self, mailer: Arc<dyn Mailer>) -> Jobs {
        let Composition { ground, pages, .. } = self.compose();
        Jobs {
            journey: compose::journey(&self.config, &self.nature, &ground, mailer, &pages).unwrap(),
            ..self.jobs()
        }
    }

    pub(crate) fn compose(&self) -> Composition {
        blocking(|| Composition::new(&self.config, Vec::new(), &self.nature).unwrap())
    }
}

/// Does something that blocks, in a test that drives a runtime.
pub(crate) fn blocking<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().unwrap())
}
