//! Fresh databases of both kinds, for tests.
//!
//! A storage test is written once and runs on SQLite and PostgreSQL, always: without
//! `TEST_POSTGRES_URL` it fails and says so (`make test` starts a server and sets it).

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection as _, PgConnection};
use model::{Clock, Entropy, ManualClock, SystemEntropy, Timestamp};
use tempfile::TempDir;

use crate::connection::DatabaseUrl;
use crate::unit_of_work::{Store, StoreSettings};

mod dump;
mod live_schema;
mod waiting;

pub use dump::{Dumped, dump};
pub use live_schema::{indexes_of, row_counts, schema_of};
pub use waiting::is_waited_for;

/// Where a test's clock stands at first: 2026-11-22T09:00:00Z.
pub const START: Timestamp = Timestamp::from_seconds(1_795_338_000);

/// Which database a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A temporary file.
    Sqlite,
    /// A schema of its own in the test server.
    Postgres,
}

impl Kind {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

/// An empty, migrated database that goes away with this value.
pub struct TestDatabase {
    /// Which kind it is.
    pub kind: Kind,
    /// Its URL, to open it again or from another process.
    pub url: String,
    directory: Option<TempDir>,
    schema: Option<String>,
}

impl TestDatabase {
    /// Makes a database.
    ///
    /// # Panics
    ///
    /// When it cannot be made; for PostgreSQL also when `TEST_POSTGRES_URL` is not set.
    #[must_use]
    #[allow(clippy::panic, reason = "a test without its database has failed")]
    pub fn create(kind: Kind) -> Self {
        let made = match kind {
            Kind::Sqlite => Self::create_sqlite(),
            Kind::Postgres => Self::create_postgres(),
        };
        match made {
            Ok(database) => database,
            Err(fault) => panic!("no {kind:?} database for the test: {fault}"),
        }
    }

    fn create_sqlite() -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|fault| fault.to_string())?;
        let url = format!(
            "sqlite:{}",
            directory.path().join("identity.sqlite3").display()
        );
        let database = Self {
            kind: Kind::Sqlite,
            url,
            directory: Some(directory),
            schema: None,
        };
        database.migrated()
    }

    fn create_postgres() -> Result<Self, String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let server = server_url()?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut random = [0; 4];
        SystemEntropy.fill(&mut random);
        let schema = format!(
            "t_{}_{number}_{:08x}",
            std::process::id(),
            u32::from_le_bytes(random)
        );
        connected(&server)?
            .batch_execute(&format!("CREATE SCHEMA {schema}"))
            .map_err(|fault| fault.to_string())?;
        let joint = if server.contains('?') { '&' } else { '?' };
        let url =
            format!("{server}{joint}application_name={schema}&options=-csearch_path%3D{schema}");
        let database = Self {
            kind: Kind::Postgres,
            url,
            directory: None,
            schema: Some(schema),
        };
        database.migrated()
    }

    fn migrated(self) -> Result<Self, String> {
        let store = self.try_open(Arc::new(ManualClock::starting_at(START)))?;
        store.migrate().map_err(|fault| fault.to_string())?;
        Ok(self)
    }

    /// Opens the database with a clock that the test advances.
    ///
    /// # Panics
    ///
    /// When it cannot be opened.
    #[must_use]
    #[allow(clippy::panic, reason = "a test without its database has failed")]
    pub fn open(&self, clock: Arc<dyn Clock>) -> Store {
        match self.try_open(clock) {
            Ok(store) => store,
            Err(fault) => panic!("the test database cannot be opened: {fault}"),
        }
    }

    fn try_open(&self, clock: Arc<dyn Clock>) -> Result<Store, String> {
        let url = DatabaseUrl::parse(&self.url).map_err(|fault| fault.to_string())?;
        let settings = StoreSettings {
            connections: 20,
            // Where many callers wait at once, a slow machine is no fault.
            connection_timeout: Duration::from_secs(60),
            ..StoreSettings::for_url(url)
        };
        Store::open(&settings, clock).map_err(|fault| fault.to_string())
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let (Some(schema), Ok(server)) = (&self.schema, server_url())
            && let Ok(mut connection) = connected(&server)
            && let Err(fault) = connection.batch_execute(&format!("DROP SCHEMA {schema} CASCADE"))
        {
            tracing::warn!(error = %fault, "a test schema stays behind");
        }
        drop(self.directory.take());
    }
}

fn server_url() -> Result<String, String> {
    std::env::var("TEST_POSTGRES_URL").map_err(|_| {
        "set TEST_POSTGRES_URL to a PostgreSQL server for tests (make test does)".to_owned()
    })
}

fn connected(url: &str) -> Result<PgConnection, String> {
    PgConnection::establish(url).map_err(|fault| fault.to_string())
}

/// Runs a test on a fresh database of each kind, with a clock it can advance.
pub fn on_both_databases(test: impl Fn(&Store, &ManualClock)) {
    for kind in Kind::BOTH {
        // Shown by a test that fails.
        println!("on {kind:?}");
        let database = TestDatabase::create(kind);
        let clock = Arc::new(ManualClock::starting_at(START));
        test(&database.open(Arc::<ManualClock>::clone(&clock)), &clock);
    }
}
