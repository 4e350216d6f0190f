use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Text};
use model::SystemClock;
use model::event::{Event, EventKind};

use super::*;
use crate::events;
use crate::testing::{Kind, TestDatabase};
use crate::unit_of_work::Store;

fn database() -> (TestDatabase, Store) {
    let database = TestDatabase::create(Kind::Postgres);
    let store = database.open(Arc::new(SystemClock));
    (database, store)
}

fn record(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    events::insert(tx, &Event::of(EventKind::SignedIn))
}

fn recorded(store: &Store) -> Result<i64, StorageError> {
    store.read_blocking(|tx| events::count(tx, EventKind::SignedIn))
}

#[derive(QueryableByName)]
struct Backend {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

/// The server process behind the connection of a unit of work.
fn backend(tx: &mut Tx<'_>) -> Result<i32, StorageError> {
    let backend: Backend = on_either!(tx, connection => diesel::sql_query(
        "SELECT pg_backend_pid() AS pid").get_result(connection))?;
    Ok(backend.pid)
}

/// Kills every server process of the test's schema but our own.
fn kill_all(database: &TestDatabase) -> i64 {
    #[derive(QueryableByName)]
    struct Killed {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let schema = database.url.rsplit_once("%3D").unwrap().1.to_owned();
    let server = std::env::var("TEST_POSTGRES_URL").unwrap();
    let mut connection = PgConnection::establish(&server).unwrap();
    let killed: Killed = diesel::sql_query(
        "SELECT count(pg_terminate_backend(pid, 5000)) AS count FROM pg_stat_activity \
         WHERE pid <> pg_backend_pid() AND application_name = $1",
    )
    .bind::<Text, _>(schema)
    .get_result(&mut connection)
    .unwrap();
    killed.count
}

/// Opens as many connections as there are units at once.
fn busy(store: &Store, connections: usize) {
    crate::samples::in_parallel(store, connections, |tx, _| record(tx));
}

#[test]
fn writes_do_not_notice_that_idle_connections_were_killed() {
    let (database, store) = database();
    busy(&store, 8);

    assert!(kill_all(&database) > 0);

    for _ in 0..20 {
        store.write_blocking(record).unwrap();
    }
}

#[test]
fn killed_connections_cost_one_read_at_most() {
    let (database, store) = database();
    busy(&store, 8);

    assert!(kill_all(&database) > 0);

    let failed = (0..20).filter(|_| recorded(&store).is_err()).count();
    assert!(failed <= 1, "{failed} reads failed");
}

#[test]
fn killed_connections_cost_one_look_at_the_migrations_at_most() {
    let (database, store) = database();
    // Killing more takes so long that they are tested in any case.
    busy(&store, 3);

    assert!(kill_all(&database) > 1);

    let looks = (0..20).map(|_| store.migration_state());
    let failed = looks.filter(Result::is_err).count();
    assert!(failed <= 1, "{failed} looks failed");
}

#[test]
fn a_connection_killed_under_a_unit_of_work_costs_that_unit_alone() {
    let (database, store) = database();
    let url = database.url.clone();

    let lost = store.write_blocking(move |tx| {
        record(tx)?;
        let pid = backend(tx)?;
        let mut killer = PgConnection::establish(&url).unwrap();
        diesel::sql_query("SELECT pg_terminate_backend($1, 5000)")
            .bind::<Integer, _>(pid)
            .execute(&mut killer)?;
        record(tx)
    });

    assert!(
        matches!(lost, Err(StorageError::Unreachable(_))),
        "{lost:?}"
    );
    assert_eq!(recorded(&store).unwrap(), 0);
    store.write_blocking(record).unwrap();
    assert_eq!(recorded(&store).unwrap(), 1);
}

#[tokio::test]
async fn a_unit_that_panics_is_rolled_back_and_its_connection_not_used_again() {
    let (_database, store) = database();

    let panicked: Result<(), _> = store
        .write(|tx| {
            record(tx)?;
            panic!("a fault in a unit of work")
        })
        .await;

    assert!(matches!(panicked, Err(StorageError::GivenUp)));
    assert_eq!(recorded(&store).unwrap(), 0);
}

#[test]
fn a_unit_that_fails_is_rolled_back_and_its_connection_used_again() {
    let (_database, store) = database();
    let before = store.write_blocking(backend).unwrap();

    let failed = store.write_blocking(|tx| {
        record(tx)?;
        Err::<(), _>(StorageError::Corrupt("a test"))
    });

    assert!(failed.is_err());
    assert_eq!(recorded(&store).unwrap(), 0);
    assert_eq!(store.write_blocking(backend).unwrap(), before);
}

#[test]
fn a_server_that_is_not_there_is_unreachable() {
    let settings = StoreSettings {
        connection_timeout: std::time::Duration::from_millis(200),
        ..StoreSettings::for_url(
            crate::DatabaseUrl::parse("postgres://nobody:hunter2@127.0.0.1:1/none").unwrap(),
        )
    };

    let Err(fault) = Store::open(&settings, Arc::new(SystemClock)) else {
        panic!("nothing listens there");
    };

    assert!(matches!(fault, StorageError::Unreachable(_)));
    assert!(!fault.to_string().contains("hunter2"), "{fault}");
}
