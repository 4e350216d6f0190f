//! Fetching what a client's `jwks_uri` names, without being sent elsewhere.
//!
//! The URL is the client's to choose, so it must not let a client see, or reach through us, what
//! only we can reach: `https` only, public addresses only, no redirects, no proxy from the
//! environment, five seconds, 64 KiB. Hosts that the operator allows by name are trusted:
//! `http` and private addresses are then in order.

use std::error::Error as _;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::{Host, Url};

use super::key_set::ClientKeySet;
use super::public_address::is_public;

/// From the first look-up to the last byte.
const TIME_LIMIT: Duration = Duration::from_secs(5);
const SIZE_LIMIT: usize = 64 * 1024;
const USER_AGENT: &str = concat!("get-an-identity/", env!("CARGO_PKG_VERSION"));

/// Why a JWKS could not be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It is neither `https` nor of an allowed host.
    #[error("only https URLs are fetched")]
    NotHttps,
    /// It carries a user name or password.
    #[error("a URL with credentials is not fetched")]
    Credentials,
    /// Its host is, or resolves to, an address that is not public.
    #[error("its host is not on the public internet")]
    PrivateAddress,
    /// The host could not be reached, or its certificate is not good.
    #[error("its host could not be reached")]
    Unreachable,
    /// It took longer than five seconds.
    #[error("it took longer than 5 seconds")]
    TooSlow,
    /// The answer was not 200; a redirect is not followed.
    #[error("it answered with status {0}")]
    Status(u16),
    /// The answer was longer than 64 KiB.
    #[error("it is larger than 64 KiB")]
    TooLarge,
    /// The answer is not a JSON object with an array `keys` (RFC 7517 §5).
    #[error("it is not a JSON Web Key Set")]
    NotKeySet,
}

/// Fetches key sets under the rules above.
pub(super) struct Fetcher {
    allowed_hosts: Arc<[String]>,
    /// Made at the first fetch: the certificates it loads are memory that most deployments,
    /// whose clients register keys by value, never need.
    client: OnceLock<Client>,
}

impl Fetcher {
    pub(super) fn new(allowed_hosts: Vec<String>) -> Self {
        Self {
            allowed_hosts: allowed_hosts.into(),
            client: OnceLock::new(),
        }
    }

    pub(super) async fn fetch(&self, url: &Url) -> Result<ClientKeySet, FetchError> {
        self.check(url)?;
        let response = self
            .client()?
            .get(url.clone())
            .send()
            .await
            .map_err(|e| cause(&e))?;
        if response.status() != 200 {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let body = body_within_limit(response).await?;
        let jwks: serde_json::Value =
            serde_json::from_slice(&body).map_err(|_| FetchError::NotKeySet)?;
        ClientKeySet::read(&jwks).ok_or(FetchError::NotKeySet)
    }

    /// What the URL alone tells. A host that is an address never reaches the resolver, so it is
    /// checked here; a name is checked when it is resolved.
    fn check(&self, url: &Url) -> Result<(), FetchError> {
        let is_allowed = url
            .host_str()
            .is_some_and(|host| is_allowed(&self.allowed_hosts, host));
        match url.scheme() {
            "https" => {}
            "http" if is_allowed => {}
            _ => return Err(FetchError::NotHttps),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Credentials);
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        match address {
            Some(address) if !is_allowed && !is_public(address) => Err(FetchError::PrivateAddress),
            _ => Ok(()),
        }
    }

    fn client(&self) -> Result<&Client, FetchError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let resolver = PublicResolver {
            allowed_hosts: Arc::clone(&self.allowed_hosts),
        };
        let client = Client::builder()
            .dns_resolver(resolver)
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .timeout(TIME_LIMIT)
            .user_agent(USER_AGENT)
            .build()
            .map_err(|_| FetchError::Unreachable)?;
        Ok(self.client.get_or_init(|| client))
    }
}

async fn body_within_limit(mut response: Response) -> Result<Vec<u8>, FetchError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| cause(&e))? {
        if body.len() + chunk.len() > SIZE_LIMIT {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn is_allowed(allowed_hosts: &[String], host: &str) -> bool {
    allowed_hosts
        .iter()
        .any(|allowed| allowed.eq_ignore_ascii_case(host))
}

fn cause(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        return FetchError::TooSlow;
    }
    let mut source = error.source();
    while let Some(inner) = source {
        if inner.is::<NotPublic>() {
            return FetchError::PrivateAddress;
        }
        source = inner.source();
    }
    FetchError::Unreachable
}

/// Resolves a name to addresses that have all been checked. The connection is made to these very
/// addresses, so that a second look-up cannot answer differently (DNS rebinding).
struct PublicResolver {
    allowed_hosts: Arc<[String]>,
}

/// A name resolved to an address that is not public.
#[derive(Debug, thiserror::Error)]
#[error("the name resolves to an address that is not public")]
struct NotPublic;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_allowed = is_allowed(&self.allowed_hosts, name.as_str());
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = tokio::task::spawn_blocking(move || {
                (name.as_str(), 0).to_socket_addrs().map(Iterator::collect)
            })
            .await??;
            if !is_allowed && !addresses.iter().all(|address| is_public(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
