//! The discovery document (OpenID Connect Discovery §3, RFC 8414 §2).
//!
//! Every list in it is one that some endpoint dispatches on, so that nothing is advertised that
//! is not done.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use model::browser_session::Acr;
use model::client::{AuthMethod, GrantType, SubjectType};
use model::{ResponseType, SigningAlgorithm};
use serde::Serialize;

use crate::authorize::{Prompt, ResponseMode};
use crate::claims::{Claim, PersonalScope};
use crate::client_assertion;
use crate::cors::open_to_any_origin;
use crate::developers;
use crate::dpop;
use crate::id_token::PROTOCOL_CLAIMS;
use crate::provider::{Parts, Provider};
use crate::published::Published;
use crate::pushed_request;
use crate::request_object;

/// `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`.
pub async fn discovery(provider: Data<Provider>, http: HttpRequest) -> HttpResponse {
    let keep_for = provider.lifetimes.published;
    open_to_any_origin(provider.discovery().respond(&http, keep_for))
}

#[derive(Serialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "the names are those of the standard"
)]
struct Metadata<'a> {
    issuer: &'a str,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
    end_session_endpoint: String,
    check_session_iframe: String,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    frontchannel_logout_supported: bool,
    frontchannel_logout_session_supported: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    op_policy_uri: String,
    service_documentation: String,
    scopes_supported: Vec<&'a str>,
    claims_supported: Vec<&'a str>,
    claim_types_supported: [&'a str; 1],
    response_types_supported: Vec<&'a str>,
    response_modes_supported: Vec<&'a str>,
    grant_types_supported: Vec<&'a str>,
    prompt_values_supported: [&'a str; 4],
    acr_values_supported: [&'a str; 2],
    subject_types_supported: [&'a str; 2],
    id_token_signing_alg_values_supported: Vec<&'a str>,
    userinfo_signing_alg_values_supported: Vec<&'a str>,
    token_endpoint_auth_methods_supported: Vec<&'a str>,
    token_endpoint_auth_signing_alg_values_supported: &'a [&'a str],
    revocation_endpoint_auth_methods_supported: Vec<&'a str>,
    revocation_endpoint_auth_signing_alg_values_supported: &'a [&'a str],
    introspection_endpoint_auth_methods_supported: Vec<&'a str>,
    introspection_endpoint_auth_signing_alg_values_supported: &'a [&'a str],
    code_challenge_methods_supported: [&'a str; 1],
    dpop_signing_alg_values_supported: [&'a str; 4],
    authorization_response_iss_parameter_supported: bool,
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    require_request_uri_registration: bool,
    request_object_signing_alg_values_supported: Vec<&'a str>,
    display_values_supported: [&'a str; 3],
    ui_locales_supported: [&'a str; 1],
}

/// Renders the document of a provider.
pub(crate) fn document(parts: &Parts) -> Published {
    let issuer = &parts.issuer;
    let algorithms: Vec<&str> = SigningAlgorithm::ALL.iter().map(|it| it.as_str()).collect();
    let auth_methods = AuthMethod::ALL.map(AuthMethod::as_str).to_vec();
    let assertion_algorithms = &client_assertion::SIGNING_ALGORITHMS;
    let metadata = Metadata {
        issuer: issuer.as_str(),
        authorization_endpoint: issuer.url("/authorize"),
        token_endpoint: issuer.url("/token"),
        userinfo_endpoint: issuer.url("/userinfo"),
        jwks_uri: issuer.url("/jwks"),
        revocation_endpoint: issuer.url("/revoke"),
        introspection_endpoint: issuer.url("/introspect"),
        pushed_authorization_request_endpoint: issuer.url(pushed_request::PATH),
        require_pushed_authorization_requests: false,
        end_session_endpoint: issuer.url("/end-session"),
        check_session_iframe: issuer.url("/session/check"),
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        frontchannel_logout_supported: true,
        frontchannel_logout_session_supported: true,
        op_policy_uri: issuer.url("/privacy"),
        registration_endpoint: parts.registration.as_ref().map(|_| issuer.url("/register")),
        service_documentation: issuer.url(developers::PATH),
        scopes_supported: PersonalScope::ALL.map(PersonalScope::as_str).to_vec(),
        claims_supported: claims(),
        claim_types_supported: ["normal"],
        response_types_supported: ResponseType::ALL.map(ResponseType::as_str).to_vec(),
        response_modes_supported: ResponseMode::ALL.map(ResponseMode::as_str).to_vec(),
        grant_types_supported: GrantType::ALL.map(GrantType::as_str).to_vec(),
        prompt_values_supported: Prompt::ALL.map(Prompt::as_str),
        acr_values_supported: Acr::ALL.map(Acr::as_str),
        subject_types_supported: SubjectType::ALL.map(SubjectType::as_str),
        id_token_signing_alg_values_supported: algorithms.clone(),
        userinfo_signing_alg_values_supported: algorithms,
        token_endpoint_auth_methods_supported: auth_methods.clone(),
        token_endpoint_auth_signing_alg_values_supported: assertion_algorithms,
        revocation_endpoint_auth_methods_supported: auth_methods.clone(),
        revocation_endpoint_auth_signing_alg_values_supported: assertion_algorithms,
        introspection_endpoint_auth_methods_supported: auth_methods
            .into_iter()
            .filter(|method| *method != AuthMethod::None.as_str())
            .collect(),
        introspection_endpoint_auth_signing_alg_values_supported: assertion_algorithms,
        code_challenge_methods_supported: ["S256"],
        dpop_signing_alg_values_supported: dpop::SIGNING_ALGORITHMS.map(SigningAlgorithm::as_str),
        authorization_response_iss_parameter_supported: true,
        claims_parameter_supported: true,
        request_parameter_supported: true,
        request_uri_parameter_supported: true,
        require_request_uri_registration: true,
        request_object_signing_alg_values_supported: request_object::SIGNING_ALGORITHMS
            .map(SigningAlgorithm::as_str)
            .to_vec(),
        // One page for all: it fits a window of any size, and fingers.
        display_values_supported: ["page", "popup", "touch"],
        ui_locales_supported: ["en"],
    };
    Published::new(Bytes::from(
        serde_json::to_vec(&metadata).unwrap_or_default(),
    ))
}

fn claims() -> Vec<&'static str> {
    PersonalScope::ALL
        .iter()
        .flat_map(|scope| scope.claims())
        .map(Claim::as_str)
        .chain(PROTOCOL_CLAIMS)
        .collect()
}

#[cfg(test)]
mod tests;
