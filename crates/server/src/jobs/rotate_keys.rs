//! Moves the stored signing keys on when their time has come.

use protocol::keys::{KeyUpkeep, UpkeepError};
use storage::StorageError;

/// Takes every step that is due, off this thread. Every node then follows within a minute.
pub(super) async fn run(upkeep: &KeyUpkeep) -> Result<(), UpkeepError> {
    let upkeep = upkeep.clone();
    let kept_up = tokio::task::spawn_blocking(move || upkeep.keep_up()).await;
    kept_up
        .unwrap_or(Err(StorageError::GivenUp.into()))
        .map(drop)
}
