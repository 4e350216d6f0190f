//! Fetching what a client's `jwks_uri` names, under the rules of [`Outbound`].

use url::Url;

use super::key_set::ClientKeySet;
use crate::outbound::{FetchError, Outbound};

/// Why a JWKS could not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKeySet {
    /// Nothing was had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What was had is not a JSON object with an array `keys` (RFC 7517 §5).
    #[error("it is not a JSON Web Key Set")]
    NotKeySet,
}

pub(super) async fn fetch(outbound: &Outbound, url: &Url) -> Result<ClientKeySet, NoKeySet> {
    let body = outbound.fetch(url).await?;
    let jwks: serde_json::Value = serde_json::from_slice(&body).map_err(|_| NoKeySet::NotKeySet)?;
    ClientKeySet::read(&jwks).ok_or(NoKeySet::NotKeySet)
}
