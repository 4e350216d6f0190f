//! What a client asks for, as a set of words.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A set of scope values (RFC 6749 §3.3), kept sorted so that equal sets read alike.
///
/// Shape on the wire: words of printable ASCII without quote and backslash, parted by spaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeSet(BTreeSet<String>);

/// A text that is no list of scope values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scope values are printable ASCII without quotes, parted by single spaces")]
pub struct InvalidScope;

impl ScopeSet {
    /// Longest scope parameter that is read, in bytes.
    pub const MAX_LEN: usize = 2_000;

    /// Reads a `scope` parameter.
    ///
    /// # Errors
    ///
    /// [`InvalidScope`] for a character outside RFC 6749 §3.3 or more than
    /// [`MAX_LEN`](Self::MAX_LEN) bytes.
    pub fn parse(text: &str) -> Result<Self, InvalidScope> {
        let is_scope_byte = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if text.len() > Self::MAX_LEN || !text.bytes().all(|b| b == b' ' || is_scope_byte(b)) {
            return Err(InvalidScope);
        }
        Ok(text.split(' ').filter(|word| !word.is_empty()).collect())
    }

    /// Whether the set holds that value.
    #[must_use]
    pub fn contains(&self, value: &str) -> bool {
        self.0.contains(value)
    }

    /// Whether there is no value at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every value of `self` is in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// The values that are in both.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// The values that are in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// The values, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl<'a> FromIterator<&'a str> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = &'a str>>(values: I) -> Self {
        Self(values.into_iter().map(str::to_owned).collect())
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(value)?;
        }
        Ok(())
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = InvalidScope;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ScopeSet> for String {
    fn from(scope: ScopeSet) -> Self {
        scope.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_repetition_and_extra_spaces_do_not_matter() {
        let scope = ScopeSet::parse("openid  email openid").unwrap();

        assert_eq!(scope.to_string(), "email openid");
        assert_eq!(scope, ScopeSet::parse("email openid").unwrap());
    }

    #[test]
    fn characters_outside_the_grammar_are_refused() {
        for refused in ["a\"b", "a\\b", "a\tb", "é", "a\nb", &"a".repeat(2_001)] {
            assert_eq!(ScopeSet::parse(refused), Err(InvalidScope), "{refused}");
        }
    }
}
