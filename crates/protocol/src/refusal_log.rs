//! Writes down why requests were refused, so that those who run a client can look it up on the
//! page for developers ([`developers`](crate::developers)).
//!
//! Off the way of everything that succeeds. A refusal that cannot be written down is still
//! answered, and one that was met a moment ago is not written down again: anybody can send bad
//! requests in the name of any client.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::Timestamp;
use storage::refusals::{self, NewRefusal};

use crate::provider::Provider;

/// How long the same refusal of the same client is not written down again by this node.
const QUIET_FOR: Duration = Duration::from_secs(10);

/// Most refusals that are remembered as written down. While so many are, others are not written.
const REMEMBERED_MAX: usize = 1_000;

/// What this node wrote down a moment ago.
#[derive(Default)]
pub(crate) struct RefusalLog(Mutex<HashMap<NewRefusalKey, Timestamp>>);

/// Client, endpoint, error and description.
type NewRefusalKey = (String, &'static str, String, String);

impl RefusalLog {
    fn is_due(&self, refusal: &NewRefusal, now: Timestamp) -> bool {
        let key = (
            refusal.client_id.as_str().to_owned(),
            refusal.endpoint,
            refusal.error.clone(),
            refusal.description.clone(),
        );
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent = |at: &Timestamp| now.since(*at) < QUIET_FOR;
        if written.get(&key).is_some_and(is_recent) {
            return false;
        }
        if written.len() >= REMEMBERED_MAX {
            written.retain(|_, at| is_recent(at));
        }
        if written.len() >= REMEMBERED_MAX {
            return false;
        }
        written.insert(key, now);
        true
    }
}

/// Writes down that a request which named a client was refused; nothing when there is no such
/// client. `description` is what the client, or the person at its error page, was told: it names
/// parameters and never what they held.
pub(crate) async fn note(
    provider: &Provider,
    claimed_client: Option<&str>,
    endpoint: &'static str,
    error: &str,
    description: &str,
) {
    let Some(claimed) = claimed_client else {
        return;
    };
    // A fault is answered, and logged, where it is in somebody's way.
    let Ok(Some(client)) = provider.clients.find(claimed).await else {
        return;
    };
    let refusal = NewRefusal {
        client_id: client.id.clone(),
        endpoint,
        error: error.to_owned(),
        description: description.to_owned(),
    };
    let now = provider.store.clock().now();
    if !provider.refusal_log().is_due(&refusal, now) {
        return;
    }
    let write = provider
        .store
        .write(move |tx| refusals::record(tx, &refusal));
    if let Err(fault) = write.await {
        tracing::warn!(error = %fault, "a refusal could not be written down");
    }
}

#[cfg(test)]
mod tests {
    use model::ClientId;

    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

    fn refusal(description: &str) -> NewRefusal {
        NewRefusal {
            client_id: ClientId::parse("course").unwrap(),
            endpoint: "/token",
            error: "invalid_grant".to_owned(),
            description: description.to_owned(),
        }
    }

    #[test]
    fn the_same_refusal_is_written_down_again_only_after_a_while() {
        let log = RefusalLog::default();
        let soon = START.plus(QUIET_FOR.checked_sub(Duration::from_millis(1)).unwrap());

        assert!(log.is_due(&refusal("one"), START));
        assert!(!log.is_due(&refusal("one"), soon));
        assert!(log.is_due(&refusal("two"), soon));
        assert!(log.is_due(&refusal("one"), START.plus(QUIET_FOR)));
    }

    /// The attack: very many different refusals at once.
    #[test]
    fn a_flood_is_not_written_down_and_does_not_grow() {
        let log = RefusalLog::default();
        let due = (0..5_000).filter(|number| log.is_due(&refusal(&number.to_string()), START));
        assert_eq!(due.count(), REMEMBERED_MAX);

        assert!(log.is_due(&refusal("later"), START.plus(QUIET_FOR)));

        assert_eq!(log.0.lock().unwrap().len(), 1);
    }
}
