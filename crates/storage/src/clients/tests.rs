use super::*;
use crate::samples::{HOUR, client_id, in_parallel, write};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;

fn credential() -> Credential {
    Credential {
        current: Some(StoredSecret::Generated(vec![7; 32])),
        previous: Some((StoredSecret::Chosen("$argon2id$".to_owned()), START)),
    }
}

fn added(tx: &mut Tx<'_>, id: &str, name: &str) -> Result<bool, StorageError> {
    insert(
        tx,
        &NewClient {
            id: &client_id(id),
            settings: &ClientSettings::named(name),
            credential: &credential(),
            source: Source::File,
            source_digest: Some(b"digest of the file"),
        },
    )
}

fn stored(store: &Store, id: &'static str) -> Option<StoredClient> {
    write(store, move |tx| find(tx, &client_id(id)))
}

fn version(store: &Store) -> Option<i64> {
    write(store, |tx| find_version(tx, &client_id("demo")))
}

#[test]
fn a_client_is_found_as_it_was_registered() {
    on_both_databases(|store, _| {
        assert!(write(store, |tx| added(tx, "demo", "Demo")));

        let expected = StoredClient {
            client: Client {
                id: client_id("demo"),
                settings: ClientSettings::named("Demo"),
                credential: credential(),
                disabled_at: None,
                version: 1,
            },
            source: Source::File,
            source_digest: Some(b"digest of the file".to_vec()),
            created_at: START,
            updated_at: START,
        };
        assert_eq!(stored(store, "demo"), Some(expected));
        assert_eq!(stored(store, "another"), None);
    });
}

#[test]
fn of_many_parallel_registrations_of_one_id_one_succeeds() {
    on_both_databases(|store, _| {
        let added = in_parallel(store, 8, |tx, time| {
            added(tx, "demo", &format!("Demo {time}"))
        });

        assert_eq!(added.iter().filter(|added| **added).count(), 1);
        assert_eq!(version(store), Some(1));
    });
}

#[test]
fn every_change_of_a_client_moves_its_version_on() {
    on_both_databases(|store, clock| {
        write(store, |tx| added(tx, "demo", "Demo"));
        clock.advance(HOUR);

        let replaced = write(store, |tx| {
            replace(
                tx,
                &NewClient {
                    id: &client_id("demo"),
                    settings: &ClientSettings::named("Renamed"),
                    credential: &Credential::default(),
                    source: Source::CommandLine,
                    source_digest: None,
                },
            )
        });

        assert!(replaced);
        assert_eq!(version(store), Some(2));
        let changed = stored(store, "demo").unwrap();
        assert_eq!(changed.client.settings.client_name, "Renamed");
        assert_eq!(changed.client.credential, Credential::default());
        assert_eq!(changed.source, Source::CommandLine);
        assert_eq!(changed.source_digest, None);
        assert_eq!(changed.created_at, START);
        assert_eq!(changed.updated_at, START.plus(HOUR));
    });
}

#[test]
fn a_client_is_switched_off_and_on_again() {
    on_both_databases(|store, _| {
        write(store, |tx| added(tx, "demo", "Demo"));
        let switch = |disabled| {
            write(store, move |tx| {
                replace_disabled(tx, &client_id("demo"), disabled)
            })
        };
        let disabled_at = || stored(store, "demo").unwrap().client.disabled_at;

        assert!(switch(true));
        assert_eq!((disabled_at(), version(store)), (Some(START), Some(2)));
        assert!(switch(false));
        assert_eq!((disabled_at(), version(store)), (None, Some(3)));
    });
}

#[test]
fn a_client_that_is_not_there_is_not_changed() {
    on_both_databases(|store, _| {
        assert!(!write(store, |tx| {
            replace_disabled(tx, &client_id("demo"), true)
        }));
        assert_eq!(version(store), None);
    });
}

#[test]
fn clients_are_listed_by_the_bytes_of_their_ids() {
    on_both_databases(|store, _| {
        write(store, |tx| {
            for id in ["b", "a-2", "a1", "B", "_x"] {
                added(tx, id, "Demo")?;
            }
            Ok(())
        });

        let listed = write(store, list);

        let ids: Vec<&str> = listed.iter().map(|one| one.client.id.as_str()).collect();
        assert_eq!(ids, ["B", "_x", "a-2", "a1", "b"]);
    });
}
