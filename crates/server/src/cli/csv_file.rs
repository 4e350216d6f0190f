//! CSV files that commands import: UTF-8, the first line naming the columns.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::CommandError;

/// A line that cannot be used. Its text repeats nothing of it: it is somebody's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    #[error("line {line}: {column} must be {shape}")]
    Value {
        line: u64,
        column: &'static str,
        shape: &'static str,
    },
    #[error("line {line} does not have the columns that it needs, or is not UTF-8")]
    Malformed { line: u64 },
}

impl Unusable {
    pub(super) const fn value(line: u64, column: &'static str, shape: &'static str) -> Self {
        Self::Value {
            line,
            column,
            shape,
        }
    }
}

pub(super) fn open(file: &Path) -> Result<impl Read + use<>, CommandError> {
    let opened = File::open(file);
    let opened = opened.map_err(|fault| {
        CommandError::refused(format!("{} cannot be read: {fault}", file.display()))
    })?;
    Ok(BufReader::new(opened))
}

/// The lines of a file with their numbers, as the columns say; spaces around values do not count.
pub(super) fn lines<T: DeserializeOwned>(
    file: impl Read,
) -> impl Iterator<Item = Result<(u64, T), Unusable>> {
    let reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(file);
    let mut lines = reader.into_deserialize();
    std::iter::from_fn(move || {
        let line = lines.reader().position().line();
        let read = lines.next()?;
        Some(read.map_or(Err(Unusable::Malformed { line }), |read| Ok((line, read))))
    })
}
