//! What the standard and we call things, and what they mean.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::claims::{Claim, PersonalScope};

/// A URL of ours.
#[derive(Serialize)]
pub(super) struct Endpoint {
    name: String,
    url: String,
    meaning: &'static str,
}

impl Endpoint {
    /// Every URL in the discovery document, in the order in which a sign-in meets them.
    pub(super) fn all(discovery: &Map<String, Value>) -> Vec<Self> {
        let is_url = |name: &str| name.ends_with("_endpoint") || name.ends_with("_uri");
        let is_iframe = |name: &str| name.ends_with("_iframe");
        let mut all: Vec<Self> = discovery
            .iter()
            .filter(|(name, _)| is_url(name) || is_iframe(name))
            .filter_map(|(name, url)| {
                Some(Self {
                    name: name.clone(),
                    url: url.as_str()?.to_owned(),
                    meaning: meaning_of_endpoint(name),
                })
            })
            .collect();
        all.sort_by_key(|endpoint| MEANINGS.iter().position(|(name, _)| *name == endpoint.name));
        all
    }
}

/// What the endpoints are for, in the order in which they are listed.
const MEANINGS: [(&str, &str); 12] = [
    (
        "authorization_endpoint",
        "Where you send the person’s browser to sign in.",
    ),
    (
        "token_endpoint",
        "Where your server exchanges a code or a refresh token for tokens.",
    ),
    (
        "userinfo_endpoint",
        "Where you ask for the person’s information with an access token.",
    ),
    (
        "jwks_uri",
        "The public keys that our tokens are signed with. Read it again when you meet a key that you do not know.",
    ),
    (
        "end_session_endpoint",
        "Where you send the person’s browser to sign out.",
    ),
    (
        "revocation_endpoint",
        "Where you give up a token that you no longer need.",
    ),
    (
        "introspection_endpoint",
        "Where you, or a resource server, ask whether a token is good.",
    ),
    (
        "pushed_authorization_request_endpoint",
        "Where your server leaves an authorization request before the browser comes.",
    ),
    ("registration_endpoint", "Where a service registers itself."),
    (
        "check_session_iframe",
        "What a page of yours loads in a frame to learn that the person’s session changed.",
    ),
    ("op_policy_uri", "What we do with what people tell us."),
    (
        "device_authorization_endpoint",
        "Where a device without a browser begins.",
    ),
];

fn meaning_of_endpoint(name: &str) -> &'static str {
    let known = MEANINGS.iter().find(|(known, _)| *known == name);
    known.map_or("", |(_, meaning)| meaning)
}

/// A scope value and what it releases.
#[derive(Serialize)]
pub(super) struct Scope {
    name: &'static str,
    meaning: &'static str,
    claims: Vec<ClaimRow>,
}

/// A claim, its JSON type and its meaning.
#[derive(Serialize)]
pub(super) struct ClaimRow {
    name: &'static str,
    json_type: &'static str,
    meaning: &'static str,
}

impl Scope {
    pub(super) fn all() -> Vec<Self> {
        let scope = |scope: PersonalScope| Self {
            name: scope.as_str(),
            meaning: meaning_of_scope(scope),
            claims: scope.claims().map(ClaimRow::new).collect(),
        };
        PersonalScope::ALL.into_iter().map(scope).collect()
    }
}

impl ClaimRow {
    fn new(claim: Claim) -> Self {
        let (json_type, meaning) = meaning_of_claim(claim);
        Self {
            name: claim.as_str(),
            json_type,
            meaning,
        }
    }
}

const fn meaning_of_scope(scope: PersonalScope) -> &'static str {
    match scope {
        PersonalScope::OpenId => {
            "Who it is and how they signed in. Every request needs it. The ID token has these claims."
        }
        PersonalScope::Profile => "Who they say they are. Told by userinfo.",
        PersonalScope::Email => "Their email address. Told by userinfo.",
        PersonalScope::Trn => {
            "Their teacher reference number, or how looking for it ended. Told by userinfo."
        }
        PersonalScope::NationalInsurance => {
            "Their National Insurance number, for services that may have it. Told by userinfo."
        }
        PersonalScope::OfflineAccess => {
            "A refresh token that goes on when the person has signed out. It releases no claim."
        }
    }
}

const fn meaning_of_claim(claim: Claim) -> (&'static str, &'static str) {
    match claim {
        Claim::Sub => (
            "string",
            "The person. It never changes and is never given to somebody else. Keep this, and not the email address, to recognise them.",
        ),
        Claim::Sid => ("string", "The session that they signed in with."),
        Claim::AuthTime => (
            "number",
            "When they proved who they are, in seconds since 1970.",
        ),
        Claim::Acr => (
            "string",
            "How strongly: Cl with one factor, Cl.Cm with two.",
        ),
        Claim::Amr => (
            "array of strings",
            "With what, for example email, otp and mfa.",
        ),
        Claim::Name => ("string", "Their full name."),
        Claim::GivenName => ("string", "Their first name. Some people have none."),
        Claim::MiddleName => ("string", "Their middle names."),
        Claim::FamilyName => ("string", "Their last name."),
        Claim::PreferredName => ("string", "What they like to be called."),
        Claim::Birthdate => ("string", "Their date of birth, as 1987-06-05."),
        Claim::UpdatedAt => (
            "number",
            "When any of this last changed, in seconds since 1970.",
        ),
        Claim::PreviousUserId => (
            "array of strings",
            "The sub of every other account that was joined with this one: move what you keep of them.",
        ),
        Claim::Email => (
            "string",
            "Their email address, as they typed it. It can change.",
        ),
        Claim::EmailVerified => ("boolean", "Whether they proved it with a code sent there."),
        Claim::Trn => (
            "string",
            "Their teacher reference number: 7 digits. Only when it was found, and surely enough for your service.",
        ),
        Claim::TrnLookupStatus => (
            "string",
            "Found, Pending while we still look, None when there is no record that matches, Failed when staff decided so. Always there.",
        ),
        Claim::TrnVerificationLevel => ("string", "How sure the match is: Low or Medium."),
        Claim::NiNumber => ("string", "Their National Insurance number."),
    }
}

/// A member of the discovery document that says what is supported.
#[derive(Serialize)]
pub(super) struct Supported {
    name: String,
    values: Vec<String>,
}

impl Supported {
    /// What the endpoints do not say: lists and yes-or-no.
    pub(super) fn all(discovery: &Map<String, Value>) -> Vec<Self> {
        discovery
            .iter()
            .filter(|(name, _)| *name != "scopes_supported")
            .filter_map(|(name, value)| {
                let values = match value {
                    Value::Array(values) => values
                        .iter()
                        .filter_map(Value::as_str)
                        .map(str::to_owned)
                        .collect(),
                    Value::Bool(is_so) => vec![if *is_so { "yes" } else { "no" }.to_owned()],
                    _ => return None,
                };
                Some(Self {
                    name: name.clone(),
                    values,
                })
            })
            .collect()
    }
}

/// An error code and what to do about it.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Error {
    name: &'static str,
    meaning: &'static str,
}

const fn error(name: &'static str, meaning: &'static str) -> Error {
    Error { name, meaning }
}

/// The codes that services meet.
pub(super) const ERRORS: [Error; 13] = [
    error(
        "access_denied",
        "The person cancelled, did not want to share, or has no TRN that your service requires. Offer them to try again.",
    ),
    error(
        "login_required",
        "You sent prompt=none and nobody is signed in, or not recently enough. Ask again without it.",
    ),
    error(
        "consent_required",
        "You sent prompt=none and the person has not agreed to share, or has stopped. Ask again without it.",
    ),
    error(
        "interaction_required",
        "You sent prompt=none and there is something to ask. Ask again without it.",
    ),
    error(
        "invalid_request",
        "A parameter is missing, repeated or not as the standard says. The description names it.",
    ),
    error(
        "invalid_scope",
        "The scope has no openid, or none that your client may ask for.",
    ),
    error(
        "invalid_request_uri",
        "The request that you left here is not known, has expired or was used: leave it again. Or the request object at your request_uri cannot be used.",
    ),
    error(
        "unauthorized_client",
        "Your client is not registered for this response type or grant, or is switched off.",
    ),
    error(
        "invalid_client",
        "The client secret or assertion is wrong, or sent in another way than you registered.",
    ),
    error(
        "invalid_grant",
        "The code or refresh token has expired, was used before, was revoked, or the code verifier does not match. Sign the person in again.",
    ),
    error(
        "invalid_dpop_proof",
        "The DPoP proof is missing, was used before, or is not for this request. Make a new one with a fresh jti, and check your clock.",
    ),
    error(
        "invalid_token",
        "The access token has expired or was revoked. Refresh it, or sign the person in again.",
    ),
    error("temporarily_unavailable", "Try again in a few seconds."),
];

/// A library that our own tests sign in with.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Library {
    name: &'static str,
    language: &'static str,
    url: &'static str,
}

/// What `make test` signs in with, all the way.
pub(super) const LIBRARIES: [Library; 5] = [
    Library {
        name: "openid-client",
        language: "JavaScript",
        url: "https://github.com/panva/openid-client",
    },
    Library {
        name: "oauth4webapi",
        language: "JavaScript",
        url: "https://github.com/panva/oauth4webapi",
    },
    Library {
        name: "Authlib",
        language: "Python",
        url: "https://authlib.org",
    },
    Library {
        name: "mod_auth_openidc",
        language: "Apache HTTP Server",
        url: "https://github.com/OpenIDC/mod_auth_openidc",
    },
    Library {
        name: "openidconnect",
        language: "Rust",
        url: "https://docs.rs/openidconnect",
    },
];
