//! `[http]`, `[http.tls]` and `[proxies]`: the sockets, the limits on requests, and whose word
//! about a request's origin is taken.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::issuer::Issuer;
use super::quantity::ByteSize;
use super::section::Section;

/// Sockets and limits.
#[derive(Clone, Debug)]
pub struct Http {
    /// The addresses to listen on for requests in plain text, which are taken from this machine
    /// and from [`trusted_proxies`](Self::trusted_proxies) only.
    pub listen: Vec<SocketAddr>,
    /// Where https is served without a proxy in front.
    pub tls: Option<Tls>,
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

/// Sockets for https, and what proves there who we are.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The addresses to listen on, at least one.
    pub listen: Vec<SocketAddr>,
    /// The certificate and those that lead from it to an authority, in that order (PEM).
    pub certificate_file: PathBuf,
    /// Its private key (PEM, not encrypted).
    pub key_file: PathBuf,
    /// How often both files are looked at for a new certificate.
    pub refresh: Duration,
}

impl Http {
    pub(crate) fn read(root: &mut Section<'_>, issuer: Option<&Issuer>) -> Self {
        let trusted_proxies: Vec<IpNet> =
            root.inside("proxies", |section| section.list("trusted", Vec::new()));
        root.inside("http", |section| {
            let listen: Vec<SocketAddr> =
                section.list("listen", vec![SocketAddr::from(([127, 0, 0, 1], 8080))]);
            let tls = section.inside("tls", |section| Tls::read(section, issuer));
            section.check(
                !listen.is_empty() || tls.is_some(),
                "listen",
                "must have at least one address unless http.tls has",
            );
            section.check(
                !trusted_proxies.is_empty() || listen.iter().all(|it| it.ip().is_loopback()),
                "listen",
                "must be addresses of this machine's loopback unless proxies.trusted names what \
                 ends TLS in front of it; http.tls serves https without a proxy",
            );
            let workers = section.optional("workers");
            section.check(workers != Some(0), "workers", "must be at least 1");
            Self {
                listen,
                tls,
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

impl Tls {
    /// `None` when it is not set, or a fault was noted.
    fn read(section: &mut Section<'_>, issuer: Option<&Issuer>) -> Option<Self> {
        let listen: Vec<SocketAddr> = section.list("listen", Vec::new());
        let certificate_file: Option<PathBuf> = section.optional("certificate_file");
        let key_file: Option<PathBuf> = section.optional("key_file");
        let refresh = section.or("refresh", Duration::from_secs(30));
        if listen.is_empty() && certificate_file.is_none() && key_file.is_none() {
            return None;
        }
        section.check(
            !listen.is_empty(),
            "listen",
            "must have an address to serve https at",
        );
        let beside = "must be set beside http.tls.listen";
        section.check(certificate_file.is_some(), "certificate_file", beside);
        section.check(key_file.is_some(), "key_file", beside);
        section.check(!refresh.is_zero(), "refresh", "must be longer than nothing");
        section.check(
            issuer.is_none_or(Issuer::is_https),
            "listen",
            "must not be set while the issuer is http: nobody would be sent here",
        );
        let (certificate_file, key_file) = (certificate_file?, key_file?);
        Some(Self {
            listen,
            certificate_file,
            key_file,
            refresh,
        })
    }
}
