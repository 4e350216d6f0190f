//! Our signing keys: making them, signing with them, publishing them, replacing them.
//!
//! A key at rest is a [`StoredKey`], made by [`generate`] and opened
//! into a [`KeySet`], which signs, verifies and renders the JWKS. [`Keys`] is the set in force,
//! shared by every handler and followed from the database. [`Rotation`] plans each key's life:
//! announced, active, retired, removed; [`KeyUpkeep`] carries the plan out in the database.

mod crypto_provider;
mod key_set;
mod private_key;
mod public_jwk;
mod rotation;
mod signing_key;
#[cfg(test)]
pub(crate) mod testing;
mod upkeep;
mod verifying_key;

use std::sync::{Arc, PoisonError, RwLock};

use model::Keyring;
use model::signing_key::StoredKey;

pub(crate) use crypto_provider::jose_algorithm;
pub use crypto_provider::{ProviderTaken, install};
pub use key_set::KeySet;
pub use rotation::{Rotation, RotationTooShort, Step, Takeover};
pub use signing_key::{KeyGenerationError, SignError, UnusableKey, generate};
pub use upkeep::{KeyUpkeep, UpkeepError};
pub(crate) use verifying_key::{UnfitKey, VerifyingKey, thumbprint};

/// The key set in force. Clones share it.
#[derive(Clone)]
pub struct Keys(Arc<RwLock<Arc<KeySet>>>);

impl Keys {
    /// Opens the stored keys.
    ///
    /// # Errors
    ///
    /// [`UnusableKey`] as [`KeySet::open`].
    pub fn open(stored: &[StoredKey], keyring: &Keyring) -> Result<Self, UnusableKey> {
        let set = KeySet::open(stored, keyring, None)?;
        Ok(Self(Arc::new(RwLock::new(Arc::new(set)))))
    }

    /// The set in force now. A request takes it once and keeps to it.
    #[must_use]
    pub fn current(&self) -> Arc<KeySet> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts the stored keys in force, as every node does within a minute of a change.
    ///
    /// # Errors
    ///
    /// [`UnusableKey`] as [`KeySet::open`]; the set before stays in force.
    pub fn follow(&self, stored: &[StoredKey], keyring: &Keyring) -> Result<(), UnusableKey> {
        let set = KeySet::open(stored, keyring, Some(&self.current()))?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(set);
        Ok(())
    }
}
