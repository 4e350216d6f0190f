//! Hashes that are slow on purpose: argon2id (RFC 9106), on a few threads of its own.
//!
//! For secrets that a person chose or that are short: client secrets of an operator's choice and
//! recovery codes. A hash takes 19 MiB and some 20 ms, so it is neither done on a request thread
//! nor as often as anyone likes: at most [`THREADS`] at once, each with one block of memory that it
//! reuses, and a short queue before them. The threads end, and give their memory back, when
//! nothing came for a while.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, PasswordHasher, Version};
use tokio::sync::oneshot;

use crate::digest::same_bytes;
use crate::entropy::Entropy;
use crate::secret::Secret;

/// How much later than the threads that serve requests a hashing thread has its turn (nice(2)).
const BEHIND_REQUESTS: i32 = 19;

/// How many hashes are computed at once.
const THREADS: usize = 2;
/// How many may wait for their turn: about two thirds of a second's work.
const WAITING_MAX: usize = 64;
/// How long a thread without work keeps its memory.
const IDLE: Duration = Duration::from_secs(10);

/// The salt of a set of hashes: 16 random bytes.
pub type Salt = [u8; 16];

/// A secret could not be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret could not be hashed")]
pub struct Unhashable;

/// More hashes wait for their turn than can be computed soon: try again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many secrets wait to be checked")]
pub struct Overloaded;

/// The argon2id hash of a secret as a PHC string, with a random salt of 16 bytes and the
/// parameters that OWASP recommends (19 MiB, 2 passes, 1 lane). On the calling thread.
///
/// # Errors
///
/// [`Unhashable`] when there is no memory to hash with.
pub fn hash(secret: &Secret<String>, entropy: &dyn Entropy) -> Result<String, Unhashable> {
    let mut salt = Salt::default();
    entropy.fill(&mut salt);
    Argon2::default()
        .hash_password_with_salt(secret.reveal().as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| Unhashable)
}

/// The hashing threads and their queue. Clones share them; a process has one of them.
#[derive(Clone, Default)]
pub struct SlowHash(Arc<Queue>);

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    threads: usize,
}

enum Job {
    Verify {
        hash: String,
        presented: Secret<String>,
        reply: oneshot::Sender<bool>,
    },
    Hash {
        salt: Salt,
        secrets: Vec<Secret<String>>,
        reply: oneshot::Sender<Vec<Vec<u8>>>,
    },
}

impl SlowHash {
    /// Whether `presented` has that argon2id hash (a PHC string).
    ///
    /// # Errors
    ///
    /// [`Overloaded`] when it cannot be computed soon.
    pub async fn verify(&self, hash: &str, presented: &str) -> Result<bool, Overloaded> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Job::Verify {
            hash: hash.to_owned(),
            presented: Secret::new(presented.to_owned()),
            reply,
        })?;
        answer.await.map_err(|_| Overloaded)
    }

    /// The argon2id hashes of secrets under one salt, 32 bytes each, in the order of the secrets:
    /// to be found by equality.
    ///
    /// # Errors
    ///
    /// [`Overloaded`] when they cannot be computed soon.
    pub async fn hash_all(
        &self,
        salt: Salt,
        secrets: Vec<Secret<String>>,
    ) -> Result<Vec<Vec<u8>>, Overloaded> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Job::Hash {
            salt,
            secrets,
            reply,
        })?;
        answer.await.map_err(|_| Overloaded)
    }

    fn enqueue(&self, job: Job) -> Result<(), Overloaded> {
        let mut state = self.0.locked();
        let waiting: usize = state.waiting.iter().map(Job::hashes).sum();
        if waiting + job.hashes() > WAITING_MAX {
            return Err(Overloaded);
        }
        if state.threads < THREADS {
            let queue = Arc::clone(&self.0);
            thread::Builder::new()
                .name("slow-hash".to_owned())
                .spawn(move || queue.work())
                .map_err(|_| Overloaded)?;
            state.threads += 1;
        }
        state.waiting.push_back(job);
        self.0.arrived.notify_one();
        Ok(())
    }
}

impl Queue {
    fn work(&self) {
        // A hash takes a core for tens of milliseconds; whoever asks for less goes first. On Linux
        // this is of the thread alone, and where it is refused the threads share as they did.
        let _ = rustix::process::nice(BEHIND_REQUESTS);
        let mut memory = Vec::new();
        while let Some(job) = self.next() {
            job.run(&mut memory);
        }
    }

    /// The next job; `None` when none came for so long that the thread should end.
    fn next(&self) -> Option<Job> {
        let (mut state, _) = self
            .arrived
            .wait_timeout_while(self.locked(), IDLE, |state| state.waiting.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let job = state.waiting.pop_front();
        if job.is_none() {
            state.threads -= 1;
        }
        job
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    /// How many hashes it takes.
    const fn hashes(&self) -> usize {
        match self {
            Self::Verify { .. } => 1,
            Self::Hash { secrets, .. } => secrets.len(),
        }
    }

    /// Whoever hung up does not need an answer.
    fn run(self, memory: &mut Vec<Block>) {
        match self {
            Self::Verify {
                hash,
                presented,
                reply,
            } if !reply.is_closed() => {
                let _ = reply.send(verify(&hash, presented.reveal(), memory));
            }
            Self::Hash {
                salt,
                secrets,
                reply,
            } if !reply.is_closed() => {
                let hashes = secrets
                    .iter()
                    .map(|secret| salted(&salt, secret.reveal(), memory));
                // No answer is a refusal.
                if let Some(hashes) = hashes.collect() {
                    let _ = reply.send(hashes);
                }
            }
            Self::Verify { .. } | Self::Hash { .. } => {}
        }
    }
}

/// The argon2id hash of a secret under that salt, with the parameters that [`hash`] uses.
fn salted(salt: &Salt, secret: &str, memory: &mut Vec<Block>) -> Option<Vec<u8>> {
    let argon2 = Argon2::default();
    let blocks = argon2.params().block_count();
    memory.resize(memory.len().max(blocks), Block::new());
    let mut computed = vec![0; Params::DEFAULT_OUTPUT_LEN];
    argon2
        .hash_password_into_with_memory(secret.as_bytes(), salt, &mut computed, memory)
        .ok()?;
    Some(computed)
}

fn verify(hash: &str, presented: &str, memory: &mut Vec<Block>) -> bool {
    let computed = recompute(hash, presented, memory);
    if computed.is_none() {
        tracing::error!("a stored client secret is no argon2id hash that can be computed");
    }
    computed.unwrap_or(false)
}

fn recompute(hash: &str, presented: &str, memory: &mut Vec<Block>) -> Option<bool> {
    let hash = PasswordHash::new(hash).ok()?;
    let (expected, salt) = (hash.hash?, hash.salt?);
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = Version::try_from(hash.version?).ok()?;
    let params = Params::try_from(&hash).ok()?;
    if algorithm != Algorithm::Argon2id {
        return None;
    }
    memory.resize(memory.len().max(params.block_count()), Block::new());
    let mut computed = vec![0; expected.len()];
    Argon2::new(algorithm, version, params)
        .hash_password_into_with_memory(presented.as_bytes(), &salt, &mut computed, memory)
        .ok()?;
    Some(same_bytes(&computed, expected.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const SALT: Salt = [7; 16];

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    fn secrets(number: usize) -> Vec<Secret<String>> {
        (0..number).map(|one| secret(&one.to_string())).collect()
    }

    #[tokio::test]
    async fn a_hash_of_a_random_salt_is_known_again() {
        let hasher = SlowHash::default();
        let hash = hash(&secret("correct horse"), &SystemEntropy).unwrap();

        assert_eq!(hasher.verify(&hash, "correct horse").await, Ok(true));
        assert_eq!(hasher.verify(&hash, "correct horses").await, Ok(false));
    }

    #[tokio::test]
    async fn hashes_under_one_salt_are_found_by_equality() {
        let hasher = SlowHash::default();

        let first = hasher.hash_all(SALT, secrets(2)).await.unwrap();
        let again = hasher.hash_all(SALT, vec![secret("1")]).await.unwrap();
        let other_salt = hasher.hash_all([8; 16], vec![secret("1")]).await.unwrap();

        assert_eq!(first.len(), 2);
        assert!(first.iter().all(|hash| hash.len() == 32));
        assert_eq!(first.get(1), again.first());
        assert_ne!(again, other_salt);
    }

    #[tokio::test]
    async fn what_waits_is_counted_by_its_hashes() {
        let hasher = SlowHash::default();

        let too_many = hasher.hash_all(SALT, secrets(WAITING_MAX + 1)).await;

        assert_eq!(too_many, Err(Overloaded));
        assert_eq!(hasher.0.locked().threads, 0);
    }
}
