//! Which node runs which job.

use std::time::Duration;

use diesel::prelude::*;
use diesel::query_dsl::methods::FilterDsl;

use crate::error::StorageError;
use crate::schema::jobs;
use crate::unit_of_work::Tx;

/// Claims a job for `holder`, for `lease`, unless another holds it or it was finished less than
/// `every` ago. One conditional upsert decides between nodes.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn claim(
    tx: &mut Tx<'_>,
    name: &str,
    holder: &str,
    lease: Duration,
    every: Duration,
) -> Result<bool, StorageError> {
    let now = tx.now();
    let leased_until = now.plus(lease).millis();
    let upsert = diesel::insert_into(jobs::table)
        .values((
            jobs::name.eq(name),
            jobs::holder.eq(holder),
            jobs::leased_until.eq(leased_until),
        ))
        .on_conflict(jobs::name)
        .do_update()
        .set((jobs::holder.eq(holder), jobs::leased_until.eq(leased_until)));
    let is_due = jobs::finished_at
        .is_null()
        .or(jobs::finished_at.le(now.minus(every).millis()));
    let is_free = jobs::leased_until.le(now.millis());
    let conditional = FilterDsl::filter(upsert, is_free.and(is_due));
    let claimed = on_either!(tx, connection => conditional.execute(connection))?;
    Ok(claimed == 1)
}

/// Gives a job back as finished, if `holder` still holds it.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn complete(tx: &mut Tx<'_>, name: &str, holder: &str) -> Result<(), StorageError> {
    let now = tx.now().millis();
    on_either!(tx, connection => diesel::update(jobs::table)
        .filter(jobs::name.eq(name))
        .filter(jobs::holder.eq(holder))
        .set((jobs::leased_until.eq(now), jobs::finished_at.eq(now)))
        .execute(connection))?;
    Ok(())
}
