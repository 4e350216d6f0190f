//! The id by which a request's log lines are found together, here and at the proxy in front.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use model::{Entropy, SystemEntropy};

/// The id of one request. It says nothing about the request and is not a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Id);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Id {
    /// As a trusted proxy gave it.
    Given(Arc<str>),
    /// Counted up from a random start.
    Minted(u64),
}

tokio::task_local! {
    static CURRENT: RequestId;
}

impl RequestId {
    /// Takes the id that a proxy gave; `None` when it is not 8 to 64 letters, digits, `-`, `_`
    /// or `.`.
    #[must_use]
    pub fn parse(given: &str) -> Option<Self> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_sound = (8..=64).contains(&given.len()) && given.bytes().all(is_allowed);
        is_sound.then(|| Self(Id::Given(given.into())))
    }

    /// Makes a new id, unlike any other of this or another process.
    #[must_use]
    pub fn mint() -> Self {
        static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| {
            let mut start = [0; 8];
            SystemEntropy.fill(&mut start);
            AtomicU64::new(u64::from_le_bytes(start))
        });
        Self(Id::Minted(NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// Runs a request so that everything it logs carries this id.
    pub fn around<F: Future>(self, request: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, request)
    }
}

/// The id of the request that is being answered here and now, if one is.
#[must_use]
pub fn current() -> Option<RequestId> {
    CURRENT.try_with(Clone::clone).ok()
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Id::Given(given) => f.write_str(given),
            Id::Minted(number) => write!(f, "{number:016x}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_well_formed_id_is_taken_and_any_other_refused() {
        for right in [
            "01JD3X7Q",
            "3d844edf-8d35-48ac-975b-e847b4f122b0",
            &"a".repeat(64),
        ] {
            assert_eq!(RequestId::parse(right).unwrap().to_string(), right);
        }
        for wrong in [
            "",
            "short",
            &"a".repeat(65),
            "with space",
            "a\"quote-here",
            "line\nbreak",
        ] {
            assert_eq!(RequestId::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn minted_ids_differ() {
        assert_ne!(RequestId::mint(), RequestId::mint());
    }

    #[tokio::test]
    async fn what_runs_around_a_request_sees_its_id() {
        let id = RequestId::mint();

        let seen = id.clone().around(async { current() }).await;

        assert_eq!(seen, Some(id));
        assert_eq!(current(), None);
    }
}
