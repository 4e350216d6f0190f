//! A `request_uri` that we gave: the request that its client pushed (RFC 9126 §4).

use model::raw_pairs::RawPairs;
use model::secret::SecretKind;
use model::{Client, ClientId, InteractionId, Secret, SecretDigest, Timestamp};
use storage::{StorageError, Tx, interactions, pushed_requests};

/// What every `request_uri` of ours begins with (RFC 9126 §2.2). Those that clients register are
/// https.
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The `request_uri` that ends with this secret.
pub(crate) fn request_uri(secret: &Secret<String>) -> String {
    format!("{PREFIX}{}", secret.reveal())
}

/// Whether a request comes by a `request_uri` of ours, good or not. One that is repeated, or that
/// stands beside a request object, is refused as any other is.
pub(super) fn is_in(pairs: &RawPairs) -> bool {
    let is_ours = |uri: &str| uri.starts_with(PREFIX);
    matches!(pairs.one("request"), Ok(None))
        && matches!(pairs.one("request_uri"), Ok(Some(uri)) if is_ours(uri))
}

/// Which pushed request a client names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PushedRequest {
    digest: SecretDigest,
    client_id: ClientId,
}

/// What a pushed request is to the browser that brings it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It asks for this, and nobody used it yet.
    Unused(RawPairs),
    /// This browser began an interaction with it, which goes on there.
    GoesOn { location: String },
    /// There is nothing that this browser could do with it.
    Unusable,
}

impl PushedRequest {
    /// The one that a client's `request_uri` names; `None` when it cannot be one.
    pub(super) fn named(pairs: &RawPairs, client: &Client) -> Option<Self> {
        let secret = pairs.first("request_uri")?.strip_prefix(PREFIX)?;
        Some(Self {
            digest: SecretKind::PushedRequest.digest(secret)?,
            client_id: client.id.clone(),
        })
    }

    /// What it is to the browser that has this cookie. A reload leads on where the first request
    /// led; another browser, or whoever comes after the answer, finds nothing.
    pub(super) fn find(
        &self,
        tx: &mut Tx<'_>,
        browser: Option<&SecretDigest>,
    ) -> Result<Found, StorageError> {
        let id = match pushed_requests::find(tx, &self.digest, &self.client_id)? {
            pushed_requests::Found::Unused(parameters) => return Ok(Found::Unused(parameters)),
            pushed_requests::Found::Used(id) => id,
            pushed_requests::Found::Missing => return Ok(Found::Unusable),
        };
        Ok(match interactions::find(tx, &id, browser)? {
            interactions::Found::Open(interaction) => Found::GoesOn {
                location: interaction.return_to,
            },
            _ => Found::Unusable,
        })
    }

    /// Uses it up, in the unit of work that answers it or begins that interaction.
    pub(super) fn redeem(
        &self,
        tx: &mut Tx<'_>,
        (interaction, until): (&InteractionId, Timestamp),
    ) -> Result<bool, StorageError> {
        pushed_requests::redeem(tx, &self.digest, &self.client_id, (interaction, until))
    }
}
