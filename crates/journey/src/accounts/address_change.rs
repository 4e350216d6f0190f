//! An account gets another address. Whoever reads mail at the old one is always told, and can stop
//! the change, or undo it, by a link for as long as the notice lasts.
//!
//! A change that its person proved by a code to both addresses happens [at once](change_now);
//! one that staff decided, or that the account's second factor proved, is [planned](plan_change),
//! and the server's job [applies](apply_due) it.

use std::time::Duration;

use model::event::{Event, EventKind};
use model::keyring::Purpose;
use model::secret::SecretKind;
use model::{EmailAddress, Secret, SecretDigest, User, UserId};
use serde::{Deserialize, Serialize};
use storage::address_changes::{self, NewAddressChange};
use storage::users::{Changed, Whole};
use storage::{StorageError, Tx, events, users};

use super::joining::merge;
use super::sign_out_everywhere;
use crate::emails::{AddressChangePlannedEmail, AddressChangedEmail, AddressReplacedEmail, News};
use crate::journey::Journey;
use crate::outbox;
use crate::support::{self, Case, Opening};

const TABLE: &str = "address_changes";

/// What is sealed with a change, under its id.
#[derive(Serialize, Deserialize)]
pub(crate) struct Addresses {
    /// The address that the account has, or had.
    pub(crate) from: EmailAddress,
    /// The one it gets.
    pub(crate) to: EmailAddress,
    /// The account of that address that becomes one with it, if staff decided so.
    pub(crate) joins: Option<UserId>,
    /// The secret in the link, so that every mail about the change carries the same.
    freeze: Secret<String>,
}

impl Addresses {
    pub(crate) fn open(journey: &Journey, id: &str, sealed: &[u8]) -> Result<Self, StorageError> {
        let opened = journey.keyring.open(Purpose::AddressChange, id, sealed);
        let opened = opened.map_err(|_| StorageError::Corrupt(TABLE))?;
        serde_json::from_slice(opened.reveal()).map_err(|_| StorageError::Corrupt(TABLE))
    }

    fn freeze_link(&self, journey: &Journey) -> Secret<String> {
        let secret = self.freeze.reveal();
        Secret::new(format!("{}/address-change/freeze/{secret}", journey.issuer))
    }
}

/// Changes an account's address at once: its person has proven both.
pub(crate) fn change_now(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user: &User,
    to: &EmailAddress,
) -> Result<(), StorageError> {
    let (id, addresses) = store(tx, journey, user, to, None, Duration::ZERO)?;
    address_changes::complete(tx, &id)?;
    match users::change_address(tx, &user.id, to)? {
        Changed::Changed => tell(tx, journey, &user.id, &addresses),
        // Its account was merged away in this unit of work.
        Changed::AddressTaken => Err(StorageError::Corrupt("users")),
    }
}

/// Plans the change of an account's address: it happens when the notice to the old address is
/// over. `joins` is the account of the new address that is merged into it then.
pub(crate) fn plan_change(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user: &User,
    to: &EmailAddress,
    joins: Option<&UserId>,
) -> Result<(), StorageError> {
    let notice = journey.address_change_notice;
    let (id, addresses) = store(tx, journey, user, to, joins, notice)?;
    let news = News::AddressChangePlanned(AddressChangePlannedEmail {
        freeze_link: addresses.freeze_link(journey),
        hours: in_hours(notice),
    });
    outbox::enqueue(tx, journey, &user.email, news)?;
    record(tx, EventKind::AddressChangePlanned, &user.id, &id)
}

fn store(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user: &User,
    to: &EmailAddress,
    joins: Option<&UserId>,
    notice: Duration,
) -> Result<(String, Addresses), StorageError> {
    let addresses = Addresses {
        from: user.email.clone(),
        to: to.clone(),
        joins: joins.cloned(),
        freeze: SecretKind::FreezeLink.mint(&*journey.entropy),
    };
    let id = journey.entropy.ordered_uuid(tx.now());
    let plaintext = serde_json::to_vec(&addresses).map_err(|_| StorageError::Corrupt(TABLE))?;
    let change = NewAddressChange {
        sealed: journey
            .keyring
            .seal(Purpose::AddressChange, &id, &plaintext, &*journey.entropy),
        id: id.clone(),
        user_id: user.id.clone(),
        freeze: SecretDigest::of(addresses.freeze.reveal()),
        takes_effect_at: tx.now().plus(notice),
    };
    address_changes::schedule(tx, &change)?;
    Ok((id, addresses))
}

/// How long a change waits that cannot be opened: somebody has to put a key back first.
const UNREADABLE: Duration = Duration::from_secs(24 * 60 * 60);

/// What came of looking for a change to apply.
enum Applied {
    /// None is due.
    Nothing,
    /// One was, and that was seen to; there may be more.
    One,
    /// One is that no key opens; there may be more.
    Unreadable,
}

/// Applies every planned change whose notice is over. For the server's job.
///
/// # Errors
///
/// [`StorageError`] when the database fails; what was applied until then stays.
pub async fn apply_due(journey: &Journey) -> Result<(), StorageError> {
    loop {
        let company = journey.clone();
        let applied = journey.store.write(move |tx| apply_one(tx, &company));
        match applied.await? {
            Applied::Nothing => return Ok(()),
            Applied::One => {}
            Applied::Unreadable => {
                tracing::error!("a change of address cannot be opened: it is put off for a day");
            }
        }
    }
}

fn apply_one(tx: &mut Tx<'_>, journey: &Journey) -> Result<Applied, StorageError> {
    let Some(due) = address_changes::find_due(tx)? else {
        return Ok(Applied::Nothing);
    };
    let Ok(addresses) = Addresses::open(journey, &due.id, &due.sealed) else {
        let until = tx.now().plus(UNREADABLE);
        address_changes::postpone(tx, &due.id, until)?;
        return Ok(Applied::Unreadable);
    };
    let Some(present) = lock(tx, &due.user_id, &addresses.to)? else {
        return Ok(Applied::One);
    };
    if address_changes::complete(tx, &due.id)? {
        apply(tx, journey, &due.user_id, &addresses, &present)?;
    }
    Ok(Applied::One)
}

/// Gives the account its address. `present` is the account that has it now.
fn apply(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user_id: &UserId,
    addresses: &Addresses,
    present: &Present,
) -> Result<(), StorageError> {
    if let Some(joined) = &addresses.joins
        && present.is_of(joined)
    {
        let _ = merge(tx, journey, joined, user_id)?;
    }
    match users::change_address(tx, user_id, &addresses.to)? {
        Changed::Changed => {
            // Whoever still reads mail at the lost address may have signed in by it.
            sign_out_everywhere(tx, journey, user_id)?;
            tell(tx, journey, user_id, addresses)
        }
        Changed::AddressTaken => refer(tx, journey, user_id, addresses),
    }
}

/// The account that an address opened when everything was locked.
pub(super) struct Present(Option<UserId>);

impl Present {
    pub(super) fn is_of(&self, user_id: &UserId) -> bool {
        self.0.as_ref() == Some(user_id)
    }

    pub(super) const fn account(&self) -> Option<&UserId> {
        self.0.as_ref()
    }
}

/// Locks an account whose address changes, everything that is signed in to it, and the account
/// that opens by the address it is to get. `None` when one of them changed in between: the unit of
/// work has to end here and to begin anew.
pub(super) fn lock(
    tx: &mut Tx<'_>,
    user_id: &UserId,
    wanted: &EmailAddress,
) -> Result<Option<Present>, StorageError> {
    let present = owner_of(tx, wanted)?;
    let others: Vec<&UserId> = present.iter().collect();
    let whole = users::lock_what_is_open(tx, user_id, &others)?;
    let is_same = owner_of(tx, wanted)? == present;
    Ok((whole == Whole::Yes && is_same).then_some(Present(present)))
}

fn owner_of(tx: &mut Tx<'_>, address: &EmailAddress) -> Result<Option<UserId>, StorageError> {
    Ok(users::find_by_address(tx, address)?.map(|user| user.id))
}

/// Tells both addresses of a change that happened.
fn tell(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user_id: &UserId,
    addresses: &Addresses,
) -> Result<(), StorageError> {
    let replaced = News::AddressReplaced(AddressReplacedEmail {
        freeze_link: addresses.freeze_link(journey),
        hours: in_hours(journey.address_change_notice),
    });
    outbox::enqueue(tx, journey, &addresses.from, replaced)?;
    let changed = News::AddressChanged(AddressChangedEmail {});
    outbox::enqueue(tx, journey, &addresses.to, changed)?;
    record(tx, EventKind::AddressChanged, user_id, user_id.as_str())
}

/// Somebody made an account of the new address while the notice lasted: staff decide again.
fn refer(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user_id: &UserId,
    addresses: &Addresses,
) -> Result<(), StorageError> {
    let case = Case::AddressTaken {
        lost: addresses.from.clone(),
        new: addresses.to.clone(),
    };
    let opening = Opening {
        user_id: Some(user_id),
        client_id: None,
        contact: &addresses.to,
        case: &case,
    };
    support::open(tx, journey, &opening).map(drop)
}

pub(crate) fn record(
    tx: &mut Tx<'_>,
    kind: EventKind,
    user_id: &UserId,
    about: &str,
) -> Result<(), StorageError> {
    let event = Event::of(kind).of_user(user_id.as_str()).about(about);
    events::insert(tx, &event)
}

/// Rounded up, as it is told to people.
pub(crate) const fn in_hours(notice: Duration) -> u64 {
    notice.as_secs().div_ceil(3_600)
}
