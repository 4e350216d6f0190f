//! Signing an account out everywhere, because somebody else may have got into it.

use model::UserId;
use storage::{StorageError, Tx, users};

use crate::journey::Journey;

/// Ends all that was opened in the account, and has the services told.
pub(crate) fn sign_out_everywhere(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user_id: &UserId,
) -> Result<(), StorageError> {
    users::sign_out_everywhere(tx, &journey.keyring, &*journey.entropy, user_id)
}
