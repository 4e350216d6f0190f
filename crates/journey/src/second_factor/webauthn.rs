//! Our side of WebAuthn Level 3: what a browser is asked for, and whether its answer is right.
//!
//! `webauthn-rs` does the protocol. What it cannot know is added here: the counter as it is stored
//! now, whose credential it is, and what keeps it. [`set_up_passkey`](super::set_up_passkey) and
//! [`passkey`](super::passkey) are its callers; neither sees a type of the library.

use std::fmt;

use model::UserId;
use model::browser_session::Amr;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::StorageError;
use storage::second_factors::PasskeyRow;
use webauthn_rs::prelude::{
    AuthenticationResult, Credential, Passkey, PasskeyAuthentication, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder,
    WebauthnError,
};

use super::passkey_keeper;

/// A relying party: one origin, and the domain that passkeys are made for.
#[derive(Clone, Debug)]
pub struct RelyingParty(Webauthn);

/// What a browser was asked, and what its answer is checked against. It is good for one answer:
/// whoever looks at one takes it away first.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ceremony {
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`
    /// (WebAuthn §5.1.8, §5.1.9), for the script on the page.
    pub(crate) options: String,
    /// The library's own notes, as JSON.
    state: String,
    /// The ids of the passkeys that the account had.
    held: Vec<String>,
}

/// Who sets a passkey up.
pub(crate) struct Owner<'a> {
    /// Their account.
    pub(crate) id: &'a UserId,
    /// The name by which their device shows the account: the address that signs in to it.
    pub(crate) address: &'a str,
}

/// A new passkey, whose device answered for it.
#[derive(Debug)]
pub(crate) struct MadePasskey {
    pub(crate) credential_id: Vec<u8>,
    /// The library's record of it, as JSON.
    pub(crate) credential: String,
    pub(crate) amr: Amr,
    /// What keeps it, where its maker says so.
    pub(crate) keeper: Option<&'static str>,
}

/// A passkey that was given, and its record as it is from now on.
#[derive(Debug)]
pub(crate) struct GivenPasskey<'a> {
    pub(crate) row: &'a PasskeyRow,
    /// The record with its new counter and backup state, as JSON.
    pub(crate) credential: String,
    pub(crate) amr: Amr,
}

/// Why an answer is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is no answer to what was asked: another challenge, origin or key, or nothing readable.
    Wrong,
    /// The device did not check who holds it (WebAuthn §6.1, the UV flag).
    NotVerified,
    /// It is of a passkey that the account does not have.
    NotHeld,
    /// The signature counter of that passkey did not go on, so there may be a copy of it
    /// (WebAuthn §6.1.1).
    MayBeCopied(String),
}

const PASSKEYS: StorageError = StorageError::Corrupt("passkeys");
const INTERACTIONS: StorageError = StorageError::Corrupt("interactions");

/// Where options say whether a device keeps the key itself (WebAuthn §5.4.6).
const RESIDENT_KEY: &str = "/authenticatorSelection/residentKey";

impl RelyingParty {
    /// The relying party of an issuer; `None` where its host is an address instead of a domain
    /// name, which no passkey can be made for (WebAuthn §5.1.3). People are shown `name` by their
    /// device.
    #[must_use]
    pub fn of(issuer: &str, name: &str) -> Option<Self> {
        let origin = Url::parse(issuer).ok()?;
        let domain = origin.domain()?;
        let builder = WebauthnBuilder::new(domain, &origin).ok()?;
        builder.rp_name(name).build().ok().map(Self)
    }

    /// Asks for a new passkey, of a device or password manager that has none for the account yet.
    ///
    /// The library asks for user verification, for no attestation, and to keep no key on the
    /// device; we prefer that it keeps one, so that devices offer it by the account's name.
    pub(crate) fn ask_for_new(
        &self,
        owner: &Owner<'_>,
        held: &[PasskeyRow],
    ) -> Result<Ceremony, StorageError> {
        let id = Uuid::try_parse(owner.id.as_str()).map_err(|_| StorageError::Corrupt("users"))?;
        let excluded = held.iter().map(|row| row.credential_id.clone().into());
        let excluded = Some(excluded.collect());
        let (asked, state) = self
            .0
            .start_passkey_registration(id, owner.address, owner.address, excluded)
            .map_err(|_| INTERACTIONS)?;
        let mut options = serde_json::to_value(&asked.public_key).map_err(|_| INTERACTIONS)?;
        if let Some(resident_key) = options.pointer_mut(RESIDENT_KEY) {
            *resident_key = Value::from("preferred");
        }
        Ceremony::new(&options, &state, held)
    }

    /// Reads the answer to that.
    pub(crate) fn made(
        &self,
        ceremony: &Ceremony,
        answer: &str,
    ) -> Result<Result<MadePasskey, Refused>, StorageError> {
        let state: PasskeyRegistration = ceremony.state()?;
        let Ok(response) = serde_json::from_str::<RegisterPublicKeyCredential>(answer) else {
            return Ok(Err(Refused::Wrong));
        };
        let credential = match self.0.finish_passkey_registration(&response, &state) {
            Ok(passkey) => Credential::from(passkey),
            Err(WebauthnError::UserNotVerified) => return Ok(Err(Refused::NotVerified)),
            Err(_) => return Ok(Err(Refused::Wrong)),
        };
        Ok(Ok(MadePasskey {
            credential_id: credential.cred_id.to_vec(),
            amr: amr(credential.backup_eligible),
            keeper: passkey_keeper::of(answer),
            credential: json(&Passkey::from(credential), PASSKEYS)?,
        }))
    }

    /// Asks for one of the account's passkeys.
    pub(crate) fn ask_for_one_of(&self, held: &[PasskeyRow]) -> Result<Ceremony, StorageError> {
        let passkeys: Vec<Passkey> = held.iter().map(stored).collect::<Result<_, _>>()?;
        let (asked, state) = self
            .0
            .start_passkey_authentication(&passkeys)
            .map_err(|_| INTERACTIONS)?;
        Ceremony::new(&asked.public_key, &state, held)
    }

    /// Reads the answer to that. `held` is what the account has now, with the counters as they are
    /// now: the passkey may have been removed or used since it was asked for.
    pub(crate) fn given<'a>(
        &self,
        ceremony: &Ceremony,
        answer: &str,
        owner: &UserId,
        held: &'a [PasskeyRow],
    ) -> Result<Result<GivenPasskey<'a>, Refused>, StorageError> {
        let state: PasskeyAuthentication = ceremony.state()?;
        let Ok(response) = serde_json::from_str::<PublicKeyCredential>(answer) else {
            return Ok(Err(Refused::Wrong));
        };
        let id = response.get_credential_id();
        let Some(row) = held.iter().find(|row| row.credential_id == id) else {
            return Ok(Err(Refused::NotHeld));
        };
        if !is_of(&response, owner) {
            return Ok(Err(Refused::NotHeld));
        }
        let result = match self.0.finish_passkey_authentication(&response, &state) {
            Ok(result) => result,
            Err(fault) => return Ok(Err(Refused::of(&fault, row))),
        };
        let mut passkey = stored(row)?;
        if !goes_on(&result, &passkey) {
            return Ok(Err(Refused::MayBeCopied(row.id.clone())));
        }
        passkey.update_credential(&result);
        Ok(Ok(GivenPasskey {
            row,
            credential: json(&passkey, PASSKEYS)?,
            amr: amr(result.backup_eligible()),
        }))
    }
}

impl Refused {
    fn of(fault: &WebauthnError, row: &PasskeyRow) -> Self {
        match fault {
            WebauthnError::UserNotVerified => Self::NotVerified,
            WebauthnError::CredentialNotFound => Self::NotHeld,
            WebauthnError::CredentialPossibleCompromise => Self::MayBeCopied(row.id.clone()),
            _ => Self::Wrong,
        }
    }
}

/// A device that says whose passkey it used says the truth (WebAuthn §7.2 step 6).
fn is_of(response: &PublicKeyCredential, owner: &UserId) -> bool {
    let said = response.get_user_unique_id();
    said.is_none_or(|said| {
        Uuid::try_parse(owner.as_str()).is_ok_and(|owner| said == owner.as_bytes())
    })
}

/// Whether the counter is ahead of the one that was stored last; passkeys that devices share have
/// none, and say 0 for ever (WebAuthn §7.2 step 22).
fn goes_on(result: &AuthenticationResult, passkey: &Passkey) -> bool {
    let stored = Credential::from(passkey.clone()).counter;
    result.counter() > stored || (result.counter() == 0 && stored == 0)
}

/// A passkey that may leave its device is software to us, wherever it is now (RFC 8176 §2).
const fn amr(is_backup_eligible: bool) -> Amr {
    if is_backup_eligible {
        Amr::Swk
    } else {
        Amr::Hwk
    }
}

fn stored(row: &PasskeyRow) -> Result<Passkey, StorageError> {
    serde_json::from_str(&row.credential).map_err(|_| PASSKEYS)
}

fn json(value: &impl Serialize, fault: StorageError) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(|_| fault)
}

impl Ceremony {
    fn new(
        options: &impl Serialize,
        state: &impl Serialize,
        held: &[PasskeyRow],
    ) -> Result<Self, StorageError> {
        Ok(Self {
            options: json(options, INTERACTIONS)?,
            state: json(state, INTERACTIONS)?,
            held: ids(held),
        })
    }

    /// Whether the account has the passkeys that it had when this was asked, so that the same can
    /// be asked once more.
    pub(crate) fn still_fits(&self, held: &[PasskeyRow]) -> bool {
        self.held == ids(held)
    }

    fn state<T: DeserializeOwned>(&self) -> Result<T, StorageError> {
        serde_json::from_str(&self.state).map_err(|_| INTERACTIONS)
    }
}

fn ids(held: &[PasskeyRow]) -> Vec<String> {
    held.iter().map(|row| row.id.clone()).collect()
}

impl fmt::Debug for Ceremony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ceremony(..)")
    }
}

#[cfg(test)]
mod tests;
