//! A session ends, with all that was opened in it.

use model::{ClientId, Entropy, Keyring, SecretDigest};

use crate::browser_sessions::EndedSession;
use crate::error::StorageError;
use crate::unit_of_work::Tx;
use crate::{authorization_codes, backchannel_logouts, browser_sessions, grants};

/// A session that is over, and the clients that it was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedOut {
    /// What the session was.
    pub session: EndedSession,
    /// The clients that were given tokens in it, in the order of their ids.
    pub clients: Vec<ClientId>,
}

/// Ends the session of a cookie's secret: its codes that nobody has redeemed yet, and its grants
/// but those with `offline_access` (OpenID Connect Back-Channel Logout §2.7). Every client of the
/// session that wants to know is told. `None` when there is no such session.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn sign_out(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    secret: &SecretDigest,
) -> Result<Option<SignedOut>, StorageError> {
    let Some(session) = browser_sessions::end(tx, secret)? else {
        return Ok(None);
    };
    let clients = close(tx, keyring, entropy, &session)?;
    Ok(Some(SignedOut { session, clients }))
}

/// Ends what was opened in a session that is over already, another person's whom somebody signed
/// in after in the same browser. The clients that it was used for.
///
/// # Errors
///
/// [`StorageError`] when the database fails.
pub fn close(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    session: &EndedSession,
) -> Result<Vec<ClientId>, StorageError> {
    // A redemption that is under way then either finds its code ended, or has its grant revoked.
    authorization_codes::end_session(tx, &session.sid)?;
    let clients = grants::revoke_session(tx, session)?;
    backchannel_logouts::enqueue(tx, keyring, entropy, session)?;
    Ok(clients)
}

#[cfg(test)]
mod tests;
