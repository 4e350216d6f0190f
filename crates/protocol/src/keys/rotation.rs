//! When a signing key is announced, takes over, retires and is removed.
//!
//! Pure functions from the stored keys and the time to the [`Step`]s that are due. Whoever runs
//! them (the rotation job, `key rotate`) writes each step as one conditional statement on the
//! state it leaves, in the order given, so that of several nodes one takes it and the others
//! find it taken.

use std::time::Duration;

use model::signing_key::{KeySchedule, KeyState, StoredKey};
use model::{SigningAlgorithm, Timestamp};

/// How long after a change to the stored keys the last node has it in force.
const NODES_FOLLOW_WITHIN: Duration = Duration::from_secs(60);

/// How long a key spends in each state. The overlaps are longer than what they must outlast,
/// which [`Rotation::new`] checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    announcement: Duration,
    activity: Duration,
    retirement: Duration,
}

/// A rotation under which a good token could fail to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RotationTooShort {
    /// A client with a cached JWKS would meet a key that it does not know.
    #[error("keys must be announced for longer than clients may cache the JWKS")]
    Announcement,
    /// A key would be replaced before its successor was announced.
    #[error("keys must be active for longer than their successors are announced")]
    Activity,
    /// A token would outlive the published key that verifies it.
    #[error("keys must stay retired for longer than the longest token lives")]
    Retirement,
}

/// One change to the stored keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make a key ([`generate`](super::generate)) and insert it, unless the algorithm has a key
    /// in that state by now.
    Make {
        /// What it signs in.
        algorithm: SigningAlgorithm,
        /// [`KeyState::Announced`], or [`KeyState::Active`] where nothing else signs.
        state: KeyState,
        /// Its plan.
        schedule: KeySchedule,
    },
    /// An active key stops signing.
    Retire {
        /// Which key.
        kid: String,
        /// From now on.
        retires_at: Timestamp,
        /// Until when it stays published.
        removes_at: Timestamp,
    },
    /// An announced key begins to sign.
    Activate {
        /// Which key.
        kid: String,
        /// Its plan from now on.
        schedule: KeySchedule,
    },
    /// A retired key is deleted.
    Remove {
        /// Which key.
        kid: String,
    },
}

/// When the successor of a rotation asked for by hand takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takeover {
    /// Once every client had the time to learn of it.
    Announced,
    /// At once (`key rotate --now`), for a key that may be known to others. Clients that cache
    /// the JWKS fetch it again when they meet the unknown `kid`.
    Now,
}

/// The keys of one algorithm that are not retired.
struct Line<'a> {
    active: Option<&'a StoredKey>,
    announced: Option<&'a StoredKey>,
}

impl Rotation {
    /// A rotation, if its overlaps outlast `jwks_max_age` (for how long clients may cache the
    /// JWKS) and `longest_token_life` (of all tokens that are signed), and the minute that nodes
    /// take to follow.
    ///
    /// # Errors
    ///
    /// [`RotationTooShort`] names the overlap that does not.
    pub fn new(
        announce_for: Duration,
        active_for: Duration,
        retire_for: Duration,
        jwks_max_age: Duration,
        longest_token_life: Duration,
    ) -> Result<Self, RotationTooShort> {
        if announce_for <= jwks_max_age + NODES_FOLLOW_WITHIN {
            return Err(RotationTooShort::Announcement);
        }
        if active_for <= announce_for {
            return Err(RotationTooShort::Activity);
        }
        if retire_for <= longest_token_life + NODES_FOLLOW_WITHIN {
            return Err(RotationTooShort::Retirement);
        }
        Ok(Self {
            announcement: announce_for,
            activity: active_for,
            retirement: retire_for,
        })
    }

    /// The steps that are due at `now`: first keys at first start, announcements, takeovers and
    /// removals. Asking again after they are written gives none.
    #[must_use]
    pub fn due(&self, keys: &[StoredKey], now: Timestamp) -> Vec<Step> {
        let successions = SigningAlgorithm::ALL
            .into_iter()
            .flat_map(|it| self.succession(keys, it, now));
        let removals = keys
            .iter()
            .filter(|key| key.state == KeyState::Retired && key.schedule.removes_at <= now)
            .map(|key| Step::Remove {
                kid: key.kid.clone(),
            });
        successions.chain(removals).collect()
    }

    /// The steps of a rotation of `algorithm` asked for by hand. A successor that is announced
    /// already is used; without an active key there is one at once.
    #[must_use]
    pub fn rotate(
        &self,
        keys: &[StoredKey],
        algorithm: SigningAlgorithm,
        takeover: Takeover,
        now: Timestamp,
    ) -> Vec<Step> {
        let line = Line::of(keys, algorithm);
        match (takeover, line.active, line.announced) {
            (Takeover::Announced, Some(_), Some(_)) => Vec::new(),
            (Takeover::Announced, Some(_), None) => {
                vec![self.announce(algorithm, now.plus(self.announcement))]
            }
            (Takeover::Announced, None, successor) | (Takeover::Now, _, successor) => {
                self.handover(algorithm, line.active, successor, now)
            }
        }
    }

    fn succession(
        &self,
        keys: &[StoredKey],
        algorithm: SigningAlgorithm,
        now: Timestamp,
    ) -> Vec<Step> {
        let line = Line::of(keys, algorithm);
        match (line.active, line.announced) {
            (None, successor) => self.handover(algorithm, None, successor, now),
            (active, Some(successor)) if successor.schedule.activates_at <= now => {
                self.handover(algorithm, active, Some(successor), now)
            }
            (Some(active), None) if active.schedule.retires_at.minus(self.announcement) <= now => {
                let takes_over_at = active.schedule.retires_at.max(now.plus(self.announcement));
                vec![self.announce(algorithm, takes_over_at)]
            }
            (Some(_), _) => Vec::new(),
        }
    }

    /// The old key goes before the new one comes, so that no two are active at once.
    fn handover(
        &self,
        algorithm: SigningAlgorithm,
        active: Option<&StoredKey>,
        successor: Option<&StoredKey>,
        now: Timestamp,
    ) -> Vec<Step> {
        let schedule = self.schedule_from(now);
        let retirement = active.map(|key| Step::Retire {
            kid: key.kid.clone(),
            retires_at: now,
            removes_at: now.plus(self.retirement),
        });
        let accession = match successor {
            Some(key) => Step::Activate {
                kid: key.kid.clone(),
                schedule,
            },
            None => Step::Make {
                algorithm,
                state: KeyState::Active,
                schedule,
            },
        };
        retirement.into_iter().chain([accession]).collect()
    }

    fn announce(&self, algorithm: SigningAlgorithm, activates_at: Timestamp) -> Step {
        let schedule = self.schedule_from(activates_at);
        Step::Make {
            algorithm,
            state: KeyState::Announced,
            schedule,
        }
    }

    fn schedule_from(&self, activates_at: Timestamp) -> KeySchedule {
        let retires_at = activates_at.plus(self.activity);
        KeySchedule {
            activates_at,
            retires_at,
            removes_at: retires_at.plus(self.retirement),
        }
    }
}

impl<'a> Line<'a> {
    fn of(keys: &'a [StoredKey], algorithm: SigningAlgorithm) -> Self {
        let in_state = |state| {
            keys.iter()
                .find(|key| key.algorithm == algorithm && key.state == state)
        };
        Self {
            active: in_state(KeyState::Active),
            announced: in_state(KeyState::Announced),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    const START: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn rotation() -> Rotation {
        Rotation::new(DAY, 90 * DAY, 2 * DAY, HOUR, DAY).unwrap()
    }

    /// What storage does with the steps, without storage.
    #[derive(Default)]
    struct Rows {
        keys: Vec<StoredKey>,
        made: usize,
    }

    impl Rows {
        fn write(&mut self, steps: &[Step], now: Timestamp) {
            for step in steps {
                match step {
                    Step::Make {
                        algorithm,
                        state,
                        schedule,
                    } => {
                        self.made += 1;
                        self.keys.push(StoredKey {
                            kid: format!("{algorithm}-{}", self.made),
                            algorithm: *algorithm,
                            state: *state,
                            sealed_private_key: Vec::new(),
                            public_jwk: String::new(),
                            created_at: now,
                            schedule: *schedule,
                        });
                    }
                    Step::Retire {
                        kid,
                        retires_at,
                        removes_at,
                    } => {
                        let key = self.key(kid);
                        assert_eq!(key.state, KeyState::Active);
                        key.state = KeyState::Retired;
                        key.schedule.retires_at = *retires_at;
                        key.schedule.removes_at = *removes_at;
                    }
                    Step::Activate { kid, schedule } => {
                        let key = self.key(kid);
                        assert_eq!(key.state, KeyState::Announced);
                        key.state = KeyState::Active;
                        key.schedule = *schedule;
                    }
                    Step::Remove { kid } => {
                        assert_eq!(self.key(kid).state, KeyState::Retired);
                        self.keys.retain(|key| key.kid != *kid);
                    }
                }
            }
        }

        fn key(&mut self, kid: &str) -> &mut StoredKey {
            self.keys.iter_mut().find(|key| key.kid == kid).unwrap()
        }

        fn active_es256(&self) -> &StoredKey {
            let mut active = self.keys.iter().filter(|key| {
                key.algorithm == SigningAlgorithm::ES256 && key.state == KeyState::Active
            });
            let key = active.next().unwrap();
            assert_eq!(active.next(), None, "two active keys");
            key
        }
    }

    fn started() -> Rows {
        let mut rows = Rows::default();
        rows.write(&rotation().due(&[], START), START);
        rows
    }

    #[test]
    fn the_first_start_makes_one_active_key_of_each_algorithm() {
        let rows = started();

        let made: Vec<_> = rows
            .keys
            .iter()
            .map(|key| (key.algorithm, key.state))
            .collect();
        assert_eq!(made, SigningAlgorithm::ALL.map(|it| (it, KeyState::Active)));
        assert_eq!(rotation().due(&rows.keys, START), []);
    }

    #[test]
    fn through_two_years_every_key_is_known_before_it_signs_and_until_its_last_token_expired() {
        let rotation = rotation();
        let mut rows = Rows::default();
        let mut first_published: HashMap<String, Timestamp> = HashMap::new();
        let mut last_signed: HashMap<String, Timestamp> = HashMap::new();

        for hours in 0..2 * 365 * 24 {
            let now = START.plus(HOUR * hours);
            rows.write(&rotation.due(&rows.keys, now), now);
            for key in &rows.keys {
                first_published.entry(key.kid.clone()).or_insert(now);
            }
            last_signed.insert(rows.active_es256().kid.clone(), now);

            let signer = &rows.active_es256().kid;
            let known_for = now.since(first_published[signer]);
            assert!(
                first_published[signer] == START || known_for > HOUR,
                "{signer} is too new"
            );
            for (kid, signed_at) in &last_signed {
                let is_published = rows.keys.iter().any(|key| key.kid == *kid);
                assert!(
                    is_published || now.since(*signed_at) > DAY,
                    "{kid} went too early"
                );
            }
        }

        assert_eq!(last_signed.len(), 9, "a key each 90 days");
        assert!(rows.keys.len() <= 12, "old keys are removed");
    }

    #[test]
    fn a_rotation_by_hand_announces_one_successor_and_no_second() {
        let mut rows = started();
        let rotate = |rows: &Rows, takeover| {
            rotation().rotate(&rows.keys, SigningAlgorithm::ES256, takeover, START)
        };

        let steps = rotate(&rows, Takeover::Announced);
        rows.write(&steps, START);

        let schedule = rotation().schedule_from(START.plus(DAY));
        let state = KeyState::Announced;
        assert_eq!(
            steps,
            [Step::Make {
                algorithm: SigningAlgorithm::ES256,
                state,
                schedule
            }]
        );
        assert_eq!(rotate(&rows, Takeover::Announced), []);
    }

    #[test]
    fn a_rotation_now_retires_the_active_key_and_activates_the_announced_one() {
        let mut rows = started();
        let old = rows.active_es256().kid.clone();
        let algorithm = SigningAlgorithm::ES256;
        let announce = rotation().rotate(&rows.keys, algorithm, Takeover::Announced, START);
        rows.write(&announce, START);
        let successor = rows.keys.last().unwrap().kid.clone();

        let steps = rotation().rotate(&rows.keys, algorithm, Takeover::Now, START);
        rows.write(&steps, START);

        assert_eq!(rows.active_es256().kid, successor);
        assert_eq!(rows.key(&old).state, KeyState::Retired);
        assert_eq!(rows.key(&old).schedule.removes_at, START.plus(2 * DAY));
    }

    #[test]
    fn a_rotation_now_without_an_announced_key_makes_an_active_one() {
        let mut rows = started();
        let old = rows.active_es256().kid.clone();

        let steps = rotation().rotate(&rows.keys, SigningAlgorithm::ES256, Takeover::Now, START);
        rows.write(&steps, START);

        assert_ne!(rows.active_es256().kid, old);
    }

    #[test]
    fn a_server_that_was_off_for_a_year_announces_before_it_replaces() {
        let mut rows = started();
        let now = START.plus(365 * DAY);

        let steps = rotation().due(&rows.keys, now);
        rows.write(&steps, now);

        assert_eq!(rows.active_es256().created_at, START);
        let successor = rows
            .keys
            .iter()
            .find(|key| key.state == KeyState::Announced)
            .unwrap();
        assert_eq!(successor.schedule.activates_at, now.plus(DAY));
    }

    #[test]
    fn overlaps_that_do_not_outlast_caches_and_tokens_are_refused() {
        let refused = |announce, active, retire| {
            Rotation::new(announce, active, retire, HOUR, DAY).unwrap_err()
        };

        let minute = Duration::from_secs(60);
        assert_eq!(
            refused(HOUR + minute, 90 * DAY, 2 * DAY),
            RotationTooShort::Announcement
        );
        assert_eq!(refused(DAY, DAY, 2 * DAY), RotationTooShort::Activity);
        assert_eq!(
            refused(DAY, 90 * DAY, DAY + minute),
            RotationTooShort::Retirement
        );
    }
}
