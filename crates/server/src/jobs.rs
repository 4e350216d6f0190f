//! Work beside requests: deleting what is no longer kept, sending the mail that waits, changing
//! addresses whose notice is over, looking for teaching records again, moving signing keys on.
//!
//! `serve` runs the jobs on a thread of their own, `work` runs nothing else. Every node may: each
//! job is claimed by lease in the database before it is run. Logout tokens have another thread
//! ([`tell_of_logouts`]), also where `serve` runs no jobs.

mod logouts;
mod look_up_again;
mod outbox;
mod purge;
mod rotate_keys;
mod runner;

use std::time::Duration;

pub use logouts::{Logouts, tell_of_logouts};
pub use runner::{Jobs, run};

/// A job that one node at a time runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    ChangeAddresses,
    Purge,
    RotateKeys,
}

impl Job {
    const ALL: [Self; 3] = [Self::ChangeAddresses, Self::Purge, Self::RotateKeys];

    const fn name(self) -> &'static str {
        match self {
            Self::ChangeAddresses => "change-addresses",
            Self::Purge => "purge",
            Self::RotateKeys => "rotate-keys",
        }
    }

    /// How long it rests after it was finished, on whichever node.
    const fn every(self) -> Duration {
        match self {
            Self::ChangeAddresses => Duration::from_mins(5),
            Self::Purge => Duration::from_mins(10),
            Self::RotateKeys => Duration::from_mins(30),
        }
    }
}
