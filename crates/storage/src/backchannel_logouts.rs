//! Logout tokens that wait in the outbox for the clients they are for (OpenID Connect Back-Channel
//! Logout 1.0 §2.5).
//!
//! They are queued in the unit of work that ends the session; the server sends them by
//! `protocol::backchannel_logout` as soon as it is committed.

use diesel::prelude::*;
use model::client::ClientSettings;
use model::keyring::Purpose;
use model::session_end::SessionEnd;
use model::{ClientId, Entropy, Keyring, UserId};

use crate::browser_sessions::EndedSession;
use crate::error::StorageError;
use crate::schema::{clients, grants};
use crate::unit_of_work::Tx;
use crate::{outbox, stored};

const TABLE: &str = "clients";

/// The kind of their messages in the outbox.
pub const KIND: &str = "backchannel_logout";

/// Tells every client that the session was used for, and that wants to know, of its end.
pub(crate) fn enqueue(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    ended: &EndedSession,
) -> Result<(), StorageError> {
    let used: Vec<(String, String)> = on_either!(tx, connection => grants::table
        .inner_join(clients::table.on(clients::id.eq(grants::client_id)))
        .filter(grants::user_id.eq(ended.user_id.as_str()))
        .filter(grants::sid.eq(&ended.sid))
        .filter(clients::disabled_at.is_null())
        .select((clients::id, clients::settings))
        .distinct()
        .load(connection))?;
    for (client_id, settings) in used {
        enqueue_one(tx, (keyring, entropy), (&client_id, &settings), ended)?;
    }
    Ok(())
}

/// The same for every session of a person that their grants still tell of, over or not: for an
/// account that somebody else may have got into.
pub(crate) fn enqueue_all_of(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    user_id: &UserId,
) -> Result<(), StorageError> {
    let used: Vec<(String, String, String)> = on_either!(tx, connection => grants::table
        .inner_join(clients::table.on(clients::id.eq(grants::client_id)))
        .filter(grants::user_id.eq(user_id.as_str()))
        .filter(clients::disabled_at.is_null())
        .select((clients::id, clients::settings, grants::sid))
        .distinct()
        .load(connection))?;
    for (client_id, settings, sid) in used {
        let ended = EndedSession {
            sid,
            user_id: user_id.clone(),
        };
        enqueue_one(tx, (keyring, entropy), (&client_id, &settings), &ended)?;
    }
    Ok(())
}

fn enqueue_one(
    tx: &mut Tx<'_>,
    (keyring, entropy): (&Keyring, &dyn Entropy),
    (client_id, settings): (&str, &str),
    ended: &EndedSession,
) -> Result<(), StorageError> {
    let settings: ClientSettings = stored::from_json(TABLE, settings)?;
    if settings.backchannel_logout_uri.is_none() {
        return Ok(());
    }
    let end = SessionEnd {
        client_id: ClientId::parse(client_id).map_err(|_| StorageError::Corrupt(TABLE))?,
        user_id: ended.user_id.clone(),
        sid: ended.sid.clone(),
    };
    let id = entropy.ordered_uuid(tx.now());
    let plaintext = stored::to_json(&end)?;
    let sealed = keyring.seal(Purpose::Outbox, &id, plaintext.as_bytes(), entropy);
    tx.announce_logouts();
    outbox::enqueue(tx, &id, KIND, &sealed)
}

#[cfg(test)]
mod tests;
