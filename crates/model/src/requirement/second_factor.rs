//! What a request asks of a person's second factor.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Standing;
use crate::browser_session::Acr;
use crate::clock::Timestamp;

/// Whether a person has to give a second factor. Who has one is always asked for it once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorRule {
    /// Who has one gives it.
    #[default]
    IfChosen,
    /// `acr_values`: who has none is offered to set one up, and may go on without.
    Preferred,
    /// Who has none sets one up first.
    Required,
    /// Who has one gives it anew, whatever they gave before.
    Anew,
}

impl SecondFactorRule {
    /// Whether a person who stands there has done what is asked. `done_since` tells what was done
    /// since the interaction began.
    pub(super) fn is_met(
        self,
        standing: &Standing,
        done_since: impl Fn(Timestamp) -> bool,
    ) -> bool {
        let authentication = standing.authentication.as_ref();
        let given = authentication.is_some_and(|authentication| authentication.acr >= Acr::ClCm);
        let has_one = standing.has_second_factor;
        match self {
            Self::IfChosen => given || !has_one,
            Self::Preferred => given || (!has_one && standing.declined_second_factor),
            Self::Required => given,
            Self::Anew => {
                !has_one
                    || authentication
                        .and_then(|authentication| authentication.second_factor_at)
                        .is_some_and(done_since)
            }
        }
    }
}

/// A change of a person's second factor that the account area asks for, in the words of its
/// `action` parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorTask {
    /// Set up an authenticator app, or another one instead.
    SetUpApp,
    /// Set up one more passkey.
    SetUpPasskey,
    /// Remove the authenticator app.
    RemoveApp,
    /// Remove the passkey of that id.
    RemovePasskey(String),
    /// Replace the recovery codes.
    NewRecoveryCodes,
}

/// Longest id of a passkey, in bytes.
const ID_MAX: usize = 64;

impl FactorTask {
    /// Reads an `action`: `set_up_app`, `set_up_passkey`, `remove_app`, `remove_passkey:` and its
    /// id, or `new_recovery_codes`.
    #[must_use]
    pub fn parse(action: &str) -> Option<Self> {
        let task = match action {
            "set_up_app" => Self::SetUpApp,
            "set_up_passkey" => Self::SetUpPasskey,
            "remove_app" => Self::RemoveApp,
            "new_recovery_codes" => Self::NewRecoveryCodes,
            other => Self::RemovePasskey(passkey_id(other.strip_prefix("remove_passkey:")?)?),
        };
        Some(task)
    }
}

/// Ids are UUIDs; whether there is such a passkey is for later.
fn passkey_id(id: &str) -> Option<String> {
    let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_one = !id.is_empty() && id.len() <= ID_MAX && id.bytes().all(is_id);
    is_one.then(|| id.to_owned())
}

impl fmt::Display for FactorTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetUpApp => f.write_str("set_up_app"),
            Self::SetUpPasskey => f.write_str("set_up_passkey"),
            Self::RemoveApp => f.write_str("remove_app"),
            Self::RemovePasskey(id) => write!(f, "remove_passkey:{id}"),
            Self::NewRecoveryCodes => f.write_str("new_recovery_codes"),
        }
    }
}
