//! Secrets that a person chose: argon2id (RFC 9106), on a few threads of its own.
//!
//! A hash takes 19 MiB and some 20 ms, so it is neither done on a request thread nor as often as
//! anyone likes: at most [`THREADS`] at once, each with one block of memory that it reuses, and a
//! short queue before them. The threads end, and give their memory back, when nothing came for a
//! while.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Block, Params, PasswordHasher, Version};
use model::digest::same_bytes;
use model::{Entropy, Secret};
use tokio::sync::oneshot;

use super::Overloaded;

/// How many hashes are computed at once.
const THREADS: usize = 2;
/// How many may wait for their turn: about half a second's work.
const WAITING_MAX: usize = 32;
/// How long a thread without work keeps its memory.
const IDLE: Duration = Duration::from_secs(10);

/// A secret could not be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret could not be hashed")]
pub struct Unhashable;

/// The argon2id hash of a secret as a PHC string, with a random salt of 16 bytes and the
/// parameters that OWASP recommends (19 MiB, 2 passes, 1 lane).
pub(super) fn hash(secret: &Secret<String>, entropy: &dyn Entropy) -> Result<String, Unhashable> {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    Argon2::default()
        .hash_password_with_salt(secret.reveal().as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|_| Unhashable)
}

/// The hashing threads and their queue. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Hashers(Arc<Queue>);

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

struct Job {
    hash: String,
    presented: Secret<String>,
    reply: oneshot::Sender<bool>,
}

impl Hashers {
    /// Whether `presented` has that argon2id hash.
    pub(super) async fn verify(&self, hash: &str, presented: &str) -> Result<bool, Overloaded> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Job {
            hash: hash.to_owned(),
            presented: Secret::new(presented.to_owned()),
            reply,
        })?;
        answer.await.map_err(|_| Overloaded)
    }

    fn enqueue(&self, job: Job) -> Result<(), Overloaded> {
        let mut state = self.0.locked();
        if state.waiting.len() >= WAITING_MAX {
            return Err(Overloaded);
        }
        if state.threads < THREADS {
            let queue = Arc::clone(&self.0);
            thread::Builder::new()
                .name("client-secrets".to_owned())
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
        let mut memory = Vec::new();
        while let Some(job) = self.next() {
            // Whoever hung up does not need an answer.
            if !job.reply.is_closed() {
                let matches = verify(&job.hash, job.presented.reveal(), &mut memory);
                let _ = job.reply.send(matches);
            }
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
