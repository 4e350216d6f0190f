//! Cross-origin requests by programs in browsers (Fetch standard §3.2).
//!
//! Discovery, keys, userinfo, token, revocation and pushed authorization requests answer any
//! origin: none of them reads a cookie, so a page of another origin learns nothing that any program
//! could not.

use actix_web::HttpResponse;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderValue,
};

/// `OPTIONS` of an endpoint that any origin may call.
pub async fn preflight() -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "Authorization, Content-Type, DPoP",
        ),
        (ACCESS_CONTROL_MAX_AGE, "7200"),
    ] {
        response.insert_header((name, HeaderValue::from_static(value)));
    }
    response.finish()
}

/// Lets programs of any origin read an answer, and why they were refused.
pub(crate) fn open_to_any_origin(mut response: HttpResponse) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let exposed = HeaderValue::from_static("WWW-Authenticate");
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    response
}
