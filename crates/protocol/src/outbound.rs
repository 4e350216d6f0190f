//! Requests to URLs that a client chose, without being sent elsewhere.
//!
//! Such a URL must not let a client see, or reach through us, what only we can reach: `https`
//! only, public addresses only, no redirects, no proxy from the environment, five seconds. Hosts
//! that the operator allows by name are trusted: `http` and private addresses are then in order.
//!
//! [`client_keys`](crate::client_keys) fetches key sets by it, the authorization endpoint request
//! objects; [`security_event`](crate::security_event) pushes events, and
//! [`backchannel_logout`](crate::backchannel_logout) posts logout tokens.

mod public_address;

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, Response};
use tokio::sync::Semaphore;
use url::{Host, Url};

use self::public_address::is_public;

/// From the first look-up to the last byte.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// The longest document that is read, in bytes.
const SIZE_LIMIT: usize = 64 * 1024;
/// Names that are looked up at once. A look-up holds a thread until the system gives up, also when
/// nobody waits for it any more, and the threads are those that everything else blocks on.
const LOOK_UPS: usize = 16;
const USER_AGENT: &str = concat!("get-an-identity/", env!("CARGO_PKG_VERSION"));

/// The way out to clients' own servers. Clones share one pool of connections.
#[derive(Clone)]
pub struct Outbound(Arc<Whole>);

struct Whole {
    allowed_hosts: Arc<[String]>,
    authorities: Vec<Certificate>,
    /// Made at the first request: the certificates it loads are memory that most deployments,
    /// whose clients name no URL of theirs, never need.
    client: OnceLock<Client>,
}

/// Why there is no answer from a client's server. Its text names no URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// It is neither `https` nor of an allowed host.
    #[error("only https URLs are asked")]
    NotHttps,
    /// It carries a user name or password.
    #[error("a URL with credentials is not asked")]
    Credentials,
    /// Its host is, or resolves to, an address that is not public.
    #[error("its host is not on the public internet")]
    PrivateAddress,
    /// The host could not be reached, or its certificate is not good.
    #[error("its host could not be reached")]
    Unreachable,
    /// It took longer than five seconds, or what its purpose allows.
    #[error("it took too long")]
    TooSlow,
}

/// What should be certificates of authorities is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must hold certificates in PEM")]
pub struct UnusableAuthorities;

/// Why what a client published could not be had. Its text names no URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// There was no answer.
    #[error(transparent)]
    NoAnswer(#[from] OutboundError),
    /// The answer was not 200; a redirect is not followed.
    #[error("it answered with status {0}")]
    Status(u16),
    /// The answer was longer than 64 KiB.
    #[error("it is larger than 64 KiB")]
    TooLarge,
}

impl Outbound {
    /// A way out that leads, beside public `https` URLs, to `allowed_hosts` over `http` and at
    /// private addresses too. A host is written as in a URL, without port: `rp.internal`,
    /// `127.0.0.1`, `[::1]`.
    #[must_use]
    pub fn new(allowed_hosts: Vec<String>) -> Self {
        Self::of(allowed_hosts, Vec::new())
    }

    /// The same, to servers whose certificates lead to one of these authorities too: PEM, one after
    /// the other.
    ///
    /// # Errors
    ///
    /// [`UnusableAuthorities`] when there is none to be read.
    pub fn trusting(allowed_hosts: Vec<String>, pem: &[u8]) -> Result<Self, UnusableAuthorities> {
        let authorities = Certificate::from_pem_bundle(pem).map_err(|_| UnusableAuthorities)?;
        if authorities.is_empty() {
            return Err(UnusableAuthorities);
        }
        Ok(Self::of(allowed_hosts, authorities))
    }

    fn of(allowed_hosts: Vec<String>, authorities: Vec<Certificate>) -> Self {
        Self(Arc::new(Whole {
            allowed_hosts: allowed_hosts.into(),
            authorities,
            client: OnceLock::new(),
        }))
    }

    /// What a client published there: the body of an answer 200, of 64 KiB at most.
    pub(crate) async fn fetch(&self, url: &Url) -> Result<Vec<u8>, FetchError> {
        let response = send(self.guarded(url)?.get(url.clone())).await?;
        if response.status() != 200 {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        body_within_limit(response).await
    }

    pub(crate) async fn post(
        &self,
        url: &Url,
        media_type: &'static str,
        body: String,
    ) -> Result<Response, OutboundError> {
        let request = self.guarded(url)?.post(url.clone());
        send(request.header(CONTENT_TYPE, media_type).body(body)).await
    }

    /// Posts a form to somebody who has less time than others.
    pub(crate) async fn post_form(
        &self,
        url: &Url,
        form: &[(&str, &str)],
        time_limit: Duration,
    ) -> Result<Response, OutboundError> {
        let request = self.guarded(url)?.post(url.clone());
        send(request.form(form).timeout(time_limit)).await
    }

    /// The client, for a URL that may be asked.
    fn guarded(&self, url: &Url) -> Result<&Client, OutboundError> {
        self.check(url)?;
        self.client()
    }

    /// Whether the operator allows a host by name.
    pub(crate) fn trusts(&self, host: &str) -> bool {
        is_allowed(&self.0.allowed_hosts, host)
    }

    /// What the URL alone tells. A host that is an address never reaches the resolver, so it is
    /// checked here; a name is checked when it is resolved.
    pub(crate) fn check(&self, url: &Url) -> Result<(), OutboundError> {
        let is_allowed = url.host_str().is_some_and(|host| self.trusts(host));
        match url.scheme() {
            "https" => {}
            "http" if is_allowed => {}
            _ => return Err(OutboundError::NotHttps),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutboundError::Credentials);
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        match address {
            Some(address) if !is_allowed && !is_public(address) => {
                Err(OutboundError::PrivateAddress)
            }
            _ => Ok(()),
        }
    }

    fn client(&self) -> Result<&Client, OutboundError> {
        if let Some(client) = self.0.client.get() {
            return Ok(client);
        }
        let resolver = PublicResolver {
            allowed_hosts: Arc::clone(&self.0.allowed_hosts),
            look_ups: Arc::new(Semaphore::new(LOOK_UPS)),
        };
        let client = Client::builder()
            .tls_certs_merge(self.0.authorities.iter().cloned())
            .dns_resolver(resolver)
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(TIME_LIMIT)
            .user_agent(USER_AGENT)
            .build()
            .map_err(|_| OutboundError::Unreachable)?;
        Ok(self.0.client.get_or_init(|| client))
    }
}

async fn send(request: RequestBuilder) -> Result<Response, OutboundError> {
    request.send().await.map_err(|error| (&error).into())
}

async fn body_within_limit(mut response: Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| OutboundError::from(&error))?
    {
        if body.len() + chunk.len() > SIZE_LIMIT {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl From<&reqwest::Error> for OutboundError {
    fn from(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::TooSlow;
        }
        let mut source = error.source();
        while let Some(inner) = source {
            if inner.is::<NotPublic>() {
                return Self::PrivateAddress;
            }
            source = inner.source();
        }
        Self::Unreachable
    }
}

fn is_allowed(allowed_hosts: &[String], host: &str) -> bool {
    allowed_hosts
        .iter()
        .any(|allowed| allowed.eq_ignore_ascii_case(host))
}

/// Resolves a name to addresses that have all been checked. The connection is made to these very
/// addresses, so that a second look-up cannot answer differently (DNS rebinding).
struct PublicResolver {
    allowed_hosts: Arc<[String]>,
    look_ups: Arc<Semaphore>,
}

/// A name resolved to an address that is not public.
#[derive(Debug, thiserror::Error)]
#[error("the name resolves to an address that is not public")]
struct NotPublic;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_allowed = is_allowed(&self.allowed_hosts, name.as_str());
        let look_ups = Arc::clone(&self.look_ups);
        Box::pin(async move {
            let turn = look_ups.acquire_owned().await?;
            let addresses: Vec<SocketAddr> = tokio::task::spawn_blocking(move || {
                let addresses = (name.as_str(), 0).to_socket_addrs().map(Iterator::collect);
                drop(turn);
                addresses
            })
            .await??;
            if !is_allowed && !addresses.iter().all(|address| is_public(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The attack: names that nobody answers for, so many that nothing else gets a thread.
    #[tokio::test]
    async fn a_look_up_waits_while_as_many_as_may_are_under_way() {
        let resolver = PublicResolver {
            allowed_hosts: Arc::new(["localhost".to_owned()]),
            look_ups: Arc::new(Semaphore::new(1)),
        };
        let resolve = || resolver.resolve("localhost".parse().unwrap());
        let under_way = Arc::clone(&resolver.look_ups).acquire_owned().await;

        let waiting = tokio::time::timeout(Duration::from_millis(50), resolve());
        assert!(waiting.await.is_err());

        drop(under_way);
        assert!(resolve().await.unwrap().next().is_some());
        assert!(resolve().await.unwrap().next().is_some());
    }
}
