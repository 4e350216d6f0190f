//! The schema that a database really has, in words that can be compared.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::connection::Connection;
use crate::error::StorageError;
use crate::unit_of_work::Tx;

/// The live schema: for each table its columns as `name type null`, sorted. Types and nullability
/// are in words of our own, so that both databases can be compared.
///
/// # Errors
///
/// [`StorageError`] when the database cannot be asked.
pub fn schema_of(tx: &mut Tx<'_>) -> Result<BTreeMap<String, Vec<String>>, StorageError> {
    #[derive(QueryableByName)]
    struct Column {
        #[diesel(sql_type = Text)]
        table_name: String,
        #[diesel(sql_type = Text)]
        name: String,
        #[diesel(sql_type = Text)]
        data_type: String,
        #[diesel(sql_type = BigInt)]
        is_nullable: i64,
        #[diesel(sql_type = BigInt)]
        key_position: i64,
    }
    let sqlite = "SELECT m.name AS table_name, c.name AS name, c.type AS data_type, \
         1 - c.\"notnull\" AS is_nullable, c.pk AS key_position \
         FROM sqlite_schema m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite%'";
    let postgres = "SELECT t.relname::text AS table_name, a.attname::text AS name, \
         format_type(a.atttypid, a.atttypmod) AS data_type, \
         (NOT a.attnotnull)::int::bigint AS is_nullable, \
         COALESCE((SELECT array_position(x.indkey::int2[], a.attnum) + 1 FROM pg_index x \
            WHERE x.indrelid = t.oid AND x.indisprimary), 0)::bigint AS key_position \
         FROM pg_class t JOIN pg_attribute a ON a.attrelid = t.oid \
         WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind = 'r' \
         AND a.attnum > 0 AND NOT a.attisdropped AND t.relname NOT LIKE '\\_\\_%'";
    let columns: Vec<Column> = match tx.connection() {
        Connection::Sqlite(connection) => diesel::sql_query(sqlite).load(*connection)?,
        Connection::Postgres(connection) => diesel::sql_query(postgres).load(*connection)?,
    };
    let mut tables: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for column in columns {
        let data_type = match column.data_type.to_ascii_lowercase().as_str() {
            "integer" | "bigint" => "number",
            "blob" | "bytea" => "bytes",
            other => other,
        }
        .to_owned();
        let null = if column.is_nullable == 0 {
            "required"
        } else {
            "optional"
        };
        let described = format!(
            "{} {data_type} {null} key {}",
            column.name, column.key_position
        );
        tables.entry(column.table_name).or_default().push(described);
    }
    for columns in tables.values_mut() {
        columns.sort();
    }
    Ok(tables)
}

/// The indexes of the live schema, sorted, each as `name table (columns) unique partial`; primary
/// keys are left out, and those that a `UNIQUE` column made have no name.
///
/// # Errors
///
/// [`StorageError`] when the database cannot be asked.
pub fn indexes_of(tx: &mut Tx<'_>) -> Result<Vec<String>, StorageError> {
    #[derive(QueryableByName)]
    struct Index {
        #[diesel(sql_type = Text)]
        described: String,
    }
    let sqlite = "SELECT CASE l.origin WHEN 'c' THEN l.name ELSE '' END || ' ' || m.name || ' (' || \
         (SELECT group_concat(i.name, ', ') FROM \
            (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno) i) || ')' \
         || CASE l.\"unique\" WHEN 1 THEN ' unique' ELSE '' END \
         || CASE l.partial WHEN 1 THEN ' partial' ELSE '' END AS described \
         FROM sqlite_schema m JOIN pragma_index_list(m.name) l \
         WHERE m.type = 'table' AND l.origin <> 'pk' AND m.name NOT LIKE '\\_\\_%' ESCAPE '\\'";
    let postgres = "SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_constraint c \
            WHERE c.conindid = x.indexrelid) THEN '' ELSE n.relname::text END \
         || ' ' || t.relname::text || ' (' || \
         (SELECT string_agg(a.attname::text, ', ' ORDER BY k.place) \
            FROM unnest(x.indkey::int2[]) WITH ORDINALITY k(number, place) \
            JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number) || ')' \
         || CASE WHEN x.indisunique THEN ' unique' ELSE '' END \
         || CASE WHEN x.indpred IS NOT NULL THEN ' partial' ELSE '' END AS described \
         FROM pg_index x JOIN pg_class t ON t.oid = x.indrelid \
         JOIN pg_class n ON n.oid = x.indexrelid \
         WHERE t.relnamespace = current_schema()::regnamespace AND NOT x.indisprimary \
         AND t.relname NOT LIKE '\\_\\_%'";
    let indexes: Vec<Index> = match tx.connection() {
        Connection::Sqlite(connection) => diesel::sql_query(sqlite).load(*connection)?,
        Connection::Postgres(connection) => diesel::sql_query(postgres).load(*connection)?,
    };
    let mut described: Vec<String> = indexes.into_iter().map(|index| index.described).collect();
    described.sort();
    Ok(described)
}

/// How many rows each table of the live schema has.
///
/// # Errors
///
/// [`StorageError`] when the database cannot be asked.
pub fn row_counts(tx: &mut Tx<'_>) -> Result<BTreeMap<String, i64>, StorageError> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        rows: i64,
    }
    let tables = schema_of(tx)?.into_keys();
    let counted = tables.map(|table| {
        let count = format!("SELECT COUNT(*) AS rows FROM {table}");
        let count: Count = match tx.connection() {
            Connection::Sqlite(connection) => diesel::sql_query(count).get_result(*connection)?,
            Connection::Postgres(connection) => diesel::sql_query(count).get_result(*connection)?,
        };
        Ok((table, count.rows))
    });
    counted.collect()
}
