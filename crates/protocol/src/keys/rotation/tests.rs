//! Keys through the years, without a database.

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
                Step::Move {
                    kid,
                    from,
                    to,
                    schedule,
                } => {
                    let key = self.key(kid);
                    assert_eq!(key.state, *from);
                    key.state = *to;
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
    let refused =
        |announce, active, retire| Rotation::new(announce, active, retire, HOUR, DAY).unwrap_err();

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
