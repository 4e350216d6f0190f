//! JSON answers that nobody may keep (RFC 6749 §5.1).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, PRAGMA};
use serde::Serialize;

/// A JSON answer with `Cache-Control: no-store`.
pub(crate) fn unkept_json<T: Serialize>(status: StatusCode, value: &T) -> HttpResponse {
    match serde_json::to_vec(value) {
        Ok(body) => unkept(status, "application/json", body),
        Err(error) => {
            tracing::error!(%error, "an answer cannot be written as JSON");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// An answer of any media type with `Cache-Control: no-store`.
pub(crate) fn unkept(
    status: StatusCode,
    content_type: &'static str,
    body: Vec<u8>,
) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-store"),
        (PRAGMA, "no-cache"),
    ] {
        response.insert_header((name, HeaderValue::from_static(value)));
    }
    response.body(body)
}
