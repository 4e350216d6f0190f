//! The settings of a client as flags, in the words of OpenID Connect Registration.

use std::path::PathBuf;

use clap::Args;
use model::browser_session::Acr;
use model::client::{
    ApplicationType, AssertionAlgorithm, AssertionAudience, AuthMethod, ClientSettings,
    ConsentPolicy, GrantType, ProfileRequirement, SubjectType,
};
use model::trn_lookup::{MatchPolicy, TrnRequirement};
use model::{RedirectUri, ResponseType, ScopeSet, SigningAlgorithm};
use serde::de::DeserializeOwned;
use url::Url;

use super::CommandError;

/// Every setting; one that is not given stays as it is. A list that is given replaces the list.
#[derive(Debug, Args)]
pub(super) struct SettingFlags {
    /// The service's name, as people see it
    #[arg(long)]
    name: Option<String>,
    /// Where authorization responses may go; repeat it for more
    #[arg(long = "redirect-uri", value_name = "URI")]
    redirect_uris: Option<Vec<RedirectUriFlag>>,
    /// Where a signed-out person may go; repeat it for more
    #[arg(long = "post-logout-redirect-uri", value_name = "URI")]
    post_logout_redirect_uris: Option<Vec<RedirectUriFlag>>,
    /// `authorization_code`, `implicit`, `refresh_token` or `client_credentials`; repeat it for more
    #[arg(long = "grant-type", value_name = "GRANT", value_parser = word::<GrantType>)]
    grant_types: Option<Vec<GrantType>>,
    /// code, or words such as "code `id_token`" where tokens come at once; repeat it for more
    #[arg(long = "response-type", value_name = "TYPE", value_parser = word::<ResponseType>)]
    response_types: Option<Vec<ResponseType>>,
    /// `client_secret_basic`, `client_secret_post`, `client_secret_jwt`, `private_key_jwt` or none
    #[arg(long, value_name = "METHOD", value_parser = word::<AuthMethod>)]
    auth_method: Option<AuthMethod>,
    /// RS256, PS256, ES256, `EdDSA` or HS256: how the assertions that it authenticates with are signed
    #[arg(long, value_name = "ALG", value_parser = word::<AssertionAlgorithm>)]
    auth_signing_alg: Option<AssertionAlgorithm>,
    /// public, or pairwise: whether people have another `sub` there than elsewhere
    #[arg(long, value_name = "TYPE", value_parser = word::<SubjectType>)]
    subject_type: Option<SubjectType>,
    /// A file of all redirect URIs whose clients share their pairwise subjects
    #[arg(long, value_name = "URL")]
    sector_identifier_uri: Option<Url>,
    /// How those who run it can be reached; repeat it for more
    #[arg(long = "contact", value_name = "ADDRESS")]
    contacts: Option<Vec<String>>,
    /// web, or native for an application on the person's device
    #[arg(long, value_name = "TYPE", value_parser = word::<ApplicationType>)]
    application_type: Option<ApplicationType>,
    /// The scope values it may ask for, parted by spaces
    #[arg(long, value_parser = word::<ScopeSet>)]
    scope: Option<ScopeSet>,
    /// RS256, PS256, ES256 or `EdDSA`
    #[arg(long, value_name = "ALG", value_parser = word::<SigningAlgorithm>)]
    id_token_alg: Option<SigningAlgorithm>,
    /// Sign userinfo answers: RS256, PS256, ES256 or `EdDSA`
    #[arg(long, value_name = "ALG", value_parser = word::<SigningAlgorithm>)]
    userinfo_alg: Option<SigningAlgorithm>,
    /// How its request objects must be signed: RS256, PS256, ES256 or `EdDSA`
    #[arg(long, value_name = "ALG", value_parser = word::<SigningAlgorithm>)]
    request_object_alg: Option<SigningAlgorithm>,
    /// Where a request object of it may stand, with its fragment if it has one; repeat it for more
    #[arg(long = "request-uri", value_name = "URL")]
    request_uris: Option<Vec<Url>>,
    /// The `max_age` of requests that name none, in seconds
    #[arg(long, value_name = "SECONDS")]
    default_max_age: Option<u64>,
    /// Whether its authorization requests are taken only if it pushed them (RFC 9126)
    #[arg(long, value_name = "BOOL")]
    require_pushed_authorization_requests: Option<bool>,
    /// Whether it relies on `auth_time` in ID tokens; they always have it
    #[arg(long, value_name = "BOOL")]
    require_auth_time: Option<bool>,
    /// An `acr` that it wants where its requests name none; repeat it for more, the most wanted first
    #[arg(long = "default-acr", value_name = "ACR")]
    default_acr_values: Option<Vec<String>>,
    /// Whether its authorization requests must carry a code challenge
    #[arg(long, value_name = "BOOL")]
    require_pkce: Option<bool>,
    /// Whether all its access tokens are bound to a key of its own (RFC 9449)
    #[arg(long, value_name = "BOOL")]
    dpop_bound_access_tokens: Option<bool>,
    /// `first_party`, or ask for a service of somebody else
    #[arg(long, value_name = "POLICY", value_parser = word::<ConsentPolicy>)]
    consent: Option<ConsentPolicy>,
    /// Whether it gets refresh tokens without asking for `offline_access`
    #[arg(long, value_name = "BOOL")]
    always_refresh_token: Option<bool>,
    /// The resource (RFC 8707) its access tokens are for; they are then JWTs
    #[arg(long, value_name = "URI")]
    resource: Option<String>,
    /// A resource it serves, whose tokens it may introspect; repeat it for more
    #[arg(long, value_name = "URI")]
    serves_resource: Option<Vec<String>>,
    /// A file with its public keys (a JSON Web Key Set)
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    jwks_file: Option<PathBuf>,
    /// Where its public keys stand
    #[arg(long, value_name = "URL")]
    jwks_uri: Option<Url>,
    /// `issuer_or_token_endpoint`, or issuer for high-assurance clients
    #[arg(long, value_name = "AUDIENCE", value_parser = word::<AssertionAudience>)]
    assertion_audience: Option<AssertionAudience>,
    /// none, or optional or required: whether people are asked for what finds their TRN (scope trn)
    #[arg(long, value_name = "REQUIREMENT", value_parser = word::<TrnRequirement>)]
    trn_requirement: Option<TrnRequirement>,
    /// default, or strict: how much must agree for a teaching record to be a person's
    #[arg(long, value_name = "POLICY", value_parser = word::<MatchPolicy>)]
    match_policy: Option<MatchPolicy>,
    /// Whether people go on to it while a TRN that it requires is not found
    #[arg(long, value_name = "BOOL")]
    continue_while_pending: Option<bool>,
    /// none, or required: whether people are asked for name and date of birth (scope profile)
    #[arg(long, value_name = "REQUIREMENT", value_parser = word::<ProfileRequirement>)]
    profile_requirement: Option<ProfileRequirement>,
    /// Cl, or Cl.Cm: how strongly people must be authenticated, whatever it asks for
    #[arg(long, value_name = "ACR", value_parser = word::<Acr>)]
    minimum_acr: Option<Acr>,
    /// Where it is told when a TRN is found (RFC 8935)
    #[arg(long, value_name = "URL")]
    event_endpoint: Option<Url>,
    /// Where it is told that a session ended, without the browser
    #[arg(long, value_name = "URL")]
    backchannel_logout_uri: Option<Url>,
    /// Whether its logout tokens must have `sid`; ours always do
    #[arg(long, value_name = "BOOL")]
    backchannel_logout_session_required: Option<bool>,
    /// What the browser loads when a session ends
    #[arg(long, value_name = "URL")]
    frontchannel_logout_uri: Option<Url>,
    /// Whether that page gets `iss` and `sid`
    #[arg(long, value_name = "BOOL")]
    frontchannel_logout_session_required: Option<bool>,
    /// Where signing in to it begins when people come from our pages (OpenID Connect Core 4)
    #[arg(long, value_name = "URL")]
    initiate_login_uri: Option<Url>,
    /// The service's home page
    #[arg(long, value_name = "URL")]
    client_uri: Option<Url>,
    /// The service's logo
    #[arg(long, value_name = "URL")]
    logo_uri: Option<Url>,
    /// The service's privacy notice
    #[arg(long, value_name = "URL")]
    policy_uri: Option<Url>,
    /// The service's terms
    #[arg(long, value_name = "URL")]
    tos_uri: Option<Url>,
}

/// A redirect URI; its own type because clap would otherwise ask for one parser of the list.
#[derive(Clone, Debug)]
struct RedirectUriFlag(RedirectUri);

impl std::str::FromStr for RedirectUriFlag {
    type Err = model::redirect_uri::InvalidRedirectUri;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        RedirectUri::parse(text).map(Self)
    }
}

/// Reads one of the words that the model gives a type.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

impl SettingFlags {
    /// The settings of a new client.
    ///
    /// # Errors
    ///
    /// What is missing or contradicts something else.
    pub(super) fn create(self) -> Result<ClientSettings, CommandError> {
        let name = self.name.as_deref().unwrap_or_default();
        let settings = ClientSettings::named(name);
        self.change(settings)
    }

    /// The settings with what was given in place of what was there.
    ///
    /// # Errors
    ///
    /// What contradicts something else.
    pub(super) fn change(self, mut to: ClientSettings) -> Result<ClientSettings, CommandError> {
        let uris = |flags: Vec<RedirectUriFlag>| flags.into_iter().map(|uri| uri.0).collect();
        put(&mut to.client_name, self.name);
        put(&mut to.redirect_uris, self.redirect_uris.map(uris));
        put(
            &mut to.post_logout_redirect_uris,
            self.post_logout_redirect_uris.map(uris),
        );
        put(&mut to.grant_types, self.grant_types);
        put(&mut to.response_types, self.response_types);
        put(&mut to.token_endpoint_auth_method, self.auth_method);
        put_some(
            &mut to.token_endpoint_auth_signing_alg,
            self.auth_signing_alg,
        );
        put(&mut to.subject_type, self.subject_type);
        put_some(&mut to.sector_identifier_uri, self.sector_identifier_uri);
        put(&mut to.contacts, self.contacts);
        put(&mut to.application_type, self.application_type);
        put(&mut to.scope, self.scope);
        put(&mut to.id_token_signed_response_alg, self.id_token_alg);
        put(&mut to.request_uris, self.request_uris);
        put(
            &mut to.require_pushed_authorization_requests,
            self.require_pushed_authorization_requests,
        );
        put(&mut to.require_auth_time, self.require_auth_time);
        put(&mut to.default_acr_values, self.default_acr_values);
        put(&mut to.require_pkce, self.require_pkce);
        put(
            &mut to.dpop_bound_access_tokens,
            self.dpop_bound_access_tokens,
        );
        put(&mut to.consent, self.consent);
        put(&mut to.always_refresh_token, self.always_refresh_token);
        put(&mut to.serves_resources, self.serves_resource);
        put(&mut to.assertion_audience, self.assertion_audience);
        put(&mut to.trn_requirement, self.trn_requirement);
        put(&mut to.match_policy, self.match_policy);
        put(&mut to.continue_while_pending, self.continue_while_pending);
        put(&mut to.profile_requirement, self.profile_requirement);
        put(&mut to.minimum_acr, self.minimum_acr);
        put(
            &mut to.backchannel_logout_session_required,
            self.backchannel_logout_session_required,
        );
        put(
            &mut to.frontchannel_logout_session_required,
            self.frontchannel_logout_session_required,
        );
        put_some(&mut to.backchannel_logout_uri, self.backchannel_logout_uri);
        put_some(
            &mut to.frontchannel_logout_uri,
            self.frontchannel_logout_uri,
        );
        put_some(&mut to.event_endpoint, self.event_endpoint);
        put_some(&mut to.userinfo_signed_response_alg, self.userinfo_alg);
        put_some(&mut to.request_object_signing_alg, self.request_object_alg);
        put_some(&mut to.default_max_age, self.default_max_age);
        put_some(&mut to.resource, self.resource);
        put_some(&mut to.initiate_login_uri, self.initiate_login_uri);
        put_some(&mut to.client_uri, self.client_uri);
        put_some(&mut to.logo_uri, self.logo_uri);
        put_some(&mut to.policy_uri, self.policy_uri);
        put_some(&mut to.tos_uri, self.tos_uri);
        if let Some(uri) = self.jwks_uri {
            (to.jwks, to.jwks_uri) = (None, Some(uri));
        }
        if let Some(file) = self.jwks_file {
            (to.jwks, to.jwks_uri) = (Some(read_jwks(&file)?), None);
        }
        let problems: Vec<String> = to.problems().iter().map(ToString::to_string).collect();
        if problems.is_empty() {
            Ok(to)
        } else {
            Err(CommandError::refused(problems.join("\n")))
        }
    }
}

fn put<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
    }
}

fn put_some<T>(setting: &mut Option<T>, given: Option<T>) {
    if given.is_some() {
        *setting = given;
    }
}

fn read_jwks(file: &std::path::Path) -> Result<serde_json::Value, CommandError> {
    let unusable = |why: String| CommandError::refused(format!("{}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| unusable(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))
}
