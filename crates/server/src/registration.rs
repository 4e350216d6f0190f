//! Makes the database's clients like the clients file, at each start, and registers the clients that
//! the provider is itself.

use model::client::{Credential, StoredSecret};
use model::event::{Event, EventKind};
use model::keyring::Purpose;
use model::slow_hash::Unhashable;
use model::{ClientId, Entropy, Keyring};
use protocol::client_secret;
use storage::clients::{NewClient, Source, StoredClient};
use storage::{StorageError, Store, clients, events};

use crate::config::clients::ClientEntry;

/// Why the clients file could not be followed.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A chosen secret could not be hashed.
    #[error("a client's secret could not be hashed: {0}")]
    Unhashable(#[from] Unhashable),
    /// A service has the name of one of our own clients.
    #[error(
        "the service {0} has the name that the provider's own client needs: register it under \
         another one and run `get-an-identity client disable {0}`"
    )]
    NameTaken(ClientId),
}

/// Registers each client of the file, or brings it up to date. A client that the file has not
/// changed since costs a digest and one read; one that is switched off stays so. Blocks.
///
/// # Errors
///
/// [`RegistrationError`]; clients before the one that failed are registered.
pub fn follow(
    entries: Vec<ClientEntry>,
    store: &Store,
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> Result<(), RegistrationError> {
    for entry in entries {
        let stored = find(&entry.id, store)?;
        if !stored.is_some_and(|stored| is_followed(&entry, &stored, Source::File, keyring)) {
            register(entry, Source::File, store, keyring, entropy)?;
        }
    }
    Ok(())
}

/// Registers a client that the provider is itself, or brings it up to date. It is never off: that
/// of a service that had its name and is switched off becomes it. Blocks.
///
/// # Errors
///
/// [`RegistrationError`], when a service uses its name.
pub fn follow_built_in(
    entry: ClientEntry,
    store: &Store,
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> Result<(), RegistrationError> {
    let Some(stored) = find(&entry.id, store)? else {
        return register(entry, Source::BuiltIn, store, keyring, entropy);
    };
    let is_off = stored.client.disabled_at.is_some();
    if stored.source != Source::BuiltIn && !is_off {
        return Err(RegistrationError::NameTaken(entry.id));
    }
    let id = entry.id.clone();
    if !is_followed(&entry, &stored, Source::BuiltIn, keyring) {
        register(entry, Source::BuiltIn, store, keyring, entropy)?;
    }
    if is_off {
        store.write_blocking(move |tx| clients::replace_disabled(tx, &id, false))?;
    }
    Ok(())
}

fn find(id: &ClientId, store: &Store) -> Result<Option<StoredClient>, StorageError> {
    let id = id.clone();
    store.read_blocking(move |tx| clients::find(tx, &id))
}

fn register(
    entry: ClientEntry,
    source: Source,
    store: &Store,
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> Result<(), RegistrationError> {
    let credential = Credential {
        current: secret(&entry, keyring, entropy)?,
        previous: None,
    };
    let digest = with_parts(&entry, source, |parts| {
        keyring.digest(Purpose::ClientSecret, parts)
    });
    store.write_blocking(move |tx| {
        let client = NewClient {
            id: &entry.id,
            settings: &entry.settings,
            credential: &credential,
            source,
            source_digest: Some(&digest),
        };
        if !clients::insert(tx, &client)? {
            clients::replace(tx, &client)?;
        }
        let id = entry.id.as_str();
        events::insert(tx, &Event::of(EventKind::ClientChanged).by_client(id))
    })?;
    Ok(())
}

fn secret(
    entry: &ClientEntry,
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> Result<Option<StoredSecret>, Unhashable> {
    let method = entry.settings.token_endpoint_auth_method;
    let keep = |chosen| client_secret::keep(&entry.id, method, chosen, keyring, entropy);
    entry.secret.as_ref().map(keep).transpose()
}

/// Whether the row holds what its source says. A digest under an earlier sealing key counts: the
/// row says the same.
fn is_followed(
    entry: &ClientEntry,
    stored: &StoredClient,
    source: Source,
    keyring: &Keyring,
) -> bool {
    stored.source == source
        && stored.source_digest.as_ref().is_some_and(|digest| {
            let matches =
                |parts: &[&[u8]]| keyring.digest_matches(Purpose::ClientSecret, parts, digest);
            with_parts(entry, source, matches)
        })
}

/// Everything that a source says of a client, as what its digest is made of.
fn with_parts<T>(entry: &ClientEntry, source: Source, digest: impl FnOnce(&[&[u8]]) -> T) -> T {
    let settings = serde_json::to_vec(&entry.settings).unwrap_or_default();
    let secret = entry.secret.as_ref().map_or("", |secret| secret.reveal());
    digest(&[
        source.as_str().as_bytes(),
        entry.id.as_str().as_bytes(),
        &settings,
        secret.as_bytes(),
    ])
}

#[cfg(test)]
mod tests {
    use model::client::ClientSettings;
    use model::{ClientId, Secret, SystemEntropy};
    use protocol::client_secret::SecretChecker;

    use super::*;
    use crate::compose::Ground;
    use crate::testing::{Scene, blocking};

    fn entry(name: &str, secret: &str) -> ClientEntry {
        let mut settings = ClientSettings::named(name);
        settings.redirect_uris = vec!["https://service.example/".to_owned().try_into().unwrap()];
        let secret = Some(Secret::new(secret.to_owned()));
        ClientEntry {
            id: ClientId::parse("service").unwrap(),
            settings,
            secret,
        }
    }

    fn followed(ground: &Ground, entry: &ClientEntry) -> StoredClient {
        let (store, keyring) = (&ground.store, &ground.keyring);
        let entries = vec![entry.clone()];
        blocking(|| follow(entries, store, keyring, &SystemEntropy).unwrap());
        let id = entry.id.clone();
        store
            .read_blocking(move |tx| clients::find(tx, &id))
            .unwrap()
            .unwrap()
    }

    #[actix_web::test]
    async fn a_client_of_the_file_can_use_its_secret() {
        let scene = Scene::new();
        let ground = scene.ground();

        let stored = followed(&ground, &entry("Service", "the chosen secret"));

        let checker = SecretChecker::new(ground.keyring.clone(), ground.slow_hash.clone());
        let now = scene.nature.clock.now();
        assert_eq!(
            checker
                .check(&stored.client, "the chosen secret", now)
                .await,
            Ok(true)
        );
        assert_eq!(
            checker.check(&stored.client, "another secret", now).await,
            Ok(false)
        );
    }

    #[test]
    fn only_what_the_file_changed_is_written() {
        let scene = Scene::new();
        let ground = scene.ground();
        let version = |entry| followed(&ground, &entry).client.version;

        assert_eq!(version(entry("Service", "the chosen secret")), 1);
        assert_eq!(version(entry("Service", "the chosen secret")), 1);
        assert_eq!(version(entry("Service renamed", "the chosen secret")), 2);
        assert_eq!(version(entry("Service renamed", "another secret")), 3);
    }

    #[test]
    fn a_client_that_is_switched_off_stays_off_when_the_file_changes() {
        let scene = Scene::new();
        let ground = scene.ground();
        let id = followed(&ground, &entry("Service", "the chosen secret"))
            .client
            .id;

        let off = ground
            .store
            .write_blocking(move |tx| clients::replace_disabled(tx, &id, true));

        assert!(off.unwrap());
        let stored = followed(&ground, &entry("Service renamed", "the chosen secret"));
        assert!(stored.client.disabled_at.is_some());
    }

    fn built_in(ground: &Ground) -> Result<StoredClient, String> {
        let (store, keyring) = (&ground.store, &ground.keyring);
        let entry = ClientEntry {
            secret: None,
            ..entry("The account area", "")
        };
        let id = entry.id.clone();
        blocking(|| {
            follow_built_in(entry, store, keyring, &SystemEntropy)
                .map_err(|refused| refused.to_string())?;
            Ok(find(&id, store).unwrap().unwrap())
        })
    }

    #[test]
    fn a_client_of_our_own_is_registered_once() {
        let scene = Scene::new();
        let ground = scene.ground();

        let first = built_in(&ground).unwrap();
        let second = built_in(&ground).unwrap();

        assert_eq!(first.source, Source::BuiltIn);
        assert_eq!(first, second);
    }

    #[test]
    fn a_service_with_the_name_of_our_own_client_is_not_taken_over_unless_it_is_off() {
        let scene = Scene::new();
        let ground = scene.ground();
        let service = followed(&ground, &entry("Service", "the chosen secret"));
        let id = service.client.id.clone();

        let refused = built_in(&ground).unwrap_err();
        assert!(refused.contains("client disable service"), "{refused}");
        assert_eq!(find(&id, &ground.store).unwrap(), Some(service));

        let off = move |tx: &mut storage::Tx<'_>| clients::replace_disabled(tx, &id, true);
        ground.store.write_blocking(off).unwrap();
        let taken = built_in(&ground).unwrap();
        assert_eq!(taken.source, Source::BuiltIn);
        assert_eq!(taken.client.disabled_at, None);
        assert_eq!(taken.client.credential, Credential::default());
    }
}
