//! What the tests of the tables have in common: a few values, and units of work run at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use model::asked_claims::{AskedClaims, NamedClaims, WantedValues};
use model::authorization_code::Grant;
use model::browser_session::Authentication;
use model::{
    ClientId, EmailAddress, KeyThumbprint, Keyring, ScopeSet, Secret, SecretDigest, SystemEntropy,
    Timestamp, TotpSeed, UserId,
};

use crate::browser_sessions::EndedSession;
use crate::error::StorageError;
use crate::second_factors::{self, NewTotp};
use crate::testing::is_waited_for;
use crate::unit_of_work::{Store, Tx};
use crate::users::{self, Merged};

/// How many units of work really run at once; a test store has as many connections.
const AT_ONCE: usize = 20;

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(60 * 60);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn client_id(name: &str) -> ClientId {
    ClientId::parse(name).unwrap()
}

pub(crate) fn user_id(name: &str) -> UserId {
    UserId::new(name.to_owned())
}

pub(crate) fn scope(text: &str) -> ScopeSet {
    ScopeSet::parse(text).unwrap()
}

/// What is sealed in tests, and by what chance.
pub(crate) fn seal() -> (Keyring, SystemEntropy) {
    (keyring(), SystemEntropy)
}

pub(crate) fn sign_out_everywhere(tx: &mut Tx<'_>, user: &str) -> Result<(), StorageError> {
    let (keyring, entropy) = seal();
    users::sign_out_everywhere(tx, &keyring, &entropy, &user_id(user))
}

pub(crate) fn merge(tx: &mut Tx<'_>, from: &UserId, into: &UserId) -> Result<Merged, StorageError> {
    let (keyring, entropy) = seal();
    users::merge(tx, &keyring, &entropy, from, into)
}

pub(crate) fn digest(secret: &str) -> SecretDigest {
    SecretDigest::of(secret)
}

/// The thumbprint of a key that goes by one letter.
pub(crate) fn jkt(letter: &str) -> KeyThumbprint {
    KeyThumbprint::parse(&format!("{}A", letter.repeat(42))).unwrap()
}

pub(crate) fn authentication_of(user: &str, auth_time: Timestamp) -> Authentication {
    Authentication::by_email(user_id(user), auth_time)
}

/// A session of theirs that is over.
pub(crate) fn ended(user: &str, sid: &str) -> EndedSession {
    EndedSession {
        sid: sid.to_owned(),
        user_id: user_id(user),
    }
}

/// What ada granted the demo service.
pub(crate) fn grant(id: &str, auth_time: Timestamp) -> Grant {
    Grant {
        id: id.to_owned(),
        client_id: client_id("demo"),
        authentication: authentication_of("ada", auth_time),
        sid: "sid".to_owned(),
        scope: scope("email openid"),
        claims: AskedClaims {
            userinfo: NamedClaims::from([("name".to_owned(), WantedValues::Any)]),
            id_token: NamedClaims::from([(
                "email".to_owned(),
                WantedValues::OneOf(vec![vec![1; 33]]),
            )]),
        },
    }
}

/// Makes an account of that id; its address is made up of it.
pub(crate) fn with_account(store: &Store, id: &'static str) {
    let email = EmailAddress::parse(&format!("{id}@example.test")).unwrap();
    write(store, move |tx| users::sign_in(tx, &email, &user_id(id)));
}

pub(crate) fn keyring() -> Keyring {
    Keyring::new(&[(1, Secret::new([1; 32]))]).unwrap()
}

pub(crate) fn seed() -> TotpSeed {
    TotpSeed::from_bytes(b"12345678901234567890").unwrap()
}

/// Gives an account an authenticator app; the code of that step proved it.
pub(crate) fn set_up_app(tx: &mut Tx<'_>, user: &UserId, step: u64) -> Result<(), StorageError> {
    let new = NewTotp::seal(&seed(), step, user, &keyring(), &SystemEntropy);
    second_factors::set_totp(tx, user, &new)
}

/// Runs a unit of work that must not meet a fault.
pub(crate) fn write<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
) -> T {
    store.write_blocking(work).unwrap()
}

/// Runs a unit of work so many times, as many at once as can be; `work` learns which time it is.
pub(crate) fn in_parallel<T, W>(store: &Store, times: usize, work: W) -> Vec<T>
where
    T: Send + 'static,
    W: Fn(&mut Tx<'_>, usize) -> Result<T, StorageError> + Clone + Send + Sync + 'static,
{
    let threads = times.min(AT_ONCE);
    let (start, next) = (Barrier::new(threads), AtomicUsize::new(0));
    let run = || {
        let mut results = Vec::new();
        start.wait();
        loop {
            let time = next.fetch_add(1, Ordering::Relaxed);
            if time >= times {
                return results;
            }
            let work = work.clone();
            results.push(write(store, move |tx| work(tx, time)));
        }
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    })
}

/// Runs `begin` and then `end` in one unit of work. Between them another one begins `meanwhile`,
/// and either ends or waits for the first; on SQLite it always waits.
pub(crate) fn interleaved<A, B, T>(
    store: &Store,
    begin: impl FnOnce(&mut Tx<'_>) -> Result<A, StorageError> + Send + 'static,
    meanwhile: impl FnOnce(&mut Tx<'_>) -> Result<T, StorageError> + Send + 'static,
    end: impl FnOnce(&mut Tx<'_>, A) -> Result<B, StorageError> + Send + 'static,
) -> (B, T)
where
    B: Send + 'static,
    T: Send + 'static,
{
    let (start, started) = mpsc::channel();
    let (finish, finished) = mpsc::channel();
    let other = {
        let store = store.clone();
        thread::spawn(move || {
            started.recv().unwrap();
            let result = write(&store, meanwhile);
            // The first may have gone on when this one began to wait.
            finish.send(()).unwrap_or_default();
            result
        })
    };
    let ended = write(store, move |tx| {
        let first = begin(tx)?;
        start.send(()).unwrap();
        while finished.try_recv().is_err() && !is_waited_for(tx)? {
            thread::yield_now();
        }
        end(tx, first)
    });
    (ended, other.join().unwrap())
}
