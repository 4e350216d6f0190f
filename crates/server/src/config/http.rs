//! `[http]` and `[proxies]`: the socket, the limits on requests, and whose word about a
//! request's origin is taken.

use std::net::SocketAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::quantity::ByteSize;
use super::section::Section;

/// Sockets and limits.
#[derive(Clone, Debug)]
pub struct Http {
    /// The addresses to listen on, at least one.
    pub listen: Vec<SocketAddr>,
    /// Worker threads; `None` is one for each core.
    pub workers: Option<u32>,
    /// The largest request body that is read; a larger one is answered 413.
    pub body_limit: ByteSize,
    /// How long a client may take over the head of a request; then 408.
    pub header_timeout: Duration,
    /// How long a request may take as a whole; then 408 or, when the delay is ours, 503.
    pub request_timeout: Duration,
    /// How long an idle connection is kept open.
    pub keep_alive: Duration,
    /// How long requests in flight may take to finish after a signal to stop.
    pub shutdown_grace: Duration,
    /// How long the server goes on accepting after a signal to stop, reporting itself not
    /// ready, so that load balancers stop sending.
    pub drain: Duration,
    /// Networks of the proxies in front of this server, whose `X-Forwarded-*` and
    /// `X-Request-Id` are believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl Http {
    pub(crate) fn read(root: &mut Section<'_>) -> Self {
        let trusted_proxies = root.inside("proxies", |section| section.list("trusted", Vec::new()));
        root.inside("http", |section| {
            let listen = section.list("listen", vec![SocketAddr::from(([127, 0, 0, 1], 8080))]);
            section.check(
                !listen.is_empty(),
                "listen",
                "must have at least one address",
            );
            let workers = section.optional("workers");
            section.check(workers != Some(0), "workers", "must be at least 1");
            Self {
                listen,
                workers,
                body_limit: section.or("body_limit", ByteSize::kibibytes(64)),
                header_timeout: section.or("header_timeout", Duration::from_secs(10)),
                request_timeout: section.or("request_timeout", Duration::from_secs(30)),
                keep_alive: section.or("keep_alive", Duration::from_secs(75)),
                shutdown_grace: section.or("shutdown_grace", Duration::from_secs(30)),
                drain: section.or("drain", Duration::ZERO),
                trusted_proxies,
            }
        })
    }
}
