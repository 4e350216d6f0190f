//! The link that the old address of an account gets when its address changes: a page with one
//! button, which stops the change or undoes it. Opening it changes nothing, because mail scanners
//! open links too. The link is the proof: it works in any browser.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use model::event::EventKind;
use model::secret::SecretKind;
use model::{SecretDigest, UserId};
use pages::{Shell, View};
use serde::Serialize;
use storage::address_changes::{self, AddressChangeState};
use storage::users::Changed;
use storage::{StorageError, Tx, users};

use super::address_change::{Addresses, Present, lock, record};
use super::joining::merge;
use super::sign_out_everywhere;
use crate::error::JourneyError;
use crate::journey::Journey;
use crate::support::{self, Case, Opening};

/// `/address-change/freeze/{token}`: says nothing of the account.
///
/// Posts nothing but its URL.
#[derive(Debug, Serialize)]
pub struct FreezePage {
    #[serde(skip)]
    state: FreezeState,
    heading: &'static str,
    explanation: &'static str,
    button: Option<&'static str>,
    reference: Option<String>,
}

/// What the change is that a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreezeState {
    /// It has yet to happen.
    Planned,
    /// It happened and can be undone.
    Applied,
    /// It was stopped or undone.
    Frozen,
    /// There is none, or it is too long ago.
    Over,
}

impl FreezeState {
    const fn explanation(self) -> &'static str {
        match self {
            Self::Planned => {
                "Someone asked for your account to use another email address. Nothing has changed \
                 yet. If you did not ask for this, stop the change. Everyone who is signed in to \
                 your account will be signed out."
            }
            Self::Applied => {
                "Your account now uses another email address. If you did not ask for this, undo \
                 the change. Your account will use your address again, and everyone who is signed \
                 in to it will be signed out."
            }
            Self::Frozen => {
                "Your account uses the address that we sent the link to. Everyone who was signed \
                 in to it was signed out."
            }
            Self::Over => {
                "The link is for a change of your email address, and stops working a while after the \
                 change."
            }
        }
    }

    const fn button(self) -> Option<&'static str> {
        match self {
            Self::Planned => Some("Stop the change"),
            Self::Applied => Some("Undo the change"),
            Self::Frozen | Self::Over => None,
        }
    }
}

impl FreezePage {
    fn new(state: FreezeState, reference: Option<String>) -> Self {
        let heading = match state {
            FreezeState::Planned => "Stop the change of your email address",
            FreezeState::Applied => "Undo the change of your email address",
            FreezeState::Frozen if reference.is_some() => "The change was stopped",
            FreezeState::Frozen => "The change was stopped already",
            FreezeState::Over => "This link no longer works",
        };
        Self {
            state,
            heading,
            explanation: state.explanation(),
            button: state.button(),
            reference,
        }
    }

    const fn status(&self) -> StatusCode {
        match self.state {
            FreezeState::Over => StatusCode::GONE,
            _ => StatusCode::OK,
        }
    }
}

impl View for FreezePage {
    const TEMPLATE: &'static str = "accounts/freeze";

    fn title(&self) -> String {
        self.heading.to_owned()
    }

    fn samples() -> Vec<Self> {
        [
            (FreezeState::Planned, None),
            (FreezeState::Applied, None),
            (FreezeState::Frozen, Some("GAI-7K3M-Q2X9".to_owned())),
            (FreezeState::Frozen, None),
            (FreezeState::Over, None),
        ]
        .map(|(state, reference)| Self::new(state, reference))
        .into()
    }
}

/// `GET /address-change/freeze/{token}`: changes nothing.
pub(crate) async fn open(journey: Data<Journey>, token: Path<String>) -> HttpResponse {
    let Some(link) = SecretKind::FreezeLink.digest(&token) else {
        return respond(&journey, &FreezePage::new(FreezeState::Over, None));
    };
    let company = journey.get_ref().clone();
    let look = journey.store.read(move |tx| look(tx, &company, &link));
    answer(&journey, look.await)
}

fn look(
    tx: &mut Tx<'_>,
    journey: &Journey,
    link: &SecretDigest,
) -> Result<FreezePage, StorageError> {
    let change = address_changes::find(tx, link, journey.address_change_notice)?;
    let state = change.map_or(FreezeState::Over, |change| change.state.into());
    Ok(FreezePage::new(state, None))
}

impl From<AddressChangeState> for FreezeState {
    fn from(state: AddressChangeState) -> Self {
        match state {
            AddressChangeState::Planned => Self::Planned,
            AddressChangeState::Applied => Self::Applied,
            AddressChangeState::Frozen => Self::Frozen,
        }
    }
}

/// `POST /address-change/freeze/{token}`: the button.
pub(crate) async fn press(journey: Data<Journey>, token: Path<String>) -> HttpResponse {
    let Some(link) = SecretKind::FreezeLink.digest(&token) else {
        return respond(&journey, &FreezePage::new(FreezeState::Over, None));
    };
    answer(&journey, freeze_now(&journey, &link).await)
}

/// Freezes the change, however often somebody signs in to the account meanwhile.
async fn freeze_now(journey: &Journey, link: &SecretDigest) -> Result<FreezePage, StorageError> {
    loop {
        let (company, link) = (journey.clone(), *link);
        let frozen = journey.store.write(move |tx| freeze(tx, &company, &link));
        if let Some(page) = frozen.await? {
            return Ok(page);
        }
    }
}

fn answer(journey: &Journey, page: Result<FreezePage, StorageError>) -> HttpResponse {
    match page {
        Ok(page) => respond(journey, &page),
        Err(fault) => JourneyError::from(fault).respond(journey),
    }
}

fn respond(journey: &Journey, page: &FreezePage) -> HttpResponse {
    let shell = Shell::default();
    journey.pages.respond(page.status(), &shell, page)
}

/// Stops or undoes the change, ends everything that was opened by the account, and gives the case
/// to staff. Of any number of presses one does so. `None` when what is to be locked changed in
/// between: nothing was done.
fn freeze(
    tx: &mut Tx<'_>,
    journey: &Journey,
    link: &SecretDigest,
) -> Result<Option<FreezePage>, StorageError> {
    let notice = journey.address_change_notice;
    let found = address_changes::find(tx, link, notice)?;
    let Some(change) = found.filter(|change| change.state != AddressChangeState::Frozen) else {
        return look(tx, journey, link).map(Some);
    };
    let user_id = &change.user_id;
    let addresses = Addresses::open(journey, &change.id, &change.sealed)?;
    let Some(present) = lock(tx, user_id, &addresses.from)? else {
        return Ok(None);
    };
    let Some(frozen) = address_changes::freeze(tx, link, notice)? else {
        return look(tx, journey, link).map(Some);
    };
    if frozen.state == AddressChangeState::Applied {
        give_back(tx, journey, user_id, &addresses, &present)?;
    }
    sign_out_everywhere(tx, journey, user_id)?;
    record(tx, EventKind::AddressChangeFrozen, user_id, &frozen.id)?;
    let case = Case::ChangeFrozen {
        kept: addresses.from.clone(),
        refused: addresses.to,
    };
    let opening = Opening {
        user_id: Some(user_id),
        client_id: None,
        contact: &addresses.from,
        case: &case,
    };
    let reference = support::open(tx, journey, &opening)?;
    let reference = Some(reference.to_string());
    Ok(Some(FreezePage::new(FreezeState::Frozen, reference)))
}

/// Gives the account its old address back. Who signed in with it meanwhile made a new account,
/// which becomes one with theirs: both are of whoever reads mail there.
fn give_back(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user_id: &UserId,
    addresses: &Addresses,
    present: &Present,
) -> Result<(), StorageError> {
    if let Some(made_meanwhile) = present.account() {
        let _ = merge(tx, journey, made_meanwhile, user_id)?;
    }
    match users::change_address(tx, user_id, &addresses.from)? {
        Changed::Changed => Ok(()),
        Changed::AddressTaken => Err(StorageError::Corrupt("users")),
    }
}
