//! A teacher reference number.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::invisible::is_invisible;

/// A teacher reference number (TRN).
///
/// Shape: exactly seven ASCII digits, not all zeros, for example `1234567`; leading zeros count.
/// People write it as `12/34567`, `RP12/34567` or `RP 1234567`; [`Trn::parse`] keeps the digits.
/// Prints hidden.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Trn(String);

/// A text that is no TRN, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTrn {
    /// Nothing was typed.
    #[error("nothing was entered")]
    Empty,
    /// There are fewer or more than seven digits.
    #[error("a TRN has 7 digits")]
    WrongLength,
    /// There are letters other than a leading RP, or digits other than 0 to 9.
    #[error("a TRN has no letters but a leading RP")]
    OtherCharacters,
    /// Seven zeros are nobody's number.
    #[error("a TRN is not all zeros")]
    AllZeros,
}

impl Trn {
    const LEN: usize = 7;

    /// Reads a TRN as a person typed it: spaces and punctuation do not matter, and `RP` may stand
    /// before the digits.
    ///
    /// # Errors
    ///
    /// [`InvalidTrn`] says what is wrong.
    pub fn parse(typed: &str) -> Result<Self, InvalidTrn> {
        let typed: String = typed.chars().filter(|c| !is_invisible(*c)).collect();
        if typed.is_empty() {
            return Err(InvalidTrn::Empty);
        }
        let number = without_prefix(&typed);
        if number
            .chars()
            .any(|c| c.is_alphanumeric() && !c.is_ascii_digit())
        {
            return Err(InvalidTrn::OtherCharacters);
        }
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        if digits.len() != Self::LEN {
            return Err(InvalidTrn::WrongLength);
        }
        if digits.bytes().all(|digit| digit == b'0') {
            return Err(InvalidTrn::AllZeros);
        }
        Ok(Self(digits))
    }

    /// The seven digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn without_prefix(typed: &str) -> &str {
    match typed.split_at_checked(2) {
        Some((prefix, number)) if prefix.eq_ignore_ascii_case("RP") => number,
        _ => typed,
    }
}

impl TryFrom<String> for Trn {
    type Error = InvalidTrn;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Trn> for String {
    fn from(trn: Trn) -> Self {
        trn.0
    }
}

impl fmt::Debug for Trn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trn(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trn_is_read_however_people_write_it() {
        for (typed, expected) in [
            ("1234567", "1234567"),
            (" 1234567 ", "1234567"),
            ("12/34567", "1234567"),
            ("RP12/34567", "1234567"),
            ("RP 12/34567", "1234567"),
            ("RP/1234567", "1234567"),
            ("rp1234567", "1234567"),
            ("Rp 1234567", "1234567"),
            ("RP-12-34567", "1234567"),
            ("12 34567", "1234567"),
            ("12-34567", "1234567"),
            ("12.34567", "1234567"),
            ("12\u{2013}34567", "1234567"),
            ("1 2 3 4 5 6 7", "1234567"),
            ("0000001", "0000001"),
            ("00/12345", "0012345"),
            ("0100000", "0100000"),
            ("9999999", "9999999"),
            ("#1234567", "1234567"),
            ("1234567.", "1234567"),
            ("(1234567)", "1234567"),
            ("12\u{a0}34567", "1234567"),
            ("\u{200b}1234567", "1234567"),
            ("123\u{ad}4567", "1234567"),
            ("\t1234567\r\n", "1234567"),
        ] {
            let trn = Trn::parse(typed);

            assert_eq!(trn.as_ref().map(Trn::as_str), Ok(expected), "{typed:?}");
        }
    }

    #[test]
    fn what_is_no_trn_is_refused_with_its_reason() {
        use InvalidTrn::{AllZeros, Empty, OtherCharacters, WrongLength};

        for (typed, reason) in [
            ("", Empty),
            ("   ", Empty),
            ("\u{200b}\u{a0}", Empty),
            ("123456", WrongLength),
            ("12345678", WrongLength),
            ("12/3456", WrongLength),
            ("RP12/3456", WrongLength),
            ("RP", WrongLength),
            ("7", WrongLength),
            ("-", WrongLength),
            ("999999998", WrongLength),
            ("999999999", WrongLength),
            ("0000000", AllZeros),
            ("00/00000", AllZeros),
            ("RP0000000", AllZeros),
            ("12345A7", OtherCharacters),
            ("PR1234567", OtherCharacters),
            ("RPRP1234567", OtherCharacters),
            ("1234567RP", OtherCharacters),
            ("TRN1234567", OtherCharacters),
            ("AB123456C", OtherCharacters),
            ("AB 12 34 56 7", OtherCharacters),
            ("O234567", OtherCharacters),
            (
                "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}\u{667}",
                OtherCharacters,
            ),
            ("\u{ff11}234567", OtherCharacters),
            ("I do not know", OtherCharacters),
            ("\u{e9}1234567", OtherCharacters),
        ] {
            assert_eq!(Trn::parse(typed), Err(reason), "{typed:?}");
        }
    }

    #[test]
    fn a_trn_does_not_print() {
        let trn = Trn::parse("1234567").unwrap();

        assert_eq!(format!("{trn:?}"), "Trn(..)");
    }
}
