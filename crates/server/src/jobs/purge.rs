//! Deletes what is no longer kept, in batches, so that no request waits long behind one.

use storage::purge::{BATCH, RETENTION, purge};
use storage::{StorageError, Store};

/// Most batches of one table in one run: the rest waits for the next, and the lease does not run
/// out.
const BATCHES: usize = 200;

/// Goes through every table.
pub(super) async fn run(store: &Store) -> Result<(), StorageError> {
    for (table, retention) in RETENTION {
        let mut deleted = 0;
        for _ in 0..BATCHES {
            let batch = store.write(move |tx| purge(tx, table, retention)).await?;
            deleted += batch;
            if batch < BATCH {
                break;
            }
        }
        if deleted > 0 {
            tracing::info!(table, deleted, "deleted rows that are no longer kept");
        }
    }
    Ok(())
}
