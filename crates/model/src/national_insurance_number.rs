//! A National Insurance number.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::invisible::is_invisible;

/// A National Insurance number, as HMRC gives them out (NIM39110).
///
/// Shape: two letters, six digits and a suffix A to D, for example `QQ 12 34 56 C` (which is
/// nobody's: Q is never given out). The first letter is none of D, F, I, Q, U, V, the second none
/// of these or O, and the pair none of BG, GB, KN, NK, NT, TN, ZZ. Prints hidden. Having one
/// proves nothing about who has it.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NationalInsuranceNumber(String);

/// A text that is no National Insurance number, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNationalInsuranceNumber {
    /// Nothing was typed.
    #[error("nothing was entered")]
    Empty,
    /// It is not of the shape that HMRC gives out.
    #[error("a National Insurance number is 2 letters, 6 numbers, then A, B, C or D")]
    Malformed,
}

/// Pairs of letters that are never given out.
const UNUSED_PAIRS: [&str; 7] = ["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"];

/// Characters of a number without its suffix.
const WITHOUT_SUFFIX: usize = 8;

impl NationalInsuranceNumber {
    /// Reads a number as a person typed it: case, spaces, dashes, dots and slashes do not matter.
    ///
    /// # Errors
    ///
    /// [`InvalidNationalInsuranceNumber`] says what is wrong.
    pub fn parse(typed: &str) -> Result<Self, InvalidNationalInsuranceNumber> {
        let number = bare(typed);
        if number.is_empty() {
            return Err(InvalidNationalInsuranceNumber::Empty);
        }
        if !is_given_out(&number) {
            return Err(InvalidNationalInsuranceNumber::Malformed);
        }
        Ok(Self(number))
    }

    /// The nine characters, for example `QQ123456C`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The eight characters before the suffix: what two numbers are compared by when one of them
    /// lacks it.
    #[must_use]
    pub fn without_suffix(&self) -> &str {
        self.0.get(..WITHOUT_SUFFIX).unwrap_or(&self.0)
    }

    /// The number as people know it, in pairs: `QQ 12 34 56 C`.
    #[must_use]
    pub fn in_pairs(&self) -> String {
        let mut pairs = String::with_capacity(13);
        for (index, character) in self.0.chars().enumerate() {
            if index > 0 && index % 2 == 0 {
                pairs.push(' ');
            }
            pairs.push(character);
        }
        pairs
    }

    /// The same of a number as a teaching record has it, which may be of any shape; empty when it
    /// has none.
    #[must_use]
    pub fn recorded_without_suffix(recorded: &str) -> String {
        bare(recorded).chars().take(WITHOUT_SUFFIX).collect()
    }

    /// Whether a teaching record's number is this one. Some records lack the suffix: then the
    /// first eight characters decide.
    #[must_use]
    pub fn agrees_with(&self, recorded: &str) -> bool {
        let recorded = bare(recorded);
        recorded == self.0 || recorded == self.without_suffix()
    }
}

/// The number without what people put between its characters, in upper case.
fn bare(typed: &str) -> String {
    let parts_it = |c: char| {
        is_invisible(c) || matches!(c, '-' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}')
    };
    typed
        .chars()
        .filter(|c| !parts_it(*c))
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

fn is_given_out(number: &str) -> bool {
    let [first, second, digits @ .., suffix] = number.as_bytes() else {
        return false;
    };
    let is_letter = |byte: u8| byte.is_ascii_uppercase() && !b"DFIQUV".contains(&byte);
    is_letter(*first)
        && is_letter(*second)
        && *second != b'O'
        && !UNUSED_PAIRS.iter().any(|pair| number.starts_with(pair))
        && digits.len() == 6
        && digits.iter().all(u8::is_ascii_digit)
        && (b'A'..=b'D').contains(suffix)
}

impl TryFrom<String> for NationalInsuranceNumber {
    type Error = InvalidNationalInsuranceNumber;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<NationalInsuranceNumber> for String {
    fn from(number: NationalInsuranceNumber) -> Self {
        number.0
    }
}

impl fmt::Debug for NationalInsuranceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NationalInsuranceNumber(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(typed: &str) -> NationalInsuranceNumber {
        NationalInsuranceNumber::parse(typed).unwrap()
    }

    #[test]
    fn a_number_is_read_however_people_write_it() {
        for (typed, expected) in [
            ("AB123456C", "AB123456C"),
            ("ab123456c", "AB123456C"),
            ("Ab 12 34 56 c", "AB123456C"),
            ("AB 12 34 56 C", "AB123456C"),
            ("AB-12-34-56-C", "AB123456C"),
            ("AB.12.34.56.C", "AB123456C"),
            ("AB/123456/C", "AB123456C"),
            (" AB123456C ", "AB123456C"),
            ("AB\u{a0}12\u{a0}34\u{a0}56\u{a0}C", "AB123456C"),
            ("AB\u{2013}123456\u{2011}C", "AB123456C"),
            ("AB123456C\u{200b}", "AB123456C"),
            ("A B 1 2 3 4 5 6 C", "AB123456C"),
            ("AB\t123456C\n", "AB123456C"),
            ("AA000000A", "AA000000A"),
            ("ZY987654D", "ZY987654D"),
            ("OA123456B", "OA123456B"),
            ("NA123456B", "NA123456B"),
            ("TJ123456B", "TJ123456B"),
            ("KC123456B", "KC123456B"),
            ("GA123456B", "GA123456B"),
            ("BA123456B", "BA123456B"),
            ("NZ123456B", "NZ123456B"),
        ] {
            assert_eq!(number(typed).as_str(), expected, "{typed:?}");
        }
    }

    #[test]
    fn what_hmrc_never_gives_out_is_refused() {
        for typed in [
            "QQ123456C",
            "DA123456C",
            "FA123456C",
            "IA123456C",
            "UA123456C",
            "VA123456C",
            "AD123456C",
            "AF123456C",
            "AI123456C",
            "AQ123456C",
            "AU123456C",
            "AV123456C",
            "AO123456C",
            "BG123456C",
            "GB123456C",
            "KN123456C",
            "NK123456C",
            "NT123456C",
            "TN123456C",
            "ZZ123456C",
        ] {
            assert_eq!(
                NationalInsuranceNumber::parse(typed),
                Err(InvalidNationalInsuranceNumber::Malformed),
                "{typed}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for typed in [
            "AB123456",
            "AB123456E",
            "AB123456F",
            "AB123456M",
            "AB12345C",
            "AB1234567C",
            "A1123456C",
            "1B123456C",
            "123456",
            "ABC123456C",
            "AB123456CC",
            "AB12345OC",
            "12A12345",
            "1234567",
            "AB123456\u{421}",
            "\u{410}B123456C",
            "AB\u{661}23456C",
            "\u{ff21}\u{ff22}123456C",
            "AB_123456_C",
            "AB,123456,C",
            "none",
            "C",
        ] {
            assert_eq!(
                NationalInsuranceNumber::parse(typed),
                Err(InvalidNationalInsuranceNumber::Malformed),
                "{typed:?}"
            );
        }
        for typed in ["", "  ", " - ", "\u{200b}"] {
            assert_eq!(
                NationalInsuranceNumber::parse(typed),
                Err(InvalidNationalInsuranceNumber::Empty),
                "{typed:?}"
            );
        }
    }

    #[test]
    fn a_number_is_shown_in_pairs() {
        assert_eq!(number("ab123456c").in_pairs(), "AB 12 34 56 C");
    }

    #[test]
    fn a_record_agrees_with_or_without_its_suffix() {
        let stated = number("AB123456C");

        for recorded in ["AB123456C", "ab 12 34 56 c", "AB123456", "AB123456 "] {
            assert!(stated.agrees_with(recorded), "{recorded}");
        }
        assert_eq!(
            NationalInsuranceNumber::recorded_without_suffix("ab 12 34 56 c"),
            stated.without_suffix()
        );
        for recorded in ["AB123456D", "AB123457C", "AB12345", "AB123457", ""] {
            assert!(!stated.agrees_with(recorded), "{recorded}");
        }
    }

    #[test]
    fn a_number_does_not_print() {
        assert_eq!(
            format!("{:?}", number("AB123456C")),
            "NationalInsuranceNumber(..)"
        );
    }
}
