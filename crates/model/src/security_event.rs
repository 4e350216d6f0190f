//! What services are told of a person without being asked (RFC 8417).

use serde::{Deserialize, Serialize};

use crate::client_id::ClientId;
use crate::clock::Timestamp;
use crate::trn_lookup::TrnLookupStatus;
use crate::user::UserId;

/// Something that happened to a person, on its way to one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityEvent {
    /// Whom it is for.
    pub client_id: ClientId,
    /// Whom it is about.
    pub user_id: UserId,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub happening: Happening,
}

/// What can happen to a person that a client is told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// Looking for their teaching record ended otherwise than the client was told.
    TrnLookupStatusChanged {
        /// Where they stand now.
        status: TrnLookupStatus,
    },
}
