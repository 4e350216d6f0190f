use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use model::authorization_code::AuthorizationCode;
use model::trn_lookup::{
    LookupSource, MatchPolicy, POLICY_VERSION, TrnLookupStatus, TrnOutcome, VerificationLevel,
};
use model::{Keyring, ManualClock, Secret, SystemEntropy, Trn};

use super::*;
use crate::authorization_codes::{self, Redemption};
use crate::samples::{MINUTE, client_id, digest, grant, jkt, user_id, with_account, write};
use crate::testing::{Kind, START, TestDatabase, indexes_of, on_both_databases, schema_of};
use crate::trn_links::{self, NewLink};
use crate::unit_of_work::{Store, Tx};

fn migrations(database: &str) -> Vec<PathBuf> {
    let folder = format!("{}/../../migrations/{database}", env!("CARGO_MANIFEST_DIR"));
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    found
}

fn names(database: &str) -> BTreeSet<String> {
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    migrations(database).iter().map(name).collect()
}

fn on_each<T>(
    look: impl Fn(&mut Tx<'_>) -> Result<T, StorageError> + Copy + Send + 'static,
) -> [T; 2]
where
    T: Send + 'static,
{
    Kind::BOTH.map(|kind| {
        let database = TestDatabase::create(kind);
        let store = database.open(Arc::new(ManualClock::starting_at(START)));
        store.read_blocking(look).unwrap()
    })
}

fn is_empty(store: &Store) -> bool {
    store.read_blocking(schema_of).unwrap().is_empty()
}

#[test]
fn both_databases_have_migrations_of_the_same_names() {
    assert_eq!(names("sqlite"), names("postgres"));
}

#[test]
fn every_migration_can_be_taken_back() {
    for migration in [migrations("sqlite"), migrations("postgres")].concat() {
        assert!(migration.join("up.sql").is_file(), "{migration:?}");
        assert!(migration.join("down.sql").is_file(), "{migration:?}");
    }
}

#[test]
fn both_databases_have_the_same_tables_columns_types_and_keys() {
    let [sqlite, postgres] = on_each(schema_of);

    assert_eq!(sqlite, postgres);
}

#[test]
fn both_databases_have_the_same_indexes() {
    let [sqlite, postgres] = on_each(indexes_of);

    assert!(sqlite.contains(&"users_by_last_signed_in_at users (last_signed_in_at)".to_owned()));
    assert_eq!(sqlite, postgres);
}

#[test]
fn down_undoes_up_and_up_can_run_again() {
    on_both_databases(|store, _| {
        let before = store.read_blocking(schema_of).unwrap();

        store.revert_all().unwrap();
        assert!(is_empty(store));
        let run = store.migrate().unwrap();

        assert_eq!(run.len(), names("sqlite").len());
        assert_eq!(store.read_blocking(schema_of).unwrap(), before);
    });
}

#[test]
fn an_up_to_date_database_says_so_and_a_new_one_says_what_is_pending() {
    on_both_databases(|store, _| {
        assert_eq!(store.migration_state().unwrap(), MigrationState::UpToDate);
        assert_eq!(store.migrate().unwrap(), Vec::<String>::new());

        store.revert_all().unwrap();

        let pending = MigrationState::Pending(names("sqlite").into_iter().collect());
        assert_eq!(store.migration_state().unwrap(), pending);
    });
}

#[test]
fn nodes_that_migrate_at_once_all_succeed_and_each_migration_runs_once() {
    for kind in Kind::BOTH {
        let database = TestDatabase::create(kind);
        let open = || database.open(Arc::new(ManualClock::starting_at(START)));
        open().revert_all().unwrap();

        let run: usize = thread::scope(|scope| {
            let nodes: Vec<_> = (0..4).map(|_| open()).collect();
            let running: Vec<_> = nodes
                .into_iter()
                .map(|node| scope.spawn(move || node.migrate().unwrap().len()))
                .collect();
            running.into_iter().map(|node| node.join().unwrap()).sum()
        });

        assert_eq!(run, names("sqlite").len(), "{kind:?}");
        let state = open().migration_state().unwrap();
        assert_eq!(state, MigrationState::UpToDate, "{kind:?}");
    }
}

/// Takes migrations back to the one of that number and its own.
fn revert_to(store: &Store, number: &str) {
    let is_pending = || match store.migration_state().unwrap() {
        MigrationState::Pending(names) => names.iter().any(|name| name.starts_with(number)),
        MigrationState::UpToDate => false,
    };
    while !is_pending() {
        store.revert_last().unwrap();
    }
}

#[test]
fn whose_a_trn_is_survives_the_way_back_and_forth() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        let keyring = |ids: &[u8]| {
            let keys: Vec<_> = ids.iter().map(|id| (*id, Secret::new([*id; 32]))).collect();
            Keyring::new(&keys).unwrap()
        };
        let both = keyring(&[2, 1]);
        let outcome = TrnOutcome {
            status: TrnLookupStatus::Found,
            trn: Trn::parse("1234567").ok(),
            level: Some(VerificationLevel::Low),
            policy: MatchPolicy::Default,
            policy_version: POLICY_VERSION,
            agreed: Vec::new(),
            source: LookupSource::Lookup,
            is_unavailable: false,
        };
        let link = NewLink::seal(&outcome, &user_id("ada"), None, &both, &SystemEntropy);
        write(store, move |tx| {
            trn_links::replace(tx, &user_id("ada"), &link)
        });
        let before = write(store, |tx| trn_links::find(tx, &user_id("ada")));

        revert_to(store, "0003");
        store.migrate().unwrap();

        assert_eq!(
            write(store, |tx| trn_links::find(tx, &user_id("ada"))),
            before
        );
        let digests = trn_links::digests(&keyring(&[2]), &Trn::parse("1234567").unwrap());
        let owner = write(store, move |tx| trn_links::find_owner(tx, &digests));
        assert_eq!(owner, Some(user_id("ada")));
    });
}

#[test]
fn a_code_survives_the_way_back_and_forth() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        let code = AuthorizationCode {
            grant: grant("grant", START),
            redirect_uri: "https://service.example/callback".to_owned(),
            code_challenge: Some("challenge".to_owned()),
            dpop_jkt: Some(jkt("a")),
            nonce: Some("nonce".to_owned()),
        };
        let stored = code.clone();
        write(store, move |tx| {
            authorization_codes::insert(tx, &digest("code"), &stored, START.plus(MINUTE))
        });

        revert_to(store, "0010");
        store.migrate().unwrap();

        let redeemed = write(store, |tx| {
            authorization_codes::redeem(tx, &digest("code"), &client_id("demo"))
        });
        assert_eq!(redeemed, Redemption::First(Box::new(code)));
    });
}
