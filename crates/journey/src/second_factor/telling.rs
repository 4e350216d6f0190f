//! Every change of a second factor is told to the account's address, so that nobody changes it
//! behind its owner's back.

use storage::{StorageError, Tx};

use crate::emails::{
    FactorKind, News, RecoveryCodeUsedEmail, RecoveryCodesReplacedEmail, SecondFactorAddedEmail,
    SecondFactorRemovedEmail,
};
use crate::outbox;
use crate::stage::Stage;

/// What is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FactorChange {
    /// One was set up.
    Added(FactorKind),
    /// One is gone.
    Removed(FactorKind),
    /// A recovery code was used.
    RecoveryCodeUsed {
        /// How many are left.
        left: u32,
    },
    /// There are new recovery codes.
    RecoveryCodesReplaced,
}

/// Queues the email about a change, in its unit of work.
pub(crate) fn tell(
    tx: &mut Tx<'_>,
    stage: &Stage,
    change: FactorChange,
) -> Result<(), StorageError> {
    let news = match change {
        FactorChange::Added(factor) => News::SecondFactorAdded(SecondFactorAddedEmail { factor }),
        FactorChange::Removed(factor) => {
            News::SecondFactorRemoved(SecondFactorRemovedEmail { factor })
        }
        FactorChange::RecoveryCodeUsed { left } => {
            News::RecoveryCodeUsed(RecoveryCodeUsedEmail { left })
        }
        FactorChange::RecoveryCodesReplaced => {
            News::RecoveryCodesReplaced(RecoveryCodesReplacedEmail {})
        }
    };
    let address = stage.signed_in(tx)?;
    outbox::enqueue(tx, &stage.journey, &address, news)
}
