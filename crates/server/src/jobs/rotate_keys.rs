//! Moves the stored signing keys on when their time has come.

use protocol::keys::{KeyUpkeep, UpkeepError};

/// Takes every step that is due. Every node then follows within a minute.
pub(super) fn run(upkeep: &KeyUpkeep) -> Result<(), UpkeepError> {
    upkeep.keep_up().map(drop)
}
