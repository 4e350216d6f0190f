//! Tables for people.

use std::fmt::Write as _;
use std::io::{self, Write};

/// Writes rows in columns as wide as their widest cell; the first row is the heading.
pub(super) fn table<const COLUMNS: usize>(
    out: &mut impl Write,
    rows: &[[String; COLUMNS]],
) -> io::Result<()> {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let _ = write!(line, "{cell:<width$}  ");
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// An instant as `2026-11-22 16:20 UTC`.
pub(super) fn date(instant: model::Timestamp) -> String {
    let date = chrono::DateTime::from_timestamp(instant.seconds(), 0).unwrap_or_default();
    date.format("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["id", "name"], ["demo", "x"]].map(|row| row.map(str::to_owned));
        let mut out = Vec::new();

        table(&mut out, &rows).unwrap();

        assert_eq!(String::from_utf8(out).unwrap(), "id    name\ndemo  x\n");
    }
}
