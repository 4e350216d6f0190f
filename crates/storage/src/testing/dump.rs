//! Everything that a database holds, to look for what it must not hold.

use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable, Text};

use super::schema_of;
use crate::error::StorageError;
use crate::unit_of_work::Tx;

/// One column and all its values, as bytes; numbers are written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dumped {
    /// `table.column`.
    pub name: String,
    /// The values that are there.
    pub values: Vec<Vec<u8>>,
}

/// Every column of every table, with its values.
///
/// # Errors
///
/// [`StorageError`] when the database cannot be asked.
pub fn dump(tx: &mut Tx<'_>) -> Result<Vec<Dumped>, StorageError> {
    let mut dumped = Vec::new();
    for (table, columns) in schema_of(tx)? {
        for described in columns {
            let mut words = described.split(' ');
            let (column, kind) = (words.next(), words.next());
            let column = column.unwrap_or_default();
            dumped.push(Dumped {
                name: format!("{table}.{column}"),
                values: values(tx, &table, column, kind == Some("bytes"))?,
            });
        }
    }
    Ok(dumped)
}

fn values(
    tx: &mut Tx<'_>,
    table: &str,
    column: &str,
    is_binary: bool,
) -> Result<Vec<Vec<u8>>, StorageError> {
    #[derive(QueryableByName)]
    struct Bytes {
        #[diesel(sql_type = Nullable<Binary>)]
        value: Option<Vec<u8>>,
    }
    #[derive(QueryableByName)]
    struct Words {
        #[diesel(sql_type = Nullable<Text>)]
        value: Option<String>,
    }
    if is_binary {
        let all = format!("SELECT {column} AS value FROM {table}");
        let all: Vec<Bytes> =
            on_either!(tx, connection => diesel::sql_query(all).load(connection))?;
        return Ok(all.into_iter().filter_map(|row| row.value).collect());
    }
    let all = format!("SELECT CAST({column} AS TEXT) AS value FROM {table}");
    let all: Vec<Words> = on_either!(tx, connection => diesel::sql_query(all).load(connection))?;
    let words = all.into_iter().filter_map(|row| row.value);
    Ok(words.map(String::into_bytes).collect())
}
