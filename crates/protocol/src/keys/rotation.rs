//! When a signing key is announced, takes over, retires and is removed.
//!
//! Pure functions from the stored keys and the time to the [`Step`]s that are due.
//! [`KeyUpkeep`](super::KeyUpkeep) takes them.

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
    /// Make a key.
    Make {
        /// What it signs in.
        algorithm: SigningAlgorithm,
        /// [`KeyState::Announced`], or [`KeyState::Active`] where nothing else signs.
        state: KeyState,
        /// Its plan.
        schedule: KeySchedule,
    },
    /// Move a key on, from the state it was read in.
    Move {
        /// Which key.
        kid: String,
        /// Where it was.
        from: KeyState,
        /// Where it goes.
        to: KeyState,
        /// Its plan from now on.
        schedule: KeySchedule,
    },
    /// Delete a retired key.
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
        let retirement = active.map(|key| Step::Move {
            kid: key.kid.clone(),
            from: KeyState::Active,
            to: KeyState::Retired,
            schedule: KeySchedule {
                activates_at: key.schedule.activates_at,
                retires_at: now,
                removes_at: now.plus(self.retirement),
            },
        });
        let accession = match successor {
            Some(key) => Step::Move {
                kid: key.kid.clone(),
                from: KeyState::Announced,
                to: KeyState::Active,
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
mod tests;
