//! A `request_uri` that we gave: the request that its client pushed (RFC 9126 §4), or that a browser
//! posted before we knew which browser it is.

use std::time::Duration;

use model::raw_pairs::RawPairs;
use model::secret::SecretKind;
use model::{Client, ClientId, InteractionId, SecretDigest, Timestamp};
use storage::pushed_requests::{self, NewPushedRequest};
use storage::{StorageError, Tx, interactions};

use crate::provider::Provider;

/// How long a browser may take to come with a `request_uri`; protocol decision: 60 s.
pub(crate) const LIFETIME: Duration = Duration::from_secs(60);

/// The longest request that is kept, in bytes of its values: neither public clients nor browsers
/// prove anything.
pub(crate) const KEPT_MAX: usize = 16_384;

/// What every `request_uri` of ours begins with (RFC 9126 §2.2). Those that clients register are
/// https.
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// A request that is about to be kept.
pub(crate) struct NewRequest {
    /// What names it.
    pub(crate) request_uri: String,
    row: NewPushedRequest,
}

impl NewRequest {
    /// Draws a name for a request of a client; `None` when it is longer than [`KEPT_MAX`].
    pub(crate) fn draw(provider: &Provider, client: &Client, parameters: RawPairs) -> Option<Self> {
        let length: usize = parameters.iter().map(|(_, value)| value.len()).sum();
        if length > KEPT_MAX {
            return None;
        }
        let secret = SecretKind::PushedRequest.mint(&*provider.entropy);
        Some(Self {
            request_uri: format!("{PREFIX}{}", secret.reveal()),
            row: NewPushedRequest {
                digest: SecretDigest::of(secret.reveal()),
                client_id: client.id.clone(),
                parameters,
                expires_at: provider.store.clock().now().plus(LIFETIME),
            },
        })
    }

    /// Stores it; `false` when its client is gone or switched off.
    pub(crate) fn store(&self, tx: &mut Tx<'_>) -> Result<bool, StorageError> {
        pushed_requests::insert(tx, &self.row)
    }
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
