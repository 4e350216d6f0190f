//! How staff settle a case, all of it in one unit of work.

use std::fmt;

use model::event::EventKind;
use model::trn::Trn;
use model::trn_lookup::{
    LookupSource, MatchPolicy, POLICY_VERSION, TrnLookupStatus, TrnOutcome, VerificationLevel,
};
use model::{EmailAddress, User, UserId};
use storage::trn_links::{self, Linked, NewLink};
use storage::{
    StorageError, Tx, grants, second_factors, security_events, support_tasks, trn_watchers, users,
};

use super::{Case, Opening, Reference, Task, file_once, record};
use crate::accounts::{address_change, sign_out_everywhere};
use crate::emails::{News, SupportTaskClosedEmail, TrnMovedEmail};
use crate::journey::Journey;
use crate::{details, outbox};

/// What staff decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// This is the person's TRN.
    Trn(Trn),
    /// The TRN in question is the person's: the account that has it loses it.
    MoveTrn,
    /// No TRN can be given to them.
    NoTrn,
    /// The account gets the address that they proved.
    ApplyAddress,
    /// The account asks for no second factor any more.
    RemoveSecondFactor,
    /// Nothing changes.
    NoChange,
}

impl Settlement {
    /// Its name in the database.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Trn(_) => "trn_found",
            Self::MoveTrn => "trn_moved",
            Self::NoTrn => "no_trn",
            Self::ApplyAddress => "address_change_planned",
            Self::RemoveSecondFactor => "second_factor_removed",
            Self::NoChange => "no_change",
        }
    }

    /// What the person is told.
    const fn in_words(&self) -> &'static str {
        match self {
            Self::Trn(_) => {
                "We have found your teacher reference number (TRN). We have told the services that \
                 were waiting for it."
            }
            Self::MoveTrn => {
                "Your account now has your teacher reference number (TRN). We have told the \
                 services that were waiting for it."
            }
            Self::NoTrn => {
                "We could not find a teacher reference number (TRN) for you. A service that needs \
                 one can tell you what to do next."
            }
            Self::ApplyAddress => {
                "Your account will use the email address that you gave us. We have told the old \
                 address, and the change happens when its notice is over."
            }
            Self::RemoveSecondFactor => {
                "We have removed your passkeys, your authenticator app and your recovery codes from \
                 your account, and signed you out everywhere. You can sign in with a code from your \
                 email, and add a second step again."
            }
            Self::NoChange => "We have not changed anything.",
        }
    }
}

/// Why a case was not settled so. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotSettled {
    /// There is no such case.
    Unknown,
    /// It was settled before.
    AlreadySettled,
    /// The case is about something else.
    DoesNotFit,
    /// The account is not there, or no longer has the address that the case is about.
    NoSuchAccount,
    /// The TRN belongs to another account.
    TrnOfAnother,
    /// The new address has an account of its own.
    AddressTaken,
}

impl fmt::Display for NotSettled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "there is no such support task",
            Self::AlreadySettled => "it is closed already",
            Self::DoesNotFit => "the task is about something else",
            Self::NoSuchAccount => {
                "the account is not there, or no longer has the address that the task is about"
            }
            Self::TrnOfAnother => "the TRN belongs to another account",
            Self::AddressTaken => "the new address has an account of its own",
        })
    }
}

impl std::error::Error for NotSettled {}

/// Settles a case and tells its person.
///
/// # Errors
///
/// [`StorageError`] when the database fails, or somebody else settles the case at the same time.
pub fn settle(
    tx: &mut Tx<'_>,
    journey: &Journey,
    reference: &Reference,
    settlement: &Settlement,
) -> Result<Result<(), NotSettled>, StorageError> {
    let Some((id, task)) = find_locked(tx, journey, reference)? else {
        return Ok(Err(NotSettled::Unknown));
    };
    if task.settled.is_some() {
        return Ok(Err(NotSettled::AlreadySettled));
    }
    if let Err(refusal) = carry_out(tx, journey, &task, settlement)? {
        return Ok(Err(refusal));
    }
    if !support_tasks::close(tx, &id, settlement.as_str())? {
        // Rolls back what was carried out.
        return Err(StorageError::GivenUp);
    }
    let news = News::SupportTaskClosed(SupportTaskClosedEmail {
        reference: reference.to_string(),
        outcome: settlement.in_words().to_owned(),
    });
    outbox::enqueue(tx, journey, &task.contact, news)?;
    let user_id = task.user_id.as_ref();
    record(tx, EventKind::SupportTaskClosed, reference, user_id)?;
    Ok(Ok(()))
}

/// The case, with nobody else changing the accounts that it is about.
fn find_locked(
    tx: &mut Tx<'_>,
    journey: &Journey,
    reference: &Reference,
) -> Result<Option<(String, Task)>, StorageError> {
    let find = |tx: &mut Tx<'_>| {
        let found = support_tasks::find_by_reference(tx, reference.as_str())?;
        found.map(|task| Task::open(journey, task)).transpose()
    };
    let Some((_, task)) = find(tx)? else {
        return Ok(None);
    };
    users::lock(tx, &task.accounts())?;
    // Its account may have been merged away meanwhile.
    find(tx)
}

fn carry_out(
    tx: &mut Tx<'_>,
    journey: &Journey,
    task: &Task,
    settlement: &Settlement,
) -> Result<Result<(), NotSettled>, StorageError> {
    match (settlement, &task.case) {
        (Settlement::NoChange, _) => Ok(Ok(())),
        (Settlement::Trn(trn), Case::TrnLookup { .. } | Case::TrnInUse { .. }) => {
            decide_trn(tx, journey, task, Some(trn))
        }
        (Settlement::MoveTrn, Case::TrnInUse { trn, owner, .. }) => {
            move_trn(tx, journey, task, trn, owner)
        }
        (Settlement::NoTrn, Case::TrnLookup { .. } | Case::TrnInUse { .. }) => {
            decide_trn(tx, journey, task, None)
        }
        (
            Settlement::ApplyAddress,
            Case::LostAddress { lost, new } | Case::AddressTaken { lost, new },
        ) => replace_address(tx, journey, task.user_id.as_ref(), lost, new),
        (Settlement::ApplyAddress, Case::TrnInUse { owner, .. }) => {
            join_with_owner(tx, journey, task.user_id.as_ref(), owner)
        }
        (Settlement::RemoveSecondFactor, Case::SecondFactorLost {}) => {
            remove_second_factors(tx, journey, task)
        }
        _ => Ok(Err(NotSettled::DoesNotFit)),
    }
}

/// Links the TRN that staff found, or writes down that there is none; services that wait are told.
fn decide_trn(
    tx: &mut Tx<'_>,
    journey: &Journey,
    task: &Task,
    trn: Option<&Trn>,
) -> Result<Result<(), NotSettled>, StorageError> {
    let Some(user_id) = &task.user_id else {
        return Ok(Err(NotSettled::NoSuchAccount));
    };
    let (decision, kind) = match trn {
        Some(trn) => (
            decided(TrnLookupStatus::Found, Some(trn)),
            EventKind::TrnLinkedBySupport,
        ),
        None => (
            decided(TrnLookupStatus::Failed, None),
            EventKind::TrnRefusedBySupport,
        ),
    };
    if let Linked::TrnOfAnother(_) = place(tx, journey, user_id, &decision)? {
        return Ok(Err(NotSettled::TrnOfAnother));
    }
    address_change::record(tx, kind, user_id, &task.reference)?;
    Ok(Ok(()))
}

/// Gives the person the TRN, which the account that has it loses.
fn move_trn(
    tx: &mut Tx<'_>,
    journey: &Journey,
    task: &Task,
    trn: &Trn,
    owner: &UserId,
) -> Result<Result<(), NotSettled>, StorageError> {
    if task.user_id.is_none() {
        return Ok(Err(NotSettled::NoSuchAccount));
    }
    let digests = trn_links::digests(&journey.keyring, trn);
    if trn_links::find_owner(tx, &digests)?.as_ref() == Some(owner)
        && let Some(loser) = users::find(tx, owner)?
    {
        take_trn(tx, journey, task, &loser)?;
    }
    // Whoever else has it by now was not looked at, and keeps it.
    decide_trn(tx, journey, task, Some(trn))
}

/// Takes an account's TRN. Its person is told, by the number of the case in which staff now look
/// for theirs, and so is every service that was given it.
fn take_trn(
    tx: &mut Tx<'_>,
    journey: &Journey,
    task: &Task,
    loser: &User,
) -> Result<(), StorageError> {
    for client_id in grants::list_clients(tx, &loser.id, "trn")? {
        trn_watchers::watch(tx, &loser.id, &client_id)?;
    }
    let _ = place(
        tx,
        journey,
        &loser.id,
        &decided(TrnLookupStatus::Pending, None),
    )?;
    let kind = EventKind::TrnTakenBySupport;
    address_change::record(tx, kind, &loser.id, &task.reference)?;
    let details = details::stored(tx, journey, &loser.id)?;
    let case = Case::TrnLookup { details };
    let opening = Opening {
        user_id: Some(&loser.id),
        client_id: None,
        contact: &loser.email,
        case: &case,
    };
    let reference = file_once(tx, journey, &opening)?.to_string();
    let news = News::TrnMoved(TrnMovedEmail { reference });
    outbox::enqueue(tx, journey, &loser.email, news)
}

/// What staff decide of an account's TRN: no look-up overrules it.
fn decided(status: TrnLookupStatus, trn: Option<&Trn>) -> TrnOutcome {
    TrnOutcome {
        status,
        trn: trn.cloned(),
        level: trn.map(|_| VerificationLevel::Medium),
        policy: MatchPolicy::Strict,
        policy_version: POLICY_VERSION,
        agreed: Vec::new(),
        source: LookupSource::Support,
        is_unavailable: false,
    }
}

/// Stores where an account stands, unless the TRN is another's, and tells the services that watch.
fn place(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user_id: &UserId,
    decision: &TrnOutcome,
) -> Result<Linked, StorageError> {
    let (keyring, entropy) = (&journey.keyring, &*journey.entropy);
    let link = NewLink::seal(decision, user_id, None, keyring, entropy);
    let linked = trn_links::replace(tx, user_id, &link)?;
    if linked == Linked::Linked {
        security_events::enqueue_trn_status(tx, keyring, entropy, user_id, decision.status)?;
    }
    Ok(linked)
}

/// Plans that the account of a lost address gets the proven one.
fn replace_address(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user_id: Option<&UserId>,
    lost: &EmailAddress,
    new: &EmailAddress,
) -> Result<Result<(), NotSettled>, StorageError> {
    let user = match user_id {
        Some(user_id) => users::find(tx, user_id)?,
        None => None,
    };
    let Some(user) = user.filter(|user| user.email.lookup() == lost.lookup()) else {
        return Ok(Err(NotSettled::NoSuchAccount));
    };
    if users::find_by_address(tx, new)?.is_some() {
        return Ok(Err(NotSettled::AddressTaken));
    }
    address_change::plan_change(tx, journey, &user, new, None)?;
    Ok(Ok(()))
}

/// Removes every second factor, and ends what was opened by one: whoever has them may not be whose
/// they were.
fn remove_second_factors(
    tx: &mut Tx<'_>,
    journey: &Journey,
    task: &Task,
) -> Result<Result<(), NotSettled>, StorageError> {
    let user = match &task.user_id {
        Some(user_id) => users::find(tx, user_id)?,
        None => None,
    };
    // Whoever reads mail at the account's address is the one to be told.
    let Some(user) = user.filter(|user| user.email.lookup() == task.contact.lookup()) else {
        return Ok(Err(NotSettled::NoSuchAccount));
    };
    second_factors::remove_all(tx, &user.id)?;
    sign_out_everywhere(tx, journey, &user.id)?;
    let kind = EventKind::SecondFactorsRemovedBySupport;
    address_change::record(tx, kind, &user.id, &task.reference)?;
    Ok(Ok(()))
}

/// Plans that the account that has the TRN gets the address of the person it belongs to, whose own
/// account becomes one with it.
fn join_with_owner(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user_id: Option<&UserId>,
    owner: &UserId,
) -> Result<Result<(), NotSettled>, StorageError> {
    let user = match user_id {
        Some(user_id) => users::find(tx, user_id)?,
        None => None,
    };
    let (Some(user), Some(owner)) = (user, users::find(tx, owner)?) else {
        return Ok(Err(NotSettled::NoSuchAccount));
    };
    address_change::plan_change(tx, journey, &owner, &user.email, Some(&user.id))?;
    Ok(Ok(()))
}
