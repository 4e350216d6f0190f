//! What was fetched from one `jwks_uri`, and when it may be fetched again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jsonwebtoken::Algorithm;
use model::Timestamp;

use super::NoClientKey;
use super::fetch::NoKeySet;
use super::key_set::{ClientKeySet, Match};
use crate::keys::VerifyingKey;

/// For how long a fetched set is used: a key that a client takes away is good for no longer.
const KEEP_FOR: Duration = Duration::from_secs(5 * 60);
/// The shortest time between two fetches, whether the first failed, lacked the `kid` or went well:
/// anyone can send an unknown `kid`.
const FETCH_EVERY: Duration = Duration::from_secs(30);

/// The key set behind one URL.
#[derive(Default)]
pub(super) struct KeptSet {
    state: Mutex<State>,
    /// Held through a fetch, so that any number of requests for unknown keys make one fetch.
    /// Requests for known keys do not wait for it.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    /// The last set that was had, and since when.
    set: Option<(Timestamp, Arc<ClientKeySet>)>,
    /// The last attempt, and why it failed if it did. A failure leaves the set in use.
    attempt: Option<(Timestamp, Result<(), NoKeySet>)>,
}

impl KeptSet {
    /// The key of that `kid` and algorithm, by `fetch` where what is kept does not answer.
    pub(super) async fn find<F>(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
        fetch: impl FnOnce() -> F,
    ) -> Result<Arc<VerifyingKey>, NoClientKey>
    where
        F: Future<Output = Result<ClientKeySet, NoKeySet>>,
    {
        if let Some(answer) = self.state().answer(kid, algorithm, now) {
            return answer;
        }
        let _fetching = self.fetching.lock().await;
        if let Some(answer) = self.state().answer(kid, algorithm, now) {
            return answer;
        }
        let fetched = fetch().await.map(Arc::new);
        let mut state = self.state();
        state.attempt = Some((now, fetched.as_ref().map(|_| ()).map_err(|error| *error)));
        let set = fetched?;
        state.set = Some((now, Arc::clone(&set)));
        set.find(kid, algorithm).into_key()
    }

    /// Whether a request is fetching it or a later one could still use it.
    pub(super) fn is_in_use(&self, now: Timestamp) -> bool {
        self.fetching.try_lock().is_err() || self.state().fresh_set(now).is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The answer without a fetch; `None` when a fetch could give a better one and is allowed.
    fn answer(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
    ) -> Option<Result<Arc<VerifyingKey>, NoClientKey>> {
        match self.fresh_set(now).map(|set| set.find(kid, algorithm)) {
            Some(found @ (Match::One(_) | Match::Several)) => return Some(found.into_key()),
            Some(Match::None) | None => {}
        }
        let (at, outcome) = self.attempt.as_ref()?;
        let is_too_soon = now.since(*at) < FETCH_EVERY;
        is_too_soon.then(|| {
            Err(outcome
                .err()
                .map_or(NoClientKey::Unknown, NoClientKey::from))
        })
    }

    fn fresh_set(&self, now: Timestamp) -> Option<&Arc<ClientKeySet>> {
        self.set
            .as_ref()
            .filter(|(since, _)| now.since(*since) < KEEP_FOR)
            .map(|(_, set)| set)
    }
}
