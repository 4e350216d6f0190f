use model::SystemEntropy;
use model::authorization_code::Grant;
use model::client::Credential;

use super::*;
use crate::clients::{NewClient, Source};
use crate::outbox::OutboxMessage;
use crate::samples::{
    DAY, MINUTE, authentication_of, client_id, ended, grant, merge, scope, seal,
    sign_out_everywhere, user_id, with_account, write,
};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;
use crate::users;

fn with_client(store: &Store, id: &'static str, wants_to_know: bool) {
    let mut settings = ClientSettings::named("Service");
    settings.backchannel_logout_uri = wants_to_know.then(|| {
        let uri = format!("https://{id}.example/logout");
        uri.parse().unwrap()
    });
    let is_new = write(store, move |tx| {
        let client = NewClient {
            id: &client_id(id),
            settings: &settings,
            credential: &Credential::default(),
            source: Source::CommandLine,
            source_digest: None,
        };
        crate::clients::insert(tx, &client)
    });
    assert!(is_new);
}

/// Somebody was given tokens for a client in a session.
fn used(store: &Store, user: &'static str, client: &'static str, sid: &'static str) {
    write(store, move |tx| {
        let entropy: &dyn Entropy = &SystemEntropy;
        let id = entropy.ordered_uuid(tx.now());
        let grant = Grant {
            client_id: client_id(client),
            authentication: authentication_of(user, START),
            sid: sid.to_owned(),
            ..grant(&id, START)
        };
        crate::grants::insert(tx, &grant, START.plus(DAY))
    });
}

fn end(client: &str, user: &str, sid: &str) -> SessionEnd {
    SessionEnd {
        client_id: client_id(client),
        user_id: user_id(user),
        sid: sid.to_owned(),
    }
}

fn claimed(store: &Store, most: usize) -> Vec<OutboxMessage> {
    write(store, move |tx| outbox::claim_logouts(tx, MINUTE, most))
}

/// What waits, in order.
fn waiting(store: &Store) -> Vec<SessionEnd> {
    let (keyring, _) = seal();
    let mut ends: Vec<SessionEnd> = claimed(store, 100)
        .iter()
        .map(|message| {
            assert_eq!((message.kind.as_str(), message.attempts), (KIND, 1));
            let opened = keyring.open(Purpose::Outbox, &message.id, &message.sealed);
            serde_json::from_slice(opened.unwrap().reveal()).unwrap()
        })
        .collect();
    ends.sort_by_key(|end| (end.client_id.clone(), end.sid.clone()));
    ends
}

fn queued(store: &Store, session: EndedSession) {
    write(store, move |tx| {
        let (keyring, entropy) = seal();
        enqueue(tx, &keyring, &entropy, &session)
    });
}

#[test]
fn the_clients_of_a_session_that_want_to_know_are_told_once_each_and_nobody_else() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_account(store, "bob");
        for (client, wants_to_know) in [
            ("one", true),
            ("other", true),
            ("deaf", false),
            ("elsewhere", true),
        ] {
            with_client(store, client, wants_to_know);
        }
        for client in ["one", "one", "other", "deaf", "gone"] {
            used(store, "ada", client, "sid");
        }
        used(store, "ada", "elsewhere", "another sid");
        used(store, "bob", "elsewhere", "sid of bob");

        queued(store, ended("ada", "sid"));

        assert_eq!(
            waiting(store),
            [end("one", "ada", "sid"), end("other", "ada", "sid")]
        );
    });
}

#[test]
fn a_client_that_is_switched_off_is_told_nothing() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_client(store, "one", true);
        used(store, "ada", "one", "sid");
        write(store, |tx| {
            crate::clients::replace_disabled(tx, &client_id("one"), true)
        });

        queued(store, ended("ada", "sid"));

        assert_eq!(waiting(store), []);
    });
}

#[test]
fn who_is_signed_out_everywhere_is_signed_out_of_every_session_at_every_client() {
    on_both_databases(|store, _| {
        with_account(store, "eve");
        with_account(store, "ada");
        for client in ["one", "other"] {
            with_client(store, client, true);
        }
        for (user, client, sid) in [
            ("eve", "one", "first"),
            ("eve", "one", "second"),
            ("eve", "other", "second"),
            ("ada", "one", "of ada"),
        ] {
            used(store, user, client, sid);
        }

        write(store, |tx| sign_out_everywhere(tx, "eve"));

        assert_eq!(
            waiting(store),
            [
                end("one", "eve", "first"),
                end("one", "eve", "second"),
                end("other", "eve", "second"),
            ]
        );
    });
}

#[test]
fn who_has_a_session_of_an_account_that_is_merged_away_is_told_of_its_end() {
    on_both_databases(|store, _| {
        with_account(store, "eve");
        with_account(store, "ada");
        with_client(store, "one", true);
        used(store, "eve", "one", "of eve");
        used(store, "ada", "one", "of ada");

        let merged = write(store, |tx| merge(tx, &user_id("eve"), &user_id("ada")));

        assert_eq!(merged, users::Merged::Merged);
        assert_eq!(waiting(store), [end("one", "eve", "of eve")]);
    });
}

#[test]
fn a_session_that_goes_on_because_its_end_failed_is_told_to_nobody() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_client(store, "one", true);
        used(store, "ada", "one", "sid");

        let failed: Result<(), _> = store.write_blocking(|tx| {
            let (keyring, entropy) = seal();
            enqueue(tx, &keyring, &entropy, &ended("ada", "sid"))?;
            Err(StorageError::Corrupt("a test"))
        });

        assert!(failed.is_err());
        assert_eq!(waiting(store), []);
    });
}

#[test]
fn of_many_parallel_claimers_each_message_goes_to_one() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        let clients = ["one", "two", "three", "four", "five"];
        for client in clients {
            with_client(store, client, true);
            used(store, "ada", client, "sid");
        }
        queued(store, ended("ada", "sid"));

        let claims =
            crate::samples::in_parallel(store, 12, |tx, _| outbox::claim_logouts(tx, MINUTE, 2));

        assert!(claims.iter().all(|claimed| claimed.len() <= 2));
        let mut ids: Vec<String> = claims.into_iter().flatten().map(|one| one.id).collect();
        let found = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!((found, ids.len()), (5, 5));
    });
}

#[test]
fn a_logout_token_waits_in_a_row_of_its_own() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        with_client(store, "one", true);
        used(store, "ada", "one", "sid");
        queued(store, ended("ada", "sid"));
        write(store, |tx| outbox::enqueue(tx, "mail", "mail", b"sealed"));

        let mail = write(store, |tx| outbox::claim(tx, MINUTE)).unwrap();
        assert_eq!(mail.id, "mail");
        assert_eq!(write(store, |tx| outbox::claim(tx, MINUTE)), None);
        assert_eq!(claimed(store, 10).len(), 1);
        assert_eq!(claimed(store, 10), []);
        clock.advance(MINUTE);
        assert_eq!(claimed(store, 10)[0].attempts, 2);
    });
}

#[test]
fn who_waits_for_logouts_hears_of_them_when_they_are_committed_and_of_nothing_else() {
    on_both_databases(|store, _| {
        let is_told = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap();
            runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = store.logouts_queued() => true,
                    () = std::future::ready(()) => false,
                }
            })
        };
        with_account(store, "ada");
        with_client(store, "one", true);
        with_client(store, "deaf", false);
        used(store, "ada", "deaf", "sid");
        queued(store, ended("ada", "sid"));
        assert!(!is_told());

        used(store, "ada", "one", "sid");
        queued(store, ended("ada", "sid"));

        assert!(is_told());
        assert!(!is_told());
    });
}

#[test]
fn grants_with_any_scope_say_who_used_a_session() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_client(store, "one", true);
        write(store, |tx| {
            let grant = Grant {
                client_id: client_id("one"),
                scope: scope("openid offline_access"),
                ..grant("offline", START)
            };
            crate::grants::insert(tx, &grant, START.plus(DAY))
        });

        queued(store, ended("ada", "sid"));

        assert_eq!(waiting(store), [end("one", "ada", "sid")]);
    });
}
