//! The codes that sign a person in who has lost their second factor.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::entropy::Entropy;
use crate::invisible::is_invisible;
use crate::secret::Secret;

/// How many characters a code has, of five random bits each.
const LEN: usize = 12;

/// How many codes a person has at once.
pub const IN_A_SET: usize = 10;

/// Crockford's base 32: no `I`, `L`, `O` and `U`, which people read as others.
const ALPHABET: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J',
    'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// A recovery code.
///
/// Shape: twelve characters of Crockford's base 32 (60 random bits), for example `7K3QWX0M9TBA`,
/// shown as `7K3Q-WX0M-9TBA`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryCode(Secret<String>);

/// What was typed is no recovery code, and why; each has a message of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidRecoveryCode {
    /// Nothing was typed.
    Empty,
    /// Something other than the letters and digits of a code was typed.
    WrongCharacters,
    /// Fewer than twelve characters.
    TooFew,
    /// More than twelve characters.
    TooMany,
}

impl RecoveryCode {
    /// Draws a code; every one is as likely as any other.
    #[must_use]
    pub fn mint(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; LEN];
        entropy.fill(&mut bytes);
        let characters = bytes.iter().filter_map(|byte| {
            let index = usize::from(byte % 32);
            ALPHABET.get(index)
        });
        Self(Secret::new(characters.collect()))
    }

    /// Draws a set of codes.
    #[must_use]
    pub fn mint_set(entropy: &dyn Entropy) -> Vec<Self> {
        (0..IN_A_SET).map(|_| Self::mint(entropy)).collect()
    }

    /// Reads a code as a person typed it: spaces, hyphens and case do not matter, `O` is read as
    /// zero, `I` and `L` as one.
    ///
    /// # Errors
    ///
    /// [`InvalidRecoveryCode`] says what to tell the person.
    pub fn parse(typed: &str) -> Result<Self, InvalidRecoveryCode> {
        let is_dash = |c| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
        let typed = typed.chars().filter(|c| !is_invisible(*c) && !is_dash(*c));
        let code: Option<String> = typed.map(read).collect();
        let code = code.ok_or(InvalidRecoveryCode::WrongCharacters)?;
        match code.len() {
            0 => Err(InvalidRecoveryCode::Empty),
            1..LEN => Err(InvalidRecoveryCode::TooFew),
            LEN => Ok(Self(Secret::new(code))),
            _ => Err(InvalidRecoveryCode::TooMany),
        }
    }

    /// The code as people are shown it, in groups of four.
    #[must_use]
    pub fn grouped(&self) -> Secret<String> {
        Secret::new(in_fours(self.0.reveal(), '-'))
    }

    /// What is hashed of it: the twelve characters without hyphens.
    #[must_use]
    pub const fn plain(&self) -> &Secret<String> {
        &self.0
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

/// The character of a code that was typed so, if it is one.
fn read(typed: char) -> Option<char> {
    let character = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.contains(&character).then_some(character)
}

/// `text` with `between` after every fourth character but the last.
pub(crate) fn in_fours(text: &str, between: char) -> String {
    let mut grouped = String::with_capacity(text.len() + text.len() / 4);
    for (index, character) in text.chars().enumerate() {
        if index > 0 && index.is_multiple_of(4) {
            grouped.push(between);
        }
        grouped.push(character);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    fn parsed(typed: &str) -> String {
        RecoveryCode::parse(typed).unwrap().0.reveal().clone()
    }

    #[test]
    fn a_drawn_code_reads_back_as_it_is_shown() {
        for code in RecoveryCode::mint_set(&SystemEntropy) {
            let shown = code.grouped();

            assert_eq!(shown.reveal().len(), LEN + 2);
            assert_eq!(RecoveryCode::parse(shown.reveal()), Ok(code));
        }
    }

    #[test]
    fn a_set_is_ten_different_codes_of_all_characters() {
        let sets: Vec<_> = (0..100)
            .map(|_| RecoveryCode::mint_set(&SystemEntropy))
            .collect();

        let drawn: String = sets
            .iter()
            .flatten()
            .map(|code| code.0.reveal().as_str())
            .collect();
        assert!(ALPHABET.iter().all(|character| drawn.contains(*character)));
        for set in sets {
            let mut codes: Vec<_> = set.iter().map(|code| code.0.reveal()).collect();
            codes.sort();
            codes.dedup();
            assert_eq!(codes.len(), IN_A_SET);
        }
    }

    #[test]
    fn case_spaces_hyphens_and_letters_that_look_like_digits_do_not_matter() {
        for typed in [
            "7K3Q-WX0M-1TBA",
            "7k3qwx0m1tba",
            " 7k3q wx0m\u{a0}1tba\n",
            "7K3Q–WXoM–ltba",
            "7K3Q\u{2212}WXOM\u{200b}-iTBA",
        ] {
            assert_eq!(parsed(typed), "7K3QWX0M1TBA", "{typed}");
        }
    }

    #[test]
    fn each_mistake_is_told_apart() {
        for (typed, mistake) in [
            ("", InvalidRecoveryCode::Empty),
            (" - ", InvalidRecoveryCode::Empty),
            ("7K3Q-WX0M-1TB", InvalidRecoveryCode::TooFew),
            ("7K3Q-WX0M-1TBA2", InvalidRecoveryCode::TooMany),
            ("7K3Q-WX0M-1TBU", InvalidRecoveryCode::WrongCharacters),
            ("7K3Q-WX0M-1TB!", InvalidRecoveryCode::WrongCharacters),
            ("７K3QWX0M1TBA", InvalidRecoveryCode::WrongCharacters),
        ] {
            assert_eq!(RecoveryCode::parse(typed), Err(mistake), "{typed}");
        }
    }

    #[test]
    fn a_code_never_prints_its_value() {
        let code = RecoveryCode::mint(&SystemEntropy);

        assert_eq!(format!("{code:?}"), "RecoveryCode(..)");
    }
}
