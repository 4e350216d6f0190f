//! The public keys of clients, by value (`jwks`) or by reference (`jwks_uri`).
//!
//! [`client_assertion`](crate::client_assertion) asks [`ClientKeys`] for the one key that an
//! assertion's header names. Sets behind a `jwks_uri` are fetched by [`fetch`] under the rules of
//! [`Outbound`] and kept for a short time.

mod fetch;
mod kept_set;
mod key_set;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonwebtoken::Algorithm;
use model::Timestamp;
use model::client::ClientSettings;
use url::Url;

pub use fetch::NoKeySet;

use self::kept_set::KeptSet;
use self::key_set::ClientKeySet;
use crate::keys::VerifyingKey;
use crate::outbound::Outbound;

/// Most fetched sets that are kept.
const KEPT_SETS: usize = 1_000;

/// Finds clients' public keys. Clones share one cache.
#[derive(Clone)]
pub struct ClientKeys {
    outbound: Outbound,
    kept: Arc<Mutex<HashMap<Url, Arc<KeptSet>>>>,
}

/// Why there is no key to verify a client's signature with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoClientKey {
    /// The client registered neither `jwks` nor `jwks_uri`.
    #[error("the client registered no keys")]
    NoneRegistered,
    /// No key of the client has that `kid` and accepts that algorithm.
    #[error("the client has no key of that kid and alg")]
    Unknown,
    /// There is no `kid`, and several keys accept the algorithm (OpenID Connect Core §10.1).
    #[error("a kid is needed to tell the client's keys apart")]
    Ambiguous,
    /// What stands at `jwks_uri` could not be had.
    #[error("the client's jwks_uri could not be read: {0}")]
    Unavailable(#[from] NoKeySet),
}

impl ClientKeys {
    /// A finder that fetches by this way out.
    #[must_use]
    pub fn new(outbound: Outbound) -> Self {
        Self {
            outbound,
            kept: Arc::default(),
        }
    }

    /// The key of a client that has this `kid` and accepts this algorithm; without a `kid`, the
    /// only key that accepts it.
    ///
    /// A `jwks_uri` is fetched when its set is older than five minutes, and again on an unknown
    /// `kid`, but no more than every 30 seconds.
    ///
    /// # Errors
    ///
    /// [`NoClientKey`] names the cause.
    pub(crate) async fn find(
        &self,
        client: &ClientSettings,
        kid: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Arc<VerifyingKey>, NoClientKey> {
        if let Some(jwks) = &client.jwks {
            let keys = ClientKeySet::read(jwks).ok_or(NoClientKey::NoneRegistered)?;
            return keys.find(kid, algorithm).into_key();
        }
        let url = client
            .jwks_uri
            .as_ref()
            .ok_or(NoClientKey::NoneRegistered)?;
        self.kept_set(url, now)
            .find(kid, algorithm, now, || fetch::fetch(&self.outbound, url))
            .await
    }

    fn kept_set(&self, url: &Url, now: Timestamp) -> Arc<KeptSet> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_SETS && !kept.contains_key(url) {
            kept.retain(|_, set| set.is_in_use(now));
            let all_in_use = (kept.len() >= KEPT_SETS).then(|| kept.keys().next().cloned());
            if let Some(any) = all_in_use.flatten() {
                kept.remove(&any);
            }
        }
        kept.entry(url.clone()).or_default().clone()
    }
}

#[cfg(test)]
mod tests;
