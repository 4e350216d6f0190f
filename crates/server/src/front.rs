//! What happens to every request before and after its endpoint: who asks and under which id, the
//! limits of size and time, an answer even for a fault, the security headers, the log line.
//!
//! One middleware instead of seven, because each costs a boxed future a request; the rules are in
//! the files it calls.

use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ALLOW, CONNECTION, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError};
use futures::FutureExt as _;
use model::{IncidentId, SystemEntropy};
use pages::Pages;

use crate::client_address::TrustedProxies;
use crate::fallback::Reader;
use crate::request_body::{self, RefusedBody};
use crate::request_log;
use crate::security_headers::{Opener, Transport};

/// What the middleware needs to know.
#[derive(Clone, Debug)]
pub struct Front {
    /// Whose word about a request's origin is believed.
    pub proxies: TrustedProxies,
    /// Whether browsers are told to come by TLS only.
    pub transport: Transport,
    /// For the answers that no endpoint gave.
    pub pages: Pages,
    /// The largest body, in bytes.
    pub body_limit: usize,
    /// How long the body may take to arrive, and then the endpoint to answer.
    pub time_limit: Duration,
}

/// What a path says about its answers, whoever gives them.
#[derive(Clone, Copy, Debug)]
struct Place {
    reader: Reader,
    opener: Opener,
}

impl Place {
    fn of(path: &str) -> Self {
        Self {
            reader: Reader::of(path),
            opener: Opener::of(path),
        }
    }
}

impl Front {
    /// Lets a request through to its endpoint and its answer back. For
    /// [`from_fn`](actix_web::middleware::from_fn).
    ///
    /// # Errors
    ///
    /// An error that answers for itself, when the endpoint failed so badly that the request it
    /// belonged to is gone.
    pub async fn around(
        self: Rc<Self>,
        mut request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> Result<ServiceResponse, Error> {
        let started = Instant::now();
        let id = self.proxies.admit(&mut request);
        let answering = async {
            let method = request.method().clone();
            if method == Method::HEAD {
                // Answered as GET; the connection knows and leaves the body out.
                request.head_mut().method = Method::GET;
            }
            let place = Place::of(request.path());
            let response = if self.is_in_the_open(&request) {
                let answer = place
                    .reader
                    .answer(&self.pages, StatusCode::FORBIDDEN, None);
                request.into_response(answer)
            } else {
                self.answer(place, request, next).await?
            };
            let mut response = self.completed(place.reader, response);
            self.transport.secure(place.opener, response.headers_mut());
            request_log::log(&method, &response, started.elapsed());
            Ok(response)
        };
        id.around(answering).await
    }

    /// Whether a request crossed a network in plain text. Only whoever watches over the process
    /// may: what they ask and are told is no secret.
    fn is_in_the_open(&self, request: &ServiceRequest) -> bool {
        !self.proxies.vouch_for(request) && !request.path().starts_with("/health/")
    }

    /// The endpoint's answer, or one in its place.
    async fn answer(
        self: &Rc<Self>,
        place: Place,
        mut request: ServiceRequest,
        next: Next<BoxBody>,
    ) -> Result<ServiceResponse, Error> {
        let gathered = request_body::gather(&mut request, self.body_limit, self.time_limit).await;
        if let Err(refused) = gathered {
            let mut answer = place.reader.answer(&self.pages, refused.status(), None);
            answer
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
            return Ok(request.into_response(answer));
        }
        let endpoint = AssertUnwindSafe(next.call(request)).catch_unwind();
        let status = match tokio::time::timeout(self.time_limit, endpoint).await {
            Ok(Ok(response)) => return response,
            Ok(Err(_panic)) => StatusCode::INTERNAL_SERVER_ERROR,
            Err(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        let incident = IncidentId::draw(&SystemEntropy);
        tracing::error!(%incident, status = status.as_u16(), "a request was given up");
        Err(GivenUp {
            front: Rc::clone(self),
            place,
            status,
            incident,
        }
        .into())
    }

    /// Fills in actix's own answers to a wrong address and a wrong method, which are empty.
    fn completed(&self, reader: Reader, response: ServiceResponse) -> ServiceResponse {
        let status = response.status();
        let is_actix_own = matches!(
            status,
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED
        ) && matches!(
            response.response().body().size(),
            BodySize::None | BodySize::Sized(0)
        );
        if !is_actix_own {
            return response;
        }
        let mut answer = reader.answer(&self.pages, status, None);
        if let Some(allowed) = response.headers().get(ALLOW) {
            answer.headers_mut().insert(ALLOW, allowed.clone());
        }
        response.into_response(answer)
    }
}

impl RefusedBody {
    fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// The answer to a request that is gone: its endpoint panicked, or took too long.
#[derive(Debug, thiserror::Error)]
#[error("the request was given up")]
struct GivenUp {
    front: Rc<Front>,
    place: Place,
    status: StatusCode,
    incident: IncidentId,
}

impl ResponseError for GivenUp {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let Place { reader, opener } = self.place;
        let mut answer = reader.answer(&self.front.pages, self.status, Some(&self.incident));
        self.front.transport.secure(opener, answer.headers_mut());
        answer
    }
}

#[cfg(test)]
mod tests;
