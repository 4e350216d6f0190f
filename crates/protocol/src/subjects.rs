//! By which `sub` each client knows a person (OpenID Connect Core §8).
//!
//! Wherever a subject identifier leaves us, or comes back to us, [`Subjects`] is asked: no other
//! code may tell a client the id of an account. Public subjects are the ids themselves and cost
//! nothing; pairwise ones are computed, so that none has to be stored or looked up.

use std::borrow::Cow;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::client::SubjectType;
use model::keyring::{Purpose, Unopenable};
use model::{Client, Entropy, Keyring, UserId};
use storage::{StorageError, Store, pairwise_salts};

/// Tells subjects. Cheap to clone.
#[derive(Clone)]
pub struct Subjects {
    salt: hmac::Key,
}

/// Why pairwise subjects cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum UnusableSalt {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No configured key opens the salt.
    #[error("what pairwise subjects are made with cannot be opened: {0}")]
    Unopenable(#[from] Unopenable),
}

impl Subjects {
    /// Reads the salt of this deployment, and makes it at the very first time. Blocks, so it is not
    /// for a thread that drives a runtime.
    ///
    /// # Errors
    ///
    /// [`UnusableSalt`] when there is none that can be opened: making another would give every
    /// person another subject at every pairwise client.
    pub fn open(
        store: &Store,
        keyring: &Keyring,
        entropy: &dyn Entropy,
    ) -> Result<Self, UnusableSalt> {
        let fresh = keyring.seal(
            Purpose::PairwiseSalt,
            pairwise_salts::ID,
            &entropy.bytes32(),
            entropy,
        );
        let sealed = store.write_blocking(move |tx| pairwise_salts::find_or_insert(tx, &fresh))?;
        let salt = keyring.open(Purpose::PairwiseSalt, pairwise_salts::ID, &sealed)?;
        Ok(Self {
            salt: hmac::Key::new(hmac::HMAC_SHA256, salt.reveal()),
        })
    }

    /// The `sub` by which a client knows the person of an account.
    pub(crate) fn of<'a>(&self, client: &Client, user_id: &'a UserId) -> Cow<'a, str> {
        match client.settings.subject_type {
            SubjectType::Public => Cow::Borrowed(user_id.as_str()),
            SubjectType::Pairwise => Cow::Owned(self.pairwise(client, user_id)),
        }
    }

    /// HMAC-SHA-256 of sector and account, as base64url: 43 characters (OpenID Connect Core §8.1).
    /// A client without a sector cannot be registered; if there ever is one, it is alone in one.
    fn pairwise(&self, client: &Client, user_id: &UserId) -> String {
        let mut context = hmac::Context::with_key(&self.salt);
        if let Some(host) = client.settings.sector() {
            context.update(b"sector\0");
            context.update(host.as_bytes());
        } else {
            context.update(b"client\0");
            context.update(client.id.as_str().as_bytes());
        }
        // Neither a host nor a client id holds a NUL.
        context.update(b"\0");
        context.update(user_id.as_str().as_bytes());
        URL_SAFE_NO_PAD.encode(context.sign())
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use std::sync::LazyLock;

    use super::*;

    /// Subjects under a salt that never changes, for what needs no database.
    pub(crate) fn subjects() -> &'static Subjects {
        static SUBJECTS: LazyLock<Subjects> = LazyLock::new(|| Subjects {
            salt: hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]),
        });
        &SUBJECTS
    }
}

#[cfg(test)]
mod tests;
