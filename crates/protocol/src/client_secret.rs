//! Client secrets: those that we make, those that an operator chose, and those that are shared for
//! `client_secret_jwt` (RFC 6749 §2.3.1, OpenID Connect Core §9).
//!
//! The command line, the clients file and [`registration`](crate::registration) call [`issue`] and
//! [`keep`]; client authentication asks the [`SecretChecker`].

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

use model::client::{AuthMethod, Credential, StoredSecret};
use model::digest::same_bytes;
use model::keyring::Purpose;
use model::secret::SecretKind;
use model::slow_hash::{self, Overloaded, SlowHash, Unhashable};
use model::{Client, ClientId, Entropy, Keyring, Secret, Timestamp};

/// Longest secret that is compared, in bytes.
const MAX_LEN: usize = 1_000;

/// Most verified secrets that are remembered; beyond it the memory begins anew.
const REMEMBERED_MAX: usize = 10_000;

/// How a secret is stored; it depends on the method, and one cannot be made into the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// There is none.
    Absent,
    /// As a digest.
    Digest,
    /// So that it can be read back.
    Sealed,
}

impl Form {
    /// That of the secrets of a method.
    #[must_use]
    pub const fn of(method: AuthMethod) -> Self {
        match method {
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => Self::Digest,
            AuthMethod::ClientSecretJwt => Self::Sealed,
            AuthMethod::PrivateKeyJwt | AuthMethod::None => Self::Absent,
        }
    }
}

/// Makes a secret for a client, where its method has one: the secret, which is shown once, and what
/// is to be stored.
#[must_use]
pub fn issue(
    client_id: &ClientId,
    method: AuthMethod,
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> (Option<Secret<String>>, Credential) {
    if !method.has_secret() {
        return (None, Credential::default());
    }
    let (secret, stored) = generate(client_id, method, keyring, entropy);
    let credential = Credential {
        current: Some(stored),
        previous: None,
    };
    (Some(secret), credential)
}

/// Makes a secret for a client, and what is to be stored of it. The secret itself is shown once.
#[must_use]
pub fn generate(
    client_id: &ClientId,
    method: AuthMethod,
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> (Secret<String>, StoredSecret) {
    let secret = SecretKind::ClientSecret.mint(entropy);
    let stored = match method {
        AuthMethod::ClientSecretJwt => seal(client_id, &secret, keyring, entropy),
        _ => StoredSecret::Generated(
            keyring.digest(Purpose::ClientSecret, &digested(client_id, secret.reveal())),
        ),
    };
    (secret, stored)
}

/// What is to be stored of a secret that an operator chose. Takes some 20 ms where the secret
/// is hashed (argon2id), so it is not for request threads.
///
/// # Errors
///
/// [`Unhashable`] when there is no memory to hash with.
pub fn keep(
    client_id: &ClientId,
    method: AuthMethod,
    chosen: &Secret<String>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> Result<StoredSecret, Unhashable> {
    match method {
        AuthMethod::ClientSecretJwt => Ok(seal(client_id, chosen, keyring, entropy)),
        _ => slow_hash::hash(chosen, entropy).map(StoredSecret::Chosen),
    }
}

fn seal(
    client_id: &ClientId,
    secret: &Secret<String>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
) -> StoredSecret {
    let secret = secret.reveal().as_bytes();
    StoredSecret::Sealed(keyring.seal(Purpose::ClientSecret, client_id.as_str(), secret, entropy))
}

fn digested<'a>(client_id: &'a ClientId, secret: &'a str) -> [&'a [u8]; 2] {
    [client_id.as_str().as_bytes(), secret.as_bytes()]
}

/// Checks the secrets that clients present. Clones share one memory.
#[derive(Clone)]
pub struct SecretChecker {
    keyring: Keyring,
    slow_hash: SlowHash,
    /// Keyed digests of chosen secrets that were verified, so that argon2 is paid once.
    verified: Arc<RwLock<HashSet<Vec<u8>>>>,
}

impl SecretChecker {
    /// A checker that knows secrets by these keys, and hashes chosen ones on these threads.
    #[must_use]
    pub fn new(keyring: Keyring, slow_hash: SlowHash) -> Self {
        Self {
            keyring,
            slow_hash,
            verified: Arc::default(),
        }
    }

    /// Whether `presented` is the client's secret, or the one before it while that is still good.
    ///
    /// # Errors
    ///
    /// [`Overloaded`] when a chosen secret cannot be hashed in time.
    pub async fn check(
        &self,
        client: &Client,
        presented: &str,
        now: Timestamp,
    ) -> Result<bool, Overloaded> {
        if presented.len() > MAX_LEN {
            return Ok(false);
        }
        for stored in in_force(client, now) {
            if self.matches(&client.id, stored, presented).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The secrets in force that can be read back, for `client_secret_jwt`.
    pub(crate) fn shared(&self, client: &Client, now: Timestamp) -> Vec<Secret<Vec<u8>>> {
        in_force(client, now)
            .filter_map(|stored| match stored {
                StoredSecret::Sealed(sealed) => self.open(&client.id, sealed),
                StoredSecret::Generated(_) | StoredSecret::Chosen(_) => None,
            })
            .collect()
    }

    async fn matches(
        &self,
        client_id: &ClientId,
        stored: &StoredSecret,
        presented: &str,
    ) -> Result<bool, Overloaded> {
        match stored {
            StoredSecret::Generated(digest) => {
                let parts = digested(client_id, presented);
                Ok(self
                    .keyring
                    .digest_matches(Purpose::ClientSecret, &parts, digest))
            }
            StoredSecret::Sealed(sealed) => Ok(self
                .open(client_id, sealed)
                .is_some_and(|secret| same_bytes(secret.reveal(), presented.as_bytes()))),
            StoredSecret::Chosen(hash) => self.matches_chosen(client_id, hash, presented).await,
        }
    }

    async fn matches_chosen(
        &self,
        client_id: &ClientId,
        hash: &str,
        presented: &str,
    ) -> Result<bool, Overloaded> {
        let [client_id, secret] = digested(client_id, presented);
        // Bound to the stored hash, so that a replaced secret is forgotten with it.
        let parts = [client_id, hash.as_bytes(), secret];
        let digest = self.keyring.digest(Purpose::ClientSecret, &parts);
        if self.remembers(&digest) {
            return Ok(true);
        }
        let matches = self.slow_hash.verify(hash, presented).await?;
        if matches {
            self.remember(digest);
        }
        Ok(matches)
    }

    fn remembers(&self, digest: &[u8]) -> bool {
        self.verified
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .contains(digest)
    }

    fn remember(&self, digest: Vec<u8>) {
        let mut verified = self
            .verified
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= REMEMBERED_MAX {
            verified.clear();
        }
        verified.insert(digest);
    }

    fn open(&self, client_id: &ClientId, sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
        let opened = self
            .keyring
            .open(Purpose::ClientSecret, client_id.as_str(), sealed);
        if opened.is_err() {
            tracing::error!(%client_id, "a client secret is sealed under a key that is not configured");
        }
        opened.ok()
    }
}

fn in_force(client: &Client, now: Timestamp) -> impl Iterator<Item = &StoredSecret> {
    let previous = client.credential.previous.as_ref();
    let previous = previous
        .filter(|(_, until)| now < *until)
        .map(|(stored, _)| stored);
    client.credential.current.iter().chain(previous)
}

#[cfg(test)]
mod tests;
