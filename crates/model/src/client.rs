//! A relying service as it is registered.

mod flows;
mod logout;
mod problems;
mod requests;
mod sector;
mod values;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use crate::browser_session::Acr;
use crate::client_id::ClientId;
use crate::clock::Timestamp;
use crate::redirect_uri::{LoopbackPort, RedirectUri, RegisteredRedirect};
use crate::response_type::ResponseType;
use crate::scope::ScopeSet;
use crate::signing_algorithm::SigningAlgorithm;
use crate::trn_lookup::{MatchPolicy, TrnRequirement};

pub(crate) use problems::has_plain_host;
pub use values::{
    ApplicationType, AssertionAlgorithm, AssertionAudience, AuthMethod, ConsentPolicy, GrantType,
    ProfileRequirement, SharedAlgorithm, SubjectType,
};

/// A registered client (RFC 6749 §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its name on the wire.
    pub id: ClientId,
    /// What it registered.
    pub settings: ClientSettings,
    /// How its secret is kept.
    pub credential: Credential,
    /// Since when it is switched off; `None` while it may be used.
    pub disabled_at: Option<Timestamp>,
    /// Counts the changes; a cached copy with another number is stale.
    pub version: i64,
}

/// What a client registered, in the words of RFC 7591 §2 and OpenID Connect Registration §2 where
/// they have one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "the names are those of the standards"
)]
pub struct ClientSettings {
    /// The service's name, as people see it.
    pub client_name: String,
    /// Where authorization responses may go, compared as strings.
    #[serde(default)]
    pub redirect_uris: Vec<RedirectUri>,
    /// Where a signed-out person may go, compared as strings.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// The grants it may use.
    #[serde(default = "default_grant_types")]
    pub grant_types: Vec<GrantType>,
    /// The response types it may ask for at the authorization endpoint.
    #[serde(default = "default_response_types")]
    pub response_types: Vec<ResponseType>,
    /// How it authenticates at the token endpoint.
    #[serde(default)]
    pub token_endpoint_auth_method: AuthMethod,
    /// How the assertions that it authenticates with must be signed; in any way that its method
    /// allows when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<AssertionAlgorithm>,
    /// Whether it is a web service or an application on the person's device.
    #[serde(default)]
    pub application_type: ApplicationType,
    /// The scope values it may ask for.
    #[serde(default = "default_scope")]
    pub scope: ScopeSet,
    /// Whether the people it meets have the same `sub` as at other clients.
    #[serde(default)]
    pub subject_type: SubjectType,
    /// A file that names the redirect URIs of every client that shares its pairwise subjects, an
    /// https URL (OpenID Connect Registration §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<Url>,
    /// How its ID tokens are signed.
    #[serde(default)]
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// How its userinfo answers are signed; plain JSON when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<SigningAlgorithm>,
    /// How its request objects must be signed; in any way that is served when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<SigningAlgorithm>,
    /// Where its request objects may stand, https URLs, each with the fragment that it was
    /// registered with (OpenID Connect Core §6.2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<Url>,
    /// The `max_age`, in seconds, of a request that names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u64>,
    /// Whether its authorization requests are taken only if it pushed them (RFC 9126 §6).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// Whether its ID tokens must have `auth_time`; ours always do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_auth_time: bool,
    /// The `acr_values` of a request that names none, the most wanted first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,
    /// Where signing in to it begins when somebody else begins it, an https URL (OpenID Connect
    /// Core §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<Url>,
    /// Where it is told that a session ended (OpenID Connect Back-Channel Logout §2.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<Url>,
    /// Whether its logout tokens must have `sid`; ours always do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_logout_session_required: bool,
    /// What the browser loads when a session ends (OpenID Connect Front-Channel Logout §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<Url>,
    /// Whether that URI gets `iss` and `sid`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frontchannel_logout_session_required: bool,
    /// How those who run it can be reached, email addresses as a rule.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// Whether every authorization request must carry a code challenge. Public clients always must.
    #[serde(default = "yes")]
    pub require_pkce: bool,
    /// Whether all its access tokens are bound to a key of its own (RFC 9449 §5.2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens: bool,
    /// Whether people are asked before data is shared with it.
    #[serde(default)]
    pub consent: ConsentPolicy,
    /// Whether it gets refresh tokens without asking for `offline_access`.
    #[serde(default)]
    pub always_refresh_token: bool,
    /// The resource (RFC 8707) its access tokens are for; they are then JWTs (RFC 9068).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The resources it serves: it may introspect tokens issued for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serves_resources: Vec<String>,
    /// Its public keys by value (RFC 7517 §5); not together with `jwks_uri`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Its public keys by reference, an https URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<Url>,
    /// Which `aud` its assertions must have.
    #[serde(default)]
    pub assertion_audience: AssertionAudience,
    /// Whether it wants to know the TRN of who signs in; asks for the scope `trn`.
    #[serde(default)]
    pub trn_requirement: TrnRequirement,
    /// How much must agree for a record to be a person's.
    #[serde(default)]
    pub match_policy: MatchPolicy,
    /// Whether people go on to it although it requires a TRN and none is found yet.
    #[serde(default)]
    pub continue_while_pending: bool,
    /// Whether people are asked for what `profile` would share of them and is not known yet.
    #[serde(default)]
    pub profile_requirement: ProfileRequirement,
    /// How strongly people must be authenticated, whatever it asks for in a request.
    #[serde(default)]
    pub minimum_acr: Acr,
    /// Where security event tokens are pushed to (RFC 8935 §2), an https URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_endpoint: Option<Url>,
    /// The service's home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<Url>,
    /// The service's logo, shown by reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<Url>,
    /// The service's privacy notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<Url>,
    /// The service's terms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<Url>,
}

/// How a client's secret is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credential {
    /// The secret in force.
    pub current: Option<StoredSecret>,
    /// The secret before it, and until when it is still good.
    pub previous: Option<(StoredSecret, Timestamp)>,
}

/// One stored client secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoredSecret {
    /// One that we made: its keyed digest ([`Purpose::ClientSecret`](crate::keyring::Purpose)).
    Generated(Vec<u8>),
    /// One that an operator chose: an argon2id PHC string.
    Chosen(String),
    /// One that must be read back (`client_secret_jwt`): sealed, the client id as context.
    Sealed(Vec<u8>),
}

/// A setting that cannot be, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct InvalidSetting {
    /// The setting's name.
    pub field: &'static str,
    /// What is wrong and what would be right.
    pub problem: String,
}

impl Client {
    /// Whether the client keeps no secret (RFC 6749 §2.1).
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.settings.token_endpoint_auth_method == AuthMethod::None
    }

    /// Whether its authorization requests must carry a code challenge.
    #[must_use]
    pub fn must_use_pkce(&self) -> bool {
        self.is_public() || self.settings.require_pkce
    }

    /// Whether it may use a grant.
    #[must_use]
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.settings.grant_types.contains(&grant)
    }

    /// Whether it may ask the authorization endpoint for that: it is registered for the response
    /// type and for its grants, and gets no access token there if all of its are bound to a key.
    #[must_use]
    pub fn may_ask_for(&self, response_type: ResponseType) -> bool {
        let needs_bearer = response_type.has_token();
        self.settings.response_types.contains(&response_type)
            && !(self.settings.dpop_bound_access_tokens && needs_bearer)
            && response_type.grant_types().all(|grant| self.may_use(grant))
    }

    /// Whether people who authenticated that strongly may come to it.
    #[must_use]
    pub fn accepts(&self, acr: Acr) -> bool {
        acr >= self.settings.minimum_acr
    }

    /// The redirect target of a request, if it is registered.
    #[must_use]
    pub fn redirect(&self, requested: &str) -> Option<RegisteredRedirect> {
        let settings = &self.settings;
        RegisteredRedirect::find(&settings.redirect_uris, requested, self.loopback_port())
    }

    /// The redirect target of a logout request, if it is registered.
    #[must_use]
    pub fn post_logout_redirect(&self, requested: &str) -> Option<RegisteredRedirect> {
        let settings = &self.settings;
        RegisteredRedirect::find(
            &settings.post_logout_redirect_uris,
            requested,
            self.loopback_port(),
        )
    }

    fn loopback_port(&self) -> LoopbackPort {
        match self.settings.application_type {
            ApplicationType::Native => LoopbackPort::MayVary,
            ApplicationType::Web => LoopbackPort::Exact,
        }
    }
}

impl ClientSettings {
    /// The settings of a plain confidential web client; everything else as by default.
    #[must_use]
    pub fn named(client_name: &str) -> Self {
        Self {
            client_name: client_name.to_owned(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: default_grant_types(),
            response_types: default_response_types(),
            token_endpoint_auth_method: AuthMethod::default(),
            token_endpoint_auth_signing_alg: None,
            application_type: ApplicationType::default(),
            scope: default_scope(),
            subject_type: SubjectType::default(),
            sector_identifier_uri: None,
            id_token_signed_response_alg: SigningAlgorithm::default(),
            userinfo_signed_response_alg: None,
            request_object_signing_alg: None,
            request_uris: Vec::new(),
            default_max_age: None,
            require_pushed_authorization_requests: false,
            require_auth_time: false,
            default_acr_values: Vec::new(),
            initiate_login_uri: None,
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            contacts: Vec::new(),
            require_pkce: true,
            dpop_bound_access_tokens: false,
            consent: ConsentPolicy::default(),
            always_refresh_token: false,
            resource: None,
            serves_resources: Vec::new(),
            jwks: None,
            jwks_uri: None,
            assertion_audience: AssertionAudience::default(),
            trn_requirement: TrnRequirement::default(),
            match_policy: MatchPolicy::default(),
            continue_while_pending: false,
            profile_requirement: ProfileRequirement::default(),
            minimum_acr: Acr::default(),
            event_endpoint: None,
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
        }
    }
}

fn default_grant_types() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode]
}

fn default_response_types() -> Vec<ResponseType> {
    vec![ResponseType::Code]
}

fn default_scope() -> ScopeSet {
    ["openid", "email", "profile"].into_iter().collect()
}

const fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web() -> ClientSettings {
        let mut settings = ClientSettings::named("Register for a course");
        settings.redirect_uris =
            vec![RedirectUri::parse("https://service.example/callback").unwrap()];
        settings
    }

    fn fields(settings: &ClientSettings) -> Vec<&'static str> {
        settings
            .problems()
            .into_iter()
            .map(|problem| problem.field)
            .collect()
    }

    #[test]
    fn a_plain_web_client_is_sound_and_reads_back() {
        let settings = web();

        let json = serde_json::to_string(&settings).unwrap();

        assert_eq!(settings.problems(), []);
        assert_eq!(
            serde_json::from_str::<ClientSettings>(&json).unwrap(),
            settings
        );
    }

    #[test]
    fn contradictions_are_named_by_their_setting() {
        let changed = |change: fn(&mut ClientSettings)| {
            let mut settings = web();
            change(&mut settings);
            fields(&settings)
        };

        assert_eq!(changed(|s| s.client_name = " ".to_owned()), ["client_name"]);
        // Turned round, it reads as another service's.
        assert_eq!(
            changed(|s| s.client_name = "\u{202e}evil".to_owned()),
            ["client_name"]
        );
        assert_eq!(changed(|s| s.redirect_uris.clear()), ["redirect_uris"]);
        assert_eq!(changed(|s| s.scope = ScopeSet::default()), ["scope"]);
        assert_eq!(changed(|s| s.grant_types = vec![]), ["grant_types"]);
        assert_eq!(
            changed(|s| s.grant_types = vec![GrantType::RefreshToken]),
            ["grant_types"]
        );
        assert_eq!(
            changed(|s| s.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt),
            ["jwks"]
        );
        assert_eq!(changed(|s| s.jwks = Some(Value::Null)), ["jwks"]);
        assert_eq!(
            changed(|s| s.request_object_signing_alg = Some(SigningAlgorithm::ES256)),
            ["request_object_signing_alg"]
        );
        for uri in ["http://service.example/object", "urn:example:object"] {
            let mut settings = web();
            settings.request_uris = vec![Url::parse(uri).unwrap()];
            assert_eq!(fields(&settings), ["request_uris"], "{uri}");
        }
        assert_eq!(
            changed(|s| s.default_acr_values = vec!["Cl.Cm Cl".to_owned()]),
            ["default_acr_values"]
        );
        assert_eq!(changed(|s| s.always_refresh_token = true), ["grant_types"]);
        assert_eq!(
            changed(|s| s.resource = Some("not a uri".to_owned())),
            ["resource"]
        );
        assert_eq!(
            changed(|s| s.logo_uri = Url::parse("http://service.example/logo.png").ok()),
            ["logo_uri"]
        );
        assert_eq!(
            changed(|s| s.initiate_login_uri = Url::parse("http://service.example/login").ok()),
            ["initiate_login_uri"]
        );
        assert_eq!(
            changed(|s| s.event_endpoint = Url::parse("http://service.example/events").ok()),
            ["event_endpoint"]
        );
        assert_eq!(
            changed(|s| s.trn_requirement = TrnRequirement::Optional),
            ["trn_requirement"]
        );
        assert_eq!(
            changed(|s| {
                s.profile_requirement = ProfileRequirement::Required;
                s.scope = ScopeSet::parse("openid email").unwrap();
            }),
            ["profile_requirement"]
        );
    }

    #[test]
    fn a_signing_algorithm_goes_with_its_method() {
        let with = |method, algorithm: &str| {
            let mut settings = web();
            settings.token_endpoint_auth_method = method;
            settings.jwks = Some(serde_json::json!({ "keys": [{}] }));
            settings.token_endpoint_auth_signing_alg =
                serde_json::from_value(algorithm.into()).unwrap();
            fields(&settings)
        };

        for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
            assert!(with(AuthMethod::PrivateKeyJwt, algorithm).is_empty());
        }
        assert!(with(AuthMethod::ClientSecretJwt, "HS256").is_empty());
        for (method, algorithm) in [
            (AuthMethod::PrivateKeyJwt, "HS256"),
            (AuthMethod::ClientSecretJwt, "RS256"),
            (AuthMethod::ClientSecretBasic, "RS256"),
        ] {
            let field = "token_endpoint_auth_signing_alg";
            assert_eq!(with(method, algorithm), [field]);
        }
        assert!(serde_json::from_str::<AssertionAlgorithm>("\"none\"").is_err());
    }

    #[test]
    fn pairwise_subjects_need_a_sector() {
        let mut settings = web();
        settings.subject_type = SubjectType::Pairwise;
        assert_eq!(settings.problems(), []);

        let other = RedirectUri::parse("https://other.example/callback").unwrap();
        settings.redirect_uris.push(other);
        assert_eq!(fields(&settings), ["sector_identifier_uri"]);

        settings.sector_identifier_uri = Url::parse("https://service.example/uris.json").ok();
        assert_eq!(settings.problems(), []);
        settings.sector_identifier_uri = Url::parse("http://service.example/uris.json").ok();
        assert_eq!(fields(&settings), ["sector_identifier_uri"]);
    }

    #[test]
    fn a_client_may_ask_for_a_trn_in_every_way() {
        let mut settings = web();
        settings.scope = ScopeSet::parse("openid profile trn national_insurance").unwrap();
        settings.trn_requirement = TrnRequirement::Required;
        settings.match_policy = MatchPolicy::Strict;
        settings.continue_while_pending = true;
        settings.profile_requirement = ProfileRequirement::Required;

        for endpoint in [
            "https://service.example/events",
            "http://localhost:9000/events",
        ] {
            settings.event_endpoint = Url::parse(endpoint).ok();
            assert_eq!(settings.problems(), [], "{endpoint}");
        }
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(
            serde_json::from_str::<ClientSettings>(&json).unwrap(),
            settings
        );
    }

    #[test]
    fn a_client_may_sign_its_requests_and_register_what_they_leave_out() {
        let mut settings = web();
        settings.jwks_uri = Url::parse("https://service.example/jwks").ok();
        settings.request_object_signing_alg = Some(SigningAlgorithm::EdDsa);
        settings.request_uris = vec![Url::parse("https://service.example/object#1").unwrap()];
        settings.default_max_age = Some(0);
        settings.require_pushed_authorization_requests = true;
        settings.require_auth_time = true;
        settings.default_acr_values = vec!["gold".to_owned(), "Cl.Cm".to_owned()];

        assert_eq!(settings.problems(), []);
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(
            serde_json::from_str::<ClientSettings>(&json).unwrap(),
            settings
        );
    }

    #[test]
    fn a_policy_without_a_requirement_waits_to_be_used() {
        let mut settings = web();
        settings.match_policy = MatchPolicy::Strict;
        settings.continue_while_pending = true;

        assert_eq!(settings.problems(), []);
    }

    #[test]
    fn a_public_client_cannot_use_client_credentials() {
        let mut settings = web();
        settings.token_endpoint_auth_method = AuthMethod::None;
        settings.grant_types.push(GrantType::ClientCredentials);

        assert_eq!(fields(&settings), ["token_endpoint_auth_method"]);
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        let json = r#"{"client_name": "x", "redirect_uri": "https://service.example/"}"#;

        assert!(serde_json::from_str::<ClientSettings>(json).is_err());
    }
}
