//! Fetching what a client's `jwks_uri` names, under the rules of [`Outbound`].

use reqwest::Response;
use url::Url;

use super::key_set::ClientKeySet;
use crate::outbound::{Outbound, OutboundError};

const SIZE_LIMIT: usize = 64 * 1024;

/// Why a JWKS could not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// There was no answer.
    #[error(transparent)]
    NoAnswer(#[from] OutboundError),
    /// The answer was not 200; a redirect is not followed.
    #[error("it answered with status {0}")]
    Status(u16),
    /// The answer was longer than 64 KiB.
    #[error("it is larger than 64 KiB")]
    TooLarge,
    /// The answer is not a JSON object with an array `keys` (RFC 7517 §5).
    #[error("it is not a JSON Web Key Set")]
    NotKeySet,
}

pub(super) async fn fetch(outbound: &Outbound, url: &Url) -> Result<ClientKeySet, FetchError> {
    let body = fetch_document(outbound, url).await?;
    let jwks: serde_json::Value =
        serde_json::from_slice(&body).map_err(|_| FetchError::NotKeySet)?;
    ClientKeySet::read(&jwks).ok_or(FetchError::NotKeySet)
}

/// What stands at a client's URL, within the limits of time and size.
pub(crate) async fn fetch_document(outbound: &Outbound, url: &Url) -> Result<Vec<u8>, FetchError> {
    let response = outbound.get(url).await?;
    if response.status() != 200 {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    body_within_limit(response).await
}

async fn body_within_limit(mut response: Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| OutboundError::from(&error))?
    {
        if body.len() + chunk.len() > SIZE_LIMIT {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
