//! What a person answered on the details pages and what was found by it, while their interaction
//! runs: sealed in its row, under its id.

use std::fmt;

use model::keyring::Purpose;
use model::teacher_details::TeacherDetails;
use model::trn::Trn;
use model::trn_lookup::{MatchPolicy, TrnOutcome};
use model::{Interaction, InteractionId, UserId};
use serde::{Deserialize, Serialize};
use storage::{StorageError, Tx, interactions};

use crate::details::questions::Claimed;
use crate::journey::Journey;
use crate::teacher_records::RecordQuery;
use crate::trn_match::Match;

const TABLE: &str = "interactions";

/// The answers, and the last look-up by them. Prints hidden.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct InteractionDetails {
    /// Who was signed in when they were given: they are shown to nobody else.
    pub(crate) of_user: Option<UserId>,
    /// The answers so far, those from earlier sign-ins included.
    pub(crate) details: TeacherDetails,
    /// What they say that they have, and have yet to type.
    pub(crate) claimed: Claimed,
    /// They were kept, no record was found by them, and the person is changing them.
    pub(crate) are_corrected: bool,
    /// The last look-up. [`lookup::due`](crate::lookup::due) keeps it in step with the answers.
    pub(crate) lookup: Option<LastLookup>,
}

/// A look-up that was counted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastLookup {
    /// What it asked.
    pub(crate) query: RecordQuery,
    /// What it found; `None` while it runs.
    pub(crate) found: Option<Match>,
}

impl InteractionDetails {
    /// Opens what an interaction's row keeps; `None` before anything was kept.
    pub(crate) fn open(
        journey: &Journey,
        interaction: &Interaction,
    ) -> Result<Option<Self>, StorageError> {
        let Some(sealed) = &interaction.sealed_details else {
            return Ok(None);
        };
        let id = interaction.id.as_str();
        let opened = journey
            .keyring
            .open(Purpose::InteractionDetails, id, sealed)
            .map_err(|_| StorageError::Corrupt(TABLE))?;
        let details = serde_json::from_slice(opened.reveal());
        details.map(Some).map_err(|_| StorageError::Corrupt(TABLE))
    }

    /// The same, if that person gave them.
    pub(crate) fn open_of(
        journey: &Journey,
        interaction: &Interaction,
        user_id: &UserId,
    ) -> Result<Option<Self>, StorageError> {
        let known = Self::open(journey, interaction)?;
        Ok(known.filter(|known| known.of_user.as_ref() == Some(user_id)))
    }

    /// What a person gave at earlier sign-ins.
    pub(crate) fn of(user_id: &UserId, details: TeacherDetails) -> Self {
        Self {
            of_user: Some(user_id.clone()),
            details,
            ..Self::default()
        }
    }

    /// Seals and stores them.
    pub(crate) fn keep(
        &self,
        tx: &mut Tx<'_>,
        journey: &Journey,
        id: &InteractionId,
    ) -> Result<Vec<u8>, StorageError> {
        let plaintext = serde_json::to_vec(self).map_err(|_| StorageError::Corrupt(TABLE))?;
        let sealed = journey.keyring.seal(
            Purpose::InteractionDetails,
            id.as_str(),
            &plaintext,
            &*journey.entropy,
        );
        interactions::replace_details(tx, id, &sealed)?;
        Ok(sealed)
    }

    /// The TRN of the one record that is theirs by the answers as they are, if there is one: the
    /// questions that remain need not be asked.
    pub(crate) fn found_trn(&self) -> Option<&Trn> {
        self.found().trn()
    }

    /// Where the answers as they are leave the person. A look-up that did not run or has not
    /// ended found nothing yet.
    pub(crate) fn outcome(&self, policy: MatchPolicy) -> TrnOutcome {
        self.found().outcome(&self.details, policy)
    }

    /// What was found by the answers as they are.
    pub(crate) fn found(&self) -> &Match {
        let last = self.lookup.as_ref();
        last.and_then(|last| last.found.as_ref())
            .unwrap_or(&Match::Unavailable)
    }
}

impl fmt::Debug for InteractionDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InteractionDetails(..)")
    }
}
