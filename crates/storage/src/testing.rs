//! Fresh databases of both kinds, for tests.
//!
//! A storage test is written once and runs on SQLite and PostgreSQL, always: without
//! `TEST_POSTGRES_URL` it fails and says so (`make test` starts a server and sets it).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use model::{Clock, Entropy, ManualClock, SystemEntropy, Timestamp};
use tempfile::TempDir;

use crate::connection::DatabaseUrl;
use crate::error::StorageError;
use crate::unit_of_work::{Store, StoreSettings, Tx};

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

/// How many rows each table of the live schema has.
///
/// # Errors
///
/// [`StorageError`] when the database cannot be asked.
pub fn row_counts(tx: &mut Tx<'_>) -> Result<BTreeMap<String, i64>, StorageError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let tables = schema_of(tx)?.into_keys();
    let counted = tables.map(|table| {
        let count = format!("SELECT COUNT(*) AS rows FROM {table}");
        let count: Count = match tx.connection() {
            crate::connection::Connection::Sqlite(connection) => {
                diesel::sql_query(count).get_result(*connection)?
            }
            crate::connection::Connection::Postgres(connection) => {
                diesel::sql_query(count).get_result(*connection)?
            }
        };
        Ok((table, count.rows))
    });
    counted.collect()
}

/// The live schema: for each table its columns as `name type null`, sorted. Types and nullability
/// are in words of our own, so that both databases can be compared.
///
/// # Errors
///
/// [`StorageError`] when the database cannot be asked.
pub fn schema_of(tx: &mut Tx<'_>) -> Result<BTreeMap<String, Vec<String>>, StorageError> {
    #[derive(QueryableByName)]
    struct Column {
        #[diesel(sql_type = Text)]
        table_name: String,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        data_type: String,
        #[diesel(sql_type = BigInt)]
        is_nullable: i64,
        #[diesel(sql_type = BigInt)]
        key_position: i64,
    }
    let sqlite = "SELECT m.name AS table_name, c.name AS name, c.type AS data_type, \
         1 - c.\"notnull\" AS is_nullable, c.pk AS key_position \
         FROM sqlite_schema m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'";
    let postgres = "SELECT c.table_name::text, c.column_name::text AS name, c.data_type::text, \
         (c.is_nullable = 'YES')::int::bigint AS is_nullable, \
         COALESCE((SELECT k.ordinal_position FROM information_schema.table_constraints t \
            JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name) \
            WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = c.table_schema \
            AND t.table_name = c.table_name AND k.column_name = c.column_name), 0)::bigint AS key_position \
         FROM information_schema.columns c \
         WHERE c.table_schema = current_schema() AND c.table_name NOT LIKE '\\_\\_%'";
    let columns: Vec<Column> = match tx.connection() {
        crate::connection::Connection::Sqlite(connection) => {
            diesel::sql_query(sqlite).load(*connection)?
        }
        crate::connection::Connection::Postgres(connection) => {
            diesel::sql_query(postgres).load(*connection)?
        }
    };
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for column in columns {
        let data_type = match column.data_type.to_ascii_lowercase().as_str() {
            "integer" | "bigint" => "number",
            "blob" | "bytea" => "bytes",
            other => other,
        }
        .to_owned();
        let null = if column.is_nullable == 0 {
            "required"
        } else {
            "optional"
        };
        let described = format!(
            "{} {data_type} {null} key {}",
            column.name, column.key_position
        );
        tables.entry(column.table_name).or_default().push(described);
    }
    for columns in tables.values_mut() {
        columns.sort();
    }
    Ok(tables)
}

/// The indexes of the live schema, sorted, each as `name table (columns) unique partial`; primary
/// keys are left out, and those that a `UNIQUE` column made have no name.
///
/// # Errors
///
/// [`StorageError`] when the database cannot be asked.
pub fn indexes_of(tx: &mut Tx<'_>) -> Result<Vec<String>, StorageError> {
    #[derive(QueryableByName)]
    struct Index {
        #[diesel(sql_type = Text)]
        described: String,
    }
    let sqlite = "SELECT CASE l.origin WHEN 'c' THEN l.name ELSE '' END || ' ' || m.name || ' (' || \
         (SELECT group_concat(i.name, ', ') FROM \
            (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno) i) || ')' \
         || CASE l.\"unique\" WHEN 1 THEN ' unique' ELSE '' END \
         || CASE l.partial WHEN 1 THEN ' partial' ELSE '' END AS described \
         FROM sqlite_schema m JOIN pragma_index_list(m.name) l \
         WHERE m.type = 'table' AND l.origin <> 'pk' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'";
    let postgres = "SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_constraint c \
            WHERE c.conindid = x.indexrelid) THEN '' ELSE n.relname::text END \
         || ' ' || t.relname::text || ' (' || \
         (SELECT string_agg(a.attname::text, ', ' ORDER BY k.place) \
            FROM unnest(x.indkey::int2[]) WITH ORDINALITY k(number, place) \
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) || ')' \
         || CASE WHEN x.indisunique THEN ' unique' ELSE '' END \
         || CASE WHEN x.indpred IS NOT NULL THEN ' partial' ELSE '' END AS described \
         FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid \
         JOIN pg_class n ON n.oid = x.indexrelid \
         WHERE t.relnamespace = current_schema()::regnamespace AND NOT x.indisprimary \
         AND t.relname NOT LIKE '\\_\\_%'";
    let indexes: Vec<Index> = match tx.connection() {
        crate::connection::Connection::Sqlite(connection) => {
            diesel::sql_query(sqlite).load(*connection)?
        }
        crate::connection::Connection::Postgres(connection) => {
            diesel::sql_query(postgres).load(*connection)?
        }
    };
    let mut described: Vec<String> = indexes.into_iter().map(|index| index.described).collect();
    described.sort();
    Ok(described)
}
