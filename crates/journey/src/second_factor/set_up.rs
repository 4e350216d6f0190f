//! A second factor was set up, which proves that its owner has it.

use model::browser_session::Amr;
use model::event::EventKind;
use storage::{StorageError, Tx};

use super::given::given;
use super::new_codes::NewCodes;
use super::plan::Ask;
use super::telling::{FactorChange, tell};
use crate::emails::FactorKind;
use crate::sign_in::record;
use crate::stage::Stage;

/// What setting up `factor` leads to, in the unit of work that stored it: recovery codes if there
/// are none, an email, and a sign-in that counts for more. Returns where the person goes next.
pub(crate) fn set_up(
    tx: &mut Tx<'_>,
    mut stage: Stage,
    factor: Amr,
    codes: Option<NewCodes>,
) -> Result<String, StorageError> {
    if let Some(codes) = codes {
        codes.store(tx, &mut stage)?;
    }
    if let Some(user_id) = stage.user_id() {
        record(
            tx,
            EventKind::SecondFactorAdded,
            &stage.interaction,
            user_id,
        )?;
    }
    let kind = match factor {
        Amr::Otp => FactorKind::App,
        _ => FactorKind::Passkey,
    };
    tell(tx, &stage, FactorChange::Added(kind))?;
    done(&mut stage);
    given(tx, stage, factor)
}

/// The person did what they came to change, if they came for that.
pub(super) fn done(stage: &mut Stage) {
    let question = stage.factor.as_ref();
    let is_change = question.is_some_and(|question| matches!(question.ask, Ask::Change(_)));
    stage.interaction.answers.task_done |= is_change;
}
