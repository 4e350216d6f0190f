//! Access tokens as clients present them, and the refusals in kind (RFC 6750).

use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use model::Secret;
use model::raw_pairs::RawPairs;

use crate::answer::unkept;
use crate::form::is_form;

/// Why a request for a protected resource is refused (RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BearerError {
    /// There is no token.
    Missing,
    /// The token came in a way that is not allowed; says what is wrong.
    Malformed(&'static str),
    /// The token is unknown, expired, revoked, or not for us.
    Invalid,
    /// The token is good, but not for this. Names the scope that is.
    InsufficientScope(&'static str),
    /// The token is good, but the person authenticated less strongly than its client demands
    /// (RFC 9470 §3). Names the class that is enough.
    InsufficientAuthentication {
        /// What to ask for in `acr_values`.
        acr_values: &'static str,
    },
}

impl BearerError {
    /// The answer of userinfo.
    pub(crate) fn respond(self) -> HttpResponse {
        self.respond_for("userinfo")
    }

    /// Its `error` and `error_description`; none where no token came (RFC 6750 §3.1).
    pub(crate) fn told(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Missing => None,
            Self::Malformed(what) => Some(("invalid_request", what)),
            Self::Invalid => Some((
                "invalid_token",
                "The access token is unknown, expired, revoked or not for this resource.",
            )),
            Self::InsufficientScope(_) => {
                Some(("insufficient_scope", "The access token lacks a scope."))
            }
            Self::InsufficientAuthentication { .. } => Some((
                "insufficient_user_authentication",
                "The person authenticated less strongly than this client demands.",
            )),
        }
    }

    /// The answer: the status and the `WWW-Authenticate` header say it all.
    pub(crate) fn respond_for(self, realm: &str) -> HttpResponse {
        let status = match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::InsufficientScope(_) => StatusCode::FORBIDDEN,
            Self::Missing | Self::Invalid | Self::InsufficientAuthentication { .. } => {
                StatusCode::UNAUTHORIZED
            }
        };
        let mut challenge = format!(r#"Bearer realm="{realm}""#);
        if let Some((error, description)) = self.told() {
            challenge += &format!(r#", error="{error}", error_description="{description}""#);
        }
        match self {
            Self::InsufficientScope(scope) => challenge += &format!(r#", scope="{scope}""#),
            Self::InsufficientAuthentication { acr_values } => {
                challenge += &format!(r#", acr_values="{acr_values}""#);
            }
            Self::Missing | Self::Malformed(_) | Self::Invalid => {}
        }
        let mut response = unkept(status, "text/plain; charset=utf-8", Vec::new());
        // Our own words are ASCII without control characters.
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The access token of a request, which must come in exactly one way: in the `Authorization`
/// header (RFC 6750 §2.1) or in a posted form (§2.2), never in the URL (§2.3).
pub(crate) fn presented(http: &HttpRequest, body: &[u8]) -> Result<Secret<String>, BearerError> {
    let query = RawPairs::parse(http.query_string().as_bytes());
    if query.first("access_token").is_some() {
        return Err(BearerError::Malformed(
            "The access token must not be in the URL.",
        ));
    }
    match (in_header(http)?, in_form(http, body)?) {
        (Some(_), Some(_)) => Err(BearerError::Malformed(
            "The access token came in more than one way.",
        )),
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (None, None) => Err(BearerError::Missing),
    }
}

fn in_header(http: &HttpRequest) -> Result<Option<Secret<String>>, BearerError> {
    let malformed = BearerError::Malformed("The Authorization header must be Bearer and a token.");
    let mut headers = http.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    if headers.next().is_some() {
        return Err(BearerError::Malformed(
            "There is more than one Authorization header.",
        ));
    }
    let header = header.to_str().map_err(|_| malformed)?;
    let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Ok(None);
    }
    let token = token.trim_matches(' ');
    if token.is_empty() || !token.bytes().all(is_token_byte) {
        return Err(malformed);
    }
    Ok(Some(Secret::new(token.to_owned())))
}

/// The characters of `b64token` (RFC 6750 §2.1).
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
}

fn in_form(http: &HttpRequest, body: &[u8]) -> Result<Option<Secret<String>>, BearerError> {
    // Never with GET (RFC 6750 §2.2).
    if !is_form(http) || http.method() != Method::POST {
        return Ok(None);
    }
    RawPairs::parse(body)
        .one("access_token")
        .map(|token| token.map(|token| Secret::new(token.to_owned())))
        .map_err(|_| BearerError::Malformed("The parameter access_token is repeated."))
}
