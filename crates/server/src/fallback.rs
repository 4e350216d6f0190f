//! Answers where no endpoint gave one: the wrong address, a body that is too large, a fault.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use model::IncidentId;
use pages::{ErrorPage, Pages};
use serde::Serialize;

/// Who reads the answers of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A person, who gets a page.
    Person,
    /// A program, which gets JSON of the shape of RFC 6749 §5.2.
    Program,
}

const FOR_PROGRAMS: [&str; 12] = [
    "/token",
    "/userinfo",
    "/revoke",
    "/introspect",
    "/par",
    "/register",
    "/register/",
    "/jwks",
    "/.well-known/",
    "/health/",
    "/assets/",
    "/dev/mailbox.json",
];

impl Reader {
    /// Who reads the answers of this path.
    pub(crate) fn of(path: &str) -> Self {
        let is_for_programs = FOR_PROGRAMS.iter().any(|known| {
            path.strip_prefix(known)
                .is_some_and(|rest| rest.is_empty() || known.ends_with('/'))
        });
        if is_for_programs {
            Self::Program
        } else {
            Self::Person
        }
    }

    /// The answer with that status, for this reader.
    pub(crate) fn answer(
        self,
        pages: &Pages,
        status: StatusCode,
        incident: Option<&IncidentId>,
    ) -> HttpResponse {
        let mut answer = match self {
            Self::Person => pages.error(page(status), incident),
            Self::Program => HttpResponse::Ok().json(Refusal::new(status, incident)),
        };
        *answer.status_mut() = status;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            answer
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("30"));
        }
        answer
    }
}

fn page(status: StatusCode) -> ErrorPage {
    match status {
        StatusCode::FORBIDDEN => ErrorPage::Forbidden,
        StatusCode::NOT_FOUND => ErrorPage::NotFound,
        StatusCode::TOO_MANY_REQUESTS => ErrorPage::TooManyRequests,
        StatusCode::SERVICE_UNAVAILABLE => ErrorPage::Unavailable,
        status if status.is_server_error() => ErrorPage::Problem,
        _ => ErrorPage::BadRequest,
    }
}

#[derive(Serialize)]
struct Refusal {
    error: &'static str,
    error_description: String,
}

impl Refusal {
    fn new(status: StatusCode, incident: Option<&IncidentId>) -> Self {
        let (error, description) = match status {
            StatusCode::FORBIDDEN => ("invalid_request", "The request must come by https"),
            StatusCode::NOT_FOUND => ("invalid_request", "There is nothing at this address"),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("invalid_request", "This address does not take this method")
            }
            StatusCode::REQUEST_TIMEOUT => ("invalid_request", "The request came too slowly"),
            StatusCode::PAYLOAD_TOO_LARGE => ("invalid_request", "The request is too large"),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                ("temporarily_unavailable", "Try again later")
            }
            status if status.is_server_error() => ("server_error", "This is a fault of ours"),
            _ => ("invalid_request", "The request cannot be read"),
        };
        let error_description = match incident {
            Some(incident) => format!("{description} (incident {incident})"),
            None => description.to_owned(),
        };
        Self {
            error,
            error_description,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_people_by_the_path() {
        for path in [
            "/token",
            "/par",
            "/.well-known/openid-configuration",
            "/health/ready",
        ] {
            assert_eq!(Reader::of(path), Reader::Program, "{path}");
        }
        for path in [
            "/",
            "/authorize",
            "/tokens",
            "/token/x",
            "/end-session",
            "/jwks.html",
        ] {
            assert_eq!(Reader::of(path), Reader::Person, "{path}");
        }
    }
}
