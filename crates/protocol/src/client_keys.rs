//! The public keys of clients, by value (`jwks`) or by reference (`jwks_uri`).
//!
//! [`client_assertion`](crate::client_assertion) and [`request_object`](crate::request_object) have
//! [`ClientKeys`] verify what came with the one key that its header names. Sets behind a `jwks_uri`
//! are fetched by [`fetch`] under the rules of [`Outbound`] and kept for a short time.

mod fetch;
mod kept_set;
mod key_set;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jsonwebtoken::{Algorithm, Header};
use model::{Client, ClientId, Timestamp};
use serde::de::DeserializeOwned;
use url::Url;

pub use fetch::NoKeySet;

use self::kept_set::KeptSet;
use self::key_set::ClientKeySet;
use crate::jws::{self, JwsError};
use crate::keys::VerifyingKey;
use crate::outbound::Outbound;

/// Most fetched sets that are kept.
const KEPT_SETS: usize = 1_000;

/// Finds clients' public keys. Clones share one cache.
#[derive(Clone)]
pub struct ClientKeys {
    outbound: Outbound,
    kept: Arc<Mutex<HashMap<Place, Arc<KeptSet>>>>,
}

/// Where a client publishes. Each client has a set of its own, also where others name the same
/// URL: their requests do not use up its fetches.
type Place = (ClientId, Url);

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

    /// The claims of what a client signed with the key that has its `kid` and accepts its
    /// algorithm; without a `kid`, with the only key that does.
    ///
    /// A `jwks_uri` is fetched when its set is older than five minutes, and again on an unknown
    /// `kid` or a wrong signature, because another key may have taken the place of one that we
    /// know, but no more than every 30 seconds.
    ///
    /// # Errors
    ///
    /// [`NoClientKey`] or [`JwsError`] names the cause.
    pub(crate) async fn verify<C, E>(
        &self,
        client: &Client,
        token: &str,
        header: &Header,
        now: Timestamp,
    ) -> Result<C, E>
    where
        C: DeserializeOwned,
        E: From<NoClientKey> + From<JwsError>,
    {
        let (kid, algorithm) = (header.kid.as_deref(), header.alg);
        let key = self.find(client, kid, algorithm, now).await?;
        let verified = jws::verify(token, algorithm, &key);
        if !matches!(verified, Err(JwsError::Signature)) {
            return Ok(verified?);
        }
        match self.find_newer(client, kid, algorithm, now, &key).await {
            Some(newer) => Ok(jws::verify(token, algorithm, &newer)?),
            None => Ok(verified?),
        }
    }

    async fn find(
        &self,
        client: &Client,
        kid: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Result<Arc<VerifyingKey>, NoClientKey> {
        if let Some(jwks) = &client.settings.jwks {
            let keys = ClientKeySet::read(jwks).ok_or(NoClientKey::NoneRegistered)?;
            return keys.find(kid, algorithm).into_key();
        }
        let jwks_uri = client.settings.jwks_uri.as_ref();
        let url = jwks_uri.ok_or(NoClientKey::NoneRegistered)?;
        self.kept_set(client, url, now)
            .find(kid, algorithm, now, || fetch::fetch(&self.outbound, url))
            .await
    }

    /// What stands now where `known` stood.
    async fn find_newer(
        &self,
        client: &Client,
        kid: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
        known: &Arc<VerifyingKey>,
    ) -> Option<Arc<VerifyingKey>> {
        let url = client.settings.jwks_uri.as_ref()?;
        let newer = self
            .kept_set(client, url, now)
            .find_again(kid, algorithm, now, || fetch::fetch(&self.outbound, url))
            .await?;
        (!Arc::ptr_eq(&newer, known)).then_some(newer)
    }

    fn kept_set(&self, client: &Client, url: &Url, now: Timestamp) -> Arc<KeptSet> {
        let place = (client.id.clone(), url.clone());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT_SETS && !kept.contains_key(&place) {
            kept.retain(|_, set| set.is_in_use(now));
            let all_in_use = (kept.len() >= KEPT_SETS).then(|| kept.keys().next().cloned());
            if let Some(any) = all_in_use.flatten() {
                kept.remove(&any);
            }
        }
        kept.entry(place).or_default().clone()
    }
}

#[cfg(test)]
mod tests;
