//! An authorization request, parsed once (OpenID Connect Core §3.1.2.1).

use model::client::ConsentPolicy;
use model::raw_pairs::{RawPairs, Repeated};
use model::requirement::{ConsentRule, DetailsRule, FactorTask, Requirements, SecondFactorRule};
use model::{Client, EmailAddress, KeyThumbprint, ResponseType, ScopeSet};

use crate::authorize::acr::AcceptedAcr;
use crate::authorize::claims_parameter::ClaimsParameter;
use crate::authorize::error::Refusal;
use crate::authorize::expected::ExpectedPerson;
use crate::authorize::prompt::{Prompt, Prompts};
use crate::authorize::response::ResponseMode;
use crate::claims::PersonalScope;
use crate::id_token_hint;
use crate::issuer::Issuer;
use crate::keys::KeySet;
use crate::pkce::CodeChallenge;

/// Longest `nonce`, in bytes.
const NONCE_MAX: usize = 1_000;
/// The longest request, in bytes of what is read of it beside `state`, which may be as long as a
/// URL carries: anybody can have one stored.
const REQUEST_MAX: usize = 8_192;

const MANY_RESOURCES: &str = "Tokens for more than one resource are not served.";

/// The parameters that we read; each may come once at most (RFC 6749 §3.1).
const READ_ONCE: [&str; 19] = [
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "prompt",
    "max_age",
    "login_hint",
    "id_token_hint",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "resource",
    "request",
    "request_uri",
    "registration",
    "acr_values",
    "claims",
    "action",
];

/// What has to be stored of a request whose person is asked first: parameters that nobody reads
/// are left out.
pub(crate) fn read_parameters(pairs: &RawPairs) -> RawPairs {
    let is_read =
        |name: &str| READ_ONCE.contains(&name) || matches!(name, "client_id" | "redirect_uri");
    pairs
        .iter()
        .filter(|(name, _)| is_read(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// An authorization request in which nothing is left to check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AuthorizationRequest {
    /// What the answer carries.
    pub(crate) response_type: ResponseType,
    /// The scope values that the client may have.
    pub(crate) scope: ScopeSet,
    pub(crate) nonce: Option<String>,
    pub(crate) code_challenge: Option<CodeChallenge>,
    /// The key that the code is bound to.
    pub(crate) dpop_jkt: Option<KeyThumbprint>,
    /// What it asks of whoever signs in.
    pub(crate) requirements: Requirements,
    /// Whether a page may be shown.
    pub(crate) pages: PagesAllowed,
    /// What is to be told, and asked, by name.
    pub(crate) claims: ClaimsParameter,
    /// The authentication context classes that it is content with.
    pub(crate) acr: AcceptedAcr,
    /// Whom the client means.
    pub(crate) expected: ExpectedPerson,
    pub(crate) login_hint: Option<EmailAddress>,
}

/// Whether the person may be asked anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PagesAllowed {
    Yes,
    /// `prompt=none`.
    No,
}

impl AuthorizationRequest {
    /// Reads the request of a client that is known, for a redirect URI that is registered.
    pub(crate) fn parse(
        pairs: &RawPairs,
        client: &Client,
        keys: &KeySet,
        issuer: &Issuer,
    ) -> Result<Self, Refusal> {
        for name in READ_ONCE {
            pairs.one(name).map_err(|Repeated(name)| match name {
                // More than one is allowed, but not here (RFC 8707 §2).
                "resource" => Refusal::new("invalid_target", MANY_RESOURCES),
                _ => Refusal::invalid_request(format!("The parameter {name} is repeated.")),
            })?;
        }
        let read = pairs
            .iter()
            .filter(|(name, _)| READ_ONCE.contains(name) && *name != "state");
        if read.map(|(_, value)| value.len()).sum::<usize>() > REQUEST_MAX {
            return Err(Refusal::invalid_request(format!(
                "The parameters beside state are longer than {REQUEST_MAX} bytes in all."
            )));
        }
        let value = |name| pairs.first(name).filter(|value| !value.is_empty());
        refuse_what_is_not_served(&value)?;
        let response_type = response_type(value("response_type"), client)?;
        ResponseMode::of(pairs).map_err(|(_, refusal)| refusal)?;
        let scope = scope(value("scope"), client, response_type)?;
        let prompts = Prompts::parse(value("prompt"))?;
        let claims = ClaimsParameter::parse(value("claims"))?;
        let acr = AcceptedAcr::parse(value("acr_values"), &claims, client)?;
        let task = task(value("action"), client)?;
        let shared = scope.union(&claims.scope(&client.settings.scope));
        resource(value("resource"), client)?;
        Ok(Self {
            nonce: nonce(value("nonce"), response_type)?,
            code_challenge: code_challenge(&value, client, response_type)?,
            dpop_jkt: dpop_jkt(value("dpop_jkt"))?,
            requirements: Requirements {
                fresh_sign_in: prompts.contains(Prompt::Login),
                max_age: max_age(value("max_age"))?.or(client.settings.default_max_age),
                choose_account: prompts.contains(Prompt::SelectAccount),
                second_factor: match &task {
                    Some(_) => SecondFactorRule::Anew,
                    None => acr.rule(),
                },
                task,
                details: DetailsRule::of(&client.settings, &shared),
                consent: consent(client, &prompts, shared),
            },
            pages: if prompts.contains(Prompt::None) {
                PagesAllowed::No
            } else {
                PagesAllowed::Yes
            },
            expected: ExpectedPerson::of(
                hinted(value("id_token_hint"), client, keys, issuer)?,
                &claims,
            ),
            claims,
            acr,
            login_hint: value("login_hint").and_then(|hint| EmailAddress::parse(hint).ok()),
            response_type,
            scope,
        })
    }
}

/// A request object is never silently ignored (OpenID Connect Core §3.1.2.6): whoever calls has
/// put what it says in its place.
fn refuse_what_is_not_served<'a>(
    value: &impl Fn(&'static str) -> Option<&'a str>,
) -> Result<(), Refusal> {
    for (parameter, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        if value(parameter).is_some() {
            let description = format!("The parameter {parameter} is not supported.");
            return Err(Refusal::new(error, description));
        }
    }
    Ok(())
}

/// `response_type` (RFC 6749 §3.1.1): one that the client registered.
fn response_type(value: Option<&str>, client: &Client) -> Result<ResponseType, Refusal> {
    let Some(value) = value else {
        return Err(Refusal::invalid_request(
            "The parameter response_type is missing.",
        ));
    };
    let response_type = ResponseType::parse(value).map_err(|_| {
        let known = ResponseType::ALL.map(ResponseType::as_str).join(", ");
        let description = format!("The response_type is none of those supported: {known}.");
        Refusal::new("unsupported_response_type", description)
    })?;
    if !client.may_ask_for(response_type) {
        let description = format!("This client may not use the response_type {response_type}.");
        return Err(Refusal::new("unauthorized_client", description));
    }
    Ok(response_type)
}

/// `scope` (OpenID Connect Core §3.1.2.1): values that we do not know or the client may not have
/// are left out, and so is `offline_access` where no code comes back (§11); `openid` has to be
/// there.
fn scope(
    value: Option<&str>,
    client: &Client,
    response_type: ResponseType,
) -> Result<ScopeSet, Refusal> {
    let invalid = |description: &str| Refusal::new("invalid_scope", description);
    let Some(value) = value else {
        return Err(invalid(
            "The parameter scope is missing; it must contain openid.",
        ));
    };
    let asked = ScopeSet::parse(value).map_err(|_| {
        invalid("The parameter scope must be words of printable ASCII parted by spaces.")
    })?;
    if !asked.contains("openid") {
        return Err(invalid("The parameter scope must contain openid."));
    }
    let granted = asked.intersection(&client.settings.scope);
    if !granted.contains("openid") {
        return Err(invalid("This client may not ask for openid."));
    }
    if response_type.has_code() {
        return Ok(granted);
    }
    let offline = PersonalScope::OfflineAccess.as_str();
    Ok(granted.iter().filter(|word| *word != offline).collect())
}

/// `nonce`: needed where an ID token comes from the authorization endpoint (OpenID Connect Core
/// §3.2.2.1, §3.3.2.11).
fn nonce(value: Option<&str>, response_type: ResponseType) -> Result<Option<String>, Refusal> {
    match value {
        None if response_type.has_id_token() => Err(Refusal::invalid_request(format!(
            "The parameter nonce is missing; the response_type {response_type} needs it."
        ))),
        Some(nonce) if nonce.len() > NONCE_MAX => Err(Refusal::invalid_request(format!(
            "The parameter nonce is longer than {NONCE_MAX} bytes."
        ))),
        nonce => Ok(nonce.map(str::to_owned)),
    }
}

/// `max_age` in seconds (OpenID Connect Core §3.1.2.1).
fn max_age(value: Option<&str>) -> Result<Option<u64>, Refusal> {
    let Some(value) = value else {
        return Ok(None);
    };
    let is_number = value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse() {
        Ok(seconds) if is_number => Ok(Some(seconds)),
        _ => Err(Refusal::invalid_request(
            "The parameter max_age must be a whole number of seconds.",
        )),
    }
}

/// PKCE (RFC 7636 §4.3, §4.4.1): S256 only; needed from public clients and those set so, for a
/// code.
fn code_challenge<'a>(
    value: &impl Fn(&'static str) -> Option<&'a str>,
    client: &Client,
    response_type: ResponseType,
) -> Result<Option<CodeChallenge>, Refusal> {
    match (value("code_challenge"), value("code_challenge_method")) {
        (Some(challenge), Some("S256")) => CodeChallenge::parse(challenge)
            .map(Some)
            .map_err(|invalid| Refusal::invalid_request(format!("The parameter {invalid}."))),
        (Some(_), _) => Err(Refusal::invalid_request(
            "The parameter code_challenge_method must be S256.",
        )),
        (None, Some(_)) => Err(Refusal::invalid_request(
            "There is a code_challenge_method, but no code_challenge.",
        )),
        (None, None) if client.must_use_pkce() && response_type.has_code() => {
            Err(Refusal::invalid_request(
                "This client must send a code_challenge with code_challenge_method S256.",
            ))
        }
        (None, None) => Ok(None),
    }
}

/// `dpop_jkt` (RFC 9449 §10): the key whose proof the code needs.
fn dpop_jkt(value: Option<&str>) -> Result<Option<KeyThumbprint>, Refusal> {
    let jkt = value.map(KeyThumbprint::parse).transpose();
    jkt.map_err(|_| {
        Refusal::invalid_request(
            "The parameter dpop_jkt must be the SHA-256 thumbprint of a key, in base64url.",
        )
    })
}

/// `resource` (RFC 8707 §2): the one that the client is registered for, or none.
fn resource(value: Option<&str>, client: &Client) -> Result<(), Refusal> {
    if value.is_some() && value != client.settings.resource.as_deref() {
        return Err(Refusal::new(
            "invalid_target",
            "This client may not ask for access to this resource.",
        ));
    }
    Ok(())
}

/// `id_token_hint`: an ID token of ours for this client, expired or not.
fn hinted(
    value: Option<&str>,
    client: &Client,
    keys: &KeySet,
    issuer: &Issuer,
) -> Result<Option<String>, Refusal> {
    let Some(value) = value else {
        return Ok(None);
    };
    match id_token_hint::verify(value, keys, issuer.as_str()) {
        Ok(hint) if hint.audience.iter().any(|name| name == client.id.as_str()) => {
            Ok(Some(hint.sub))
        }
        _ => Err(Refusal::invalid_request(
            "The parameter id_token_hint must be an ID token that this issuer gave to this client.",
        )),
    }
}

/// `action`: what somebody came to change of their second factor. Only the account area asks for
/// that.
fn task(value: Option<&str>, client: &Client) -> Result<Option<FactorTask>, Refusal> {
    let Some(value) = value else {
        return Ok(None);
    };
    if !client.id.is_account_area() {
        return Err(Refusal::invalid_request(
            "This client may not send the parameter action.",
        ));
    }
    let task = FactorTask::parse(value)
        .ok_or_else(|| Refusal::invalid_request("The parameter action names no action."))?;
    Ok(Some(task))
}

/// What is shared has to be agreed to, whether it was asked for by scope or by name.
fn consent(client: &Client, prompts: &Prompts, shared: ScopeSet) -> ConsentRule {
    match client.settings.consent {
        _ if prompts.contains(Prompt::Consent) => ConsentRule::EachTime(shared),
        ConsentPolicy::Ask => ConsentRule::Remembered(shared),
        ConsentPolicy::FirstParty => ConsentRule::NotAsked,
    }
}
