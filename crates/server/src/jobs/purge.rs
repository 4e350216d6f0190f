//! Deletes what is no longer kept, in batches, so that no request waits long behind one.

use storage::purge::{BATCH, RETENTION, purge};
use storage::{StorageError, Store, Tx, registrations};

/// Most batches of one table in one run: the rest waits for the next, and the lease does not run
/// out.
const BATCHES: usize = 1_000;

/// Goes through every table, and through the clients that registered themselves.
pub(super) async fn run(store: &Store) -> Result<(), StorageError> {
    for (table, retention) in RETENTION {
        in_batches(store, table, move |tx| purge(tx, table, retention)).await?;
    }
    in_batches(store, "clients", registrations::purge).await
}

async fn in_batches(
    store: &Store,
    table: &'static str,
    purge: impl Fn(&mut Tx<'_>) -> Result<usize, StorageError> + Copy + Send + 'static,
) -> Result<(), StorageError> {
    let mut deleted = 0;
    for _ in 0..BATCHES {
        let batch = store.write(purge).await?;
        deleted += batch;
        if batch < BATCH {
            break;
        }
    }
    if deleted > 0 {
        tracing::info!(table, deleted, "deleted rows that are no longer kept");
    }
    Ok(())
}
