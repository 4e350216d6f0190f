//! What clients are told when a session that they were used in is over (OpenID Connect Back-Channel
//! Logout 1.0).

use serde::{Deserialize, Serialize};

use crate::client_id::ClientId;
use crate::user::UserId;

/// The end of a session, on its way to one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnd {
    /// Whom it is for.
    pub client_id: ClientId,
    /// Whose session it was.
    pub user_id: UserId,
    /// The session's `sid`, as the client's ID tokens have it.
    pub sid: String,
}
