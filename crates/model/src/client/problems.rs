//! What a client's settings must not be, alone or together.

use serde_json::Value;
use url::Url;

use super::values::{AuthMethod, GrantType, ProfileRequirement, SubjectType};
use super::{ClientSettings, InvalidSetting, requests};
use crate::invisible::is_zero_width;
use crate::trn_lookup::TrnRequirement;

impl ClientSettings {
    /// Every contradiction between the settings; empty when they can be used.
    #[must_use]
    #[allow(
        clippy::too_many_lines,
        reason = "a list of rules, each of which stands alone"
    )]
    pub fn problems(&self) -> Vec<InvalidSetting> {
        let mut problems = self.flow_problems();
        let mut refuse = |field, problem: &str| {
            problems.push(InvalidSetting {
                field,
                problem: problem.to_owned(),
            });
        };
        let method = self.token_endpoint_auth_method;
        let uses = |grant| self.grant_types.contains(&grant);

        let name_length = self.client_name.trim().chars().count();
        let is_unseen = |c: char| c.is_control() || is_zero_width(c);
        if !(1..=100).contains(&name_length) || self.client_name.chars().any(is_unseen) {
            refuse(
                "client_name",
                "give the service's name in 1 to 100 characters that can be seen",
            );
        }
        if uses(GrantType::RefreshToken) && !uses(GrantType::AuthorizationCode) {
            refuse(
                "grant_types",
                "refresh_token needs authorization_code beside it",
            );
        }
        if self.grant_types.is_empty() && self.serves_resources.is_empty() {
            refuse(
                "grant_types",
                "give at least one grant, or serves_resources",
            );
        }
        if uses(GrantType::ClientCredentials) && method == AuthMethod::None {
            refuse(
                "token_endpoint_auth_method",
                "client_credentials needs a client that can authenticate",
            );
        }
        if self
            .token_endpoint_auth_signing_alg
            .is_some_and(|algorithm| algorithm.method() != method)
        {
            refuse(
                "token_endpoint_auth_signing_alg",
                "give RS256, PS256, ES256 or EdDSA with private_key_jwt, HS256 with client_secret_jwt, and none with any other method",
            );
        }
        if self.subject_type == SubjectType::Pairwise && self.sector().is_none() {
            refuse(
                "sector_identifier_uri",
                "pairwise subjects need redirect URIs of one host, or a sector_identifier_uri",
            );
        }
        if self.jwks.is_some() && self.jwks_uri.is_some() {
            refuse("jwks", "give jwks or jwks_uri, not both");
        }
        let has_keys = self.jwks_uri.is_some()
            || self
                .jwks
                .as_ref()
                .is_some_and(|jwks| jwks.pointer("/keys/0").is_some());
        if method == AuthMethod::PrivateKeyJwt && !has_keys {
            refuse("jwks", "private_key_jwt needs jwks or jwks_uri");
        }
        if let Some(jwks) = &self.jwks {
            let keys = jwks.get("keys").and_then(Value::as_array);
            if keys.is_none_or(|keys| keys.len() > KEYS_MAX) {
                refuse(
                    "jwks",
                    "give a JSON Web Key Set: an object with an array `keys`, of at most 20",
                );
            }
        }
        if (self.always_refresh_token || self.scope.contains("offline_access"))
            && !uses(GrantType::RefreshToken)
        {
            refuse("grant_types", "refresh tokens need the refresh_token grant");
        }
        if let Some(resource) = &self.resource
            && Url::parse(resource).map_or(true, |url| url.fragment().is_some())
        {
            refuse(
                "resource",
                "give an absolute URI without fragment (RFC 8707)",
            );
        }
        if self.trn_requirement != TrnRequirement::None && !self.scope.contains("trn") {
            refuse("trn_requirement", "asking for a TRN needs the scope trn");
        }
        if self.profile_requirement == ProfileRequirement::Required
            && !self.scope.contains("profile")
        {
            refuse(
                "profile_requirement",
                "asking for name and date of birth needs the scope profile",
            );
        }
        let links = [
            ("event_endpoint", &self.event_endpoint),
            ("client_uri", &self.client_uri),
            ("initiate_login_uri", &self.initiate_login_uri),
            ("logo_uri", &self.logo_uri),
            ("policy_uri", &self.policy_uri),
            ("tos_uri", &self.tos_uri),
            ("jwks_uri", &self.jwks_uri),
            ("sector_identifier_uri", &self.sector_identifier_uri),
        ];
        for (field, link) in links {
            if link.as_ref().is_some_and(|url| !is_web_link(url)) {
                refuse(field, "give an https URL (http only on localhost)");
            }
        }
        problems.extend(requests::problems(self));
        problems.extend(self.logout_problems());
        problems
    }
}

pub(super) fn is_web_link(url: &Url) -> bool {
    let is_loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let has_scheme = url.scheme() == "https" || (url.scheme() == "http" && is_loopback);
    has_scheme && has_plain_host(url)
}

/// Whether its host is of the characters that hosts have. The URL standard allows others, some of
/// which end a source or a directive of a content security policy.
pub(crate) fn has_plain_host(url: &Url) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    url.host_str()
        .is_some_and(|host| host.bytes().all(is_plain))
}

/// Most keys in a `jwks`: all are read for each token that a client signed.
const KEYS_MAX: usize = 20;
