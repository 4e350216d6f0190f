//! Documents that anyone may read and keep for a while: discovery and the JWKS.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::digest::sha256;

/// A JSON document, rendered once.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    body: Bytes,
    etag: Option<HeaderValue>,
}

impl Published {
    /// Takes a rendered document.
    pub(crate) fn new(body: Bytes) -> Self {
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(sha256(&body)));
        Self {
            body,
            etag: HeaderValue::from_str(&etag).ok(),
        }
    }

    /// The document's bytes.
    pub(crate) const fn body(&self) -> &Bytes {
        &self.body
    }

    /// The answer: the document, or 304 to whoever has it (RFC 9110 §13.1.2).
    pub(crate) fn respond(&self, http: &HttpRequest, keep_for: Duration) -> HttpResponse {
        let is_known = self.is_known(http);
        let mut response = if is_known {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        let cache_control = format!("public, max-age={}", keep_for.as_secs());
        response.insert_header((CACHE_CONTROL, cache_control));
        if let Some(etag) = &self.etag {
            response.insert_header((ETAG, etag.clone()));
        }
        if is_known {
            return response.finish();
        }
        response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
        response.body(self.body.clone())
    }
    /// Whether the reader names our entity tag, weakly or not (RFC 9110 §13.1.2).
    fn is_known(&self, http: &HttpRequest) -> bool {
        let asked = http.headers().get(IF_NONE_MATCH);
        let (Some(asked), Some(etag)) = (asked, &self.etag) else {
            return false;
        };
        let (asked, etag) = (asked.as_bytes(), etag.as_bytes());
        asked
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            .any(|tag| tag.strip_prefix(b"W/").unwrap_or(tag) == etag)
    }
}
