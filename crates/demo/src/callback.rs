//! `/callback`: the person is back from the provider, with a code or an error.

use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};

use crate::pages;
use crate::provider::RelyingService;
use crate::sessions::{SessionId, Sessions};

/// An authorization response (RFC 6749 §4.1.2, with `iss` of RFC 9207).
#[derive(Debug, Default, PartialEq)]
struct Response {
    state: String,
    issuer: Option<String>,
    ending: Ending,
}

#[derive(Debug, Default, PartialEq)]
enum Ending {
    /// Neither a code nor an error.
    #[default]
    Nothing,
    Code(String),
    Error {
        code: String,
        description: Option<String>,
    },
}

impl Response {
    fn parse(fields: Vec<(String, String)>) -> Self {
        let mut response = Self::default();
        let mut said = None;
        for (name, value) in fields {
            match name.as_str() {
                "state" => response.state = value,
                "iss" => response.issuer = Some(value),
                "code" => response.ending = Ending::Code(value),
                "error" => {
                    response.ending = Ending::Error {
                        code: value,
                        description: None,
                    }
                }
                "error_description" => said = Some(value),
                _ => {}
            }
        }
        if let Ending::Error { description, .. } = &mut response.ending {
            *description = said;
        }
        response
    }
}

/// Ends a sign-in: the state must be one that this browser began, and it counts once.
pub(crate) async fn callback(
    request: HttpRequest,
    fields: Query<Vec<(String, String)>>,
    service: Data<RelyingService>,
    sessions: Data<Sessions>,
) -> HttpResponse {
    let response = Response::parse(fields.into_inner());
    let begun = SessionId::of(&request)
        .and_then(|id| Some((sessions.take_pending(&id, &response.state)?, id)));
    let Some((pending, id)) = begun else {
        return pages::unknown_state(&service);
    };
    if response
        .issuer
        .is_some_and(|issuer| issuer != service.settings.issuer)
    {
        return pages::bad_request(&service, "The answer came from another provider");
    }
    let code = match response.ending {
        Ending::Code(code) => code,
        Ending::Error { code, description } => {
            return pages::refused(&service, &code, description.as_deref());
        }
        Ending::Nothing => {
            return pages::bad_request(&service, "The provider sent neither a code nor an error");
        }
    };

    let redeemed = match service.discover(pending.policy).await {
        Ok(provider) => provider.redeem(code, pending).await,
        Err(fault) => Err(fault),
    };
    let session = match redeemed {
        Ok(signed_in) => sessions.complete(&id, signed_in),
        Err(fault) => return pages::provider_fault(&service, &fault),
    };
    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, "/claims"));
    if let Some(cookie) = session.cookie(&service.settings.address()) {
        answer.insert_header((SET_COOKIE, cookie));
    }
    answer.finish()
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, dev::ServiceResponse};
    use clap::Parser as _;
    use openidconnect::{CsrfToken, Nonce, PkceCodeChallenge};

    use super::*;
    use crate::policy::Policy;
    use crate::sessions::Pending;
    use crate::settings::Settings;

    /// A service whose provider is nowhere: an answer other than 502 was given without it.
    fn service() -> Data<RelyingService> {
        let settings = Settings::parse_from(["demo", "--issuer", "http://127.0.0.1:1"]);
        Data::new(RelyingService::new(settings).unwrap())
    }

    fn began_sign_in(sessions: &Sessions, state: &str) -> SessionId {
        let (_, verifier) = PkceCodeChallenge::new_random_sha256();
        let state = CsrfToken::new(state.to_owned());
        let nonce = Nonce::new_random();
        sessions.begin(
            None,
            Pending {
                policy: Policy::default(),
                state,
                nonce,
                verifier,
                max_age: None,
            },
        )
    }

    async fn answer(
        sessions: &Data<Sessions>,
        id: &SessionId,
        query: &str,
    ) -> (StatusCode, String) {
        let app = App::new()
            .app_data(service())
            .app_data(sessions.clone())
            .configure(crate::routes);
        let app = init_service(app).await;
        let cookie = id.cookie("http://localhost:8081").unwrap();
        let request = TestRequest::get()
            .uri(&format!("/callback?{query}"))
            .insert_header(("Cookie", cookie))
            .to_request();
        let response: ServiceResponse = call_service(&app, request).await;
        let status = response.status();
        (
            status,
            String::from_utf8(read_body(response).await.to_vec()).unwrap(),
        )
    }

    #[actix_web::test]
    async fn a_state_this_browser_did_not_begin_is_refused() {
        let sessions = Data::new(Sessions::default());
        let eve = began_sign_in(&sessions, "state-of-eve");
        let ada = began_sign_in(&sessions, "state-of-ada");

        let (status, body) = answer(&sessions, &ada, "code=c&state=state-of-eve").await;

        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body.contains("did not begin in this browser"), "{body}");
        assert!(
            sessions.take_pending(&eve, "state-of-eve").is_some(),
            "nothing was used up"
        );
    }

    #[actix_web::test]
    async fn a_response_without_state_is_refused() {
        let sessions = Data::new(Sessions::default());
        let ada = began_sign_in(&sessions, "state-of-ada");

        let (status, _) = answer(&sessions, &ada, "code=c").await;

        assert_eq!(status, StatusCode::BAD_REQUEST);
    }

    #[actix_web::test]
    async fn an_error_of_the_provider_is_shown_and_escaped() {
        let sessions = Data::new(Sessions::default());
        let ada = began_sign_in(&sessions, "s");

        let (status, body) = answer(
            &sessions,
            &ada,
            "error=access_denied&error_description=%3Cb%3Eno%3C/b%3E&state=s",
        )
        .await;

        assert_eq!(status, StatusCode::OK);
        assert!(body.contains("access_denied"), "{body}");
        assert!(body.contains("&lt;b&gt;no&lt;/b&gt;"), "{body}");
    }

    #[actix_web::test]
    async fn an_answer_of_another_issuer_is_refused_before_its_code_is_sent_anywhere() {
        let sessions = Data::new(Sessions::default());
        let ada = began_sign_in(&sessions, "s");

        let (status, body) = answer(
            &sessions,
            &ada,
            "code=c&state=s&iss=https%3A%2F%2Fevil.example",
        )
        .await;

        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body.contains("another provider"), "{body}");
    }

    #[actix_web::test]
    async fn a_provider_out_of_reach_is_said_plainly() {
        let sessions = Data::new(Sessions::default());
        let ada = began_sign_in(&sessions, "s");

        let (status, body) = answer(&sessions, &ada, "code=c&state=s").await;

        assert_eq!(status, StatusCode::BAD_GATEWAY);
        assert!(
            body.contains("discovery document could not be used"),
            "{body}"
        );
    }
}
