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
/// anyone can send an unknown `kid` or a wrong signature.
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
        let fetched = fetch().await;
        let set = self.state().keep(fetched, now)?;
        set.find(kid, algorithm).into_key()
    }

    /// The same when what is kept was not good enough: by `fetch`, unless that was tried a moment
    /// ago.
    pub(super) async fn find_again<F>(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        now: Timestamp,
        fetch: impl FnOnce() -> F,
    ) -> Option<Arc<VerifyingKey>>
    where
        F: Future<Output = Result<ClientKeySet, NoKeySet>>,
    {
        let _fetching = self.fetching.lock().await;
        let is_too_soon = self.state().attempt_of_late(now).is_some();
        if !is_too_soon {
            let fetched = fetch().await;
            self.state().keep(fetched, now).ok()?;
        }
        let set = self.state().fresh_set(now).cloned()?;
        set.find(kid, algorithm).into_key().ok()
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
        let outcome = self.attempt_of_late(now)?;
        Some(Err(outcome
            .err()
            .map_or(NoClientKey::Unknown, NoClientKey::from)))
    }

    /// How the last attempt ended, if it is too soon for another.
    fn attempt_of_late(&self, now: Timestamp) -> Option<Result<(), NoKeySet>> {
        let attempt = self.attempt.as_ref();
        attempt
            .filter(|(at, _)| now.since(*at) < FETCH_EVERY)
            .map(|(_, outcome)| *outcome)
    }

    /// Remembers an attempt, and the set that it had.
    fn keep(
        &mut self,
        fetched: Result<ClientKeySet, NoKeySet>,
        now: Timestamp,
    ) -> Result<Arc<ClientKeySet>, NoKeySet> {
        let fetched = fetched.map(Arc::new);
        self.attempt = Some((now, fetched.as_ref().map(|_| ()).map_err(|error| *error)));
        let set = fetched?;
        self.set = Some((now, Arc::clone(&set)));
        Ok(set)
    }

    fn fresh_set(&self, now: Timestamp) -> Option<&Arc<ClientKeySet>> {
        self.set
            .as_ref()
            .filter(|(since, _)| now.since(*since) < KEEP_FOR)
            .map(|(_, set)| set)
    }
}
