//! `/session/check`: the page that clients put into a frame of theirs, to ask it whether who is
//! signed in has changed (OpenID Connect Session Management 1.0 §3.2).

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use actix_web::web::Data;
use model::cookies::Cookie;

use crate::provider::Provider;

/// Any site may frame it: it answers each origin about the state that was given to that origin.
const POLICY: &str =
    "default-src 'none'; script-src 'self'; frame-ancestors *; base-uri 'none'; form-action 'none'";

/// `GET /session/check`. Its script, `assets/session.js`, does all there is to do.
pub(crate) async fn session_check(provider: Data<Provider>) -> HttpResponse {
    let script = pages::assets::url("session.js");
    let cookie = provider.cookies.name(Cookie::SessionState);
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <title>Session check</title>\n\
         <script src=\"{script}\" data-cookie=\"{cookie}\"></script>\n</head>\n<body></body>\n</html>\n"
    );
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(html)
}
