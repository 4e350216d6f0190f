//! What a person calls a passkey.

use std::fmt;

use crate::clock::Timestamp;
use crate::invisible::is_zero_width;

/// The name of a passkey, by which its owner tells it from others, for example `Work laptop`.
///
/// Shape: 1 to 60 characters of any script, with single spaces and no control or zero-width
/// characters. Prints hidden: people put their own names into it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasskeyName(String);

/// A text that is no name of a passkey, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPasskeyName {
    /// Nothing was typed.
    #[error("nothing was entered")]
    Empty,
    /// More than 60 characters.
    #[error("the name is longer than 60 characters")]
    TooLong,
    /// It holds a control character.
    #[error("the name holds a character that cannot be shown")]
    ControlCharacter,
}

impl PasskeyName {
    /// Longest name, in characters.
    pub const MAX_LEN: usize = 60;

    /// Reads a name as a person typed it.
    ///
    /// # Errors
    ///
    /// [`InvalidPasskeyName`] says what is wrong.
    pub fn parse(typed: &str) -> Result<Self, InvalidPasskeyName> {
        let seen: String = typed.chars().filter(|c| !is_zero_width(*c)).collect();
        let words: Vec<&str> = seen.split_whitespace().collect();
        let name = words.join(" ");
        if name.is_empty() {
            return Err(InvalidPasskeyName::Empty);
        }
        if name.chars().any(char::is_control) {
            return Err(InvalidPasskeyName::ControlCharacter);
        }
        if name.chars().count() > Self::MAX_LEN {
            return Err(InvalidPasskeyName::TooLong);
        }
        Ok(Self(name))
    }

    /// The name of a passkey whose owner gave it none: what keeps it, if that is known, and since
    /// when. For example `Windows Hello, 22 November 2026`.
    #[must_use]
    pub fn by_default(keeper: Option<&str>, now: Timestamp) -> Self {
        let keeper = keeper.unwrap_or("Passkey");
        Self(format!("{keeper}, {}", now.date_in_words()))
    }

    /// The name as it is shown and stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasskeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasskeyName(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_as_it_was_typed_but_for_what_nobody_sees() {
        let name = PasskeyName::parse("  Zoë’s \u{200b}work\tlaptop ").unwrap();

        assert_eq!(name.as_str(), "Zoë’s work laptop");
        assert_eq!(format!("{name:?}"), "PasskeyName(..)");
    }

    #[test]
    fn a_name_of_nothing_of_control_characters_or_too_long_is_refused() {
        let long = "é".repeat(61);
        for (typed, why) in [
            ("", InvalidPasskeyName::Empty),
            (" \u{200b} ", InvalidPasskeyName::Empty),
            ("a\u{7}b", InvalidPasskeyName::ControlCharacter),
            (long.as_str(), InvalidPasskeyName::TooLong),
        ] {
            assert_eq!(PasskeyName::parse(typed), Err(why), "{typed:?}");
        }
        assert!(PasskeyName::parse(&"é".repeat(60)).is_ok());
    }

    #[test]
    fn a_passkey_without_a_name_is_called_by_its_keeper_and_its_day() {
        let now = Timestamp::from_seconds(1_795_392_000);

        let known = PasskeyName::by_default(Some("Windows Hello"), now);
        let unknown = PasskeyName::by_default(None, now);

        assert_eq!(known.as_str(), "Windows Hello, 23 November 2026");
        assert_eq!(unknown.as_str(), "Passkey, 23 November 2026");
    }
}
