//! Cases that staff have to look at: opened where the journey can go no further by itself, settled
//! by `get-an-identity support`. What a case is about is sealed; its [`Reference`] is what a person
//! quotes, and opens nothing.

mod reference;
mod settlement;

use model::event::{Event, EventKind};
use model::keyring::Purpose;
use model::teacher_details::TeacherDetails;
use model::trn::Trn;
use model::{ClientId, EmailAddress, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use storage::support_tasks::{self, Closing, NewSupportTask, Opened, SupportTask};
use storage::{StorageError, Tx, events};

pub use reference::Reference;
pub use settlement::{NotSettled, Settlement, settle};

use crate::emails::{News, SupportTaskOpenedEmail};
use crate::journey::Journey;
use crate::outbox;

const TABLE: &str = "support_tasks";

const TRN_LOOKUP: &str = "trn_lookup";

const TRN_IN_USE: &str = "trn_in_use";

/// What staff have to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "case", rename_all = "snake_case")]
pub enum Case {
    /// No look-up could decide which teaching record is the person's.
    TrnLookup {
        /// What they said of themselves.
        details: TeacherDetails,
    },
    /// Another account has the TRN that is theirs by what they said, and they cannot read its
    /// emails.
    TrnInUse {
        /// What they said of themselves.
        details: TeacherDetails,
        /// The TRN.
        trn: Trn,
        /// The account that has it.
        owner: UserId,
    },
    /// They can no longer read the emails of their account.
    LostAddress {
        /// The address that they say is their account's.
        lost: EmailAddress,
        /// The one that they proved instead.
        new: EmailAddress,
    },
    /// A change that staff planned could not happen: the new address has an account of its own.
    AddressTaken {
        /// The address that the account still has.
        lost: EmailAddress,
        /// The one it should have got.
        new: EmailAddress,
    },
    /// Whoever reads mail at the account's address stopped the change of it, or had it undone.
    ChangeFrozen {
        /// The address that the account has.
        kept: EmailAddress,
        /// The one it should have got, or had for a while.
        refused: EmailAddress,
    },
    /// They can sign in by email, and can give none of the account's second factors any more.
    SecondFactorLost {},
}

impl Case {
    /// Its name in the database and in lists.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TrnLookup { .. } => TRN_LOOKUP,
            Self::TrnInUse { .. } => TRN_IN_USE,
            Self::LostAddress { .. } => "lost_address",
            Self::AddressTaken { .. } => "address_taken",
            Self::ChangeFrozen { .. } => "change_frozen",
            Self::SecondFactorLost {} => "second_factor_lost",
        }
    }
}

/// A case that is given to staff.
pub(crate) struct Opening<'a> {
    /// The account it is about, if there is one.
    pub(crate) user_id: Option<&'a UserId>,
    /// The service that its person came from, if they came from one.
    pub(crate) client_id: Option<&'a ClientId>,
    /// Where its person is told of it: an address that they proved.
    pub(crate) contact: &'a EmailAddress,
    /// What it is about.
    pub(crate) case: &'a Case,
}

/// What is sealed with a task, under its id.
#[derive(Serialize, Deserialize)]
struct Sealed {
    contact: EmailAddress,
    #[serde(flatten)]
    case: Case,
}

/// Gives a case to staff and tells its person by which number.
pub(crate) fn open(
    tx: &mut Tx<'_>,
    journey: &Journey,
    opening: &Opening<'_>,
) -> Result<Reference, StorageError> {
    let reference = file(tx, journey, opening)?;
    let news = News::SupportTaskOpened(SupportTaskOpenedEmail {
        reference: reference.to_string(),
    });
    outbox::enqueue(tx, journey, opening.contact, news)?;
    Ok(reference)
}

/// The same, unless the account has such a case already that nobody has settled; then its number.
pub(crate) fn open_once(
    tx: &mut Tx<'_>,
    journey: &Journey,
    opening: &Opening<'_>,
) -> Result<Reference, StorageError> {
    match find_open(tx, opening)? {
        Some(reference) => Ok(reference),
        None => open(tx, journey, opening),
    }
}

/// The same for a case whose person is told of it in other words.
fn file_once(
    tx: &mut Tx<'_>,
    journey: &Journey,
    opening: &Opening<'_>,
) -> Result<Reference, StorageError> {
    match find_open(tx, opening)? {
        Some(reference) => Ok(reference),
        None => file(tx, journey, opening),
    }
}

fn find_open(tx: &mut Tx<'_>, opening: &Opening<'_>) -> Result<Option<Reference>, StorageError> {
    let Some(user_id) = opening.user_id else {
        return Ok(None);
    };
    let open = support_tasks::find_open(tx, user_id, opening.case.kind())?;
    Ok(open.and_then(|open| Reference::parse(&open)))
}

/// Gives a case to staff.
fn file(
    tx: &mut Tx<'_>,
    journey: &Journey,
    opening: &Opening<'_>,
) -> Result<Reference, StorageError> {
    let id = journey.entropy.ordered_uuid(tx.now());
    let sealed = seal(journey, &id, opening.contact, opening.case)?;
    let mut task = NewSupportTask {
        id,
        reference: String::new(),
        kind: opening.case.kind().to_owned(),
        user_id: opening.user_id.cloned(),
        client_id: opening.client_id.cloned(),
        sealed,
    };
    let reference = loop {
        let drawn = Reference::draw(&*journey.entropy);
        drawn.as_str().clone_into(&mut task.reference);
        if support_tasks::open(tx, &task)? == Opened::Opened {
            break drawn;
        }
    };
    record(
        tx,
        EventKind::SupportTaskOpened,
        &reference,
        opening.user_id,
    )?;
    Ok(reference)
}

fn seal(
    journey: &Journey,
    id: &str,
    contact: &EmailAddress,
    case: &Case,
) -> Result<Vec<u8>, StorageError> {
    let sealed = Sealed {
        contact: contact.clone(),
        case: case.clone(),
    };
    let plaintext = serde_json::to_vec(&sealed).map_err(|_| StorageError::Corrupt(TABLE))?;
    Ok(journey
        .keyring
        .seal(Purpose::SupportTask, id, &plaintext, &*journey.entropy))
}

/// The number under which staff look for the person's teaching record, or for whose it is, if they
/// do.
pub(crate) fn open_for_record(
    tx: &mut Tx<'_>,
    user_id: &UserId,
) -> Result<Option<Reference>, StorageError> {
    let lookup = support_tasks::find_open(tx, user_id, TRN_LOOKUP)?;
    let open = match lookup {
        Some(lookup) => Some(lookup),
        None => support_tasks::find_open(tx, user_id, TRN_IN_USE)?,
    };
    Ok(open.and_then(|open| Reference::parse(&open)))
}

/// The case of staff who look for the person's teaching record, if they do.
fn open_lookup(
    tx: &mut Tx<'_>,
    user_id: &UserId,
) -> Result<Option<(Reference, SupportTask)>, StorageError> {
    let open = support_tasks::find_open(tx, user_id, TRN_LOOKUP)?;
    let Some(reference) = open.and_then(|open| Reference::parse(&open)) else {
        return Ok(None);
    };
    let task = support_tasks::find_by_reference(tx, reference.as_str())?;
    Ok(task.map(|task| (reference, task)))
}

/// Has staff who look for the person's teaching record look by what the person says now.
pub(crate) fn correct_lookup(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user_id: &UserId,
    details: &TeacherDetails,
) -> Result<(), StorageError> {
    let Some((_, task)) = open_lookup(tx, user_id)? else {
        return Ok(());
    };
    let (id, task) = Task::open(journey, task)?;
    let case = Case::TrnLookup {
        details: details.clone(),
    };
    let sealed = seal(journey, &id, &task.contact, &case)?;
    support_tasks::replace_sealed(tx, &id, &sealed).map(drop)
}

/// Takes a case from staff that settled itself: the person's teaching record was found after all.
pub(crate) fn withdraw_lookup(tx: &mut Tx<'_>, user_id: &UserId) -> Result<(), StorageError> {
    if let Some((reference, task)) = open_lookup(tx, user_id)?
        && support_tasks::close(tx, &task.id, "found_by_lookup")?
    {
        record(tx, EventKind::SupportTaskClosed, &reference, Some(user_id))?;
    }
    Ok(())
}

/// A case as staff see it.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its number.
    pub reference: String,
    /// The account it is about, if there is one.
    pub user_id: Option<UserId>,
    /// The service that its person came from, if they came from one.
    pub client_id: Option<ClientId>,
    /// Where its person is told of it.
    pub contact: EmailAddress,
    /// What it is about.
    pub case: Case,
    /// Since when it waits.
    pub opened_at: Timestamp,
    /// When it was settled, and how.
    pub settled: Option<Closing>,
}

impl Task {
    fn open(journey: &Journey, task: SupportTask) -> Result<(String, Self), StorageError> {
        let opened = journey
            .keyring
            .open(Purpose::SupportTask, &task.id, &task.sealed)
            .map_err(|_| StorageError::Corrupt(TABLE))?;
        let Sealed { contact, case } =
            serde_json::from_slice(opened.reveal()).map_err(|_| StorageError::Corrupt(TABLE))?;
        let seen = Self {
            reference: task.reference,
            user_id: task.user_id,
            client_id: task.client_id,
            contact,
            case,
            opened_at: task.opened_at,
            settled: task.closing,
        };
        Ok((task.id, seen))
    }

    /// The accounts that settling it may change.
    fn accounts(&self) -> Vec<&UserId> {
        let owner = match &self.case {
            Case::TrnInUse { owner, .. } => Some(owner),
            _ => None,
        };
        self.user_id.iter().chain(owner).collect()
    }
}

/// The case of a number, opened.
///
/// # Errors
///
/// [`StorageError`] when the database fails, or the keyring lacks the case's key.
pub fn find(
    tx: &mut Tx<'_>,
    journey: &Journey,
    reference: &Reference,
) -> Result<Option<Task>, StorageError> {
    let found = support_tasks::find_by_reference(tx, reference.as_str())?;
    let opened = found.map(|task| Task::open(journey, task)).transpose()?;
    Ok(opened.map(|(_, task)| task))
}

fn record(
    tx: &mut Tx<'_>,
    kind: EventKind,
    reference: &Reference,
    user_id: Option<&UserId>,
) -> Result<(), StorageError> {
    let event = Event::of(kind).about(reference.as_str());
    let event = match user_id {
        Some(user_id) => event.of_user(user_id.as_str()),
        None => event,
    };
    events::insert(tx, &event)
}
