//! Refusals of the token, introspection, revocation and pushed authorization request endpoints
//! (RFC 6749 §5.2).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use model::IncidentId;
use model::slow_hash::Overloaded;
use serde::Serialize;
use storage::StorageError;

use crate::answer::unkept_json;
use crate::authorize::error::Refusal;
use crate::client_assertion::InvalidAssertion;
use crate::dpop::InvalidProof;
use crate::keys::SignError;
use crate::provider::Provider;

/// Why a client is refused; each variant is one cause. Its text is the `error_description`:
/// printable ASCII without quote and backslash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OAuthError {
    #[error("The body must be application/x-www-form-urlencoded.")]
    NotAForm,
    #[error("The parameter {0} is missing.")]
    Missing(&'static str),
    #[error("The parameter {0} is repeated.")]
    Repeated(&'static str),
    #[error("The request authenticates the client in more than one way.")]
    SeveralAuthentications,
    #[error("The parameter client_id is not the client that the request authenticates.")]
    OtherClientId,

    #[error("The request does not authenticate a client.")]
    NoAuthentication,
    #[error("The Authorization header is not of the form Basic base64(client_id:client_secret).")]
    MalformedBasic,
    #[error("The client is not known, or it is switched off.")]
    UnknownClient,
    #[error("The client is registered for another way to authenticate.")]
    OtherMethod,
    #[error("The client secret is wrong.")]
    WrongSecret,
    #[error("The client_assertion_type is not supported.")]
    OtherAssertionType,
    #[error("The client assertion cannot be accepted: {0}.")]
    Assertion(InvalidAssertion),
    #[error("The client assertion names no client.")]
    AnonymousAssertion,
    #[error("The client assertion was used before.")]
    AssertionReplayed,
    #[error("A public client may not do this.")]
    PublicClient,

    #[error("The DPoP proof cannot be accepted: {0}.")]
    Proof(InvalidProof),

    #[error("The grant_type is not supported.")]
    UnsupportedGrantType,
    #[error("The client is not registered for this grant_type.")]
    GrantTypeNotAllowed,
    #[error("The client may not ask for access to this resource.")]
    OtherResource,

    #[error("The authorization code is not known, or not of this client.")]
    UnknownCode,
    #[error("The authorization code has expired.")]
    ExpiredCode,
    #[error("The authorization code was used before; what it gave is revoked.")]
    ReplayedCode,
    #[error("The redirect_uri is not that of the authorization request.")]
    OtherRedirectUri,
    #[error("The authorization request had a code_challenge, so a code_verifier is needed.")]
    NoVerifier,
    #[error("There is a code_verifier, but the authorization request had no code_challenge.")]
    UnexpectedVerifier,
    #[error("The code_verifier does not match the code_challenge.")]
    WrongVerifier,
    #[error(
        "The code needs a DPoP proof of the key that dpop_jkt of the authorization request names."
    )]
    OtherCodeKey,
    #[error("The refresh token is not known, has expired, or is not of this client.")]
    UnknownRefreshToken,
    #[error("The refresh token was used before; its whole family is revoked.")]
    ReplayedRefreshToken,
    #[error("The refresh token needs a DPoP proof of the key that it is bound to.")]
    OtherRefreshKey,

    #[error("The person authenticated less strongly than this client demands now.")]
    TooWeak,

    #[error("The parameter scope must be words of printable ASCII parted by spaces.")]
    MalformedScope,
    #[error("The scope is not one that the client may have.")]
    ScopeNotAllowed,
    #[error("The scope goes beyond what was granted.")]
    ScopeBeyondGrant,

    #[error("Only access tokens and refresh tokens can be revoked.")]
    UnsupportedTokenType,

    #[error("{}", .0.description)]
    AuthorizationRequest(Refusal),
    #[error("A request that is pushed must hold no request_uri.")]
    PushedReference,
    #[error("The authorization request is longer than {0} bytes in all.")]
    LongRequest(usize),

    #[error("Too many client secrets wait to be checked; try again in a second.")]
    Overloaded,
    #[error("Something went wrong on our side. Quote incident {0}.")]
    Fault(IncidentId),
}

impl OAuthError {
    /// The `error` code and the status that belongs to it.
    const fn code(&self) -> (&'static str, StatusCode) {
        match self {
            Self::NotAForm
            | Self::Missing(_)
            | Self::Repeated(_)
            | Self::SeveralAuthentications
            | Self::OtherClientId
            | Self::PushedReference => ("invalid_request", StatusCode::BAD_REQUEST),
            Self::NoAuthentication
            | Self::MalformedBasic
            | Self::UnknownClient
            | Self::OtherMethod
            | Self::WrongSecret
            | Self::OtherAssertionType
            | Self::Assertion(_)
            | Self::AnonymousAssertion
            | Self::AssertionReplayed
            | Self::PublicClient => ("invalid_client", StatusCode::UNAUTHORIZED),
            Self::Proof(_) => ("invalid_dpop_proof", StatusCode::BAD_REQUEST),
            Self::UnsupportedGrantType => ("unsupported_grant_type", StatusCode::BAD_REQUEST),
            Self::GrantTypeNotAllowed => ("unauthorized_client", StatusCode::BAD_REQUEST),
            Self::OtherResource => ("invalid_target", StatusCode::BAD_REQUEST),
            Self::UnknownCode
            | Self::ExpiredCode
            | Self::ReplayedCode
            | Self::OtherRedirectUri
            | Self::NoVerifier
            | Self::UnexpectedVerifier
            | Self::WrongVerifier
            | Self::OtherCodeKey
            | Self::UnknownRefreshToken
            | Self::ReplayedRefreshToken
            | Self::OtherRefreshKey
            | Self::TooWeak => ("invalid_grant", StatusCode::BAD_REQUEST),
            Self::MalformedScope | Self::ScopeNotAllowed | Self::ScopeBeyondGrant => {
                ("invalid_scope", StatusCode::BAD_REQUEST)
            }
            Self::UnsupportedTokenType => ("unsupported_token_type", StatusCode::BAD_REQUEST),
            Self::AuthorizationRequest(refusal) => (refusal.error, StatusCode::BAD_REQUEST),
            Self::LongRequest(_) => ("invalid_request", StatusCode::PAYLOAD_TOO_LARGE),
            Self::Overloaded => ("temporarily_unavailable", StatusCode::SERVICE_UNAVAILABLE),
            Self::Fault(_) => ("server_error", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// The `error` code.
    pub(crate) const fn error(&self) -> &'static str {
        self.code().0
    }

    /// The answer, and a line in the log that says why.
    pub(crate) fn respond(&self) -> HttpResponse {
        tracing::info!(error = self.code().0, cause = ?self, "a client was refused");
        self.answer()
    }

    /// A status of 401 names a scheme, as RFC 9110 §15.5.2 demands.
    fn answer(&self) -> HttpResponse {
        #[derive(Serialize)]
        struct Body<'a> {
            error: &'a str,
            error_description: String,
        }
        let (error, status) = self.code();
        let body = Body {
            error,
            error_description: self.to_string(),
        };
        let mut response = unkept_json(status, &body);
        if status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(r#"Basic realm="client", charset="UTF-8""#);
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl From<Refusal> for OAuthError {
    fn from(refusal: Refusal) -> Self {
        Self::AuthorizationRequest(refusal)
    }
}

impl From<InvalidProof> for OAuthError {
    fn from(invalid: InvalidProof) -> Self {
        Self::Proof(invalid)
    }
}

impl From<Overloaded> for OAuthError {
    fn from(_: Overloaded) -> Self {
        Self::Overloaded
    }
}

/// How a unit of work ends for a client: with what it asked for, with a refusal, which commits, or
/// with a fault, which rolls back.
pub(crate) type Outcome<T> = Result<Result<T, OAuthError>, StorageError>;

/// Why an endpoint has no good answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The client is refused.
    #[error(transparent)]
    Refused(#[from] OAuthError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A token could not be signed.
    #[error(transparent)]
    Signing(#[from] SignError),
}

impl Failure {
    /// The answer; a fault is logged once, under the incident id that the client sees.
    pub(crate) fn respond(&self, provider: &Provider) -> HttpResponse {
        if let Self::Refused(refusal) = self {
            return refusal.respond();
        }
        OAuthError::Fault(self.log(provider)).answer()
    }

    /// Logs a fault once, under a new incident id.
    pub(crate) fn log(&self, provider: &Provider) -> IncidentId {
        let incident = IncidentId::draw(&*provider.entropy);
        tracing::error!(%incident, error = %self, "a client's request met a fault");
        incident
    }
}
