//! Quantities with a unit: durations, byte sizes and rates.

use std::time::Duration;

use storage::limits::Limit;

use super::setting::{Setting, quote, text};
use super::tree::Content;

const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// A duration is a whole number and one unit: `"500ms"`, `"60s"`, `"15m"`, `"12h"`, `"90d"`.
impl Setting for Duration {
    fn read(content: &Content) -> Option<Self> {
        parse_duration(text(content)?)
    }

    fn shape() -> String {
        "a duration such as \"500ms\", \"60s\", \"15m\", \"12h\" or \"90d\"".to_owned()
    }

    fn shown(&self) -> String {
        quote(&show_duration(*self))
    }
}

/// Reads a duration as a setting writes it; `None` when it is none.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = split_number(text)?;
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*millis).map(Duration::from_millis)
}

/// Writes a duration as [`Duration::read`](Setting::read) takes it, in the largest unit that
/// divides it.
fn show_duration(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (unit, size) = UNITS
        .into_iter()
        .find(|(_, size)| millis >= *size && millis.is_multiple_of(*size))
        .unwrap_or(("s", 1_000));
    format!("{}{unit}", millis / size)
}

fn split_number(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit.trim_start()))
}

/// A number of bytes, written `"512B"`, `"64KiB"` or `"2MiB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(usize);

impl ByteSize {
    /// That many times 1024 bytes.
    #[must_use]
    pub const fn kibibytes(count: usize) -> Self {
        Self(count * 1024)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.0
    }
}

const SIZES: [(&str, usize); 3] = [("MiB", 1024 * 1024), ("KiB", 1024), ("B", 1)];

impl Setting for ByteSize {
    fn read(content: &Content) -> Option<Self> {
        let (number, unit) = split_number(text(content)?)?;
        let (_, size) = SIZES.iter().find(|(name, _)| *name == unit)?;
        usize::try_from(number).ok()?.checked_mul(*size).map(Self)
    }

    fn shape() -> String {
        "a size such as \"512B\", \"64KiB\" or \"2MiB\"".to_owned()
    }

    fn shown(&self) -> String {
        let (unit, size) = SIZES
            .into_iter()
            .find(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size))
            .unwrap_or(("B", 1));
        quote(&format!("{}{unit}", self.0 / size))
    }
}

/// How often something may happen is written `"5 per 15m"`.
impl Setting for Limit {
    fn read(content: &Content) -> Option<Self> {
        let (count, per) = text(content)?.split_once(" per ")?;
        let limit = Self {
            count: count.trim().parse().ok()?,
            per: parse_duration(per.trim())?,
        };
        (limit.count > 0 && limit.per >= Duration::from_secs(1)).then_some(limit)
    }

    fn shape() -> String {
        "a rate such as \"5 per 15m\" or \"20 per 24h\", at least 1 and a second".to_owned()
    }

    fn shown(&self) -> String {
        quote(&format!("{} per {}", self.count, show_duration(self.per)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: Setting>(text: &str) -> Option<T> {
        T::read(&Content::Text(text.to_owned()))
    }

    #[test]
    fn a_duration_is_a_whole_number_and_a_unit() {
        assert_eq!(read("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(read("15m"), Some(Duration::from_secs(900)));
        assert_eq!(read("90d"), Some(Duration::from_secs(90 * 86_400)));
        for wrong in [
            "",
            "15",
            "m",
            "1.5h",
            "-1s",
            "15 minutes",
            "99999999999999999999d",
        ] {
            assert_eq!(read::<Duration>(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_duration_is_shown_as_it_would_be_written() {
        for written in ["0s", "500ms", "90s", "15m", "36h", "90d"] {
            assert_eq!(
                read::<Duration>(written).unwrap().shown(),
                format!("\"{written}\"")
            );
        }
    }

    #[test]
    fn a_size_counts_in_powers_of_1024() {
        assert_eq!(read::<ByteSize>("64KiB").map(ByteSize::bytes), Some(65_536));
        assert_eq!(read::<ByteSize>("2MiB").unwrap().shown(), "\"2MiB\"");
        assert_eq!(read::<ByteSize>("64KB"), None);
    }

    #[test]
    fn a_rate_is_a_count_and_a_duration() {
        let limit = read::<Limit>("5 per 15m").unwrap();

        assert_eq!(
            limit,
            Limit {
                count: 5,
                per: Duration::from_secs(900)
            }
        );
        assert_eq!(limit.shown(), "\"5 per 15m\"");
        assert_eq!(read::<Limit>("0 per 15m"), None);
        assert_eq!(read::<Limit>("5/15m"), None);
    }
}
