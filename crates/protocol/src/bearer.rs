//! Access tokens as clients present them, and the refusals in kind (RFC 6750, RFC 9449 §7).

use std::borrow::Cow;

use actix_web::http::header::{AUTHORIZATION, HeaderValue, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use model::raw_pairs::RawPairs;
use model::{Secret, SigningAlgorithm};

use crate::answer::unkept;
use crate::dpop::{self, InvalidProof};
use crate::form::is_form;

/// How an access token is presented, and the name of that in `Authorization` and challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// By itself (RFC 6750 §2).
    Bearer,
    /// With a proof of the key that it is bound to (RFC 9449 §7.1).
    Dpop,
}

impl Scheme {
    const ALL: [Self; 2] = [Self::Bearer, Self::Dpop];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    const fn malformed(self) -> BearerError {
        BearerError::Malformed(match self {
            Self::Bearer => "The Authorization header must be Bearer and a token.",
            Self::Dpop => "The Authorization header must be DPoP and a token.",
        })
    }

    /// The challenge, with what there is to say of a refusal; DPoP names the algorithms of proofs.
    fn challenge(self, realm: &str, refusal: &str) -> Option<HeaderValue> {
        let algs = match self {
            Self::Bearer => String::new(),
            Self::Dpop => {
                let names = dpop::SIGNING_ALGORITHMS.map(SigningAlgorithm::as_str);
                format!(r#", algs="{}""#, names.join(" "))
            }
        };
        let challenge = format!(r#"{} realm="{realm}"{refusal}{algs}"#, self.as_str());
        // Our own words are ASCII without control characters.
        HeaderValue::from_str(&challenge).ok()
    }
}

/// An access token as it came.
pub(crate) struct Presented {
    pub(crate) token: Secret<String>,
    pub(crate) scheme: Scheme,
}

/// Why a request for a protected resource is refused (RFC 6750 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BearerError {
    /// There is no token.
    Missing,
    /// The token came in a way that is not allowed; says what is wrong.
    Malformed(&'static str),
    /// The token is unknown, expired, revoked, or not for us.
    Invalid,
    /// The token is bound to a key, and came without a proof of it (RFC 9449 §7.2).
    WithoutItsKey,
    /// The token is bound to no key, and came as if it was (RFC 9449 §7.1).
    NotBound,
    /// The token is bound to another key than the one that was proven (RFC 9449 §7.1).
    OtherKey,
    /// The proof that came with the token is no good (RFC 9449 §7.1).
    Proof(InvalidProof),
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
    /// The answer of userinfo to a token that came in this scheme: where another token or another
    /// scheme might do, both are named.
    pub(crate) fn respond(self, scheme: Scheme) -> HttpResponse {
        let realm = "userinfo";
        let mut response = self.respond_in(scheme, realm);
        if response.status() == StatusCode::UNAUTHORIZED {
            let others = Scheme::ALL.into_iter().filter(|other| *other != scheme);
            for challenge in others.filter_map(|other| other.challenge(realm, "")) {
                response.headers_mut().append(WWW_AUTHENTICATE, challenge);
            }
        }
        response
    }

    /// The answer where only bearers are known.
    pub(crate) fn respond_for(self, realm: &str) -> HttpResponse {
        self.respond_in(Scheme::Bearer, realm)
    }

    /// Its `error` and `error_description`; none where no token came (RFC 6750 §3.1).
    pub(crate) fn told(self) -> Option<(&'static str, Cow<'static, str>)> {
        let (error, description) = match self {
            Self::Missing => return None,
            Self::Malformed(what) => ("invalid_request", what),
            Self::Invalid => (
                "invalid_token",
                "The access token is unknown, expired, revoked or not for this resource.",
            ),
            Self::WithoutItsKey => (
                "invalid_token",
                "The access token is bound to a key: it goes with the scheme DPoP and a proof.",
            ),
            Self::NotBound => (
                "invalid_token",
                "The access token is bound to no key: it goes with the scheme Bearer.",
            ),
            Self::OtherKey => (
                "invalid_token",
                "The access token is bound to another key than that of the proof.",
            ),
            Self::Proof(why) => {
                let description = format!("The DPoP proof cannot be accepted: {why}.");
                return Some(("invalid_dpop_proof", description.into()));
            }
            Self::InsufficientScope(_) => ("insufficient_scope", "The access token lacks a scope."),
            Self::InsufficientAuthentication { .. } => (
                "insufficient_user_authentication",
                "The person authenticated less strongly than this client demands.",
            ),
        };
        Some((error, description.into()))
    }

    /// The answer: the status and the `WWW-Authenticate` header say it all.
    fn respond_in(self, scheme: Scheme, realm: &str) -> HttpResponse {
        let status = match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::InsufficientScope(_) => StatusCode::FORBIDDEN,
            Self::Missing
            | Self::Invalid
            | Self::WithoutItsKey
            | Self::NotBound
            | Self::OtherKey
            | Self::Proof(_)
            | Self::InsufficientAuthentication { .. } => StatusCode::UNAUTHORIZED,
        };
        let told = self.told().map(|(error, description)| {
            format!(r#", error="{error}", error_description="{description}""#)
        });
        let enough = match self {
            Self::InsufficientScope(scope) => format!(r#", scope="{scope}""#),
            Self::InsufficientAuthentication { acr_values } => {
                format!(r#", acr_values="{acr_values}""#)
            }
            _ => String::new(),
        };
        let said = told.unwrap_or_default() + &enough;
        let mut response = unkept(status, "text/plain; charset=utf-8", Vec::new());
        if let Some(challenge) = scheme.challenge(realm, &said) {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The access token of a request, which must come in exactly one way: in the `Authorization`
/// header (RFC 6750 §2.1, RFC 9449 §7.1) or in a posted form (RFC 6750 §2.2), never in the URL
/// (§2.3).
pub(crate) fn presented(http: &HttpRequest, body: &[u8]) -> Result<Presented, BearerError> {
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
        (Some(presented), None) => Ok(presented),
        (None, Some(token)) => Ok(Presented {
            token,
            scheme: Scheme::Bearer,
        }),
        (None, None) => Err(BearerError::Missing),
    }
}

/// [`presented`], where only bearers are known.
pub(crate) fn presented_by_bearer(http: &HttpRequest) -> Result<Secret<String>, BearerError> {
    match presented(http, &[])? {
        Presented {
            token,
            scheme: Scheme::Bearer,
        } => Ok(token),
        Presented { .. } => Err(BearerError::Missing),
    }
}

fn in_header(http: &HttpRequest) -> Result<Option<Presented>, BearerError> {
    let mut headers = http.headers().get_all(AUTHORIZATION);
    let Some(header) = headers.next() else {
        return Ok(None);
    };
    if headers.next().is_some() {
        return Err(BearerError::Malformed(
            "There is more than one Authorization header.",
        ));
    }
    let header = header.to_str().map_err(|_| Scheme::Bearer.malformed())?;
    let (named, token) = header.split_once(' ').unwrap_or((header, ""));
    let is_named = |scheme: &Scheme| named.eq_ignore_ascii_case(scheme.as_str());
    let Some(scheme) = Scheme::ALL.into_iter().find(is_named) else {
        return Ok(None);
    };
    let token = token.trim_matches(' ');
    if token.is_empty() || !token.bytes().all(is_token_byte) {
        return Err(scheme.malformed());
    }
    let token = Secret::new(token.to_owned());
    Ok(Some(Presented { token, scheme }))
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
