//! Parameters as they came, before anything is believed of them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The parameters of one request in the order they came, duplicates kept.
///
/// A duplicate must be seen to be refused (RFC 6749 §3.1), so nothing is merged here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RawPairs(Vec<(String, String)>);

/// A parameter that came more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated(pub &'static str);

impl RawPairs {
    /// Reads a query string or an `application/x-www-form-urlencoded` body.
    #[must_use]
    pub fn parse(encoded: &[u8]) -> Self {
        Self(
            form_urlencoded::parse(encoded)
                .map(|(name, value)| (Cow::into_owned(name), Cow::into_owned(value)))
                .collect(),
        )
    }

    /// The value of a parameter; `None` when it is absent or empty ("parameters sent without a
    /// value MUST be treated as if they were omitted", RFC 6749 §3.1).
    ///
    /// # Errors
    ///
    /// [`Repeated`] when it came more than once.
    pub fn one(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        let mut values = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .map(|(_, value)| value);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Repeated(name)),
            (Some(value), None) if !value.is_empty() => Ok(Some(value)),
            _ => Ok(None),
        }
    }

    /// The first value of a parameter, for places that must answer something before they may
    /// refuse a duplicate.
    #[must_use]
    pub fn first(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The pairs, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The pairs as a query string.
    #[must_use]
    pub fn to_query(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.iter())
            .finish()
    }
}

impl FromIterator<(String, String)> for RawPairs {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_parameter_is_seen_even_when_one_is_empty() {
        let pairs = RawPairs::parse(b"a=1&a=&b=2");

        assert_eq!(pairs.one("a"), Err(Repeated("a")));
        assert_eq!(pairs.one("b"), Ok(Some("2")));
        assert_eq!(pairs.first("a"), Some("1"));
    }

    #[test]
    fn an_empty_parameter_counts_as_absent() {
        assert_eq!(RawPairs::parse(b"a=").one("a"), Ok(None));
    }

    #[test]
    fn values_survive_a_round_trip_byte_for_byte() {
        let pairs = RawPairs::parse(b"state=a%26b%3D%C3%A9+%2B");

        assert_eq!(pairs.one("state"), Ok(Some("a&b=é +")));
        assert_eq!(RawPairs::parse(pairs.to_query().as_bytes()), pairs);
    }
}
