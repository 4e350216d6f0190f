//! Who we are, and where our endpoints stand.

use std::fmt;

/// The issuer identifier (OpenID Connect Discovery §3): an absolute URL without trailing slash,
/// query or fragment, for example `https://identity.example`. Frozen: clients compare it as a
/// string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer(String);

impl Issuer {
    /// Wraps an issuer that the configuration has checked.
    #[must_use]
    pub const fn new(checked: String) -> Self {
        Self(checked)
    }

    /// The issuer as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of a path of ours, which begins with a slash.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
