//! How often a second factor may be tried.

use model::{Timestamp, UserId};
use storage::limits::{self, Counter, Hit};
use storage::{StorageError, Tx};

use crate::error::JourneyError;
use crate::journey::Work;
use crate::rate_limit;
use crate::stage::Stage;
use crate::too_many::Limit;

/// A try that was counted, for the interaction and for the account, before anything was looked at:
/// parallel guesses never pass a limit together. What was no wrong guess is given back.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    counters: Vec<Counter>,
}

impl Try {
    /// Counts a try at a factor of an account, or refuses it.
    pub(crate) fn count(tx: &mut Tx<'_>, stage: &Stage, account: &UserId) -> Work<Self> {
        let counters = rate_limit::factor_tries(&stage.journey, &stage.interaction.id, account);
        Self::count_by(tx, stage, counters.into())
    }

    /// The same, by other counters.
    pub(crate) fn count_by(tx: &mut Tx<'_>, stage: &Stage, counters: Vec<Counter>) -> Work<Self> {
        Ok(match limits::hit(tx, &counters)? {
            Hit::Allowed => Ok(Self { counters }),
            Hit::Refused { until } => Err(refusal(stage, until)),
        })
    }

    /// Takes it back: it was right, or nothing was looked at.
    pub(crate) fn release(&self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        limits::release(tx, &self.counters)
    }

    /// How many more there are after one that was wrong; where none is, that is the news.
    pub(crate) fn left(&self, tx: &mut Tx<'_>, stage: &Stage) -> Work<u32> {
        let room = limits::room(tx, &self.counters)?;
        Ok(if room.left == 0 {
            Err(refusal(stage, room.until))
        } else {
            Ok(room.left)
        })
    }
}

fn refusal(stage: &Stage, until: Timestamp) -> JourneyError {
    stage.too_many(Limit::FactorTries, until)
}
