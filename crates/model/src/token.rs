//! Access and refresh tokens as stored.

use crate::asked_claims::AskedClaims;
use crate::browser_session::Authentication;
use crate::client_id::ClientId;
use crate::clock::Timestamp;
use crate::key_thumbprint::KeyThumbprint;
use crate::scope::ScopeSet;

/// A live access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken {
    /// Whose it is.
    pub client_id: ClientId,
    /// The person and sign-in it speaks for; `None` for `client_credentials`.
    pub subject: Option<TokenSubject>,
    /// What it is good for.
    pub scope: ScopeSet,
    /// The key that it is bound to; anybody who bears it may use it when there is none.
    pub jkt: Option<KeyThumbprint>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The person a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSubject {
    /// The grant it came from.
    pub grant_id: String,
    /// Who, and how they had authenticated.
    pub authentication: Authentication,
    /// The browser session it came from.
    pub sid: String,
    /// The claims that were asked for by name.
    pub claims: AskedClaims,
}
