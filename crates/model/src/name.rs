//! What people are called.

use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use serde::{Deserialize, Serialize};

use crate::invisible::is_zero_width;

/// One part of a name: a first name, a last name, a preferred name.
///
/// Shape: 1 to 200 characters of any script, in Unicode's composed form (NFC), with straight
/// apostrophes, single spaces and no zero-width characters. Case is as typed. Prints hidden.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NamePart(String);

/// A text that is no name, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing was typed.
    #[error("nothing was entered")]
    Empty,
    /// More than 200 characters.
    #[error("the name is longer than 200 characters")]
    TooLong,
    /// It holds a control character.
    #[error("the name holds a character that is not part of a name")]
    ControlCharacter,
}

impl NamePart {
    /// Longest name, in characters.
    pub const MAX_LEN: usize = 200;

    /// Reads a name as a person typed it.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] says what is wrong.
    pub fn parse(typed: &str) -> Result<Self, InvalidName> {
        let name = tidy(typed);
        if name.is_empty() {
            return Err(InvalidName::Empty);
        }
        if name.chars().any(char::is_control) {
            return Err(InvalidName::ControlCharacter);
        }
        if name.chars().count() > Self::MAX_LEN {
            return Err(InvalidName::TooLong);
        }
        Ok(Self(name))
    }

    /// The name as it is shown and stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which two spellings of one name are equal: see [`folded`].
    #[must_use]
    pub fn folded(&self) -> String {
        folded(&self.0)
    }
}

/// A person's name. Who has one name only has it as the last name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonName {
    /// The first name; `None` for a person with one name only.
    pub first: Option<NamePart>,
    /// The middle names, if there are any.
    pub middle: Option<NamePart>,
    /// The last name, or the only one.
    pub last: NamePart,
}

impl PersonName {
    /// The whole name, first name first.
    #[must_use]
    pub fn full(&self) -> String {
        let parts = [self.first.as_ref(), self.middle.as_ref(), Some(&self.last)];
        joined(&parts)
    }

    /// First and middle names; empty for a person with one name only.
    #[must_use]
    pub fn given(&self) -> String {
        joined(&[self.first.as_ref(), self.middle.as_ref()])
    }
}

fn joined(parts: &[Option<&NamePart>]) -> String {
    let parts: Vec<&str> = parts.iter().flatten().map(|part| part.as_str()).collect();
    parts.join(" ")
}

/// A name in the form by which names are compared, whoever wrote it: tidy, in one case, hyphens
/// and spaces alike. Accents count.
#[must_use]
pub fn folded(name: &str) -> String {
    // By way of upper case, so that ß and ss, ς and σ meet.
    let one_case = tidy(name).to_uppercase().to_lowercase();
    let is_between = |c: char| c.is_whitespace() || is_hyphen(c);
    let words: Vec<&str> = one_case
        .split(is_between)
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// A name as one keyboard would have written it.
fn tidy(typed: &str) -> String {
    let plain: String = typed
        .chars()
        .filter(|c| !is_zero_width(*c))
        .map(|c| if is_apostrophe(c) { '\'' } else { c })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    ComposingNormalizerBorrowed::new_nfc()
        .normalize(&words.join(" "))
        .into_owned()
}

const fn is_apostrophe(character: char) -> bool {
    matches!(
        character,
        '\u{2018}'
            | '\u{2019}'
            | '\u{201b}'
            | '\u{2bc}'
            | '\u{2b9}'
            | '\u{60}'
            | '\u{b4}'
            | '\u{2032}'
            | '\u{ff07}'
    )
}

const fn is_hyphen(character: char) -> bool {
    matches!(
        character,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}'
    )
}

impl TryFrom<String> for NamePart {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<NamePart> for String {
    fn from(name: NamePart) -> Self {
        name.0
    }
}

impl fmt::Debug for NamePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NamePart(..)")
    }
}

impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(typed: &str) -> NamePart {
        NamePart::parse(typed).unwrap()
    }

    #[test]
    fn names_of_any_script_are_read_and_tidied() {
        for (typed, expected) in [
            ("Ada", "Ada"),
            ("  Ada  ", "Ada"),
            ("Ada  Mary", "Ada Mary"),
            ("Ada\u{a0}Mary", "Ada Mary"),
            ("Ada\tMary\n", "Ada Mary"),
            ("O\u{2019}Neill", "O'Neill"),
            ("O\u{2018}Neill", "O'Neill"),
            ("O`Neill", "O'Neill"),
            ("O\u{b4}Neill", "O'Neill"),
            ("O\u{2bc}Neill", "O'Neill"),
            ("Smith-Jones", "Smith-Jones"),
            ("Se\u{e1}n", "Se\u{e1}n"),
            ("Sea\u{301}n", "Se\u{e1}n"),
            ("Smi\u{ad}th", "Smith"),
            ("Smi\u{200b}th", "Smith"),
            ("\u{feff}Smith", "Smith"),
            ("\u{202e}Smith", "Smith"),
            ("St. John", "St. John"),
            ("de la Cruz", "de la Cruz"),
            ("van 't Hoff", "van 't Hoff"),
            ("X", "X"),
            ("Ng", "Ng"),
            ("McDonald 3rd", "McDonald 3rd"),
            ("\u{5f20}\u{4f1f}", "\u{5f20}\u{4f1f}"),
            (
                "\u{645}\u{62d}\u{645}\u{62f}",
                "\u{645}\u{62d}\u{645}\u{62f}",
            ),
            ("\u{10d2}\u{10d8}\u{10dd}", "\u{10d2}\u{10d8}\u{10dd}"),
            ("\u{1e40}\u{16b}\u{17e}", "\u{1e40}\u{16b}\u{17e}"),
            ("lower", "lower"),
            ("UPPER", "UPPER"),
            ("-", "-"),
        ] {
            let name = NamePart::parse(typed);

            assert_eq!(
                name.as_ref().map(NamePart::as_str),
                Ok(expected),
                "{typed:?}"
            );
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        use InvalidName::{ControlCharacter, Empty, TooLong};
        let (long, long_words) = ("a".repeat(201), "a ".repeat(101));
        let long_accented = "\u{e9}".repeat(201);

        for (typed, reason) in [
            ("", Empty),
            (" ", Empty),
            ("\t\r\n", Empty),
            ("\u{a0}", Empty),
            ("\u{2003}", Empty),
            ("\u{200b}", Empty),
            ("\u{ad}", Empty),
            ("\u{feff}", Empty),
            ("\u{200d}\u{200c}", Empty),
            ("\u{2060} ", Empty),
            ("\u{202a}\u{202c}", Empty),
            ("A\0da", ControlCharacter),
            ("A\u{1}da", ControlCharacter),
            ("A\u{7}da", ControlCharacter),
            ("A\u{8}da", ControlCharacter),
            ("A\u{1b}[31mda", ControlCharacter),
            ("\u{7f}Ada", ControlCharacter),
            ("Ada\u{80}", ControlCharacter),
            ("Ada\u{9f}", ControlCharacter),
            (long.as_str(), TooLong),
            (long_words.as_str(), TooLong),
            (long_accented.as_str(), TooLong),
        ] {
            assert_eq!(NamePart::parse(typed), Err(reason), "{typed:?}");
        }
    }

    #[test]
    fn a_name_of_200_characters_is_read() {
        assert!(NamePart::parse(&"a".repeat(200)).is_ok());
        assert!(NamePart::parse(&"e\u{301}".repeat(200)).is_ok());
    }

    #[test]
    fn spellings_of_one_name_fold_alike() {
        for (one, other) in [
            ("ADA", "ada"),
            ("O\u{2019}Neill", "o'neill"),
            ("Smith-Jones", "smith jones"),
            ("Smith\u{2010}Jones", "Smith - Jones"),
            ("Stra\u{df}e", "STRASSE"),
            ("Se\u{e1}n", "SEA\u{301}N"),
            (
                "\u{3a3}\u{3bf}\u{3c6}\u{3cc}\u{3c2}",
                "\u{3c3}\u{3bf}\u{3c6}\u{3cc}\u{3c3}",
            ),
        ] {
            assert_eq!(name(one).folded(), name(other).folded(), "{one}");
        }
        for (one, other) in [
            ("Sean", "Se\u{e1}n"),
            ("ONeill", "O'Neill"),
            ("Ann", "Anne"),
        ] {
            assert_ne!(name(one).folded(), name(other).folded(), "{one}");
        }
    }

    #[test]
    fn a_whole_name_leaves_out_what_is_not_there() {
        let whole = PersonName {
            first: Some(name("Ada")),
            middle: Some(name("King")),
            last: name("Lovelace"),
        };
        let single = PersonName {
            first: None,
            middle: None,
            last: name("Sukarno"),
        };

        assert_eq!(
            (whole.full(), whole.given()),
            ("Ada King Lovelace".to_owned(), "Ada King".to_owned())
        );
        assert_eq!(
            (single.full(), single.given()),
            ("Sukarno".to_owned(), String::new())
        );
        assert_eq!(format!("{whole:?}"), "PersonName(..)");
        assert_eq!(format!("{:?}", whole.last), "NamePart(..)");
    }
}
