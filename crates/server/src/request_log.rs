//! One log line for each request, without anything about the person: no path, no query, no
//! address, no header.

use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::http::Method;

/// What is asked for so often, and matters so little alone, that it is logged for debugging only.
const FREQUENT: [&str; 5] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/jwks",
    "/health/live",
    "/health/ready",
];

/// Logs an answered request. The route is the pattern that matched, such as
/// `/sign-in/link/{token}`, never the path.
pub(crate) fn log(method: &Method, response: &ServiceResponse, took: Duration) {
    let request = response.request();
    let is_frequent = FREQUENT.contains(&request.path()) || request.path().starts_with("/assets/");
    if is_frequent && !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let pattern = request.match_pattern();
    let route = pattern.as_deref().unwrap_or("none");
    let (method, status) = (method.as_str(), response.status().as_u16());
    let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    if is_frequent {
        tracing::debug!(method, route, status, duration_us, "answered");
    } else {
        tracing::info!(method, route, status, duration_us, "answered");
    }
}
