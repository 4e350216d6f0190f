//! The only place that asks the time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::DateTime;
use serde::{Deserialize, Serialize};

/// An instant, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// The database stores exactly this number, so that both databases return what was stored, in
/// order, with no time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant that many milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The instant that many seconds after the epoch (a JWT `NumericDate`, RFC 7519 §2).
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down (a JWT `NumericDate`, RFC 7519 §2).
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The instant `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis_of(duration)))
    }

    /// The instant `duration` earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis_of(duration)))
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The day in UTC as people write it, for example `22 November 2026`; empty for an instant that
    /// no calendar has.
    #[must_use]
    pub fn date_in_words(self) -> String {
        DateTime::from_timestamp_millis(self.0)
            .map(|instant| instant.format("%-d %B %Y").to_string())
            .unwrap_or_default()
    }

    /// Day and time in UTC, for example `22 November 2026 at 14:05:09 UTC`; empty for an instant that
    /// no calendar has.
    #[must_use]
    pub fn in_words(self) -> String {
        DateTime::from_timestamp_millis(self.0)
            .map(|instant| instant.format("%-d %B %Y at %H:%M:%S UTC").to_string())
            .unwrap_or_default()
    }
}

fn millis_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(
        clippy::disallowed_methods,
        reason = "this is the one place that asks the time"
    )]
    fn now(&self) -> Timestamp {
        Timestamp(chrono::Utc::now().timestamp_millis())
    }
}

/// A clock that tests advance by hand.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub const fn starting_at(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.millis()))
    }

    /// Moves the clock on by `duration`.
    pub fn advance(&self, duration: Duration) {
        self.0.fetch_add(millis_of(duration), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advanced_clock_tells_the_later_instant() {
        let clock = ManualClock::starting_at(Timestamp::from_seconds(100));

        clock.advance(Duration::from_millis(1_500));

        assert_eq!(clock.now(), Timestamp::from_millis(101_500));
        assert_eq!(clock.now().seconds(), 101);
    }

    #[test]
    fn an_instant_is_told_in_words() {
        let instant = Timestamp::from_seconds(1_795_337_000);

        assert_eq!(instant.date_in_words(), "22 November 2026");
        assert_eq!(instant.in_words(), "22 November 2026 at 08:43:20 UTC");
        assert_eq!(Timestamp::from_millis(i64::MAX).in_words(), "");
    }

    #[test]
    fn an_instant_ahead_was_no_time_ago() {
        let now = Timestamp::from_seconds(5);

        assert_eq!(now.since(now.plus(Duration::from_secs(1))), Duration::ZERO);
    }
}
