//! Refusals of the registration endpoints (RFC 7591 §3.2.2, OpenID Connect Registration §3.3).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use model::{IncidentId, Timestamp};
use serde::Serialize;
use storage::StorageError;

use crate::answer::unkept_json;
use crate::bearer::BearerError;
use crate::provider::Provider;
use model::slow_hash::Overloaded;

/// Why a registration is refused. Its text is the `error_description`: printable ASCII without
/// quote and backslash, and nothing of what the client sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum RegistrationError {
    /// The token is missing, or good for nothing here.
    #[error("The token is missing or not good.")]
    Token(BearerError),
    #[error("The body must be a JSON object, sent as application/json.")]
    NotJson,
    #[error("A member of the JSON object is repeated.")]
    Repeated,
    #[error("The member {0} is not of a type or a value that is supported.")]
    Unsupported(&'static str),
    #[error("The member {0} is missing.")]
    Missing(&'static str),
    #[error("The member {0} must not be sent.")]
    NotSent(&'static str),
    #[error("The member {0} is not that of this client.")]
    Other(&'static str),
    #[error("The member {field} cannot be accepted: {problem}.")]
    Metadata {
        field: &'static str,
        problem: String,
    },
    #[error("The member {field} cannot be accepted: {problem}.")]
    RedirectUri {
        field: &'static str,
        problem: String,
    },
    #[error("The member software_statement is not a JSON Web Signature.")]
    NotAStatement,
    #[error("No issuer of software statements is approved here.")]
    UnapprovedStatement,
    #[error("Too many clients were registered or changed from here; try again later.")]
    TooMany { until: Timestamp },
    #[error("Too many client secrets wait to be checked; try again in a second.")]
    Overloaded,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// No id could be found for the client.
    #[error("a new client id is taken")]
    Unnameable,
}

/// How a unit of work ends: see [`Outcome`](crate::oauth_error::Outcome).
pub(super) type Ending<T> = Result<Result<T, RegistrationError>, StorageError>;

#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    error_description: String,
}

impl RegistrationError {
    pub(super) fn metadata(field: &'static str, problem: &(impl ToString + ?Sized)) -> Self {
        Self::Metadata {
            field,
            problem: problem.to_string(),
        }
    }

    pub(super) const fn invalid_token() -> Self {
        Self::Token(BearerError::Invalid)
    }

    const fn code(&self) -> (&'static str, StatusCode) {
        match self {
            Self::Token(_) => ("invalid_token", StatusCode::UNAUTHORIZED),
            Self::NotJson
            | Self::Repeated
            | Self::Unsupported(_)
            | Self::Missing(_)
            | Self::NotSent(_)
            | Self::Other(_)
            | Self::Metadata { .. } => ("invalid_client_metadata", StatusCode::BAD_REQUEST),
            Self::RedirectUri { .. } => ("invalid_redirect_uri", StatusCode::BAD_REQUEST),
            Self::NotAStatement => ("invalid_software_statement", StatusCode::BAD_REQUEST),
            Self::UnapprovedStatement => ("unapproved_software_statement", StatusCode::BAD_REQUEST),
            Self::TooMany { .. } => ("temporarily_unavailable", StatusCode::TOO_MANY_REQUESTS),
            Self::Overloaded => ("temporarily_unavailable", StatusCode::SERVICE_UNAVAILABLE),
            Self::Storage(_) | Self::Unnameable => {
                ("server_error", StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// What its client is told, unless the fault is ours.
    pub(super) fn told(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Storage(_) | Self::Unnameable => None,
            refusal => Some((refusal.code().0, refusal.to_string())),
        }
    }

    /// The answer, and a line in the log that says why.
    pub(super) fn respond(&self, provider: &Provider) -> HttpResponse {
        let (error, status) = self.code();
        let error_description = match self {
            Self::Token(refusal) => {
                tracing::info!(error, cause = ?refusal, "a registration was refused");
                return refusal.respond_for("registration");
            }
            Self::Storage(_) | Self::Unnameable => {
                let incident = IncidentId::draw(&*provider.entropy);
                tracing::error!(%incident, error = %self, "a registration met a fault");
                format!("Something went wrong on our side. Quote incident {incident}.")
            }
            refusal => {
                tracing::info!(error, cause = %refusal, "a registration was refused");
                refusal.to_string()
            }
        };
        let mut response = unkept_json(
            status,
            &Body {
                error,
                error_description,
            },
        );
        if let Self::TooMany { until } = self {
            let now = provider.store.clock().now();
            let seconds = until.since(now).as_secs().max(1);
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Overloaded> for RegistrationError {
    fn from(_: Overloaded) -> Self {
        Self::Overloaded
    }
}
