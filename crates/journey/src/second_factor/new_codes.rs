//! A new set of recovery codes.

use model::recovery_code::RecoveryCode;
use model::slow_hash::Salt;
use storage::{StorageError, Tx, second_factors};

use crate::error::JourneyError;
use crate::journey::Journey;
use crate::stage::Stage;

/// Ten codes and their hashes under one salt. Hashing takes a while, so it is done before the unit
/// of work that stores them.
pub(crate) struct NewCodes {
    codes: Vec<RecoveryCode>,
    salt: Salt,
    hashes: Vec<Vec<u8>>,
}

impl NewCodes {
    /// A set for whoever sets up a second factor and has no code left to get back in with.
    pub(crate) async fn if_none_left(stage: &Stage) -> Result<Option<Self>, JourneyError> {
        let held = stage.factor.as_ref().map(|question| question.held);
        if held.is_some_and(|held| held.recovery_codes_left > 0) {
            return Ok(None);
        }
        Self::make(&stage.journey).await.map(Some)
    }

    /// A set.
    pub(crate) async fn make(journey: &Journey) -> Result<Self, JourneyError> {
        let mut salt = Salt::default();
        journey.entropy.fill(&mut salt);
        let codes = RecoveryCode::mint_set(&*journey.entropy);
        let plain = codes.iter().map(|code| code.plain().clone()).collect();
        let hashes = journey.slow_hash.hash_all(salt, plain).await?;
        Ok(Self {
            codes,
            salt,
            hashes,
        })
    }

    /// Stores the set instead of the one before, to be shown to its owner next.
    pub(crate) fn store(self, tx: &mut Tx<'_>, stage: &mut Stage) -> Result<(), StorageError> {
        let Some(pending) = &mut stage.pending else {
            return Ok(());
        };
        let (account, hashes) = (pending.user_id(), &self.hashes);
        if !second_factors::replace_recovery_codes(tx, account, &self.salt, hashes)? {
            return Ok(());
        }
        pending.recovery_codes = self.codes;
        stage.keep_pending(tx)
    }
}
