//! `[tokens]` and `[keys]`: how long what the provider issues is good, and when signing keys
//! change.

use std::time::Duration;

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
        let tokens = Self {
            authorization_code: section.or("authorization_code", MINUTE),
            access_token: section.or("access_token", HOUR),
            id_token: section.or("id_token", HOUR),
            refresh_idle: section.or("refresh_idle", 14 * DAY),
            refresh_absolute: section.or("refresh_absolute", 90 * DAY),
        };
        let second = Duration::from_secs(1);
        let range = second..=10 * MINUTE;
        let remedy = "must be from \"1s\" to \"10m\"";
        section.check(
            range.contains(&tokens.authorization_code),
            "authorization_code",
            remedy,
        );
        for (key, life) in [
            ("access_token", tokens.access_token),
            ("id_token", tokens.id_token),
        ] {
            let is_right = (second..=DAY).contains(&life);
            section.check(is_right, key, "must be from \"1s\" to \"24h\"");
        }
        let is_right = tokens.refresh_idle >= tokens.access_token;
        let remedy = "must not be shorter than tokens.access_token";
        section.check(is_right, "refresh_idle", remedy);
        let is_right = tokens.refresh_absolute >= tokens.refresh_idle;
        let remedy = "must not be shorter than tokens.refresh_idle";
        section.check(is_right, "refresh_absolute", remedy);
        tokens
    }

    fn longest_signed(&self) -> Duration {
        self.access_token.max(self.id_token)
    }
}

/// The life of a signing key: announced, active, retired, removed.
#[derive(Clone, Debug)]
pub struct Keys {
    /// How long a key is published before it signs, so that every cache has it.
    pub announced: Duration,
    /// How long a key signs.
    pub active: Duration,
    /// How long a key is still published after it has signed for the last time.
    pub retired: Duration,
    /// How long clients may keep the published keys (`Cache-Control: max-age` of `/jwks`).
    pub published_max_age: Duration,
    /// How often every node looks for new keys.
    pub refresh: Duration,
}

impl Keys {
    pub(crate) fn read(section: &mut Section<'_>, tokens: &Tokens) -> Self {
        let keys = Self {
            announced: section.or("announced", 2 * DAY),
            active: section.or("active", 90 * DAY),
            retired: section.or("retired", 7 * DAY),
            published_max_age: section.or("published_max_age", HOUR),
            refresh: section.or("refresh", Duration::from_secs(30)),
        };
        let is_right = (Duration::from_secs(1)..=MINUTE).contains(&keys.refresh);
        section.check(is_right, "refresh", "must be from \"1s\" to \"60s\"");
        let is_right = keys.announced >= keys.published_max_age + keys.refresh;
        let remedy = "must not be shorter than keys.published_max_age and keys.refresh together";
        section.check(is_right, "announced", remedy);
        let is_right = keys.active > keys.announced;
        section.check(is_right, "active", "must be longer than keys.announced");
        let is_right = keys.retired >= tokens.longest_signed() + keys.published_max_age;
        let remedy = "must not be shorter than the longest of tokens.access_token and \
                      tokens.id_token and keys.published_max_age together";
        section.check(is_right, "retired", remedy);
        keys
    }
}
