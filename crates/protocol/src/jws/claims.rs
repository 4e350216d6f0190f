//! Claims that several kinds of JWT have: an audience of either shape, dates, and the time at which
//! a JWT of a client counts (RFC 7519 §2, §4.1).

use std::time::Duration;

use model::Timestamp;
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer};

/// An `aud` claim: one string or an array of them (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// `"aud": "https://issuer.example"`
    One(String),
    /// `"aud": ["https://issuer.example", "https://other.example"]`
    Many(Vec<String>),
}

impl Audience {
    /// Its members, of whichever shape it came in.
    #[must_use]
    pub fn members(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    /// Whether `name` is a member.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.members().iter().any(|member| member == name)
    }
}

/// A `NumericDate`: seconds since the epoch, a fraction allowed (RFC 7519 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumericDate(pub Timestamp);

impl<'de> Deserialize<'de> for NumericDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        if let Some(seconds) = number.as_i64() {
            return Ok(Self(Timestamp::from_seconds(seconds)));
        }
        match number.as_f64() {
            // `as` saturates, so that a date beyond every calendar stays beyond every limit.
            #[allow(
                clippy::cast_possible_truncation,
                reason = "milliseconds are exact enough"
            )]
            Some(seconds) => Ok(Self(Timestamp::from_millis((seconds * 1000.0) as i64))),
            None => Err(D::Error::invalid_value(
                Unexpected::Other("number"),
                &"a NumericDate",
            )),
        }
    }
}

/// How far a client's clock may be from ours.
pub const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// When a JWT that a client made counts; all of them may be left out.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Times {
    /// From then on it is refused (RFC 7519 §4.1.4).
    pub exp: Option<NumericDate>,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
}

/// It does not count now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untimely {
    /// Its `exp` has passed.
    #[error("it has expired")]
    Expired,
    /// Its `nbf` is still to come.
    #[error("it is not valid yet")]
    NotYetValid,
    /// Its `iat` is still to come.
    #[error("it was issued in the future")]
    IssuedInFuture,
}

impl Times {
    /// Whether it counts now, by a clock that may be [`CLOCK_SKEW`] off.
    ///
    /// # Errors
    ///
    /// [`Untimely`] says which of its dates is against it.
    pub fn check(&self, now: Timestamp) -> Result<(), Untimely> {
        let latest_now = now.plus(CLOCK_SKEW);
        let has_passed = |date: NumericDate| date.0.plus(CLOCK_SKEW) <= now;
        let is_ahead = |date: NumericDate| date.0 > latest_now;
        if self.exp.is_some_and(has_passed) {
            return Err(Untimely::Expired);
        }
        if self.nbf.is_some_and(is_ahead) {
            return Err(Untimely::NotYetValid);
        }
        if self.iat.is_some_and(is_ahead) {
            return Err(Untimely::IssuedInFuture);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(json: &str) -> Option<i64> {
        serde_json::from_str::<NumericDate>(json)
            .ok()
            .map(|date| date.0.millis())
    }

    #[test]
    fn a_numeric_date_is_a_number_of_seconds_with_or_without_a_fraction() {
        assert_eq!(date("1300819380"), Some(1_300_819_380_000));
        assert_eq!(date("1300819380.25"), Some(1_300_819_380_250));
        assert_eq!(date("1.3e9"), Some(1_300_000_000_000));
        assert_eq!(date("1e300"), Some(i64::MAX));
        assert_eq!(date("18446744073709551615"), Some(i64::MAX));
        assert_eq!(date("\"1300819380\""), None);
        assert_eq!(date("null"), None);
    }

    #[test]
    fn an_audience_is_one_string_or_an_array_of_strings() {
        let one: Audience = serde_json::from_str(r#""a""#).unwrap();
        let many: Audience = serde_json::from_str(r#"["a", "b"]"#).unwrap();

        assert!(one.names("a") && !one.names("b"));
        assert!(many.names("a") && many.names("b"));
        assert!(serde_json::from_str::<Audience>(r#"["a", 1]"#).is_err());
    }
}
