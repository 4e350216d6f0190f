//! The end of a proof: an address proven opens its account, or makes it. And the other end: the
//! person gives up.

use model::browser_session::Authentication;
use model::event::{Event, EventKind};
use model::interaction::{Outcome, RefusalReason};
use model::{Interaction, UserId};
use storage::users::SignedIn;
use storage::{StorageError, Tx, email_codes, events, interactions, users};

use crate::details::trn_not_found;
use crate::emails::{AccountCreatedEmail, News};
use crate::outbox;
use crate::stage::Stage;

/// Signs in whoever proved the interaction's address, in the unit of work that used the proof up,
/// and returns where they go next.
pub(crate) fn accept(tx: &mut Tx<'_>, mut stage: Stage) -> Result<String, StorageError> {
    let journey = &stage.journey;
    let interaction = &mut stage.interaction;
    let Some(address) = &interaction.answers.email else {
        return stage.go_on(tx);
    };
    let now = tx.now();
    let new_id = UserId::new(journey.entropy.ordered_uuid(now));
    let signed_in = users::sign_in(tx, address, &new_id)?;
    if let SignedIn::Created(user_id) = &signed_in {
        record(tx, EventKind::AccountCreated, interaction, user_id)?;
        let service = interaction.service_name.clone();
        let news = News::AccountCreated(AccountCreatedEmail { service });
        outbox::enqueue(tx, journey, address, news)?;
        interaction.answers.account_created = true;
    }
    record(tx, EventKind::SignedIn, interaction, signed_in.user_id())?;
    interaction.answers.trn_news = trn_not_found::news(tx, interaction, signed_in.user_id())?;
    interaction.answers.authentication =
        Some(Authentication::by_email(signed_in.user_id().clone(), now));
    stage.go_on(tx)
}

/// Writes down that a person did something in an interaction.
pub(crate) fn record(
    tx: &mut Tx<'_>,
    kind: EventKind,
    interaction: &Interaction,
    user_id: &UserId,
) -> Result<(), StorageError> {
    let event = Event::of(kind)
        .by_client(interaction.client_id.as_str())
        .of_user(user_id.as_str())
        .about(interaction.id.as_str());
    events::insert(tx, &event)
}

/// Ends the interaction because its person does not go on; codes that were sent die.
pub(crate) fn refuse(
    tx: &mut Tx<'_>,
    stage: Stage,
    reason: RefusalReason,
) -> Result<String, StorageError> {
    let interaction = stage.interaction;
    email_codes::end_all(tx, &interaction.id)?;
    interactions::complete(tx, &interaction.id, &Outcome::Refused { reason })?;
    Ok(interaction.return_to)
}
