//! Signing keys, the private half sealed.

use diesel::prelude::*;
use model::signing_key::{KeySchedule, KeyState, StoredKey};
use model::{SigningAlgorithm, Timestamp};

use crate::error::StorageError;
use crate::schema::signing_keys;
use crate::unit_of_work::Tx;

const TABLE: &str = "signing_keys";

#[derive(Queryable, Selectable)]
#[diesel(table_name = signing_keys)]
struct KeyRow {
    kid: String,
    algorithm: String,
    state: String,
    public_jwk: String,
    sealed_private_key: Vec<u8>,
    created_at: i64,
    activates_at: i64,
    retires_at: i64,
    removes_at: i64,
}

impl KeyRow {
    fn into_key(self) -> Result<StoredKey, StorageError> {
        Ok(StoredKey {
            kid: self.kid,
            algorithm: SigningAlgorithm::from_name(&self.algorithm)
                .ok_or(StorageError::Corrupt(TABLE))?,
            state: KeyState::from_name(&self.state).ok_or(StorageError::Corrupt(TABLE))?,
            public_jwk: self.public_jwk,
            sealed_private_key: self.sealed_private_key,
            created_at: Timestamp::from_millis(self.created_at),
            schedule: KeySchedule {
                activates_at: Timestamp::from_millis(self.activates_at),
                retires_at: Timestamp::from_millis(self.retires_at),
                removes_at: Timestamp::from_millis(self.removes_at),
            },
        })
    }
}

/// Every key that is published, oldest first.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<StoredKey>, StorageError> {
    let rows: Vec<KeyRow> = on_either!(tx, connection => signing_keys::table
        .order((signing_keys::created_at, signing_keys::kid))
        .select(KeyRow::as_select())
        .load(connection))?;
    rows.into_iter().map(KeyRow::into_key).collect()
}

/// Stores a new key; `false` when another node already stored one for the same algorithm in the
/// same state (at most one key of an algorithm is announced, and one active).
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn insert(tx: &mut Tx<'_>, key: &StoredKey) -> Result<bool, StorageError> {
    let inserted = on_either!(tx, connection => diesel::insert_into(signing_keys::table)
        .values((
            signing_keys::kid.eq(&key.kid),
            signing_keys::algorithm.eq(key.algorithm.as_str()),
            signing_keys::state.eq(key.state.as_str()),
            signing_keys::public_jwk.eq(&key.public_jwk),
            signing_keys::sealed_private_key.eq(&key.sealed_private_key),
            signing_keys::created_at.eq(key.created_at.millis()),
            signing_keys::activates_at.eq(key.schedule.activates_at.millis()),
            signing_keys::retires_at.eq(key.schedule.retires_at.millis()),
            signing_keys::removes_at.eq(key.schedule.removes_at.millis()),
        ))
        .on_conflict_do_nothing()
        .execute(connection))?;
    Ok(inserted == 1)
}

/// Moves a key to another state and schedule, if it is still in the state it was read in; `false`
/// when another node was first.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn replace_state(
    tx: &mut Tx<'_>,
    kid: &str,
    from: KeyState,
    to: KeyState,
    schedule: KeySchedule,
) -> Result<bool, StorageError> {
    let changed = on_either!(tx, connection => diesel::update(signing_keys::table)
        .filter(signing_keys::kid.eq(kid))
        .filter(signing_keys::state.eq(from.as_str()))
        .set((
            signing_keys::state.eq(to.as_str()),
            signing_keys::activates_at.eq(schedule.activates_at.millis()),
            signing_keys::retires_at.eq(schedule.retires_at.millis()),
            signing_keys::removes_at.eq(schedule.removes_at.millis()),
        ))
        .execute(connection))?;
    Ok(changed == 1)
}

/// Deletes a retired key.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn delete(tx: &mut Tx<'_>, kid: &str) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::delete(signing_keys::table)
        .filter(signing_keys::kid.eq(kid))
        .filter(signing_keys::state.eq(KeyState::Retired.as_str()))
        .execute(connection))?;
    Ok(())
}

/// Seals a key's private half anew, under the current sealing key.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn replace_sealed(tx: &mut Tx<'_>, kid: &str, sealed: &[u8]) -> Result<(), StorageError> {
    on_either!(tx, connection => diesel::update(signing_keys::table.find(kid))
        .set(signing_keys::sealed_private_key.eq(sealed))
        .execute(connection))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{DAY, in_parallel, write};
    use crate::testing::{START, on_both_databases};
    use crate::unit_of_work::Store;

    fn key(kid: &str, state: KeyState) -> StoredKey {
        StoredKey {
            kid: kid.to_owned(),
            algorithm: SigningAlgorithm::default(),
            state,
            public_jwk: "{}".to_owned(),
            sealed_private_key: vec![1, 2, 3],
            created_at: START,
            schedule: schedule(1),
        }
    }

    fn schedule(days: u32) -> KeySchedule {
        KeySchedule {
            activates_at: START.plus(days * DAY),
            retires_at: START.plus(days * 2 * DAY),
            removes_at: START.plus(days * 3 * DAY),
        }
    }

    fn stored(store: &Store, kid: &'static str, state: KeyState) -> bool {
        write(store, move |tx| insert(tx, &key(kid, state)))
    }

    fn moved(store: &Store, kid: &'static str, from: KeyState, to: KeyState) -> bool {
        write(store, move |tx| {
            replace_state(tx, kid, from, to, schedule(2))
        })
    }

    #[test]
    fn keys_are_listed_oldest_first_as_they_were_stored() {
        on_both_databases(|store, _| {
            let mut older = key("older", KeyState::Retired);
            older.created_at = START.minus(DAY);
            let stored = older.clone();
            write(store, move |tx| {
                insert(tx, &key("newer", KeyState::Active))?;
                insert(tx, &stored)
            });

            let listed = write(store, list);

            assert_eq!(listed, [older, key("newer", KeyState::Active)]);
        });
    }

    #[test]
    fn nodes_that_start_at_once_make_one_active_key() {
        on_both_databases(|store, _| {
            let endings = in_parallel(store, 8, |tx, time| {
                insert(tx, &key(&format!("key {time}"), KeyState::Active))
            });

            assert_eq!(endings.iter().filter(|stored| **stored).count(), 1);
            assert_eq!(write(store, list).len(), 1);
        });
    }

    #[test]
    fn an_algorithm_has_one_announced_one_active_and_many_retired_keys() {
        on_both_databases(|store, _| {
            assert!(stored(store, "active", KeyState::Active));
            assert!(stored(store, "announced", KeyState::Announced));
            assert!(!stored(store, "second", KeyState::Announced));
            assert!(stored(store, "retired", KeyState::Retired));
            assert!(stored(store, "retired too", KeyState::Retired));
        });
    }

    #[test]
    fn keys_of_other_algorithms_are_apart() {
        on_both_databases(|store, _| {
            let endings = write(store, |tx| {
                SigningAlgorithm::ALL
                    .into_iter()
                    .map(|algorithm| {
                        let key = StoredKey {
                            algorithm,
                            ..key(algorithm.as_str(), KeyState::Active)
                        };
                        insert(tx, &key)
                    })
                    .collect::<Result<Vec<_>, _>>()
            });

            assert!(endings.iter().all(|stored| *stored));
        });
    }

    #[test]
    fn a_key_moves_only_from_the_state_that_was_read() {
        on_both_databases(|store, _| {
            stored(store, "key", KeyState::Announced);

            assert!(moved(store, "key", KeyState::Announced, KeyState::Active));
            assert!(!moved(store, "key", KeyState::Announced, KeyState::Active));

            let listed = write(store, list);
            assert_eq!(listed[0].state, KeyState::Active);
            assert_eq!(listed[0].schedule, schedule(2));
        });
    }

    #[test]
    fn only_a_retired_key_is_deleted() {
        on_both_databases(|store, _| {
            stored(store, "active", KeyState::Active);
            stored(store, "retired", KeyState::Retired);

            write(store, |tx| {
                delete(tx, "active")?;
                delete(tx, "retired")
            });

            assert_eq!(write(store, list), [key("active", KeyState::Active)]);
        });
    }

    #[test]
    fn a_key_is_sealed_anew_in_place() {
        on_both_databases(|store, _| {
            stored(store, "key", KeyState::Active);

            write(store, |tx| replace_sealed(tx, "key", &[9]));

            assert_eq!(write(store, list)[0].sealed_private_key, [9]);
        });
    }
}
