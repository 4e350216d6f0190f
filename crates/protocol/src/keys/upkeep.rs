//! Carrying a rotation out in the database.
//!
//! The server calls [`KeyUpkeep::keep_up`] at start and from a job, `key rotate` calls
//! [`KeyUpkeep::rotate`]. Every step is one conditional statement on the state that the key was
//! read in, so that of several nodes one takes it and the others find it taken.

use std::sync::Arc;

use model::event::{Event, EventKind};
use model::keyring::{Purpose, Unopenable};
use model::signing_key::{KeySchedule, KeyState, StoredKey};
use model::{Entropy, Keyring, SigningAlgorithm, Timestamp};
use storage::{StorageError, Store, Tx, events, signing_keys};

use super::rotation::{Rotation, Step, Takeover};
use super::signing_key::{KeyGenerationError, generate};

/// Makes, moves and removes the stored keys. Its methods block: the server calls them off the
/// request threads.
#[derive(Clone)]
pub struct KeyUpkeep {
    /// Where the keys are.
    pub store: Store,
    /// How long they live.
    pub rotation: Rotation,
    /// What their private halves are sealed with.
    pub keyring: Keyring,
    /// The source of nonces.
    pub entropy: Arc<dyn Entropy>,
}

/// Why the stored keys could not be kept up.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A key could not be made.
    #[error(transparent)]
    Generation(#[from] KeyGenerationError),
    /// A private key is sealed under a key that is no longer configured.
    #[error("signing key {kid} is sealed under a key that is not configured")]
    Sealed {
        /// Which key.
        kid: String,
    },
}

/// A step, with whatever takes long done before the unit of work.
enum Change {
    Insert(StoredKey),
    Move {
        kid: String,
        from: KeyState,
        to: KeyState,
        schedule: KeySchedule,
    },
    Delete {
        kid: String,
    },
    Reseal {
        kid: String,
        sealed: Vec<u8>,
    },
}

impl KeyUpkeep {
    /// Takes every step that is due (the first keys at first start, announcements, takeovers,
    /// removals), seals what is under an earlier sealing key anew, and returns the stored keys as
    /// they are then, to open or follow.
    ///
    /// # Errors
    ///
    /// [`UpkeepError`] names the cause; what was stored before stays in force.
    pub fn keep_up(&self) -> Result<Vec<StoredKey>, UpkeepError> {
        let (stored, now) = self.read()?;
        let mut changes = self.prepare(self.rotation.due(&stored, now), now)?;
        changes.extend(self.resealed(&stored)?);
        self.write(changes, stored)
    }

    /// Rotates the key of one algorithm as asked for by hand, and returns the stored keys as they
    /// are then.
    ///
    /// # Errors
    ///
    /// [`UpkeepError`] names the cause; what was stored before stays in force.
    pub fn rotate(
        &self,
        algorithm: SigningAlgorithm,
        takeover: Takeover,
    ) -> Result<Vec<StoredKey>, UpkeepError> {
        let (stored, now) = self.read()?;
        let steps = self.rotation.rotate(&stored, algorithm, takeover, now);
        self.write(self.prepare(steps, now)?, stored)
    }

    fn read(&self) -> Result<(Vec<StoredKey>, Timestamp), StorageError> {
        self.store
            .read_blocking(|tx| Ok((signing_keys::list(tx)?, tx.now())))
    }

    fn prepare(&self, steps: Vec<Step>, now: Timestamp) -> Result<Vec<Change>, KeyGenerationError> {
        let change = |step| match step {
            Step::Make {
                algorithm,
                state,
                schedule,
            } => {
                let entropy = self.entropy.as_ref();
                generate(algorithm, state, schedule, &self.keyring, entropy, now)
                    .map(Change::Insert)
            }
            Step::Move {
                kid,
                from,
                to,
                schedule,
            } => Ok(Change::Move {
                kid,
                from,
                to,
                schedule,
            }),
            Step::Remove { kid } => Ok(Change::Delete { kid }),
        };
        steps.into_iter().map(change).collect()
    }

    fn resealed(&self, stored: &[StoredKey]) -> Result<Vec<Change>, UpkeepError> {
        let outdated = stored
            .iter()
            .filter(|key| !self.keyring.is_current(&key.sealed_private_key));
        outdated
            .map(|key| {
                let kid = key.kid.clone();
                let private = self
                    .keyring
                    .open(Purpose::SigningKey, &kid, &key.sealed_private_key)
                    .map_err(|Unopenable| UpkeepError::Sealed { kid: kid.clone() })?;
                let entropy = self.entropy.as_ref();
                let sealed =
                    self.keyring
                        .seal(Purpose::SigningKey, &kid, private.reveal(), entropy);
                Ok(Change::Reseal { kid, sealed })
            })
            .collect()
    }

    fn write(
        &self,
        changes: Vec<Change>,
        stored: Vec<StoredKey>,
    ) -> Result<Vec<StoredKey>, UpkeepError> {
        if changes.is_empty() {
            return Ok(stored);
        }
        Ok(self.store.write_blocking(move |tx| {
            for change in &changes {
                write(tx, change)?;
            }
            signing_keys::list(tx)
        })?)
    }
}

/// Another node may have been first with any of these; its change then stands.
fn write(tx: &mut Tx<'_>, change: &Change) -> Result<(), StorageError> {
    match change {
        Change::Insert(key) => {
            let is_ours = signing_keys::insert(tx, key)?;
            if is_ours && key.state == KeyState::Active {
                record(tx, &key.kid)
            } else {
                Ok(())
            }
        }
        Change::Move {
            kid,
            from,
            to,
            schedule,
        } => {
            let is_ours = signing_keys::replace_state(tx, kid, *from, *to, *schedule)?;
            if is_ours && *to == KeyState::Active {
                record(tx, kid)
            } else {
                Ok(())
            }
        }
        Change::Delete { kid } => signing_keys::delete(tx, kid),
        Change::Reseal { kid, sealed } => signing_keys::replace_sealed(tx, kid, sealed),
    }
}

/// Writes down that a key began to sign.
fn record(tx: &mut Tx<'_>, kid: &str) -> Result<(), StorageError> {
    events::insert(tx, &Event::of(EventKind::KeysRotated).about(kid))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::{ManualClock, Secret, SystemEntropy};
    use serde_json::{Value, json};
    use storage::testing::on_both_databases;

    use super::*;
    use crate::jws::TokenType;
    use crate::keys::{KeySet, Keys};

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn keyring(ids: &[u8]) -> Keyring {
        let keys: Vec<_> = ids.iter().map(|id| (*id, Secret::new([*id; 32]))).collect();
        Keyring::new(&keys).unwrap()
    }

    fn upkeep(store: &Store) -> KeyUpkeep {
        KeyUpkeep {
            store: store.clone(),
            rotation: Rotation::new(24 * HOUR, 90 * 24 * HOUR, 48 * HOUR, HOUR, HOUR).unwrap(),
            keyring: keyring(&[1]),
            entropy: Arc::new(SystemEntropy),
        }
    }

    fn kids(stored: &[StoredKey], state: KeyState) -> Vec<&str> {
        stored
            .iter()
            .filter(|key| key.state == state)
            .map(|key| key.kid.as_str())
            .collect()
    }

    #[test]
    fn the_first_start_makes_the_keys_and_the_second_finds_them() {
        on_both_databases(|store, _| {
            let first = upkeep(store).keep_up().unwrap();
            let second = upkeep(store).keep_up().unwrap();

            assert_eq!(
                kids(&first, KeyState::Active).len(),
                SigningAlgorithm::ALL.len()
            );
            assert_eq!(first, second);
        });
    }

    #[test]
    fn nodes_that_start_at_once_agree_on_one_key_of_each_algorithm() {
        on_both_databases(|store, _| {
            let upkeep = upkeep(store);

            let started: Vec<_> = std::thread::scope(|scope| {
                let nodes: Vec<_> = (0..4).map(|_| scope.spawn(|| upkeep.keep_up())).collect();
                nodes
                    .into_iter()
                    .map(|node| node.join().unwrap().unwrap())
                    .collect()
            });

            let agreed = upkeep.keep_up().unwrap();
            assert_eq!(agreed.len(), SigningAlgorithm::ALL.len());
            assert!(started.iter().all(|stored| *stored == agreed));
        });
    }

    #[test]
    fn a_token_stays_good_through_the_rotation_of_its_key_until_it_expired() {
        on_both_databases(|store, clock: &ManualClock| {
            let upkeep = upkeep(store);
            let algorithm = SigningAlgorithm::ES256;
            let keys = Keys::open(&upkeep.keep_up().unwrap(), &upkeep.keyring).unwrap();
            let sign = |keys: &Keys| keys.current().sign(algorithm, TokenType::Jwt, &json!({}));
            let verifies = |keys: &Keys, token: &str| {
                keys.current()
                    .verify::<Value>(token, TokenType::Jwt)
                    .is_ok()
            };
            let before = sign(&keys).unwrap();

            upkeep.rotate(algorithm, Takeover::Announced).unwrap();
            clock.advance(24 * HOUR);
            keys.follow(&upkeep.keep_up().unwrap(), &upkeep.keyring)
                .unwrap();

            let after = sign(&keys).unwrap();
            let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid;
            assert_ne!(kid(&before), kid(&after));
            assert!(verifies(&keys, &before) && verifies(&keys, &after));

            clock.advance(48 * HOUR);
            keys.follow(&upkeep.keep_up().unwrap(), &upkeep.keyring)
                .unwrap();
            assert!(!verifies(&keys, &before) && verifies(&keys, &after));
        });
    }

    #[test]
    fn a_new_sealing_key_takes_over_and_the_old_one_can_go() {
        on_both_databases(|store, _| {
            let mut upkeep = upkeep(store);
            upkeep.keep_up().unwrap();

            upkeep.keyring = keyring(&[2, 1]);
            let resealed = upkeep.keep_up().unwrap();

            assert!(KeySet::open(&resealed, &keyring(&[2]), None).is_ok());
            assert!(KeySet::open(&resealed, &keyring(&[1]), None).is_err());
        });
    }

    #[test]
    fn a_database_under_an_unknown_sealing_key_is_an_error_and_not_a_fresh_start() {
        on_both_databases(|store, _| {
            let mut upkeep = upkeep(store);
            let stored = upkeep.keep_up().unwrap();

            upkeep.keyring = keyring(&[2]);

            assert!(matches!(upkeep.keep_up(), Err(UpkeepError::Sealed { .. })));
            assert_eq!(upkeep.read().unwrap().0, stored);
        });
    }
}
