//! What a client says of itself, as settings (RFC 7591 §2, OpenID Connect Registration §2).
//!
//! Only the members that are taken here are read. Others are ignored, as RFC 7591 §2 demands: names
//! in other languages, members that nobody here knows, and the settings that an operator alone
//! decides.

use model::client::{ApplicationType, ClientSettings, ConsentPolicy, GrantType, InvalidSetting};
use model::{RedirectUri, ScopeSet};
use serde_json::Value;
use url::Url;

use super::Registration;
use super::error::RegistrationError;
use super::json::Members;

/// Nothing is encrypted here. A client that asks for it must not believe that it is; nor, with
/// `require_signed_request_object` (RFC 9101 §10.5), that what it did not sign is refused.
const UNSERVED: [&str; 6] = [
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
];

/// Most items of any list.
const MAX_ITEMS: usize = 50;
/// Longest text of any member, in bytes.
const MAX_TEXT: usize = 2_000;

/// Reads the settings of a client, each member that is left out as the standard has it.
pub(super) fn read(
    mut members: Members,
    rules: &Registration,
) -> Result<ClientSettings, RegistrationError> {
    refuse_what_is_not_served(&mut members)?;
    let mut settings = ClientSettings::named("");
    settings.consent = ConsentPolicy::Ask;
    settings.require_pkce = false;
    take_redirects(&mut members, &mut settings)?;
    take_capabilities(&mut members, &mut settings)?;
    take_signing(&mut members, &mut settings)?;
    take_links(&mut members, &mut settings)?;
    take_requests(&mut members, &mut settings)?;
    settings.scope = scope(members.take("scope")?, &settings, rules);
    settings.client_name = match members.take("client_name")? {
        Some(name) => name,
        None => name_of(&settings),
    };
    check_grants(&settings)?;
    check_redirects(&settings)?;
    check_loopback(&settings, rules)?;
    if let Some(problem) = settings.problems().into_iter().next() {
        return Err(refused(&problem));
    }
    check_sizes(&settings)?;
    check_keys(&settings)?;
    check_links(&settings, rules)?;
    Ok(settings)
}

fn refuse_what_is_not_served(members: &mut Members) -> Result<(), RegistrationError> {
    for name in UNSERVED {
        if members.take::<Value>(name)?.is_some() {
            return Err(RegistrationError::Unsupported(name));
        }
    }
    let only_signed = "require_signed_request_object";
    if members.take_or_default::<bool>(only_signed)? {
        return Err(RegistrationError::Unsupported(only_signed));
    }
    match members.take::<String>("software_statement") {
        Ok(None) => Ok(()),
        Ok(Some(statement)) if statement.split('.').count() == 3 => {
            Err(RegistrationError::UnapprovedStatement)
        }
        Ok(Some(_)) | Err(_) => Err(RegistrationError::NotAStatement),
    }
}

fn take_redirects(
    members: &mut Members,
    settings: &mut ClientSettings,
) -> Result<(), RegistrationError> {
    settings.application_type = members.take_or_default("application_type")?;
    settings.redirect_uris = uris(members, "redirect_uris")?;
    settings.post_logout_redirect_uris = uris(members, "post_logout_redirect_uris")?;
    Ok(())
}

/// What a client can do, and how it proves itself.
fn take_capabilities(
    members: &mut Members,
    settings: &mut ClientSettings,
) -> Result<(), RegistrationError> {
    if let Some(grant_types) = members.take("grant_types")? {
        settings.grant_types = grant_types;
    }
    if let Some(response_types) = members.take("response_types")? {
        settings.response_types = response_types;
    }
    settings.token_endpoint_auth_method = members.take_or_default("token_endpoint_auth_method")?;
    settings.token_endpoint_auth_signing_alg = members.take("token_endpoint_auth_signing_alg")?;
    settings.jwks = members.take("jwks")?;
    settings.jwks_uri = members.take("jwks_uri")?;
    settings.dpop_bound_access_tokens = members.take_or_default("dpop_bound_access_tokens")?;
    settings.subject_type = members.take_or_default("subject_type")?;
    settings.sector_identifier_uri = members.take("sector_identifier_uri")?;
    Ok(())
}

fn take_signing(
    members: &mut Members,
    settings: &mut ClientSettings,
) -> Result<(), RegistrationError> {
    settings.id_token_signed_response_alg =
        members.take_or_default("id_token_signed_response_alg")?;
    settings.userinfo_signed_response_alg = members.take("userinfo_signed_response_alg")?;
    settings.request_object_signing_alg = members.take("request_object_signing_alg")?;
    Ok(())
}

fn take_links(
    members: &mut Members,
    settings: &mut ClientSettings,
) -> Result<(), RegistrationError> {
    settings.client_uri = members.take("client_uri")?;
    settings.logo_uri = members.take("logo_uri")?;
    settings.policy_uri = members.take("policy_uri")?;
    settings.tos_uri = members.take("tos_uri")?;
    settings.contacts = members.take_or_default("contacts")?;
    settings.initiate_login_uri = members.take("initiate_login_uri")?;
    settings.backchannel_logout_uri = members.take("backchannel_logout_uri")?;
    settings.backchannel_logout_session_required =
        members.take_or_default("backchannel_logout_session_required")?;
    settings.frontchannel_logout_uri = members.take("frontchannel_logout_uri")?;
    settings.frontchannel_logout_session_required =
        members.take_or_default("frontchannel_logout_session_required")?;
    Ok(())
}

/// What holds for its authorization requests.
fn take_requests(
    members: &mut Members,
    settings: &mut ClientSettings,
) -> Result<(), RegistrationError> {
    settings.request_uris = members.take_or_default("request_uris")?;
    settings.default_max_age = members.take("default_max_age")?;
    settings.require_pushed_authorization_requests =
        members.take_or_default("require_pushed_authorization_requests")?;
    settings.require_auth_time = members.take_or_default("require_auth_time")?;
    settings.default_acr_values = members.take_or_default("default_acr_values")?;
    Ok(())
}

fn uris(members: &mut Members, field: &'static str) -> Result<Vec<RedirectUri>, RegistrationError> {
    let uris: Vec<String> = members.take_or_default(field)?;
    uris.iter()
        .map(|uri| RedirectUri::parse(uri).map_err(|error| redirect_problem(field, &error)))
        .collect()
}

/// What it asks for, as far as clients that register themselves may have it; without a wish, all of
/// that. Refresh tokens are for who registered the grant.
fn scope(wanted: Option<ScopeSet>, settings: &ClientSettings, rules: &Registration) -> ScopeSet {
    let has_refresh = settings.grant_types.contains(&GrantType::RefreshToken);
    let allowed = wanted.map_or_else(
        || rules.scope.clone(),
        |wanted| wanted.intersection(&rules.scope),
    );
    allowed
        .iter()
        .filter(|value| has_refresh || *value != "offline_access")
        .collect()
}

/// A client without a name is called by the host that people come back to.
fn name_of(settings: &ClientSettings) -> String {
    let first = settings.redirect_uris.first();
    let url = first.and_then(|uri| Url::parse(uri.as_str()).ok());
    let host = url.and_then(|url| url.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "A service without a name".to_owned())
        .chars()
        .take(100)
        .collect()
}

fn check_grants(settings: &ClientSettings) -> Result<(), RegistrationError> {
    if settings.grant_types.contains(&GrantType::ClientCredentials) {
        return Err(RegistrationError::metadata(
            "grant_types",
            "client_credentials is for clients that an operator registers",
        ));
    }
    Ok(())
}

/// A web service is reached by https, or on the machine that it is developed on; an application at
/// a loopback address or by a scheme of its own (OpenID Connect Registration §2, `application_type`).
fn check_redirects(settings: &ClientSettings) -> Result<(), RegistrationError> {
    for (field, uris) in [
        ("redirect_uris", &settings.redirect_uris),
        (
            "post_logout_redirect_uris",
            &settings.post_logout_redirect_uris,
        ),
    ] {
        for uri in uris {
            let is_web = ["https://", "http://"]
                .iter()
                .any(|scheme| starts_with(uri.as_str(), scheme));
            let problem = match settings.application_type {
                ApplicationType::Web if !is_web => "a web client needs https, or http on localhost",
                ApplicationType::Native if field == "redirect_uris" && uri.is_https() => {
                    "a native client needs a loopback address or a private-use scheme"
                }
                _ => continue,
            };
            return Err(redirect_problem(field, problem));
        }
    }
    Ok(())
}

/// A web client whose tokens come from the authorization endpoint is not on localhost, where any
/// program may listen (OpenID Connect Registration §2), unless the operator trusts that host.
fn check_loopback(
    settings: &ClientSettings,
    rules: &Registration,
) -> Result<(), RegistrationError> {
    let is_concerned = settings.application_type == ApplicationType::Web
        && settings.grant_types.contains(&GrantType::Implicit);
    let mut hosts = settings
        .redirect_uris
        .iter()
        .filter_map(RedirectUri::loopback_host);
    if is_concerned && hosts.any(|host| !rules.outbound.trusts(&host)) {
        let problem = "a web client with the implicit grant must not be on localhost";
        return Err(redirect_problem("redirect_uris", problem));
    }
    Ok(())
}

fn starts_with(uri: &str, scheme: &str) -> bool {
    uri.get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

fn redirect_problem(field: &'static str, problem: &(impl ToString + ?Sized)) -> RegistrationError {
    if field != "redirect_uris" {
        return RegistrationError::metadata(field, problem);
    }
    RegistrationError::RedirectUri {
        field,
        problem: problem.to_string(),
    }
}

fn refused(problem: &InvalidSetting) -> RegistrationError {
    redirect_problem(problem.field, &problem.problem)
}

/// A registration costs its client nothing, so that it must not fill our database either.
fn check_sizes(settings: &ClientSettings) -> Result<(), RegistrationError> {
    let lists: [(&'static str, usize, usize); 5] = [
        sizes(
            "redirect_uris",
            settings.redirect_uris.iter().map(RedirectUri::as_str),
        ),
        sizes(
            "post_logout_redirect_uris",
            settings
                .post_logout_redirect_uris
                .iter()
                .map(RedirectUri::as_str),
        ),
        sizes(
            "request_uris",
            settings.request_uris.iter().map(Url::as_str),
        ),
        sizes("contacts", settings.contacts.iter().map(String::as_str)),
        sizes(
            "default_acr_values",
            settings.default_acr_values.iter().map(String::as_str),
        ),
    ];
    for (field, items, longest) in lists {
        if items > MAX_ITEMS || longest > MAX_TEXT {
            return Err(RegistrationError::metadata(
                field,
                "give at most 50 items of at most 2,000 characters",
            ));
        }
    }
    for (field, link) in links(settings) {
        if link.as_str().len() > MAX_TEXT {
            return Err(RegistrationError::metadata(
                field,
                "give at most 2,000 characters",
            ));
        }
    }
    Ok(())
}

fn sizes<'a>(
    field: &'static str,
    items: impl ExactSizeIterator<Item = &'a str>,
) -> (&'static str, usize, usize) {
    let count = items.len();
    (field, count, items.map(str::len).max().unwrap_or_default())
}

/// Keys that are not public are nobody's to hand around, least of all by mistake.
fn check_keys(settings: &ClientSettings) -> Result<(), RegistrationError> {
    let keys = settings.jwks.as_ref().and_then(|jwks| jwks.get("keys"));
    let is_secret = |key: &Value| key.get("d").is_some() || key.get("k").is_some();
    if keys
        .and_then(Value::as_array)
        .is_some_and(|keys| keys.iter().any(is_secret))
    {
        return Err(RegistrationError::metadata("jwks", "give public keys only"));
    }
    Ok(())
}

/// Every URL that people or we are sent to.
fn links(settings: &ClientSettings) -> Vec<(&'static str, &Url)> {
    let single = [
        ("client_uri", &settings.client_uri),
        ("logo_uri", &settings.logo_uri),
        ("policy_uri", &settings.policy_uri),
        ("tos_uri", &settings.tos_uri),
        ("initiate_login_uri", &settings.initiate_login_uri),
        ("frontchannel_logout_uri", &settings.frontchannel_logout_uri),
        ("backchannel_logout_uri", &settings.backchannel_logout_uri),
        ("jwks_uri", &settings.jwks_uri),
        ("sector_identifier_uri", &settings.sector_identifier_uri),
    ];
    let requests = settings
        .request_uris
        .iter()
        .map(|url| ("request_uris", url));
    single
        .into_iter()
        .filter_map(|(field, link)| Some((field, link.as_ref()?)))
        .chain(requests)
        .collect()
}

/// What browsers are sent to is https; what we ask ourselves is what we may ask. A host that only
/// resolves to a private address is found out when it is asked.
fn check_links(settings: &ClientSettings, rules: &Registration) -> Result<(), RegistrationError> {
    for (field, link) in links(settings) {
        let is_ours_to_ask = matches!(
            field,
            "backchannel_logout_uri" | "jwks_uri" | "sector_identifier_uri" | "request_uris"
        );
        if is_ours_to_ask {
            rules
                .outbound
                .check(link)
                .map_err(|error| RegistrationError::metadata(field, &error))?;
        } else if link.scheme() != "https" {
            return Err(RegistrationError::metadata(field, "give an https URL"));
        }
    }
    Ok(())
}
