//! The code that a person types from an email.

use crate::entropy::Entropy;
use crate::secret::Secret;

/// A code of six digits, for example `042917`.
pub type EmailCode = Secret<String>;

/// How many digits a code has.
pub const DIGITS: usize = 6;

/// Draws a code; every one of the million is as likely as any other.
#[must_use]
pub fn draw(entropy: &dyn Entropy) -> EmailCode {
    Secret::new(format!("{:06}", entropy.below(1_000_000)))
}

/// What was typed is no code, and why; each has a message of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidEmailCode {
    /// Nothing was typed.
    Empty,
    /// Something other than digits, spaces and dashes was typed.
    NotNumbers,
    /// Fewer than six digits.
    TooFew,
    /// More than six digits.
    TooMany,
}

/// Reads a code as a person typed it: spaces and dashes of any kind are ignored.
///
/// # Errors
///
/// [`InvalidEmailCode`] says what to tell the person.
pub fn parse(typed: &str) -> Result<EmailCode, InvalidEmailCode> {
    let is_ignored = |c: &char| {
        c.is_whitespace()
            || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
    };
    let kept: String = typed.chars().filter(|c| !is_ignored(c)).collect();
    if kept.is_empty() {
        return Err(InvalidEmailCode::Empty);
    }
    if !kept.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidEmailCode::NotNumbers);
    }
    match kept.len() {
        0..DIGITS => Err(InvalidEmailCode::TooFew),
        DIGITS => Ok(Secret::new(kept)),
        _ => Err(InvalidEmailCode::TooMany),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_drawn_code_reads_back() {
        let code = draw(&SystemEntropy);

        assert_eq!(parse(code.reveal()), Ok(code));
    }

    #[test]
    fn spaces_and_dashes_are_ignored() {
        for typed in [
            "042917",
            " 042 917 ",
            "042-917",
            "042–917",
            "0 4 2 9 1 7",
            "042\u{a0}917",
        ] {
            assert_eq!(parse(typed).unwrap().reveal(), "042917", "{typed}");
        }
    }

    #[test]
    fn each_mistake_is_told_apart() {
        for (typed, mistake) in [
            ("", InvalidEmailCode::Empty),
            (" - ", InvalidEmailCode::Empty),
            ("12345x", InvalidEmailCode::NotNumbers),
            ("１２３４５６", InvalidEmailCode::NotNumbers),
            ("12345", InvalidEmailCode::TooFew),
            ("1234567", InvalidEmailCode::TooMany),
        ] {
            assert_eq!(parse(typed), Err(mistake), "{typed}");
        }
    }
}
