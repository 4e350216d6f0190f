//! The name of this provider, by which every relying service knows it.

use url::{Host, Url};

use super::setting::{Setting, quote, text};
use super::tree::Content;

/// The issuer identifier (OpenID Connect Discovery 1.0 §3).
///
/// Shape: `https`, a host and perhaps a port, with no path, query, fragment or trailing slash,
/// for example `https://identity.example.org`. `http` is allowed for loopback hosts only. It is
/// compared byte for byte everywhere and must never change once a service is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    url: Url,
    text: String,
}

impl Issuer {
    /// Reads an issuer; `None` when it has not the shape above.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let is_origin = url.origin().ascii_serialization() == text;
        let is_allowed = match url.scheme() {
            "https" => true,
            "http" => is_loopback(&url),
            _ => false,
        };
        (is_origin && is_allowed).then(|| Self {
            url,
            text: text.to_owned(),
        })
    }

    /// The issuer as clients compare it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The issuer as a URL, to resolve paths against.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether browsers reach it over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }
}

/// Whether the host of a URL is this machine: `localhost`, `127.0.0.0/8` or `::1`.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_loopback_host(name),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether a host name or address is this machine.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse()
            .is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

impl Setting for Issuer {
    fn read(content: &Content) -> Option<Self> {
        Self::parse(text(content)?)
    }

    fn shape() -> String {
        "an https origin such as \"https://identity.example.org\", with no path, query, fragment \
         or trailing slash (http only for localhost)"
            .to_owned()
    }

    fn shown(&self) -> String {
        quote(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_an_https_origin_or_a_loopback_one() {
        for right in [
            "https://identity.example.org",
            "https://identity.example.org:8443",
            "http://localhost:8080",
            "http://127.0.0.1:8080",
            "http://[::1]:8080",
        ] {
            assert_eq!(Issuer::parse(right).unwrap().as_str(), right);
        }
    }

    #[test]
    fn an_issuer_with_anything_more_or_in_the_open_is_refused() {
        for wrong in [
            "https://identity.example.org/",
            "https://identity.example.org/oidc",
            "https://identity.example.org?a=b",
            "https://identity.example.org#a",
            "https://Identity.example.org",
            "https://identity.example.org:443",
            "https://user@identity.example.org",
            "http://identity.example.org",
            "ftp://localhost",
            "identity.example.org",
        ] {
            assert_eq!(Issuer::parse(wrong), None, "{wrong}");
        }
    }
}
