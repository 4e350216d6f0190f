//! Looks for the teaching records of people who were not found, without them: signing in, and
//! records that could not be asked, make a look-up due. Nobody's sign-in waits for it.
//!
//! The server's job calls [`look_up_next`] until nobody is due. When a record is found, its person
//! gets an email and every service that asked for it is told.

use std::time::Duration;

use model::event::{Event, EventKind};
use model::trn_lookup::{MatchPolicy, TrnLookupStatus, TrnOutcome};
use model::{EmailAddress, TeacherDetails, UserId};
use storage::trn_links::{self, Linked, NewLink, TrnLink};
use storage::{StorageError, Tx, events, security_events, users};

use crate::details;
use crate::emails::{News, TrnFoundEmail};
use crate::journey::Journey;
use crate::lookup::ask;
use crate::outbox;
use crate::support::{self, Case, Opening};
use crate::teacher_records::RecordQuery;
use crate::trn_match::Match;

/// How soon the records are asked again when they could not be asked.
const PAUSE: Duration = Duration::from_secs(15 * 60);

/// How long an account waits whose person's answers cannot be opened: somebody has to put a key
/// back first.
const UNREADABLE: Duration = Duration::from_secs(24 * 60 * 60);

/// What came of asking for one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookedUp {
    /// Nobody is due.
    Nobody,
    /// The records answered, or somebody was due who cannot be looked for today.
    Somebody,
    /// The records cannot be asked now: there is no use in asking for the next.
    Unavailable,
}

/// Whom to look for.
struct Due {
    user_id: UserId,
    policy: MatchPolicy,
    email: EmailAddress,
    details: TeacherDetails,
}

/// What was claimed.
enum Claimed {
    Somebody(Box<Due>),
    /// No key opens what they said, or the TRN that they have.
    Unreadable,
}

/// Claims the account that has waited longest for its look-up, for `lease`, and asks the records.
/// One that no key opens waits for another day and keeps nobody else from their turn.
///
/// # Errors
///
/// [`StorageError`] when the database fails: then the account is due again when its lease is over.
pub async fn look_up_next(journey: &Journey, lease: Duration) -> Result<LookedUp, StorageError> {
    let company = journey.clone();
    let claimed = journey.store.write(move |tx| claim(tx, &company, lease));
    let due = match claimed.await? {
        None => return Ok(LookedUp::Nobody),
        Some(Claimed::Unreadable) => {
            tracing::error!(
                "an account's details cannot be opened: its look-up is put off for a day"
            );
            return Ok(LookedUp::Somebody);
        }
        Some(Claimed::Somebody(due)) => *due,
    };
    let query = RecordQuery::of(&due.details, &due.email, due.policy);
    let found = match &query {
        Some(query) => ask(journey, query, &due.details).await,
        None => Match::Nothing,
    };
    let looked_up = if found == Match::Unavailable {
        LookedUp::Unavailable
    } else {
        LookedUp::Somebody
    };
    let company = journey.clone();
    let placed = journey
        .store
        .write(move |tx| place(tx, &company, &due, &found));
    placed.await?;
    Ok(looked_up)
}

fn claim(
    tx: &mut Tx<'_>,
    journey: &Journey,
    lease: Duration,
) -> Result<Option<Claimed>, StorageError> {
    let Some(claimed) = trn_links::claim(tx, lease)? else {
        return Ok(None);
    };
    match open(tx, journey, &claimed) {
        Ok(due) => Ok(Some(Claimed::Somebody(due.into()))),
        Err(StorageError::Corrupt(_)) => {
            let until = tx.now().plus(UNREADABLE);
            trn_links::postpone(tx, &claimed.user_id, until)?;
            Ok(Some(Claimed::Unreadable))
        }
        Err(fault) => Err(fault),
    }
}

/// All that is needed to look for a person, opened.
fn open(
    tx: &mut Tx<'_>,
    journey: &Journey,
    claimed: &trn_links::DueLookup,
) -> Result<Due, StorageError> {
    let corrupt = StorageError::Corrupt("trn_links");
    let trn_links::DueLookup { user_id, policy } = claimed;
    let (Some(user), Some(link)) = (users::find(tx, user_id)?, trn_links::find(tx, user_id)?)
    else {
        return Err(corrupt);
    };
    if link.trn(user_id, &journey.keyring).is_err() {
        return Err(corrupt);
    }
    let details = details::stored(tx, journey, user_id)?;
    Ok(Due {
        user_id: user_id.clone(),
        policy: *policy,
        email: user.email,
        details,
    })
}

/// Stores what the records said, unless the person or staff decided meanwhile, and tells whoever
/// is to know.
fn place(tx: &mut Tx<'_>, journey: &Journey, due: &Due, found: &Match) -> Result<(), StorageError> {
    users::lock(tx, &[&due.user_id])?;
    let Some(earlier) = trn_links::find(tx, &due.user_id)? else {
        return Ok(());
    };
    let outcome = found.outcome(&due.details, due.policy);
    let stored = unless_worse(journey, due, &earlier, outcome.clone())?;
    match store(tx, journey, due, &stored)? {
        Linked::Linked if outcome.status == TrnLookupStatus::Found => {
            tell(tx, journey, due, earlier.status)
        }
        Linked::Linked if is_news_to_staff(&earlier, &stored) => {
            let details = due.details.clone();
            open_task(tx, journey, due, &Case::TrnLookup { details })
        }
        Linked::Linked | Linked::Kept => Ok(()),
        Linked::TrnOfAnother(owner) => wait_for_staff(tx, journey, due, outcome, owner),
    }
}

/// What is stored of an outcome: a strict look-up that finds no more takes nothing away from a
/// person who has a TRN.
fn unless_worse(
    journey: &Journey,
    due: &Due,
    earlier: &TrnLink,
    outcome: TrnOutcome,
) -> Result<TrnOutcome, StorageError> {
    let trn = earlier.trn(&due.user_id, &journey.keyring);
    let trn = trn.map_err(|_| StorageError::Corrupt("trn_links"))?;
    Ok(match trn {
        Some(trn) if outcome.trn.is_none() => TrnOutcome {
            status: earlier.status,
            trn: Some(trn),
            level: earlier.level,
            agreed: earlier.agreed.clone(),
            ..outcome
        },
        _ => outcome,
    })
}

/// Whether somebody has to look at a person whom nobody was asked to look at before: what is as
/// undecided as it was has been given to staff already.
fn is_news_to_staff(earlier: &TrnLink, stored: &TrnOutcome) -> bool {
    let pending = TrnLookupStatus::Pending;
    let was_undecided = earlier.status == pending && !earlier.is_unavailable;
    stored.status == pending && !stored.is_unavailable && !was_undecided
}

fn store(
    tx: &mut Tx<'_>,
    journey: &Journey,
    due: &Due,
    outcome: &TrnOutcome,
) -> Result<Linked, StorageError> {
    let again_at = outcome.is_unavailable.then(|| tx.now().plus(PAUSE));
    let link = NewLink::seal(
        outcome,
        &due.user_id,
        again_at,
        &journey.keyring,
        &*journey.entropy,
    );
    trn_links::replace_open(tx, &due.user_id, &link)
}

/// Tells the person and every service that asked.
fn tell(
    tx: &mut Tx<'_>,
    journey: &Journey,
    due: &Due,
    earlier: TrnLookupStatus,
) -> Result<(), StorageError> {
    let found = TrnLookupStatus::Found;
    support::withdraw_lookup(tx, &due.user_id)?;
    if earlier != found {
        outbox::enqueue(tx, journey, &due.email, News::TrnFound(TrnFoundEmail {}))?;
        let event = Event::of(EventKind::TrnFound).of_user(due.user_id.as_str());
        events::insert(tx, &event)?;
    }
    let (keyring, entropy) = (&journey.keyring, &*journey.entropy);
    security_events::enqueue_trn_status(tx, keyring, entropy, &due.user_id, found)
}

/// The record is another account's: nobody takes over an account, or loses one, without being
/// there.
fn wait_for_staff(
    tx: &mut Tx<'_>,
    journey: &Journey,
    due: &Due,
    outcome: TrnOutcome,
    owner: UserId,
) -> Result<(), StorageError> {
    let undecided = Match::Unclear.outcome(&due.details, due.policy);
    store(tx, journey, due, &undecided)?;
    let Some(trn) = outcome.trn else {
        return Ok(());
    };
    let details = due.details.clone();
    let case = Case::TrnInUse {
        details,
        trn,
        owner,
    };
    open_task(tx, journey, due, &case)
}

fn open_task(
    tx: &mut Tx<'_>,
    journey: &Journey,
    due: &Due,
    case: &Case,
) -> Result<(), StorageError> {
    let opening = Opening {
        user_id: Some(&due.user_id),
        client_id: None,
        contact: &due.email,
        case,
    };
    support::open_once(tx, journey, &opening).map(drop)
}
