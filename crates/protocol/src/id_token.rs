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
    at_hash: String,
    #[serde(flatten)]
    told: ToldClaims,
}

/// The names of the claims that ID tokens have beyond those that a scope releases.
pub(crate) const PROTOCOL_CLAIMS: [&str; 6] = ["iss", "aud", "exp", "iat", "nonce", "at_hash"];

/// What an ID token speaks of.
pub(crate) struct IdToken<'a> {
    /// Whom it is for.
    pub(crate) client: &'a Client,
    /// Who signed in, and how.
    pub(crate) grant: &'a Grant,
    /// The nonce of the authorization request; none in a refresh.
    pub(crate) nonce: Option<&'a str>,
    /// The access token that it is issued with.
    pub(crate) access_token: &'a str,
    /// What it says of the person beside that.
    pub(crate) told: ToldClaims,
    /// When it is issued.
    pub(crate) issued_at: Timestamp,
}

/// What the ID tokens of a grant tell of its person: what was asked for by name.
pub(crate) async fn told_of(
    provider: &Provider,
    client: &Client,
    grant: &Grant,
) -> Result<ToldClaims, StorageError> {
    let release = Release {
        client,
        scope: &ScopeSet::default(),
        named: &grant.claims.id_token,
    };
    if release.named.is_empty() {
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
            at_hash: token_hash(algorithm, self.access_token),
            told: self.told,
        };
        provider
            .keys
            .current()
            .sign(algorithm, TokenType::Jwt, &claims)
    }
}
