//! The registered clients, cached for a moment.
//!
//! A cached client is used for [`FRESH_FOR`]; after that its row's version is compared, and the row
//! read again only when it changed. So a client that is disabled or changed on one node is so on
//! every node within that time.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use model::{Client, ClientId, Timestamp};
use storage::{StorageError, Store, Tx};

/// How long a cached client is used unasked.
const FRESH_FOR: Duration = Duration::from_secs(5);

/// Most clients that are cached; beyond it the cache begins anew.
const CACHE_MAX: usize = 10_000;

/// The registered clients. Clones share one cache.
#[derive(Clone)]
pub struct Clients {
    store: Store,
    cache: Arc<RwLock<HashMap<ClientId, Cached>>>,
}

struct Cached {
    client: Arc<Client>,
    checked_at: Timestamp,
}

impl Clients {
    /// A cache over the clients of a database.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self {
            store,
            cache: Arc::default(),
        }
    }

    /// The client of that id; `None` when there is none or it is switched off.
    ///
    /// # Errors
    ///
    /// [`StorageError`] when the database fails.
    pub async fn find(&self, id: &str) -> Result<Option<Arc<Client>>, StorageError> {
        let now = self.store.clock().now();
        let known = match self.cached(id) {
            Some((client, checked_at)) if now.since(checked_at) < FRESH_FOR => {
                return Ok(enabled(client));
            }
            Some((client, _)) => Some(client),
            None => None,
        };
        let Ok(id) = ClientId::parse(id) else {
            return Ok(None);
        };
        let wanted = id.clone();
        let found = self
            .store
            .read(move |tx| reread(tx, &wanted, known))
            .await?;
        self.remember(&id, found.as_ref(), now);
        Ok(found.and_then(enabled))
    }

    /// Has the next request read a client anew that just changed here.
    pub(crate) fn forget(&self, id: &ClientId) {
        self.remember(id, None, self.store.clock().now());
    }

    fn cached(&self, id: &str) -> Option<(Arc<Client>, Timestamp)> {
        let cache = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        cache
            .get(id)
            .map(|cached| (Arc::clone(&cached.client), cached.checked_at))
    }

    fn remember(&self, id: &ClientId, found: Option<&Arc<Client>>, now: Timestamp) {
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        match found {
            Some(client) => {
                if cache.len() >= CACHE_MAX {
                    cache.clear();
                }
                let client = Arc::clone(client);
                cache.insert(
                    id.clone(),
                    Cached {
                        client,
                        checked_at: now,
                    },
                );
            }
            None => {
                cache.remove(id);
            }
        }
    }
}

fn reread(
    tx: &mut Tx<'_>,
    id: &ClientId,
    known: Option<Arc<Client>>,
) -> Result<Option<Arc<Client>>, StorageError> {
    if let Some(known) = known
        && storage::clients::find_version(tx, id)? == Some(known.version)
    {
        return Ok(Some(known));
    }
    Ok(storage::clients::find(tx, id)?.map(|stored| Arc::new(stored.client)))
}

fn enabled(client: Arc<Client>) -> Option<Arc<Client>> {
    client.disabled_at.is_none().then_some(client)
}
