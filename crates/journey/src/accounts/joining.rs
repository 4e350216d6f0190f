//! Two accounts become one, when the person has proven the addresses of both.

use model::UserId;
use model::browser_session::Authentication;
use model::event::{Event, EventKind};
use model::interaction::{GivenFactor, OtherAccountProgress};
use storage::users::Merged;
use storage::{StorageError, Tx, events, users};

use super::{address_change, redacted};
use crate::emails::{AccountsJoinedEmail, News};
use crate::interaction_details::InteractionDetails;
use crate::journey::{Journey, Work};
use crate::outbox;
use crate::stage::Stage;

/// Which address opens the account that two become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeptAddress {
    /// The one that the person signed in with.
    This,
    /// The other account's.
    Other,
}

/// Merges the account that the person signed in to into the other, which they have proven, and
/// goes on as the other.
pub(crate) fn join(tx: &mut Tx<'_>, mut stage: Stage, kept: KeptAddress) -> Work<String> {
    let this = match &stage.standing.authentication {
        Some(authentication) => users::find(tx, &authentication.user_id)?,
        None => None,
    };
    let (Some(this), Some(survivor), Some(other)) = (
        this,
        stage.offered.take(),
        &mut stage.interaction.answers.other_account,
    ) else {
        return Ok(Err(stage.elsewhere()));
    };
    let factor = other.factor;
    if survivor.has_second_factor && factor.is_none() {
        // It was set up since its address was proven.
        other.progress = OtherAccountProgress::HalfProven;
        return Ok(Ok(stage.go_on(tx)?));
    }
    let journey = stage.journey.clone();
    if merge(tx, &journey, &this.id, &survivor.id)? == Merged::NotTwoAccounts {
        return Ok(Err(stage.elsewhere()));
    }
    let email = match kept {
        KeptAddress::This => {
            address_change::change_now(tx, &journey, &survivor, &this.email)?;
            this.email
        }
        KeptAddress::Other => {
            for to in [&survivor.email, &this.email] {
                let kept = redacted(&survivor.email);
                let news = News::AccountsJoined(AccountsJoinedEmail { kept });
                outbox::enqueue(tx, &journey, to, news)?;
            }
            survivor.email.clone()
        }
    };
    take_details_along(tx, &mut stage, &this.id, &survivor.id)?;
    let answers = &mut stage.interaction.answers;
    answers.email = Some(email);
    answers.account_created = false;
    answers.other_account = None;
    let authentication = Authentication::by_email(survivor.id, tx.now());
    answers.given_factor = factor.map(|factor| GivenFactor::by(&authentication, factor, tx.now()));
    answers.authentication = Some(authentication);
    Ok(Ok(stage.go_on(tx)?))
}

/// What the person said in this interaction, they said of themselves: it need not be asked again.
fn take_details_along(
    tx: &mut Tx<'_>,
    stage: &mut Stage,
    from: &UserId,
    into: &UserId,
) -> Result<(), StorageError> {
    let known = InteractionDetails::open_of(&stage.journey, &stage.interaction, from)?;
    if let Some(mut known) = known {
        known.of_user = Some(into.clone());
        stage.keep(tx, &known)?;
    }
    Ok(())
}

/// Merges one account into another and writes it down.
pub(crate) fn merge(
    tx: &mut Tx<'_>,
    journey: &Journey,
    from: &UserId,
    into: &UserId,
) -> Result<Merged, StorageError> {
    let (keyring, entropy) = (&journey.keyring, &*journey.entropy);
    let merged = users::merge(tx, keyring, entropy, from, into)?;
    if merged == Merged::NotTwoAccounts {
        return Ok(merged);
    }
    let event = Event::of(EventKind::AccountsJoined)
        .of_user(into.as_str())
        .about(from.as_str());
    events::insert(tx, &event)?;
    Ok(merged)
}
