//! Fills a database with people who are signed in, through the storage crate's own statements.

use std::sync::Arc;
use std::time::Duration;

use model::browser_session::Authentication;
use model::{EmailAddress, Entropy, SecretDigest, SystemClock, SystemEntropy, UserId};
use storage::browser_sessions::{self, NewSession, SessionLifetimes};
use storage::{DatabaseUrl, StorageError, Store, StoreSettings, Tx, users};

/// People in one transaction.
const BATCH: u32 = 5_000;

const RANDOM: &dyn Entropy = &SystemEntropy;

/// None of them may be purged while the bench runs.
const LIFETIMES: SessionLifetimes = SessionLifetimes {
    idle: Duration::from_secs(12 * 3600),
    absolute: Duration::from_secs(12 * 3600),
};

/// Adds so many users, each with a live session, to a migrated database.
///
/// # Errors
///
/// The database cannot be reached or refuses a row.
pub(crate) fn fill(
    database_url: &str,
    people: u32,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let settings = StoreSettings::for_url(DatabaseUrl::parse(database_url)?);
    let store = Store::open(&settings, Arc::new(SystemClock))?;
    let mut first = 0;
    while first < people {
        let end = people.min(first + BATCH);
        store.write_blocking(move |tx| {
            (first..end).try_for_each(|number| add(tx, number, people))
        })?;
        first = end;
    }
    Ok(())
}

fn add(tx: &mut Tx<'_>, number: u32, people: u32) -> Result<(), StorageError> {
    let typed = format!("seeded-{number:08}@people.example");
    let (Ok(email), Some(secret)) = (
        EmailAddress::parse(&typed),
        SecretDigest::from_stored(&spread(number, people)),
    ) else {
        return Ok(());
    };
    let user = UserId::new(RANDOM.ordered_uuid(tx.now()));
    users::sign_in(tx, &email, &user)?;
    let authentication = Authentication::by_email(user, tx.now());
    let sid = RANDOM.ordered_uuid(tx.now());
    let selected_at = tx.now();
    let session = NewSession {
        secret,
        sid,
        authentication,
        selected_at,
    };
    browser_sessions::open(tx, &session, None, LIFETIMES)?;
    Ok(())
}

/// A digest like any other, but the n-th in order: the rows of real sessions then lie evenly
/// between these, and an ordered insertion is many times faster than a random one.
fn spread(number: u32, people: u32) -> [u8; 32] {
    let mut digest = RANDOM.bytes32();
    let step = u64::MAX / u64::from(people.max(1));
    let (head, _) = digest.split_at_mut(8);
    head.copy_from_slice(&(u64::from(number) * step).to_be_bytes());
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_digests_are_in_order_and_cover_all_values() {
        assert!(spread(0, 1_000) < spread(1, 1_000));
        assert!(spread(998, 1_000) < spread(999, 1_000));
        assert_eq!(spread(0, 1_000)[0], 0);
        assert!(spread(999, 1_000)[0] >= 0xfe);
    }

    #[test]
    fn people_and_their_sessions_are_there_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("seeded.sqlite3").display());
        let settings = StoreSettings::for_url(DatabaseUrl::parse(&url).unwrap());
        let store = Store::open(&settings, Arc::new(SystemClock)).unwrap();
        store.migrate().unwrap();

        fill(&url, 7).unwrap();

        let email = EmailAddress::parse("seeded-00000006@people.example").unwrap();
        let other = UserId::new("another".to_owned());
        let signed_in = store
            .write_blocking(move |tx| users::sign_in(tx, &email, &other))
            .unwrap();
        assert!(matches!(signed_in, users::SignedIn::Existing(_)));
    }
}
