//! What a second factor needs to remember from one request of an interaction to the next: secrets
//! that are no answers. It is sealed in the interaction's row and goes with it.

use model::keyring::Purpose;
use model::recovery_code::RecoveryCode;
use model::totp::TotpSeed;
use model::{Interaction, UserId};
use serde::{Deserialize, Serialize};
use storage::{StorageError, Tx, interactions};

use super::webauthn::Ceremony;
use crate::journey::Journey;

/// What is under way. It is of one person, and nothing to whoever else the interaction turns out
/// to be about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingFactor {
    user_id: UserId,
    /// The seed that an app is being set up with.
    #[serde(default)]
    pub(crate) seed: Option<TotpSeed>,
    /// A passkey that is being made.
    #[serde(default)]
    pub(crate) registration: Option<Ceremony>,
    /// A passkey that is being asked for.
    #[serde(default)]
    pub(crate) assertion: Option<Ceremony>,
    /// Recovery codes that were made and have yet to be saved by their owner.
    #[serde(default)]
    pub(crate) recovery_codes: Vec<RecoveryCode>,
}

impl PendingFactor {
    /// Nothing yet.
    fn of(user_id: UserId) -> Self {
        Self {
            user_id,
            seed: None,
            registration: None,
            assertion: None,
            recovery_codes: Vec::new(),
        }
    }

    /// Whose it is.
    pub(crate) const fn user_id(&self) -> &UserId {
        &self.user_id
    }

    /// What is under way for a person in an interaction.
    pub(crate) fn open(
        journey: &Journey,
        interaction: &Interaction,
        user_id: &UserId,
    ) -> Result<Self, StorageError> {
        let Some(sealed) = &interaction.sealed_factor else {
            return Ok(Self::of(user_id.clone()));
        };
        let corrupt = || StorageError::Corrupt("interactions");
        let context = interaction.id.as_str();
        let opened = journey
            .keyring
            .open(Purpose::InteractionFactor, context, sealed)
            .map_err(|_| corrupt())?;
        let pending: Self = serde_json::from_slice(opened.reveal()).map_err(|_| corrupt())?;
        Ok(if pending.user_id == *user_id {
            pending
        } else {
            Self::of(user_id.clone())
        })
    }

    /// Stores it instead of what was under way before; nothing of it stays when it is over.
    pub(crate) fn keep(
        &self,
        tx: &mut Tx<'_>,
        journey: &Journey,
        interaction: &mut Interaction,
    ) -> Result<(), StorageError> {
        let is_nothing = *self == Self::of(self.user_id.clone());
        interaction.sealed_factor = if is_nothing {
            None
        } else {
            Some(self.seal(journey, interaction)?)
        };
        let sealed = interaction.sealed_factor.as_deref();
        interactions::replace_factor(tx, &interaction.id, sealed)?;
        Ok(())
    }

    fn seal(&self, journey: &Journey, interaction: &Interaction) -> Result<Vec<u8>, StorageError> {
        let plaintext = serde_json::to_vec(self);
        let plaintext = plaintext.map_err(|_| StorageError::Corrupt("interactions"))?;
        let (context, entropy) = (interaction.id.as_str(), &*journey.entropy);
        let purpose = Purpose::InteractionFactor;
        Ok(journey.keyring.seal(purpose, context, &plaintext, entropy))
    }
}
