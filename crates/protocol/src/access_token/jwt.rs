//! The JWT profile of access tokens (RFC 9068).

use std::borrow::Cow;

use model::browser_session::{Acr, Amr};
use model::{ClientId, KeyThumbprint, ScopeSet, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Access, Confirmation};
use crate::jws::TokenType;
use crate::jws::claims::{Audience, NumericDate};
use crate::keys::{KeySet, SignError};
use crate::provider::Provider;

/// What parts the grant's id from the random part of a `jti`. Neither has one.
const JTI_JOINT: char = '.';

/// The claims of RFC 9068 §2.2.
#[derive(Serialize)]
struct NewClaims<'a> {
    iss: &'a str,
    sub: Cow<'a, str>,
    aud: NewAudience<'a>,
    client_id: &'a str,
    exp: i64,
    iat: i64,
    jti: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<Acr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<&'a [Amr]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum NewAudience<'a> {
    Resource(&'a str),
    ResourceAndIssuer([&'a str; 2]),
}

/// Signs the access token of a client that registered a resource. With `openid` it is for our own
/// userinfo endpoint too, and says so.
pub(super) fn sign(
    provider: &Provider,
    access: Access<'_>,
    random: &str,
) -> Result<String, SignError> {
    let settings = &access.client.settings;
    let resource = settings.resource.as_deref().unwrap_or_default();
    let authentication = access.grant.map(|grant| &grant.authentication);
    let claims = NewClaims {
        iss: provider.issuer.as_str(),
        sub: authentication.map_or(Cow::Borrowed(access.client.id.as_str()), |it| {
            provider.subjects.of(access.client, &it.user_id)
        }),
        aud: if access.scope.contains("openid") {
            NewAudience::ResourceAndIssuer([resource, provider.issuer.as_str()])
        } else {
            NewAudience::Resource(resource)
        },
        client_id: access.client.id.as_str(),
        exp: access.expires_at.seconds(),
        iat: access.issued_at.seconds(),
        jti: match access.grant {
            Some(grant) => Cow::Owned(format!("{}{JTI_JOINT}{random}", grant.id)),
            None => Cow::Borrowed(random),
        },
        scope: (!access.scope.is_empty()).then(|| access.scope.to_string()),
        auth_time: authentication.map(|it| it.auth_time.seconds()),
        acr: authentication.map(|it| it.acr),
        amr: authentication.map(|it| it.amr.as_slice()),
        cnf: Confirmation::of(access.jkt),
    };
    let algorithm = settings.id_token_signed_response_alg;
    provider
        .keys
        .current()
        .sign(algorithm, TokenType::AccessToken, &claims)
}

/// A JWT access token of ours that has not expired. It may have been revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JwtAccessToken {
    /// Whose it is.
    pub(crate) client_id: ClientId,
    /// The person, or the client itself.
    pub(crate) sub: String,
    /// What it is for.
    pub(crate) audience: Vec<String>,
    pub(crate) scope: ScopeSet,
    pub(crate) jti: String,
    /// The key that it is bound to, if any.
    pub(crate) jkt: Option<KeyThumbprint>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

#[derive(Deserialize)]
struct ReadClaims {
    iss: String,
    sub: String,
    aud: Audience,
    client_id: ClientId,
    exp: NumericDate,
    iat: NumericDate,
    jti: String,
    #[serde(default)]
    scope: ScopeSet,
    cnf: Option<Confirmation>,
}

impl JwtAccessToken {
    /// Reads a token that one of our keys signed for `issuer` and that has not expired.
    pub(crate) fn verify(token: &str, keys: &KeySet, issuer: &str, now: Timestamp) -> Option<Self> {
        let claims: ReadClaims = keys.verify(token, TokenType::AccessToken).ok()?;
        let is_live = claims.iss == issuer && now < claims.exp.0;
        is_live.then(|| Self {
            client_id: claims.client_id,
            sub: claims.sub,
            audience: claims.aud.members().to_vec(),
            scope: claims.scope,
            jti: claims.jti,
            jkt: claims.cnf.map(|cnf| cnf.jkt),
            issued_at: claims.iat.0,
            expires_at: claims.exp.0,
        })
    }

    /// The grant that it comes from; `None` for `client_credentials`.
    pub(crate) fn grant_id(&self) -> Option<&str> {
        self.jti.split_once(JTI_JOINT).map(|(grant_id, _)| grant_id)
    }
}
