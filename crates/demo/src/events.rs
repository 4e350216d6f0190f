//! `/events`: the provider tells us of somebody, unasked (RFC 8935 §2).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde_json::json;

use crate::event::{self, Refusal};
use crate::policy::Policy;
use crate::provider::{RelyingService, causes};
use crate::sessions::Sessions;

/// Remembers what the provider tells, and says that it came: 202, or 400 and why not.
pub(crate) async fn events(
    token: String,
    service: Data<RelyingService>,
    sessions: Data<Sessions>,
) -> HttpResponse {
    let keys = match service.keys().await {
        Ok(keys) => keys,
        Err(fault) => {
            eprintln!("demo: {}", causes(&fault));
            return HttpResponse::new(StatusCode::SERVICE_UNAVAILABLE);
        }
    };
    let settings = &service.settings;
    let is_us = |audience: &str| {
        Policy::ALL
            .into_iter()
            .any(|policy| policy.client_id(&settings.client_id) == audience)
    };
    match event::checked(&token, &keys, &settings.issuer, is_us) {
        Ok(told) => {
            sessions.tell(told);
            HttpResponse::new(StatusCode::ACCEPTED)
        }
        Err(refusal) => refused(refusal),
    }
}

fn refused(refusal: Refusal) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({ "err": refusal.code() }))
}
