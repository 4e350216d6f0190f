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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{HOUR, MINUTE, in_parallel, write};
    use crate::testing::on_both_databases;
    use crate::unit_of_work::Store;

    /// Claims the purge, which is leased for a minute and runs every hour.
    fn claimed(store: &Store, holder: &'static str) -> bool {
        write(store, move |tx| claim(tx, "purge", holder, MINUTE, HOUR))
    }

    fn completed(store: &Store, holder: &'static str) {
        write(store, move |tx| complete(tx, "purge", holder));
    }

    #[test]
    fn of_many_nodes_at_once_one_runs_a_job() {
        on_both_databases(|store, _| {
            let claims = in_parallel(store, 16, |tx, node| {
                claim(tx, "purge", &format!("node {node}"), MINUTE, HOUR)
            });

            assert_eq!(claims.iter().filter(|claimed| **claimed).count(), 1);
        });
    }

    #[test]
    fn a_finished_job_is_not_due_before_its_time() {
        on_both_databases(|store, clock| {
            assert!(claimed(store, "one"));
            completed(store, "one");

            clock.advance(59 * MINUTE);
            assert!(!claimed(store, "other"));
            clock.advance(MINUTE);
            assert!(claimed(store, "other"));
        });
    }

    #[test]
    fn a_job_whose_node_died_is_claimed_by_another_after_the_lease() {
        on_both_databases(|store, clock| {
            assert!(claimed(store, "died"));
            assert!(!claimed(store, "other"));

            clock.advance(MINUTE);

            assert!(claimed(store, "other"));
        });
    }

    #[test]
    fn a_node_that_lost_its_lease_cannot_finish_the_job_of_another() {
        on_both_databases(|store, clock| {
            claimed(store, "slow");
            clock.advance(MINUTE);
            claimed(store, "other");

            completed(store, "slow");

            assert!(!claimed(store, "third"));
        });
    }

    #[test]
    fn jobs_are_claimed_by_name() {
        on_both_databases(|store, _| {
            claimed(store, "one");

            assert!(write(store, |tx| claim(
                tx, "outbox", "other", MINUTE, HOUR
            )));
        });
    }
}
