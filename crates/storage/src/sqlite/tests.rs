use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::Text;
use model::event::{Event, EventKind};
use model::{ManualClock, SystemClock};

use super::*;
use crate::connection::DatabaseUrl;
use crate::events;
use crate::testing::{Kind, START, TestDatabase};
use crate::unit_of_work::Store;

fn database() -> (TestDatabase, Store) {
    let database = TestDatabase::create(Kind::Sqlite);
    let store = database.open(Arc::new(SystemClock));
    (database, store)
}

fn record(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    events::insert(tx, &Event::of(EventKind::SignedIn))
}

fn recorded(store: &Store) -> i64 {
    let count = store.read_blocking(|tx| events::count(tx, EventKind::SignedIn));
    count.unwrap()
}

/// Holds the writer back until as many units wait as the test wants in one group.
fn hold(store: &Store) -> (thread::JoinHandle<()>, Arc<Barrier>) {
    let gate = Arc::new(Barrier::new(2));
    let (began, in_unit) = (Arc::clone(&gate), Arc::clone(&gate));
    let holding = store.clone();
    let holder = thread::spawn(move || {
        let held = holding.write_blocking(move |_| {
            in_unit.wait();
            in_unit.wait();
            Ok(())
        });
        held.unwrap();
    });
    began.wait();
    (holder, gate)
}

#[tokio::test]
async fn a_unit_that_panics_or_fails_in_a_group_is_taken_back_alone() {
    let (_database, store) = database();
    let (holder, gate) = hold(&store);

    let sound = store.write(record);
    let failing = store.write(|tx| {
        record(tx)?;
        Err::<(), _>(StorageError::Corrupt("a test"))
    });
    let panicking = store.write(|tx| {
        record(tx)?;
        let nothing: Option<()> = None;
        nothing
            .ok_or(())
            .map_err(|()| panic!("a fault in a unit of work"))
    });
    let sound_too = store.write(record);
    let opening = async {
        gate.wait();
    };
    let (first, failed, panicked, last, ()) =
        tokio::join!(sound, failing, panicking, sound_too, opening);
    holder.join().unwrap();

    first.unwrap();
    last.unwrap();
    assert!(matches!(failed, Err(StorageError::Corrupt("a test"))));
    assert!(matches!(panicked, Err::<(), _>(StorageError::GivenUp)));
    assert_eq!(recorded(&store), 2);
}

#[test]
fn a_first_unit_that_fails_takes_nothing_of_its_group_with_it() {
    let (_database, store) = database();

    for _ in 0..3 {
        let failed = store.write_blocking(|tx| {
            record(tx)?;
            Err::<(), _>(StorageError::Corrupt("a test"))
        });
        assert!(failed.is_err());
        store.write_blocking(record).unwrap();
    }

    assert_eq!(recorded(&store), 3);
}

#[test]
fn what_was_answered_can_be_read_by_others() {
    let (database, store) = database();
    let other = database.open(Arc::new(SystemClock));

    for written in 1..=20 {
        store.write_blocking(record).unwrap();

        assert_eq!(recorded(&other), written);
    }
}

#[test]
fn what_waits_in_a_group_cannot_be_read_yet() {
    let (_database, store) = database();
    let gate = Arc::new(Barrier::new(2));

    let (inside, writing) = (Arc::clone(&gate), store.clone());
    let writer = thread::spawn(move || {
        let written = writing.write_blocking(move |tx| {
            record(tx)?;
            inside.wait();
            inside.wait();
            Ok(())
        });
        written.unwrap();
    });
    gate.wait();
    assert_eq!(recorded(&store), 0);
    gate.wait();
    writer.join().unwrap();

    assert_eq!(recorded(&store), 1);
}

#[test]
fn each_unit_of_a_group_has_its_own_instant() {
    let database = TestDatabase::create(Kind::Sqlite);
    let clock = Arc::new(ManualClock::starting_at(START));
    let store = database.open(Arc::<ManualClock>::clone(&clock));

    let first = store.write_blocking(|tx| Ok(tx.now())).unwrap();
    clock.advance(Duration::from_secs(1));
    let second = store.write_blocking(|tx| Ok(tx.now())).unwrap();

    assert_eq!(second.since(first), Duration::from_secs(1));
}

#[test]
fn the_writer_ends_with_the_last_clone_of_its_store() {
    let database = TestDatabase::create(Kind::Sqlite);
    let clock = Arc::new(SystemClock);
    let store = database.open(Arc::<SystemClock>::clone(&clock));
    let clone = store.clone();
    drop(store);
    clone.write_blocking(record).unwrap();

    drop(clone);

    // The thread held the clock; the file is closed and its log written back.
    assert_eq!(Arc::strong_count(&clock), 1);
    let path = database.url.strip_prefix("sqlite:").unwrap();
    assert!(!Path::new(&format!("{path}-wal")).exists());
}

#[tokio::test]
async fn a_unit_of_work_may_drop_the_last_store() {
    let (_database, store) = database();
    let inside = store.clone();
    let gate = Arc::new(Barrier::new(2));
    let in_unit = Arc::clone(&gate);

    let answer = tokio::spawn(async move {
        store
            .write(move |_| {
                in_unit.wait();
                drop(inside);
                Ok(())
            })
            .await
    });
    tokio::task::yield_now().await;
    answer.abort();
    let gone = answer.await;
    gate.wait();

    assert!(gone.unwrap_err().is_cancelled());
}

#[test]
fn a_read_cannot_change_anything() {
    let (_database, store) = database();

    let refused = store.read_blocking(record);

    assert!(matches!(refused, Err(StorageError::Statement(_))));
    assert_eq!(recorded(&store), 0);
}

#[test]
fn a_mistyped_url_never_makes_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("identity.sqlite3");

    for scheme in ["", "sqlit:", "SQLITE:", "sqlite3:", "file:", "sqlite:file:"] {
        let url = format!("{scheme}{}", path.display());
        assert!(DatabaseUrl::parse(&url).is_err(), "{url}");
    }
    let below_nothing = directory.path().join("missing/identity.sqlite3");
    let url = DatabaseUrl::parse(&format!("sqlite:{}", below_nothing.display())).unwrap();
    let opened = Store::open(&StoreSettings::for_url(url), Arc::new(SystemClock));

    assert!(matches!(opened, Err(StorageError::Unreachable(_))));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[test]
fn sqlite_is_compiled_as_its_decision_says() {
    #[derive(QueryableByName)]
    struct CompileOption {
        #[diesel(sql_type = Text)]
        compile_options: String,
    }
    let (_database, store) = database();

    let options: Vec<CompileOption> = store
        .read_blocking(|tx| {
            Ok(
                on_either!(tx, connection => diesel::sql_query("PRAGMA compile_options")
                .load(connection))?,
            )
        })
        .unwrap();

    for needed in ["DEFAULT_MEMSTATUS=0", "ENABLE_QPSG"] {
        let is_set = options.iter().any(|one| one.compile_options == needed);
        assert!(
            is_set,
            "{needed}: is LIBSQLITE3_FLAGS of .cargo/config.toml in force?"
        );
    }
}
