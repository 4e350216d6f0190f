//! When a pooled connection is tested before it is used.
//!
//! Testing each time would cost a round trip a request; never, a failed request for each
//! connection after a restart of the server. So a connection is tested when nobody used it for a
//! second, or when another was lost since: a busy pool pays nothing, and a lost server costs only
//! the requests that were in flight.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::r2d2::{self, ManageConnection, R2D2Connection};
use diesel::{Connection as _, PgConnection};

/// How long a connection is trusted after its last use.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// When a connection was last lost. All clones are one.
#[derive(Clone, Debug)]
pub(super) struct Loss {
    since: Instant,
    /// Nanoseconds from `since` to the last loss.
    last: Arc<AtomicU64>,
}

impl Default for Loss {
    fn default() -> Self {
        Self {
            since: Instant::now(),
            last: Arc::default(),
        }
    }
}

impl Loss {
    /// Notes that a connection was lost, now.
    pub(super) fn happened(&self) {
        let nanos = u64::try_from(self.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.last.fetch_max(nanos, Ordering::Relaxed);
    }

    fn is_since(&self, instant: Instant) -> bool {
        let last = Duration::from_nanos(self.last.load(Ordering::Relaxed));
        instant.saturating_duration_since(self.since) <= last
    }
}

/// A pooled connection, and when it last worked.
pub(super) struct Client {
    pub(super) connection: PgConnection,
    worked_at: Instant,
}

#[derive(Debug)]
pub(super) struct Manager {
    url: String,
    loss: Loss,
}

impl Manager {
    pub(super) fn new(url: &str, loss: &Loss) -> Self {
        Self {
            url: url.to_owned(),
            loss: loss.clone(),
        }
    }
}

impl ManageConnection for Manager {
    type Connection = Client;
    type Error = r2d2::Error;

    fn connect(&self) -> Result<Client, r2d2::Error> {
        let connection =
            PgConnection::establish(&self.url).map_err(r2d2::Error::ConnectionError)?;
        Ok(Client {
            connection,
            worked_at: Instant::now(),
        })
    }

    fn is_valid(&self, client: &mut Client) -> Result<(), r2d2::Error> {
        let is_trusted =
            client.worked_at.elapsed() < TRUSTED_FOR && !self.loss.is_since(client.worked_at);
        if is_trusted {
            return Ok(());
        }
        let tested = client.connection.ping().map_err(r2d2::Error::QueryError);
        match &tested {
            Ok(()) => client.worked_at = Instant::now(),
            Err(_) => self.loss.happened(),
        }
        tested
    }

    fn has_broken(&self, client: &mut Client) -> bool {
        client.worked_at = Instant::now();
        std::thread::panicking() || client.connection.is_broken()
    }
}
