//! Statements that stay prepared.
//!
//! diesel has every `UPDATE` and upsert parsed and planned anew, because its text may change with
//! its values. The text of ours does not, and the cache compares all of it in any case. diesel
//! asks only statements that return rows whether they may be kept, so those that are counted
//! return a row for each row that they change.

use diesel::backend::Backend;
use diesel::deserialize::{self, QueryableByName};
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::{LoadQuery, RunQueryDsl};
use diesel::row::NamedRow;
use diesel::sql_types::Integer;
use diesel::{QueryResult, SqliteConnection};

/// A statement with rows to return that its connection keeps prepared.
pub(crate) struct Prepared<Q>(Q);

/// A statement that its connection keeps prepared and that returns a row for each row it changes.
pub(crate) struct Counted<Q>(Q);

/// Asks for a statement to be kept prepared.
pub(crate) trait KeepPrepared: Sized {
    /// The statement, prepared once for each connection.
    fn prepared(self) -> Prepared<Self> {
        Prepared(self)
    }

    /// Runs the statement and tells how many rows it changed.
    fn changed<'query, C>(self, connection: &mut C) -> QueryResult<usize>
    where
        Counted<Self>: LoadQuery<'query, C, i32>,
    {
        let rows: Vec<i32> = RunQueryDsl::load(Counted(self), connection)?;
        Ok(rows.len())
    }
}

impl<Q> KeepPrepared for Q {}

/// Runs one of SQLite's transaction statements.
pub(crate) fn run(connection: &mut SqliteConnection, statement: &'static str) -> QueryResult<()> {
    RunQueryDsl::load::<NoRow>(diesel::sql_query(statement).prepared(), connection)?;
    Ok(())
}

/// What a statement without rows returns.
struct NoRow;

impl<DB: Backend> QueryableByName<DB> for NoRow {
    fn build<'a>(_: &impl NamedRow<'a, DB>) -> deserialize::Result<Self> {
        Ok(Self)
    }
}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for Prepared<Q> {
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<DB: Backend, Q: QueryFragment<DB>> QueryFragment<DB> for Counted<Q> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass.reborrow())?;
        pass.push_sql(" RETURNING 1");
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

/// No type stands for the text: the cache finds the statement by its text.
impl<Q> QueryId for Prepared<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

/// As for [`Prepared`].
impl<Q> QueryId for Counted<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q: Query> Query for Prepared<Q> {
    type SqlType = Q::SqlType;
}

impl<Q> Query for Counted<Q> {
    type SqlType = Integer;
}

impl<Q, C> RunQueryDsl<C> for Prepared<Q> {}
impl<Q, C> RunQueryDsl<C> for Counted<Q> {}
