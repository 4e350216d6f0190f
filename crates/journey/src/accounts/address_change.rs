//! An account gets another address. Whoever reads mail at the old one is always told, and can stop
//! the change, or undo it, by a link for as long as the notice lasts.
//!
//! A change that its person proved by a code to both addresses happens [at once](change_now);
//! one that staff decided is [planned](plan_change), and the server's job [applies](apply_due) it.

use std::time::Duration;

use model::event::{Event, EventKind};
use model::keyring::Purpose;
use model::secret::SecretKind;
use model::{EmailAddress, Secret, SecretDigest, User, UserId};
use serde::{Deserialize, Serialize};
use storage::address_changes::{self, NewAddressChange};
use storage::users::Changed;
use storage::{StorageError, Tx, events, users};

use super::joining::merge;
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

/// Applies every planned change whose notice is over. For the server's job.
///
/// # Errors
///
/// [`StorageError`] when the database fails; what was applied until then stays.
pub async fn apply_due(journey: &Journey) -> Result<(), StorageError> {
    loop {
        let company = journey.clone();
        let applied = journey
            .store
            .write(move |tx| apply_one(tx, &company))
            .await?;
        if !applied {
            return Ok(());
        }
    }
}

/// Applies one change; `false` when none is due.
fn apply_one(tx: &mut Tx<'_>, journey: &Journey) -> Result<bool, StorageError> {
    let Some(due) = address_changes::claim_due(tx)? else {
        return Ok(false);
    };
    let addresses = Addresses::open(journey, &due.id, &due.sealed)?;
    if let Some(joined) = &addresses.joins
        && users::find(tx, joined)?.is_some_and(|user| user.email == addresses.to)
    {
        let _ = merge(tx, joined, &due.user_id)?;
    }
    match users::change_address(tx, &due.user_id, &addresses.to)? {
        Changed::Changed => {
            // Whoever still reads mail at the lost address may have signed in by it.
            users::sign_out_everywhere(tx, &due.user_id)?;
            tell(tx, journey, &due.user_id, &addresses)?;
        }
        Changed::AddressTaken => refer(tx, journey, &due.user_id, &addresses)?,
    }
    Ok(true)
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
const fn in_hours(notice: Duration) -> u64 {
    notice.as_secs().div_ceil(3_600)
}
