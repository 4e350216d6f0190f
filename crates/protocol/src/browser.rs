//! What a browser proves by its cookies.

use actix_web::http::header::{COOKIE, HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};
use model::cookies::Cookie;
use model::secret::SecretKind;
use model::{Cookies, Entropy, Secret, SecretDigest};

/// The digests of a browser's cookies, where it has them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Browser {
    /// Of the session's secret.
    pub(crate) session: Option<SecretDigest>,
    /// Of the secret that ties interactions to this browser.
    pub(crate) browser: Option<SecretDigest>,
}

impl Browser {
    pub(crate) fn of(http: &HttpRequest, cookies: Cookies) -> Self {
        let find = |cookie, kind: SecretKind| {
            let headers = http
                .headers()
                .get_all(COOKIE)
                .filter_map(|value| value.to_str().ok());
            cookies
                .find(cookie, headers)
                .and_then(|value| kind.digest(value))
        };
        Self {
            session: find(Cookie::Session, SecretKind::BrowserSession),
            browser: find(Cookie::Browser, SecretKind::Browser),
        }
    }

    /// Whether it sent none of our cookies.
    pub(crate) const fn is_unknown(&self) -> bool {
        self.session.is_none() && self.browser.is_none()
    }

    /// The digest of its cookie, or of a new one, which then has to be set.
    pub(crate) fn known_or_new(
        &self,
        entropy: &dyn Entropy,
    ) -> (SecretDigest, Option<Secret<String>>) {
        if let Some(digest) = self.browser {
            return (digest, None);
        }
        let secret = SecretKind::Browser.mint(entropy);
        (SecretDigest::of(secret.reveal()), Some(secret))
    }
}

/// Adds a `Set-Cookie` header to a response.
pub(crate) fn add_cookie(response: &mut HttpResponse, cookie: &str) {
    // Our cookies are ASCII without control characters, so they always make a header.
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
