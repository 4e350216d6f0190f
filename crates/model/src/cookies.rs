//! The names of our cookies and how they are set.

use std::time::Duration;

use crate::secret::Secret;

/// How cookies are named and set for this deployment's issuer.
///
/// With an `https` issuer every cookie is `__Host-`, `Secure`, `HttpOnly`, `SameSite=Lax` and for
/// `Path=/` (RFC 6265bis §4.1.3.2), but [`Cookie::SessionState`], which scripts read on the pages of
/// services. With an `http` issuer, which only a loopback host may have,
/// the prefix and `Secure` are dropped, so that every browser and client library works there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookies {
    /// The issuer is `https`.
    Secure,
    /// The issuer is `http` on a loopback host.
    Loopback,
}

/// A cookie of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cookie {
    /// Holds the secret of the browser session: who is signed in.
    Session,
    /// Holds the secret that ties interactions and forms to the browser that began them.
    Browser,
    /// Tells scripts of ours, in a frame on a service's page, whether the session is another one
    /// (OpenID Connect Session Management 1.0 §3.2). No secret, and worth nothing to the server.
    SessionState,
}

impl Cookies {
    /// The cookie's name.
    #[must_use]
    pub const fn name(self, cookie: Cookie) -> &'static str {
        match (self, cookie) {
            (Self::Secure, Cookie::Session) => "__Host-session",
            (Self::Secure, Cookie::Browser) => "__Host-browser",
            (Self::Secure, Cookie::SessionState) => "__Host-session-state",
            (Self::Loopback, Cookie::SessionState) => "session-state",
            (Self::Loopback, Cookie::Session) => "session",
            (Self::Loopback, Cookie::Browser) => "browser",
        }
    }

    /// The `Set-Cookie` value that gives a cookie; it ends with the browser unless `max_age`
    /// says when.
    #[must_use]
    pub fn set(self, cookie: Cookie, value: &Secret<String>, max_age: Option<Duration>) -> String {
        let name = self.name(cookie);
        let guards = self.guards(cookie);
        let mut header = format!("{name}={}; Path=/{guards}", value.reveal());
        if let Some(max_age) = max_age {
            header.push_str("; Max-Age=");
            header.push_str(&max_age.as_secs().to_string());
        }
        self.secured(header)
    }

    /// The `Set-Cookie` value that takes a cookie away.
    #[must_use]
    pub fn clear(self, cookie: Cookie) -> String {
        let name = self.name(cookie);
        let guards = self.guards(cookie);
        self.secured(format!("{name}=; Path=/{guards}; Max-Age=0"))
    }

    /// Browsers take `SameSite=None` only with `Secure`; services on this machine are the same site
    /// anyway.
    const fn guards(self, cookie: Cookie) -> &'static str {
        match (cookie, self) {
            (Cookie::Session | Cookie::Browser, _) => "; HttpOnly; SameSite=Lax",
            (Cookie::SessionState, Self::Secure) => "; SameSite=None",
            (Cookie::SessionState, Self::Loopback) => "",
        }
    }

    /// The cookie's value in a request's `Cookie` header values; `None` when it is absent.
    #[must_use]
    pub fn find<'a>(
        self,
        cookie: Cookie,
        mut headers: impl Iterator<Item = &'a str>,
    ) -> Option<&'a str> {
        let name = self.name(cookie);
        headers.find_map(|header| {
            header.split(';').find_map(|pair| {
                let (key, value) = pair.split_once('=')?;
                (key.trim() == name).then(|| value.trim())
            })
        })
    }

    fn secured(self, mut header: String) -> String {
        if self == Self::Secure {
            header.push_str("; Secure");
        }
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secure_cookie_has_every_guard() {
        let value = Secret::new("value".to_owned());

        assert_eq!(
            Cookies::Secure.set(Cookie::Session, &value, None),
            "__Host-session=value; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            Cookies::Loopback.set(Cookie::Browser, &value, Some(Duration::from_secs(60))),
            "browser=value; Path=/; HttpOnly; SameSite=Lax; Max-Age=60"
        );
    }

    #[test]
    fn the_cookie_that_scripts_read_on_other_sites_goes_there() {
        let value = Secret::new("value".to_owned());
        let cookie = Cookie::SessionState;

        assert_eq!(
            Cookies::Secure.set(cookie, &value, None),
            "__Host-session-state=value; Path=/; SameSite=None; Secure"
        );
        assert_eq!(
            Cookies::Secure.clear(cookie),
            "__Host-session-state=; Path=/; SameSite=None; Max-Age=0; Secure"
        );
        assert_eq!(
            Cookies::Loopback.set(cookie, &value, None),
            "session-state=value; Path=/"
        );
    }

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let header = ["x__Host-session=wrong; __Host-session=right; other=1"];

        assert_eq!(
            Cookies::Secure.find(Cookie::Session, header.into_iter()),
            Some("right")
        );
        assert_eq!(
            Cookies::Secure.find(Cookie::Browser, header.into_iter()),
            None
        );
    }
}
