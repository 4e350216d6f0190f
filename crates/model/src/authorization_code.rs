//! What an authorization code stands for.

use serde::{Deserialize, Serialize};

use crate::asked_claims::AskedClaims;
use crate::browser_session::Authentication;
use crate::client_id::ClientId;
use crate::key_thumbprint::KeyThumbprint;
use crate::scope::ScopeSet;

/// What the person granted, from the code through every token that comes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its row; tokens name it, and all of them die with it.
    pub id: String,
    /// To whom.
    pub client_id: ClientId,
    /// By whom, and how they had authenticated.
    pub authentication: Authentication,
    /// The browser session it came from (`sid`).
    pub sid: String,
    /// What for.
    pub scope: ScopeSet,
    /// The claims that were asked for by name.
    #[serde(default)]
    pub claims: AskedClaims,
}

/// What a redeemed code gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// The grant that begins with it.
    pub grant: Grant,
    /// The `redirect_uri` of the authorization request; the token request must repeat it.
    pub redirect_uri: String,
    /// The S256 code challenge, if the request had one (RFC 7636 §4.3).
    pub code_challenge: Option<String>,
    /// The key that its redemption has to prove (`dpop_jkt`, RFC 9449 §10).
    pub dpop_jkt: Option<KeyThumbprint>,
    /// The `nonce` to put in the ID token.
    pub nonce: Option<String>,
}
