//! A second factor was given: the sign-in counts for more.

use model::browser_session::Amr;
use model::event::EventKind;
use model::interaction::GivenFactor;
use storage::{StorageError, Tx};

use crate::sign_in::record;
use crate::stage::Stage;

/// Raises the sign-in of whoever gave `factor`, in the unit of work that checked it, and returns
/// where they go next.
pub(crate) fn given(
    tx: &mut Tx<'_>,
    mut stage: Stage,
    factor: Amr,
) -> Result<String, StorageError> {
    let Some(authentication) = &stage.standing.authentication else {
        return stage.go_on(tx);
    };
    let given = GivenFactor::by(authentication, factor, tx.now());
    let kind = EventKind::SecondFactorGiven;
    record(tx, kind, &stage.interaction, &given.user_id)?;
    stage.interaction.answers.given_factor = Some(given);
    stage.go_on(tx)
}
