//! Security events that wait in the outbox for the services they are for.
//!
//! They are queued in the unit of work that makes the change; the server's job pushes them by
//! `protocol::security_event`.

use model::keyring::Purpose;
use model::security_event::{Happening, SecurityEvent};
use model::trn_lookup::TrnLookupStatus;
use model::{ClientId, Entropy, Keyring, UserId};

use crate::error::StorageError;
use crate::unit_of_work::Tx;
use crate::{clients, outbox, stored, trn_watchers};

/// The kind of their messages in the outbox.
pub const KIND: &str = "security_event";

/// Queues an event for the client it is for.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn enqueue(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    event: &SecurityEvent,
) -> Result<(), StorageError> {
    let id = entropy.ordered_uuid(tx.now());
    let plaintext = stored::to_json(event)?;
    let sealed = keyring.seal(Purpose::Outbox, &id, plaintext.as_bytes(), entropy);
    outbox::enqueue(tx, &id, KIND, &sealed)
}

/// Tells every client that watches for the account's TRN, and takes events, where its person
/// stands now.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn enqueue_trn_status(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    user_id: &UserId,
    status: TrnLookupStatus,
) -> Result<(), StorageError> {
    for client_id in trn_watchers::list(tx, user_id)? {
        if takes_events(tx, &client_id)? {
            let event = SecurityEvent {
                client_id,
                user_id: user_id.clone(),
                at: tx.now(),
                happening: Happening::TrnLookupStatusChanged { status },
            };
            enqueue(tx, keyring, entropy, &event)?;
        }
    }
    Ok(())
}

fn takes_events(tx: &mut Tx<'_>, client_id: &ClientId) -> Result<bool, StorageError> {
    let stored = clients::find(tx, client_id)?;
    Ok(stored.is_some_and(|stored| stored.client.settings.event_endpoint.is_some()))
}

#[cfg(test)]
mod tests {
    use model::client::{ClientSettings, Credential};
    use model::{Secret, SystemEntropy};

    use super::*;
    use crate::clients::{NewClient, Source};
    use crate::samples::{MINUTE, client_id, user_id, with_account, write};
    use crate::testing::{START, on_both_databases};
    use crate::unit_of_work::Store;

    fn keyring() -> Keyring {
        Keyring::new(&[(1, Secret::new([1; 32]))]).unwrap()
    }

    fn with_client(store: &Store, id: &'static str, endpoint: Option<&'static str>) {
        let mut settings = ClientSettings::named("Service");
        settings.event_endpoint = endpoint.map(|url| url.parse().unwrap());
        let is_new = write(store, move |tx| {
            let client = NewClient {
                id: &client_id(id),
                settings: &settings,
                credential: &Credential::default(),
                source: Source::CommandLine,
                source_digest: None,
            };
            clients::insert(tx, &client)
        });
        assert!(is_new);
    }

    fn watching(store: &Store, user: &'static str, client: &'static str) {
        write(store, move |tx| {
            trn_watchers::watch(tx, &user_id(user), &client_id(client))
        });
    }

    /// The events that wait, in the order of their clients.
    fn waiting(store: &Store) -> Vec<SecurityEvent> {
        let mut events = Vec::new();
        while let Some(message) = write(store, |tx| outbox::claim(tx, MINUTE)) {
            assert_eq!(message.kind, KIND);
            let opened = keyring().open(Purpose::Outbox, &message.id, &message.sealed);
            events.push(serde_json::from_slice(opened.unwrap().reveal()).unwrap());
        }
        events.sort_by_key(|event: &SecurityEvent| event.client_id.clone());
        events
    }

    #[test]
    fn who_watches_an_account_and_takes_events_is_told_of_it_and_nobody_else() {
        on_both_databases(|store, _| {
            with_account(store, "ada");
            with_account(store, "bob");
            with_client(store, "one", Some("https://one.example/events"));
            with_client(store, "other", Some("https://other.example/events"));
            with_client(store, "deaf", None);
            with_client(store, "of-bob", Some("https://bob.example/events"));
            for (user, client) in [
                ("ada", "one"),
                ("ada", "other"),
                ("ada", "deaf"),
                ("ada", "gone"),
                ("bob", "of-bob"),
            ] {
                watching(store, user, client);
            }

            write(store, |tx| {
                let status = TrnLookupStatus::Found;
                enqueue_trn_status(tx, &keyring(), &SystemEntropy, &user_id("ada"), status)
            });

            let told = |client| SecurityEvent {
                client_id: client_id(client),
                user_id: user_id("ada"),
                at: START,
                happening: Happening::TrnLookupStatusChanged {
                    status: TrnLookupStatus::Found,
                },
            };
            assert_eq!(waiting(store), [told("one"), told("other")]);
        });
    }
}
