//! The two ways in which an authorization request is refused.

use model::IncidentId;
use model::interaction::RefusalReason;
use model::raw_pairs::{RawPairs, Repeated};
use model::requirement::ConsentRule;

use crate::authorize::response::Recipient;

/// A refusal of an authorization request.
#[derive(Debug)]
pub(crate) enum AuthorizeError {
    /// Client or redirect URI are not proven: the person is told, and nobody is redirected
    /// (RFC 6749 §4.1.2.1).
    ShowPage(ShowPage),
    /// The client is told.
    Redirect(Box<Recipient>, Refusal),
}

impl From<ShowPage> for AuthorizeError {
    fn from(page: ShowPage) -> Self {
        Self::ShowPage(page)
    }
}

/// Why a request cannot even be answered to its client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ShowPage {
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    #[error("the parameter {0} is repeated")]
    Repeated(&'static str),
    #[error("there is no client of this client_id, or it is switched off")]
    UnknownClient,
    #[error("this redirect_uri is not registered for the client {client_id}")]
    UnregisteredRedirect { client_id: String },
    #[error("the request is not a query or a form")]
    NotAForm,
    /// A request object that cannot be used, without a `redirect_uri` beside it.
    #[error("{}", .0.description)]
    RequestObject(Refusal),
    /// A `request_uri` of ours that leads nowhere (RFC 9126 §4): whose it is, and where an answer
    /// would go, is not proven.
    #[error(
        "the request_uri is not known, has expired, was used before, or is that of another client"
    )]
    PushedRequest,
}

impl ShowPage {
    /// A parameter that has to be there, once.
    pub(crate) fn unless_once<'a>(
        pairs: &'a RawPairs,
        name: &'static str,
    ) -> Result<&'a str, Self> {
        match pairs.one(name) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(Self::Missing(name)),
            Err(Repeated(name)) => Err(Self::Repeated(name)),
        }
    }

    /// The error code that fits (RFC 6749 §4.1.2.1).
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::UnknownClient => "unauthorized_client",
            Self::RequestObject(refusal) => refusal.error,
            Self::PushedRequest => "invalid_request_uri",
            _ => "invalid_request",
        }
    }
}

/// A refusal that the client is told: error code and a description for its developers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) error: &'static str,
    pub(crate) description: String,
}

/// What the page would tell, told to a client.
impl From<ShowPage> for Refusal {
    fn from(page: ShowPage) -> Self {
        Self::new(page.code(), page.to_string())
    }
}

/// What clients are told of a fault, but for its number.
pub(crate) const OUR_FAULT: &str = "Something went wrong on our side.";

impl Refusal {
    pub(crate) fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self {
            error,
            description: description.into(),
        }
    }

    pub(crate) fn invalid_request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    /// Something went wrong after the person was let in.
    pub(crate) fn server_error(incident: &IncidentId) -> Self {
        Self::new(
            "server_error",
            format!("{OUR_FAULT} Quote incident {incident}."),
        )
    }

    /// The person does not go on. Whether a TRN is known is told to clients that need no consent
    /// alone: it is found before that is asked for.
    pub(crate) fn access_denied(reason: RefusalReason, consent: &ConsentRule) -> Self {
        let description = match (reason, consent) {
            (RefusalReason::NoTrn, ConsentRule::NotAsked) => {
                "No TRN of the person is known that this client may have."
            }
            (RefusalReason::NoTrn | RefusalReason::Declined, _) => "The person chose not to go on.",
        };
        Self::new("access_denied", description)
    }
}
