use model::client::{ClientSettings, Credential};

use super::*;
use crate::clients::{self, NewClient, Source};
use crate::samples::{DAY, client_id, digest, in_parallel, scope, user_id, write};
use crate::testing::on_both_databases;
use crate::unit_of_work::Store;

fn registered(store: &Store, id: &'static str, token: &'static str) {
    write(store, move |tx| {
        let client = NewClient {
            id: &client_id(id),
            settings: &ClientSettings::named("Service"),
            credential: &Credential::default(),
            source: Source::Registration,
            source_digest: None,
        };
        assert!(clients::insert(tx, &client)?);
        insert(tx, &client_id(id), &digest(token))
    });
}

fn found(store: &Store, id: &'static str, token: &'static str) -> Option<ClientId> {
    let read = write(store, move |tx| find(tx, &client_id(id), &digest(token)));
    let changed = write(store, move |tx| {
        find_to_change(tx, &client_id(id), &digest(token))
    });
    assert_eq!(read, changed);
    read.map(|stored| stored.client.id)
}

fn exists(store: &Store, id: &'static str) -> bool {
    write(store, move |tx| clients::find(tx, &client_id(id))).is_some()
}

#[test]
fn a_token_manages_its_client_and_no_other() {
    on_both_databases(|store, _| {
        registered(store, "one", "token of one");
        registered(store, "other", "token of other");

        assert_eq!(found(store, "one", "token of one"), Some(client_id("one")));
        assert_eq!(found(store, "one", "token of other"), None);
        assert_eq!(found(store, "gone", "token of one"), None);
    });
}

#[test]
fn a_client_that_is_switched_off_is_not_managed() {
    on_both_databases(|store, _| {
        registered(store, "one", "token");

        write(store, |tx| {
            clients::replace_disabled(tx, &client_id("one"), true)
        });

        assert_eq!(found(store, "one", "token"), None);
    });
}

#[test]
fn a_client_goes_with_its_token_and_what_people_agreed_to() {
    on_both_databases(|store, _| {
        registered(store, "one", "token");
        let (ada, one) = (user_id("ada"), client_id("one"));
        write(store, move |tx| {
            crate::consents::grant(tx, &ada, &one, &scope("openid"))
        });

        write(store, |tx| delete(tx, &client_id("one")));

        assert!(!exists(store, "one"));
        assert_eq!(found(store, "one", "token"), None);
        let consent = write(store, |tx| {
            crate::consents::find(tx, &user_id("ada"), &client_id("one"))
        });
        assert_eq!(consent, None);
    });
}

#[test]
fn of_changes_at_once_each_sees_the_one_before() {
    on_both_databases(|store, _| {
        registered(store, "one", "token");

        in_parallel(store, 8, |tx, _| {
            let stored = find_to_change(tx, &client_id("one"), &digest("token"))?.unwrap();
            let name = format!("{}+", stored.client.settings.client_name);
            let client = NewClient {
                id: &stored.client.id,
                settings: &ClientSettings::named(&name),
                credential: &Credential::default(),
                source: Source::Registration,
                source_digest: None,
            };
            clients::replace(tx, &client)
        });

        let stored = write(store, |tx| clients::find(tx, &client_id("one"))).unwrap();
        assert_eq!(stored.client.settings.client_name, "Service++++++++");
    });
}

#[test]
fn who_registered_itself_and_is_used_by_nobody_for_a_year_leaves() {
    on_both_databases(|store, clock| {
        registered(store, "unused", "1");
        registered(store, "changed", "2");
        registered(store, "agreed-to", "3");
        write(store, |tx| {
            let client = NewClient {
                id: &client_id("of-operator"),
                settings: &ClientSettings::named("Service"),
                credential: &Credential::default(),
                source: Source::CommandLine,
                source_digest: None,
            };
            clients::insert(tx, &client)
        });
        clock.advance(DAY);
        write(store, |tx| {
            find_to_change(tx, &client_id("changed"), &digest("2"))
        });
        write(store, |tx| {
            let client = client_id("agreed-to");
            crate::consents::grant(tx, &user_id("ada"), &client, &scope("openid"))
        });

        clock.advance(UNUSED_FOR.saturating_sub(2 * DAY));
        assert_eq!(write(store, purge), 0);
        clock.advance(DAY);
        assert_eq!(write(store, purge), 1);

        assert!(!exists(store, "unused"));
        for kept in ["changed", "agreed-to", "of-operator"] {
            assert!(exists(store, kept), "{kept}");
        }
    });
}
