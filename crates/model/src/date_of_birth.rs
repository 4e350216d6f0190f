//! A date of birth.

use std::fmt;

use chrono::{DateTime, Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// A date of birth: a real date from 1 January 1900 that is not in the future.
///
/// Stored as `yyyy-mm-dd` (ISO 8601), for example `1990-03-27`; it has no time zone. Prints hidden.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DateOfBirth(NaiveDate);

/// Three fields that are no date of birth, and why.
///
/// Its text is the message for the person, in the words of the GOV.UK Design System's date input;
/// [`wrong_parts`](Self::wrong_parts) tells which fields to mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDate {
    /// All three fields are empty.
    #[error("Enter your date of birth")]
    Empty,
    /// Some fields are empty: these.
    #[error("Date of birth must include a {0}")]
    Incomplete(DateParts),
    /// It is not in the calendar; these fields cannot be right.
    #[error("Date of birth must be a real date")]
    NotReal(DateParts),
    /// The year has fewer or more than four digits.
    #[error("Year must include 4 numbers")]
    YearLength,
    /// It lies ahead.
    #[error("Date of birth must be today or in the past")]
    InTheFuture,
    /// It is before 1900.
    #[error("Date of birth must be the same as or after 1 January 1900")]
    TooLongAgo,
}

/// Some of the three fields of a date.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateParts {
    /// The day is one of them.
    pub day: bool,
    /// The month is one of them.
    pub month: bool,
    /// The year is one of them.
    pub year: bool,
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const FIRST_YEAR: i32 = 1900;

/// Has a 29 February, so that a day is not blamed for a year that cannot be read yet.
const LEAP_YEAR: i32 = 2000;

impl DateOfBirth {
    /// Reads a date as a person typed it in three fields: the day with one or two digits, the
    /// month too or by its name (in full or its first three letters), the year with four digits.
    ///
    /// # Errors
    ///
    /// [`InvalidDate`] says what to tell the person, one thing at a time.
    pub fn parse(day: &str, month: &str, year: &str, now: Timestamp) -> Result<Self, InvalidDate> {
        let (day, month, year) = (day.trim(), month.trim(), year.trim());
        let empty = DateParts {
            day: day.is_empty(),
            month: month.is_empty(),
            year: year.is_empty(),
        };
        if empty == DateParts::ALL {
            return Err(InvalidDate::Empty);
        }
        if empty != DateParts::default() {
            return Err(InvalidDate::Incomplete(empty));
        }
        let date = real_date(day, month, year)?;
        if date.year() < FIRST_YEAR {
            return Err(InvalidDate::TooLongAgo);
        }
        if today(now).is_none_or(|today| date > today) {
            return Err(InvalidDate::InTheFuture);
        }
        Ok(Self(date))
    }

    /// The date that [`iso`](Self::iso) wrote, or that a record gives; `None` when it is no real
    /// date or before 1900.
    #[must_use]
    pub fn from_iso(text: &str) -> Option<Self> {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        (text.len() == 10 && date.year() >= FIRST_YEAR).then_some(Self(date))
    }

    /// The date as `1990-03-27`.
    #[must_use]
    pub fn iso(&self) -> String {
        self.0.format("%Y-%m-%d").to_string()
    }

    /// The date as people read it: `27 March 1990`.
    #[must_use]
    pub fn in_words(&self) -> String {
        self.0.format("%-d %B %Y").to_string()
    }

    /// Day, month and year as numbers, to fill the three fields again.
    #[must_use]
    pub fn parts(&self) -> (u32, u32, i32) {
        (self.0.day(), self.0.month(), self.0.year())
    }
}

impl InvalidDate {
    /// The fields to mark as wrong; all of them when it is not clear which.
    #[must_use]
    pub const fn wrong_parts(self) -> DateParts {
        match self {
            Self::Incomplete(parts) | Self::NotReal(parts) => parts,
            Self::YearLength => DateParts::YEAR,
            Self::Empty | Self::InTheFuture | Self::TooLongAgo => DateParts::ALL,
        }
    }
}

impl DateParts {
    /// The whole date.
    pub const ALL: Self = Self {
        day: true,
        month: true,
        year: true,
    };

    const YEAR: Self = Self {
        day: false,
        month: false,
        year: true,
    };
}

impl fmt::Display for DateParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.day, "day"),
            (self.month, "month"),
            (self.year, "year"),
        ];
        let names: Vec<&str> = parts
            .into_iter()
            .filter_map(|(is_one, name)| is_one.then_some(name))
            .collect();
        f.write_str(&names.join(" and "))
    }
}

/// The calendar date of three fields that are all there.
fn real_date(day: &str, month: &str, year: &str) -> Result<NaiveDate, InvalidDate> {
    let day = short_number(day).filter(|day| (1..=31).contains(day));
    let month = short_number(month)
        .filter(|month| (1..=12).contains(month))
        .or_else(|| named_month(month));
    let is_year = is_digits(year);
    let (Some(day), Some(month), true) = (day, month, is_year) else {
        return Err(InvalidDate::NotReal(DateParts {
            day: day.is_none(),
            month: month.is_none(),
            year: !is_year,
        }));
    };
    let year = year.parse().ok().filter(|_| year.len() == 4);
    let date = NaiveDate::from_ymd_opt(year.unwrap_or(LEAP_YEAR), month, day)
        .ok_or(InvalidDate::NotReal(DateParts::ALL))?;
    year.map(|_| date).ok_or(InvalidDate::YearLength)
}

fn short_number(text: &str) -> Option<u32> {
    let is_short = (1..=2).contains(&text.len()) && is_digits(text);
    is_short.then(|| text.parse().ok()).flatten()
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn named_month(text: &str) -> Option<u32> {
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    let short = if name == "sept" { "sep" } else { &name };
    let is_named = |month: &str| month == name || month.get(..3) == Some(short);
    let index = MONTHS.iter().position(|month| is_named(month))?;
    u32::try_from(index + 1).ok()
}

fn today(now: Timestamp) -> Option<NaiveDate> {
    DateTime::from_timestamp_millis(now.millis()).map(|now| now.date_naive())
}

impl TryFrom<String> for DateOfBirth {
    type Error = InvalidDate;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_iso(&text).ok_or(InvalidDate::NotReal(DateParts::ALL))
    }
}

impl From<DateOfBirth> for String {
    fn from(date: DateOfBirth) -> Self {
        date.iso()
    }
}

impl fmt::Debug for DateOfBirth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DateOfBirth(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22T09:00:00Z.
    const NOW: Timestamp = Timestamp::from_seconds(1_795_338_000);

    const fn parts(day: bool, month: bool, year: bool) -> DateParts {
        DateParts { day, month, year }
    }

    #[test]
    fn a_date_is_read_however_people_write_it() {
        for (typed, expected) in [
            (["27", "3", "1990"], "1990-03-27"),
            (["27", "03", "1990"], "1990-03-27"),
            (["7", "3", "1990"], "1990-03-07"),
            (["07", "03", "1990"], "1990-03-07"),
            (["27", "March", "1990"], "1990-03-27"),
            (["27", "march", "1990"], "1990-03-27"),
            (["27", "MARCH", "1990"], "1990-03-27"),
            (["27", "Mar", "1990"], "1990-03-27"),
            (["27", "mar.", "1990"], "1990-03-27"),
            (["1", "Sep", "1980"], "1980-09-01"),
            (["1", "Sept", "1980"], "1980-09-01"),
            (["1", "September", "1980"], "1980-09-01"),
            (["1", "May", "1980"], "1980-05-01"),
            (["1", "Jun", "1980"], "1980-06-01"),
            (["1", "July", "1980"], "1980-07-01"),
            (["31", "12", "1999"], "1999-12-31"),
            (["29", "2", "2000"], "2000-02-29"),
            (["29", "Feb", "1996"], "1996-02-29"),
            ([" 27 ", " 3 ", " 1990 "], "1990-03-27"),
            (["1", "1", "1900"], "1900-01-01"),
            (["22", "11", "2026"], "2026-11-22"),
            (["30", "April", "2005"], "2005-04-30"),
        ] {
            let [day, month, year] = typed;

            let date = DateOfBirth::parse(day, month, year, NOW);

            assert_eq!(
                date.map(|date| date.iso()),
                Ok(expected.to_owned()),
                "{typed:?}"
            );
        }
    }

    #[test]
    fn what_is_no_date_of_birth_is_refused_with_one_reason() {
        use InvalidDate::{Empty, InTheFuture, Incomplete, NotReal, TooLongAgo, YearLength};
        let (whole, day, month, year) = (
            DateParts::ALL,
            parts(true, false, false),
            parts(false, true, false),
            DateParts::YEAR,
        );

        for (typed, reason) in [
            (["", "", ""], Empty),
            ([" ", "\t", " "], Empty),
            (["", "3", "1990"], Incomplete(day)),
            (["27", "", "1990"], Incomplete(month)),
            (["27", "3", ""], Incomplete(year)),
            (["", "", "1990"], Incomplete(parts(true, true, false))),
            (["", "3", ""], Incomplete(parts(true, false, true))),
            (["", "13", "90"], Incomplete(day)),
            (["32", "3", "1990"], NotReal(day)),
            (["0", "3", "1990"], NotReal(day)),
            (["027", "3", "1990"], NotReal(day)),
            (["27th", "3", "1990"], NotReal(day)),
            (["-7", "3", "1990"], NotReal(day)),
            (["27", "13", "1990"], NotReal(month)),
            (["27", "0", "1990"], NotReal(month)),
            (["27", "Ma", "1990"], NotReal(month)),
            (["27", "Mars", "1990"], NotReal(month)),
            (["27", "003", "1990"], NotReal(month)),
            (["27", "3", "MCM"], NotReal(year)),
            (["27", "3", "19 90"], NotReal(year)),
            (["99", "99", "1990"], NotReal(parts(true, true, false))),
            (["x", "y", "z"], NotReal(whole)),
            (["31", "4", "1990"], NotReal(whole)),
            (["30", "2", "90"], NotReal(whole)),
            (["29", "2", "1990"], NotReal(whole)),
            (["29", "2", "1900"], NotReal(whole)),
            (["\u{662}", "3", "1990"], NotReal(day)),
            (["27", "3", "90"], YearLength),
            (["29", "2", "90"], YearLength),
            (["27", "3", "199"], YearLength),
            (["27", "3", "19900"], YearLength),
            (["31", "12", "1899"], TooLongAgo),
            (["1", "1", "0001"], TooLongAgo),
            (["23", "11", "2026"], InTheFuture),
            (["1", "1", "2027"], InTheFuture),
            (["1", "1", "9999"], InTheFuture),
        ] {
            let [day, month, year] = typed;

            let date = DateOfBirth::parse(day, month, year, NOW);

            assert_eq!(date, Err(reason), "{typed:?}");
        }
    }

    #[test]
    fn the_message_names_what_is_missing_and_the_fields_to_mark() {
        let refused = |day: &str, month: &str, year: &str| {
            DateOfBirth::parse(day, month, year, NOW).unwrap_err()
        };

        let no_day = refused("", "3", "1990");
        assert_eq!(no_day.to_string(), "Date of birth must include a day");
        assert_eq!(no_day.wrong_parts(), parts(true, false, false));
        assert_eq!(
            refused("", "", "1990").to_string(),
            "Date of birth must include a day and month"
        );
        assert_eq!(refused("1", "1", "90").wrong_parts(), DateParts::YEAR);
        assert_eq!(refused("1", "1", "2030").wrong_parts(), DateParts::ALL);
    }

    #[test]
    fn a_year_too_long_for_a_number_is_no_fault_of_day_or_month() {
        let refused = DateOfBirth::parse("27", "3", "99999999999", NOW);

        assert_eq!(refused, Err(InvalidDate::YearLength));
    }

    #[test]
    fn a_date_reads_back_from_its_stored_form_alone() {
        let date = DateOfBirth::from_iso("1990-03-07").unwrap();

        assert_eq!(DateOfBirth::from_iso(&date.iso()), Some(date));
        assert_eq!(date.in_words(), "7 March 1990");
        assert_eq!(date.parts(), (7, 3, 1990));
        for refused in [
            "",
            "1990-3-7",
            "07/03/1990",
            "1990-02-30",
            "1899-12-31",
            "1990-03-07T00",
        ] {
            assert_eq!(DateOfBirth::from_iso(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_date_does_not_print() {
        let date = DateOfBirth::from_iso("1990-03-07").unwrap();

        assert_eq!(format!("{date:?}"), "DateOfBirth(..)");
    }
}
