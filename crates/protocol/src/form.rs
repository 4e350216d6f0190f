//! Forms that programs post to the token, introspection, revocation, pushed authorization request
//! and userinfo endpoints.

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use model::raw_pairs::{RawPairs, Repeated};

use crate::oauth_error::OAuthError;

/// Whether the body is said to be `application/x-www-form-urlencoded`.
pub(crate) fn is_form(http: &HttpRequest) -> bool {
    let content_type = http.headers().get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or(value).trim();
        essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

/// The parameters of a posted form (RFC 6749 §3.2).
pub(crate) struct Form(RawPairs);

impl Form {
    /// Reads the body of a request.
    pub(crate) fn read(http: &HttpRequest, body: &[u8]) -> Result<Self, OAuthError> {
        if !is_form(http) {
            return Err(OAuthError::NotAForm);
        }
        Ok(Self(RawPairs::parse(body)))
    }

    /// All that came.
    pub(crate) fn pairs(&self) -> &RawPairs {
        &self.0
    }

    /// A parameter that may be left out, but not repeated.
    pub(crate) fn optional(&self, name: &'static str) -> Result<Option<&str>, OAuthError> {
        self.0
            .one(name)
            .map_err(|Repeated(name)| OAuthError::Repeated(name))
    }

    /// A parameter that has to be there, once.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.optional(name)?.ok_or(OAuthError::Missing(name))
    }
}
