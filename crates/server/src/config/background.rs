//! `[jobs]` and `[outbound]`: what happens beside requests.

use std::path::PathBuf;
use std::time::Duration;

use super::section::Section;

/// Jobs.
#[derive(Clone, Debug)]
pub struct Jobs {
    /// Whether `serve` runs jobs itself, or leaves them to a `work` process.
    pub in_serve: bool,
    /// How often a process looks for jobs that are due.
    pub poll: Duration,
    /// How long a claimed job is left to the process that claimed it.
    pub lease: Duration,
}

impl Jobs {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let in_serve = section.or("in_serve", true);
        let poll = section.or("poll", Duration::from_secs(5));
        let lease = section.or("lease", Duration::from_secs(120));
        section.check(!poll.is_zero(), "poll", "must be longer than nothing");
        section.check(lease > poll, "lease", "must be longer than jobs.poll");
        Self {
            in_serve,
            poll,
            lease,
        }
    }
}

/// Requests of ours to addresses that clients give, such as `jwks_uri` and `event_endpoint`.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// Hosts, without port, that may be asked although their addresses are private or
    /// their scheme is http.
    pub allowed_hosts: Vec<String>,
    /// A PEM file of authorities whose certificates are good for them too, beside those that the
    /// machine trusts.
    pub ca_file: Option<PathBuf>,
}

impl Outbound {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        Self {
            allowed_hosts: section.list("allowed_hosts", Vec::new()),
            ca_file: section.optional("ca_file"),
        }
    }
}
