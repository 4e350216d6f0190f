//! People with an authenticator app and recovery codes, put into the database through the storage
//! crate's own statements: setting one up is not what is measured.

use std::sync::Arc;

use model::digest::sha256;
use model::totp::{self, TotpSeed};
use model::{
    Clock as _, EmailAddress, Entropy, Keyring, Secret, SystemClock, SystemEntropy, UserId,
};
use storage::second_factors::{self, NewTotp};
use storage::{DatabaseUrl, StorageError, Store, StoreSettings, Tx, users};

use crate::site;

/// People in one transaction.
const BATCH: u32 = 1_000;

const RANDOM: &dyn Entropy = &SystemEntropy;

/// What the authenticator app of a person keeps, by their number.
pub(crate) fn seed_of(number: u32) -> TotpSeed {
    let digest = sha256(&number.to_be_bytes());
    let seed = digest
        .first_chunk::<20>()
        .and_then(|bytes| TotpSeed::from_bytes(bytes));
    seed.unwrap_or_else(|| TotpSeed::mint(RANDOM))
}

/// What the app shows now.
pub(crate) fn code_of(app: &TotpSeed) -> Secret<String> {
    app.code(totp::step_of(SystemClock.now()))
}

/// Where people are put who have a second factor.
pub(crate) struct Holders {
    pub(crate) database_url: String,
    /// The provider's.
    pub(crate) keyring: Keyring,
}

impl Holders {
    /// Adds the next so many people after those that there are.
    ///
    /// # Errors
    ///
    /// The database cannot be reached or refuses a row.
    pub(crate) async fn add(self, people: u32, more: u32) -> Result<(), String> {
        tokio::task::spawn_blocking(move || self.fill(people, more))
            .await
            .map_err(|fault| fault.to_string())?
            .map_err(|fault| format!("people with a second factor could not be added: {fault}"))
    }

    fn fill(&self, people: u32, more: u32) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let settings = StoreSettings::for_url(DatabaseUrl::parse(&self.database_url)?);
        let store = Store::open(&settings, Arc::new(SystemClock))?;
        let (mut next, end) = (people + 1, people + 1 + more);
        while next < end {
            let (first, past, keyring) = (next, end.min(next + BATCH), self.keyring.clone());
            store.write_blocking(move |tx| {
                (first..past).try_for_each(|number| add(tx, number, &keyring))
            })?;
            next = past;
        }
        Ok(())
    }
}

fn add(tx: &mut Tx<'_>, number: u32, keyring: &Keyring) -> Result<(), StorageError> {
    let Ok(email) = EmailAddress::parse(&site::email(number)) else {
        return Ok(());
    };
    let new_id = UserId::new(RANDOM.ordered_uuid(tx.now()));
    let user_id = users::sign_in(tx, &email, &new_id)?.user_id().clone();
    let app = NewTotp::seal(&seed_of(number), 0, &user_id, keyring, RANDOM);
    second_factors::set_totp(tx, &user_id, &app)?;
    // The hash of no code: what is typed is wrong, and costs as much as if it were right.
    second_factors::replace_recovery_codes(tx, &user_id, &[1; 16], &[vec![0; 32]])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_persons_app_is_the_same_each_time_and_nobody_elses() {
        assert_eq!(seed_of(1).as_bytes(), seed_of(1).as_bytes());
        assert_ne!(seed_of(1).as_bytes(), seed_of(2).as_bytes());
    }

    #[tokio::test]
    async fn people_are_there_with_an_app_that_opens_under_the_providers_key() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("holders.sqlite3").display());
        let settings = StoreSettings::for_url(DatabaseUrl::parse(&url).unwrap());
        let store = Store::open(&settings, Arc::new(SystemClock)).unwrap();
        store.migrate().unwrap();
        let keyring = Keyring::new(&[(1, Secret::new([7; 32]))]).unwrap();
        let holders = Holders {
            database_url: url,
            keyring: keyring.clone(),
        };

        holders.add(10, 3).await.unwrap();

        let email = EmailAddress::parse(&site::email(13)).unwrap();
        let found = store.read(move |tx| {
            let user = users::find_by_address(tx, &email)?.unwrap();
            let factors = second_factors::standing(tx, &user.id)?;
            Ok((user.id, factors))
        });
        let (id, factors) = found.await.unwrap();
        let seed = factors.totp.unwrap().seed(&id, &keyring).unwrap();
        assert_eq!(seed.as_bytes(), seed_of(13).as_bytes());
        assert_eq!(factors.recovery_codes_left, 1);
    }
}
