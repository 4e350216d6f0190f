//! What a person has to give as a second factor, and what is asked of it.

use model::requirement::{Requirements, SecondFactorRule, Standing, Unmet, unmet};
use model::{Interaction, Timestamp};
use storage::second_factors::{self, Factors};
use storage::{StorageError, Tx};

use super::plan::{Ask, FactorQuestion, MayDecline, Passkeys};
use super::{FactorPage, PendingFactor};

/// What of a person's factors decides about pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HeldFactors {
    /// An authenticator app.
    pub(crate) has_app: bool,
    /// At least one passkey.
    pub(crate) has_passkey: bool,
    /// Recovery codes that were not used.
    pub(crate) recovery_codes_left: u32,
}

impl From<&Factors> for HeldFactors {
    fn from(factors: &Factors) -> Self {
        Self {
            has_app: factors.totp.is_some(),
            has_passkey: !factors.passkeys.is_empty(),
            recovery_codes_left: factors.recovery_codes_left,
        }
    }
}

impl FactorQuestion {
    /// What is asked of the second factor of whoever stands there; nothing is looked at while it is
    /// not its turn.
    pub(crate) fn load(
        tx: &mut Tx<'_>,
        interaction: &Interaction,
        standing: &Standing,
        passkeys: Passkeys,
    ) -> Result<Option<Self>, StorageError> {
        let signed_in = standing.authentication.as_ref();
        let asked = ask(interaction, standing, tx.now());
        let (Some(signed_in), Some(ask)) = (signed_in, asked) else {
            return Ok(None);
        };
        let factors = second_factors::standing(tx, &signed_in.user_id)?;
        Ok(Some(Self {
            ask,
            held: HeldFactors::from(&factors),
            way: interaction.answers.factor_way,
            passkeys,
        }))
    }
}

/// What is asked of the second factor, if that is the first thing that is missing.
fn ask(interaction: &Interaction, standing: &Standing, now: Timestamp) -> Option<Ask> {
    let Requirements {
        second_factor,
        task,
        ..
    } = &interaction.requirements;
    let began = Some(interaction.created_at);
    let missing = unmet(&interaction.requirements, standing, began, now);
    match missing.first()? {
        Unmet::SecondFactor if standing.has_second_factor => Some(Ask::Give),
        Unmet::SecondFactor => Some(Ask::SetUp(match second_factor {
            SecondFactorRule::Preferred => MayDecline::Yes,
            _ => MayDecline::No,
        })),
        Unmet::Task => task.clone().map(Ask::Change),
        _ => None,
    }
}

/// The page of the second factor that is next: codes that nobody saved come before anything that
/// is asked.
pub(crate) fn next_page(
    question: Option<&FactorQuestion>,
    pending: Option<&PendingFactor>,
) -> Option<FactorPage> {
    let has_codes = pending.is_some_and(|pending| !pending.recovery_codes.is_empty());
    if has_codes {
        Some(FactorPage::RecoveryCodes)
    } else {
        question.map(FactorQuestion::next)
    }
}
