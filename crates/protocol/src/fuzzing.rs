//! The readers of foreign input, for the targets in `fuzz/` and for nobody else.
//!
//! Each says whether what it was given is right; what matters is that it always says so.

use actix_web::HttpRequest;
use model::raw_pairs::RawPairs;
use model::{Client, ScopeSet, Timestamp};

use crate::authorize::claims_parameter::ClaimsParameter;
use crate::authorize::error::ShowPage;
use crate::authorize::request::AuthorizationRequest;
use crate::bearer;
use crate::dpop::{self, ProvenRequest};
use crate::issuer::Issuer;
use crate::keys::KeySet;
use crate::token::request::TokenRequest;

/// A query or form that is sent to `/authorize` about this client.
#[must_use]
pub fn authorization_request(
    encoded: &[u8],
    client: &Client,
    keys: &KeySet,
    issuer: &Issuer,
) -> bool {
    let pairs = RawPairs::parse(encoded);
    let is_addressed = ShowPage::unless_once(&pairs, "client_id")
        .is_ok_and(|client_id| client_id == client.id.as_str())
        && ShowPage::unless_once(&pairs, "redirect_uri")
            .is_ok_and(|redirect_uri| client.redirect(redirect_uri).is_some());
    AuthorizationRequest::parse(&pairs, client, keys, issuer).is_ok() && is_addressed
}

/// A `claims` parameter, read by a client that may have this scope.
#[must_use]
pub fn claims_parameter(value: &str, registered: &ScopeSet) -> bool {
    let read = ClaimsParameter::parse(Some(value));
    read.is_ok_and(|claims| claims.scope(registered).is_subset(registered))
}

/// A request to `/token`: its headers and its form.
#[must_use]
pub fn token_request(http: &HttpRequest, body: &[u8]) -> bool {
    TokenRequest::parse(http, body).is_ok()
}

/// A DPoP proof for `/token`.
#[must_use]
pub fn dpop_proof(proof: &str, now: Timestamp) -> bool {
    let request = ProvenRequest {
        method: "POST",
        url: "https://identity.example/token",
        access_token: None,
    };
    dpop::verify(proof, request, now).is_ok()
}

/// A request to `/userinfo`: its headers, its query and its form.
#[must_use]
pub fn bearer_token(http: &HttpRequest, body: &[u8]) -> bool {
    bearer::presented(http, body).is_ok()
}
