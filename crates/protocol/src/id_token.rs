//! ID tokens (OpenID Connect Core §2).

use model::authorization_code::Grant;
use model::browser_session::{Acr, Amr};
use model::{Client, ScopeSet, Timestamp};
use serde::Serialize;
use storage::StorageError;

use crate::claims::{Release, Subject, ToldClaims};
use crate::jws::{TokenType, token_hash};
use crate::keys::SignError;
use crate::person::Person;
use crate::provider::Provider;

/// The claims of an ID token. There is no `azp`: it is needed only beside more than one audience.
#[derive(Serialize)]
struct IdTokenClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    iat: i64,
    auth_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    acr: Acr,
    amr: &'a [Amr],
    sid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    c_hash: Option<String>,
    #[serde(flatten)]
    told: ToldClaims,
}

/// The names of the claims that ID tokens have beyond those that a scope releases.
pub(crate) const PROTOCOL_CLAIMS: [&str; 7] =
    ["iss", "aud", "exp", "iat", "nonce", "at_hash", "c_hash"];

/// What an ID token speaks of.
pub(crate) struct IdToken<'a> {
    /// Whom it is for.
    pub(crate) client: &'a Client,
    /// Who signed in, and how.
    pub(crate) grant: &'a Grant,
    /// The nonce of the authorization request; none in a refresh.
    pub(crate) nonce: Option<&'a str>,
    /// The access token that it is issued with (§3.1.3.6, §3.2.2.9).
    pub(crate) access_token: Option<&'a str>,
    /// The code that it is issued with, by the authorization endpoint (§3.3.2.11).
    pub(crate) code: Option<&'a str>,
    /// What it says of the person beside that.
    pub(crate) told: ToldClaims,
    /// When it is issued.
    pub(crate) issued_at: Timestamp,
}

/// What an ID token of a grant tells of its person: what was asked for by name, and the claims of
/// these scope values.
pub(crate) async fn told_of(
    provider: &Provider,
    client: &Client,
    grant: &Grant,
    scope: &ScopeSet,
) -> Result<ToldClaims, StorageError> {
    let release = Release {
        client,
        scope,
        named: &grant.claims.id_token,
    };
    if release.named.is_empty() && scope.is_empty() {
        return Ok(ToldClaims::default());
    }
    let user_id = &grant.authentication.user_id;
    let Some(person) = Person::find(provider, user_id, release).await? else {
        return Ok(ToldClaims::default());
    };
    let subject = Subject {
        person: &person,
        authentication: &grant.authentication,
        sid: &grant.sid,
        subjects: &provider.subjects,
    };
    let keyring = &provider.keyring;
    Ok(ToldClaims::in_id_token(&subject, release, keyring))
}

impl IdToken<'_> {
    /// Signs it in the algorithm that the client registered.
    pub(crate) fn sign(self, provider: &Provider) -> Result<String, SignError> {
        let algorithm = self.client.settings.id_token_signed_response_alg;
        let authentication = &self.grant.authentication;
        let claims = IdTokenClaims {
            iss: provider.issuer.as_str(),
            sub: &provider.subjects.of(self.client, &authentication.user_id),
            aud: self.client.id.as_str(),
            exp: self.issued_at.plus(provider.lifetimes.id_token).seconds(),
            iat: self.issued_at.seconds(),
            auth_time: authentication.auth_time.seconds(),
            nonce: self.nonce,
            acr: authentication.acr,
            amr: &authentication.amr,
            sid: &self.grant.sid,
            at_hash: self.access_token.map(|token| token_hash(algorithm, token)),
            c_hash: self.code.map(|code| token_hash(algorithm, code)),
            told: self.told,
        };
        provider
            .keys
            .current()
            .sign(algorithm, TokenType::Jwt, &claims)
    }
}
