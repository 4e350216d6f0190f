//! What a client is told of its registration (RFC 7591 §3.2.1, RFC 7592 §3).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::client::ClientSettings;
use model::{ClientId, Secret, Timestamp};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::answer::unkept_json;
use crate::provider::Provider;

/// The members that are told back: those that are read, under the same names. What an operator
/// alone decides is not a client's to know.
const TOLD: [&str; 32] = [
    "application_type",
    "backchannel_logout_session_required",
    "backchannel_logout_uri",
    "client_name",
    "client_uri",
    "contacts",
    "default_acr_values",
    "default_max_age",
    "dpop_bound_access_tokens",
    "frontchannel_logout_session_required",
    "frontchannel_logout_uri",
    "grant_types",
    "id_token_signed_response_alg",
    "initiate_login_uri",
    "jwks",
    "jwks_uri",
    "logo_uri",
    "policy_uri",
    "post_logout_redirect_uris",
    "redirect_uris",
    "request_object_signing_alg",
    "request_uris",
    "require_auth_time",
    "require_pushed_authorization_requests",
    "response_types",
    "scope",
    "sector_identifier_uri",
    "subject_type",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "tos_uri",
    "userinfo_signed_response_alg",
];

/// Those that are told even where a client left them to their default, which is not stored.
const NO_BY_DEFAULT: [&str; 5] = [
    "backchannel_logout_session_required",
    "dpop_bound_access_tokens",
    "frontchannel_logout_session_required",
    "require_auth_time",
    "require_pushed_authorization_requests",
];

/// A client's registration as its owner sees it.
pub(super) struct Information<'a> {
    pub(super) id: &'a ClientId,
    pub(super) settings: &'a ClientSettings,
    /// Its secret, when it was just made: what is kept of it cannot be read back.
    pub(super) secret: Option<&'a Secret<String>>,
    /// The token that manages it.
    pub(super) token: &'a Secret<String>,
    pub(super) issued_at: Timestamp,
}

#[derive(Serialize)]
struct Body<'a> {
    client_id: &'a str,
    client_id_issued_at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
    /// Secrets do not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret_expires_at: Option<i64>,
    registration_access_token: &'a str,
    registration_client_uri: String,
    #[serde(flatten)]
    metadata: Map<String, Value>,
}

impl Information<'_> {
    pub(super) fn respond(&self, provider: &Provider, status: StatusCode) -> HttpResponse {
        let secret = self.secret.map(|secret| secret.reveal().as_str());
        let body = Body {
            client_id: self.id.as_str(),
            client_id_issued_at: self.issued_at.seconds(),
            client_secret: secret,
            client_secret_expires_at: secret.map(|_| 0),
            registration_access_token: self.token.reveal(),
            registration_client_uri: provider.issuer.url(&format!("/register/{}", self.id)),
            metadata: metadata(self.settings),
        };
        unkept_json(status, &body)
    }
}

fn metadata(settings: &ClientSettings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(mut settings)) => {
            settings.retain(|name, _| TOLD.contains(&name.as_str()));
            for name in NO_BY_DEFAULT {
                settings.entry(name).or_insert(Value::from(false));
            }
            settings
        }
        _ => Map::new(),
    }
}
