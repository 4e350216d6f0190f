//! `[tokens]` and `[keys]`: how long what the provider issues is good, and when signing keys
//! change.

use std::time::Duration;

use protocol::keys::{Rotation, RotationTooShort};

use super::section::Section;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// Lifetimes of what the provider issues.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Authorization codes (RFC 6749 §4.1.2 recommends at most ten minutes).
    pub authorization_code: Duration,
    /// Access tokens.
    pub access_token: Duration,
    /// ID tokens.
    pub id_token: Duration,
    /// A refresh token dies when it was not used for so long.
    pub refresh_idle: Duration,
    /// A family of refresh tokens dies so long after its sign-in.
    pub refresh_absolute: Duration,
}

impl Tokens {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let second = Duration::from_secs(1);
        let authorization_code = section.or("authorization_code", MINUTE);
        let is_right = (second..=10 * MINUTE).contains(&authorization_code);
        section.check(
            is_right,
            "authorization_code",
            "must be from \"1s\" to \"10m\"",
        );
        let mut signed = |key| {
            let life = section.or(key, HOUR);
            let is_right = (second..=DAY).contains(&life);
            section.check(is_right, key, "must be from \"1s\" to \"24h\"");
            life
        };
        let (access_token, id_token) = (signed("access_token"), signed("id_token"));
        let refresh_idle = section.or("refresh_idle", 14 * DAY);
        let refresh_absolute = section.or("refresh_absolute", 90 * DAY);
        let remedy = "must not be shorter than tokens.access_token";
        section.check(refresh_idle >= access_token, "refresh_idle", remedy);
        let remedy = "must not be shorter than tokens.refresh_idle";
        section.check(refresh_absolute >= refresh_idle, "refresh_absolute", remedy);
        Self {
            authorization_code,
            access_token,
            id_token,
            refresh_idle,
            refresh_absolute,
        }
    }
}

/// The life of a signing key, and how the world follows it.
#[derive(Clone, Debug)]
pub struct Keys {
    /// How long a key is announced, active and retired.
    pub rotation: Rotation,
    /// How long clients may keep the published keys (`Cache-Control: max-age` of `/jwks`).
    pub published_max_age: Duration,
    /// How often every node looks for new keys.
    pub refresh: Duration,
}

impl Keys {
    pub(crate) fn read(section: &mut Section<'_>, tokens: &Tokens) -> Option<Self> {
        let announced = section.or("announced", 2 * DAY);
        let active = section.or("active", 90 * DAY);
        let retired = section.or("retired", 7 * DAY);
        let published_max_age = section.or("published_max_age", HOUR);
        let refresh = section.or("refresh", Duration::from_secs(30));
        let is_right = (Duration::from_secs(1)..MINUTE).contains(&refresh);
        section.check(is_right, "refresh", "must be from \"1s\" to \"59s\"");
        let longest = tokens.access_token.max(tokens.id_token);
        match Rotation::new(announced, active, retired, published_max_age, longest) {
            Ok(rotation) => Some(Self {
                rotation,
                published_max_age,
                refresh,
            }),
            Err(too_short) => {
                let (key, remedy) = remedy(too_short);
                section.fault(key, remedy);
                None
            }
        }
    }
}

const fn remedy(too_short: RotationTooShort) -> (&'static str, &'static str) {
    match too_short {
        RotationTooShort::Announcement => (
            "announced",
            "must be longer than keys.published_max_age and a minute",
        ),
        RotationTooShort::Activity => ("active", "must be longer than keys.announced"),
        RotationTooShort::Retirement => (
            "retired",
            "must be longer than the longer of tokens.access_token and tokens.id_token and a \
             minute",
        ),
    }
}
