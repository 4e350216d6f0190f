//! `/sign-out`: end the session here and at the provider (RP-Initiated Logout 1.0).

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use openidconnect::CsrfToken;

use crate::pages;
use crate::provider::RelyingService;
use crate::sessions::{SessionId, Sessions};

/// Forgets the person here first, whatever the provider does, and sends the browser to it.
pub(crate) async fn sign_out(
    request: HttpRequest,
    service: Data<RelyingService>,
    sessions: Data<Sessions>,
) -> HttpResponse {
    let state = CsrfToken::new_random();
    let Some(signed_in) = SessionId::of(&request).and_then(|id| sessions.sign_out(&id, &state))
    else {
        return HttpResponse::SeeOther()
            .insert_header((LOCATION, "/"))
            .finish();
    };
    let url = match service.discover(signed_in.policy).await {
        Ok(provider) => provider.end_session_url(&signed_in.id_token, state),
        Err(fault) => return pages::provider_fault(&service, &fault),
    };
    match url {
        Some(url) => HttpResponse::SeeOther()
            .insert_header((LOCATION, url))
            .finish(),
        None => pages::signed_out(&service, "The provider offers no sign-out of its own."),
    }
}

/// The person is back from the provider's sign-out; `state` tells that we sent them there.
pub(crate) async fn signed_out(
    request: HttpRequest,
    fields: Query<Vec<(String, String)>>,
    service: Data<RelyingService>,
    sessions: Data<Sessions>,
) -> HttpResponse {
    let state = fields
        .iter()
        .find(|(name, _)| name == "state")
        .map(|(_, state)| state.as_str());
    let is_ours = SessionId::of(&request)
        .zip(state)
        .is_some_and(|(id, state)| sessions.signed_out(&id, state));
    if is_ours {
        pages::signed_out(&service, "You are signed out here and at the provider.")
    } else {
        pages::bad_request(&service, "This sign-out did not begin in this browser")
    }
}
