//! `/developers`: everything that somebody needs who makes a service sign people in here, and a look
//! at a client of their own ([`check`]).
//!
//! Endpoints and supported values are read from the discovery document, and scopes and claims from
//! the registry that userinfo tells them by ([`claims`](crate::claims)), so that the page cannot say
//! what is not so.

pub mod check;
mod reference;
mod samples;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use pages::{Shell, View};
use serde::Serialize;
use serde_json::{Map, Value};

use self::reference::{ERRORS, Endpoint, Error, LIBRARIES, Library, Scope, Supported};
use self::samples::{Lifetime, Sample};
use crate::provider::Provider;

/// Where the page is; discovery names it as `service_documentation`.
pub(crate) const PATH: &str = "/developers";

/// `/developers`.
#[derive(Serialize)]
pub struct DevelopersPage {
    issuer: String,
    discovery_url: String,
    /// Where clients register themselves, if they may.
    registration_url: Option<String>,
    endpoints: Vec<Endpoint>,
    scopes: Vec<Scope>,
    samples: Vec<Sample>,
    lifetimes: Vec<Lifetime>,
    supported: Vec<Supported>,
    errors: [Error; ERRORS.len()],
    libraries: [Library; LIBRARIES.len()],
    check_url: &'static str,
}

impl DevelopersPage {
    fn new(issuer: &str, discovery: &Map<String, Value>, lifetimes: Vec<Lifetime>) -> Self {
        let endpoints = Endpoint::all(discovery);
        let registration = discovery.get("registration_endpoint");
        Self {
            issuer: issuer.to_owned(),
            discovery_url: format!("{issuer}/.well-known/openid-configuration"),
            registration_url: registration.and_then(Value::as_str).map(str::to_owned),
            samples: samples::all(issuer),
            scopes: Scope::all(),
            supported: Supported::all(discovery),
            errors: ERRORS,
            libraries: LIBRARIES,
            check_url: check::PATH,
            endpoints,
            lifetimes,
        }
    }
}

impl View for DevelopersPage {
    const TEMPLATE: &'static str = "developers/developers";

    fn title(&self) -> String {
        "Sign people in to your service".to_owned()
    }

    fn samples() -> Vec<Self> {
        let issuer = "https://identity.example";
        let page = |discovery: Value| {
            let discovery = discovery.as_object().cloned().unwrap_or_default();
            Self::new(issuer, &discovery, Vec::new())
        };
        let known = serde_json::json!({
            "issuer": issuer,
            "token_endpoint": format!("{issuer}/token"),
            "response_types_supported": ["code"],
            "claims_parameter_supported": true,
        });
        let mut registering = known.clone();
        if let Some(members) = registering.as_object_mut() {
            let url = Value::String(format!("{issuer}/register"));
            members.insert("registration_endpoint".to_owned(), url);
        }
        vec![page(known), page(registering)]
    }
}

/// `GET /developers`.
pub async fn developers(provider: Data<Provider>) -> HttpResponse {
    let discovery = serde_json::from_slice(provider.discovery().body()).unwrap_or_default();
    let lifetimes = Lifetime::all(&provider.lifetimes);
    let page = DevelopersPage::new(provider.issuer.as_str(), &discovery, lifetimes);
    provider
        .pages
        .respond(StatusCode::OK, &Shell::default(), &page)
}

#[cfg(test)]
mod tests;
