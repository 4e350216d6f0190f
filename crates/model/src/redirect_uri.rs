//! Where an authorization response may go.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::client::has_plain_host;

/// A redirect URI as a client registered it.
///
/// Shape: an absolute URI without fragment or user info; `https`, or `http` on a loopback host,
/// or a private-use scheme with a dot in its name such as `uk.example.app:/callback`
/// (RFC 8252 §7.1). At most 2,000 characters. Kept exactly as registered, because it is
/// compared as a string (RFC 9700 §2.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// A redirect URI that may not be registered, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRedirectUri {
    /// It is no absolute URI, or is too long.
    #[error("it must be an absolute URI of at most 2,000 characters")]
    NotAbsolute,
    /// It has a fragment (RFC 6749 §3.1.2).
    #[error("it must not have a fragment (#)")]
    Fragment,
    /// It holds a user name or password.
    #[error("it must not hold a user name or password")]
    UserInfo,
    /// Its scheme is refused.
    #[error(
        "it must be https, http on localhost, 127.0.0.1 or [::1], or a private-use scheme with a dot in its name"
    )]
    Scheme,
}

impl RedirectUri {
    /// Longest redirect URI, in bytes.
    pub const MAX_LEN: usize = 2_000;

    /// Reads a redirect URI that a client wants to register.
    ///
    /// # Errors
    ///
    /// [`InvalidRedirectUri`] names the rule that it breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidRedirectUri> {
        let is_plain = |byte: u8| byte.is_ascii_graphic();
        if text.len() > Self::MAX_LEN || !text.bytes().all(is_plain) {
            return Err(InvalidRedirectUri::NotAbsolute);
        }
        let url = Url::parse(text).map_err(|_| InvalidRedirectUri::NotAbsolute)?;
        if text.contains('#') {
            return Err(InvalidRedirectUri::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidRedirectUri::UserInfo);
        }
        // `https:host` is read as `https://host`, but goes elsewhere when a browser follows it.
        let names_its_host = text
            .as_bytes()
            .get(url.scheme().len()..)
            .is_some_and(|rest| rest.starts_with(b"://"));
        let allowed = match url.scheme() {
            "https" => names_its_host && has_plain_host(&url),
            "http" => names_its_host && is_loopback(&url),
            private_use => private_use.contains('.'),
        };
        if !allowed {
            return Err(InvalidRedirectUri::Scheme);
        }
        Ok(Self(text.to_owned()))
    }

    /// The URI exactly as registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is https: what a web client must register to get tokens from the authorization
    /// endpoint (OpenID Connect Registration §2).
    #[must_use]
    pub fn is_https(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| url.scheme() == "https")
    }

    /// The loopback host that it is on, if it is on one.
    #[must_use]
    pub fn loopback_host(&self) -> Option<String> {
        let url = Url::parse(&self.0).ok().filter(is_loopback)?;
        url.host_str().map(str::to_owned)
    }

    /// Whether a requested URI is this one: the same string, or for a loopback **IP** literal the
    /// same but for the port, which a native client picks at run time (RFC 8252 §7.3).
    #[must_use]
    pub fn matches(&self, requested: &str, port: LoopbackPort) -> bool {
        if self.0 == requested {
            return true;
        }
        port == LoopbackPort::MayVary && self.matches_but_for_port(requested)
    }

    fn matches_but_for_port(&self, requested: &str) -> bool {
        let (Some(registered), Some(requested)) =
            (split_loopback(&self.0), split_loopback(requested))
        else {
            return false;
        };
        registered == requested
    }
}

/// Whether the port of a loopback redirect may differ from the registered one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopbackPort {
    /// The client is a native application that listens on a port of the moment.
    MayVary,
    /// The client is a web service: every character counts.
    Exact,
}

/// The parts of `http://127.0.0.1:PORT/rest` that must agree: host and rest.
fn split_loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]"]
        .into_iter()
        .find(|host| rest.starts_with(host))?;
    let after_host = rest.get(host.len()..)?;
    let path_at = after_host.find(['/', '?']).unwrap_or(after_host.len());
    let (port, path) = after_host.split_at_checked(path_at)?;
    let port_is_sound = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
    (port_is_sound && !path.contains('#')).then_some((host, path))
}

/// Whether it is the number of a port; a sign before it is none of a URI (RFC 3986 §3.2.3).
fn is_port(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

impl TryFrom<String> for RedirectUri {
    type Error = InvalidRedirectUri;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

/// A redirect target that was found among a client's registered URIs.
///
/// It exists only after that match, so a redirect to anywhere else cannot be written.
#[derive(Clone, PartialEq, Eq)]
pub struct RegisteredRedirect(String);

impl RegisteredRedirect {
    /// The target of `requested`, if one of `registered` matches it.
    #[must_use]
    pub fn find(registered: &[RedirectUri], requested: &str, port: LoopbackPort) -> Option<Self> {
        registered
            .iter()
            .any(|uri| uri.matches(requested, port))
            .then(|| Self(requested.to_owned()))
    }

    /// The URI as requested.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The CSP `form-action` sources that let a form post end here.
    ///
    /// Browsers hold every redirect after a form post to the policy, and a client's redirect URI
    /// often redirects on to another host of its own. So an https target allows https, a loopback
    /// one allows loopback, and a private-use scheme allows itself. No source can name an IPv6
    /// address (CSP Level 3 §2.3.1), so `[::1]` allows http.
    #[must_use]
    pub fn form_action(&self) -> String {
        match self.0.split_once(':') {
            Some(("http", rest)) if !rest.starts_with("//[") => {
                "http://localhost:* http://127.0.0.1:*".to_owned()
            }
            Some((scheme, _)) => format!("{scheme}:"),
            None => String::new(),
        }
    }
}

impl fmt::Debug for RegisteredRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegisteredRedirect(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(uri: &str) -> RedirectUri {
        RedirectUri::parse(uri).unwrap()
    }

    #[test]
    fn secure_loopback_and_private_use_uris_may_be_registered() {
        for accepted in [
            "https://service.example/callback",
            "https://service.example/callback?tenant=1",
            "http://localhost:8081/callback",
            "http://127.0.0.1/callback",
            "http://[::1]:9000/callback",
            "uk.example.app:/callback",
        ] {
            assert_eq!(registered(accepted).as_str(), accepted);
        }
    }

    #[test]
    fn dangerous_uris_may_not_be_registered() {
        use InvalidRedirectUri::{Fragment, NotAbsolute, Scheme, UserInfo};
        for (refused, why) in [
            ("/callback", NotAbsolute),
            ("https://service.example/a b", NotAbsolute),
            ("https:service.example/callback", Scheme),
            (r"https:\\service.example/callback", Scheme),
            ("http:localhost/callback", Scheme),
            ("https://service.example;x/callback", Scheme),
            ("https://service.example/#part", Fragment),
            ("https://service.example/#", Fragment),
            ("https://user@service.example/", UserInfo),
            ("http://service.example/callback", Scheme),
            ("javascript:alert(1)", Scheme),
            ("data:text/html,x", Scheme),
        ] {
            assert_eq!(RedirectUri::parse(refused), Err(why), "{refused}");
        }
    }

    #[test]
    fn a_web_redirect_matches_only_the_same_string() {
        let uri = registered("https://service.example/callback");

        assert!(uri.matches("https://service.example/callback", LoopbackPort::MayVary));
        for other in [
            "https://service.example/callback/",
            "https://service.example/callback?x=1",
            "https://service.example:443/callback",
            "https://SERVICE.example/callback",
            "https://service.example/callback#x",
            "https://service.example.evil.example/callback",
        ] {
            assert!(!uri.matches(other, LoopbackPort::MayVary), "{other}");
        }
    }

    #[test]
    fn a_native_loopback_redirect_may_vary_its_port_and_nothing_else() {
        let uri = registered("http://127.0.0.1/callback");

        assert!(uri.matches("http://127.0.0.1:49152/callback", LoopbackPort::MayVary));
        assert!(!uri.matches("http://127.0.0.1:49152/callback", LoopbackPort::Exact));
        for other in [
            "http://127.0.0.1:49152/other",
            "http://127.0.0.1:99999/callback",
            "http://127.0.0.1:+49152/callback",
            "http://127.0.0.1:x@evil.example/callback",
            "http://127.0.0.1.evil.example/callback",
            "http://localhost:49152/callback",
            "https://127.0.0.1:49152/callback",
            "http://127.0.0.1:1/callback#x",
        ] {
            assert!(!uri.matches(other, LoopbackPort::MayVary), "{other}");
        }
    }

    #[test]
    fn a_form_may_end_where_the_redirect_leads() {
        let form_action = |uri: &str| {
            let found = RegisteredRedirect::find(&[registered(uri)], uri, LoopbackPort::Exact);
            found.unwrap().form_action()
        };

        assert_eq!(form_action("https://service.example/callback"), "https:");
        assert_eq!(form_action("http://[::1]:8081/callback"), "http:");
        assert_eq!(form_action("uk.example.app:/callback"), "uk.example.app:");
        assert_eq!(
            form_action("http://localhost:8081/callback"),
            "http://localhost:* http://127.0.0.1:*"
        );
    }

    #[test]
    fn a_localhost_name_keeps_its_port() {
        let uri = registered("http://localhost:8081/callback");

        assert!(!uri.matches("http://localhost:8082/callback", LoopbackPort::MayVary));
    }
}
