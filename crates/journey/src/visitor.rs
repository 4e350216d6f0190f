//! Who comes: a browser, and the interaction it names.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::http::header::COOKIE;
use actix_web::{HttpMessage as _, HttpRequest};
use model::cookies::Cookie;
use model::raw_pairs::RawPairs;
use model::secret::SecretKind;
use model::{ClientAddress, InteractionId, Secret, SecretDigest};

use crate::csrf;
use crate::error::JourneyError;
use crate::form::Form;
use crate::journey::Journey;

/// A browser that has our cookie.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    /// The cookie's secret, which forms are tied to.
    secret: Secret<String>,
    /// Its digest, which interactions are tied to.
    pub(crate) digest: SecretDigest,
    /// The digest of the session cookie's secret, if there is one.
    pub(crate) session: Option<SecretDigest>,
    /// Where it is, for limits.
    pub(crate) client: ClientAddress,
}

/// A browser on a page of an interaction. Nothing is known yet of whether it may be there.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// The interaction it names.
    pub(crate) id: InteractionId,
    /// The whole query.
    pub(crate) query: RawPairs,
    /// What it proves by its cookies.
    pub(crate) browser: Browser,
}

impl Browser {
    /// The browser of a request; `None` when it did not send our cookie.
    pub(crate) fn of(journey: &Journey, request: &HttpRequest) -> Option<Self> {
        let find = |cookie| {
            let headers = request.headers().get_all(COOKIE);
            let texts = headers.filter_map(|value| value.to_str().ok());
            journey.cookies.find(cookie, texts)
        };
        let secret = find(Cookie::Browser)?;
        Some(Self {
            digest: SecretKind::Browser.digest(secret)?,
            secret: Secret::new(secret.to_owned()),
            session: find(Cookie::Session)
                .and_then(|value| SecretKind::BrowserSession.digest(value)),
            client: client_address(request),
        })
    }
}

/// What the server found behind its proxies, or else the peer.
fn client_address(request: &HttpRequest) -> ClientAddress {
    let found = request.extensions().get::<ClientAddress>().copied();
    found.unwrap_or_else(|| {
        let peer = request.peer_addr().map(|peer| peer.ip());
        ClientAddress::new(peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
    })
}

impl Visitor {
    /// The visitor of a page that names its interaction in the query, `?i=`.
    pub(crate) fn of(journey: &Journey, request: &HttpRequest) -> Result<Self, JourneyError> {
        if !request.headers().contains_key(COOKIE) {
            return Err(JourneyError::CookiesOff);
        }
        let browser = Browser::of(journey, request).ok_or(JourneyError::OtherBrowser)?;
        let query = RawPairs::parse(request.query_string().as_bytes());
        let id = query
            .one("i")
            .ok()
            .flatten()
            .and_then(InteractionId::parse)
            .ok_or(JourneyError::Missing)?;
        Ok(Self { id, query, browser })
    }

    /// The token that this visitor's forms carry.
    pub(crate) fn csrf(&self, journey: &Journey) -> String {
        csrf::token(&journey.keyring, &self.browser.secret, &self.id)
    }

    /// Refuses a form that was not shown to this visitor.
    pub(crate) fn check(&self, journey: &Journey, form: &Form) -> Result<(), JourneyError> {
        let secret = &self.browser.secret;
        if csrf::is_valid(&journey.keyring, secret, &self.id, &form.csrf) {
            Ok(())
        } else {
            Err(JourneyError::FormExpired(self.id.clone()))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn at(address: &str) -> ClientAddress {
        ClientAddress::new(address.parse().unwrap())
    }

    #[test]
    fn a_client_is_where_the_server_found_it_and_else_where_the_peer_is() {
        let peer = "198.51.100.1:1".parse().unwrap();
        let request = TestRequest::default().peer_addr(peer).to_http_request();

        let bare = client_address(&request);
        request.extensions_mut().insert(at("192.0.2.1"));
        let found = client_address(&request);

        assert!(bare == at("198.51.100.1"));
        assert!(found == at("192.0.2.1"));
    }
}
