//! `/introspect`: what a token is good for, told to its client or its resource server (RFC 7662).

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use model::browser_session::Acr;
use model::secret::SecretKind;
use model::{Client, Secret, SecretDigest};
use serde::Serialize;
use storage::{StorageError, refresh_tokens};

use crate::access_token::{Confirmation, LiveToken, find_live, token_type};
use crate::answer::unkept_json;
use crate::form::Form;
use crate::oauth_error::{Failure, OAuthError};
use crate::provider::Provider;
use crate::token::client_authentication::{Credentials, authenticate, refuse};

/// An introspection request (RFC 7662 §2.1). `token_type_hint` is not needed: a token shows what
/// it is.
struct IntrospectionRequest {
    credentials: Credentials,
    token: Secret<String>,
}

impl IntrospectionRequest {
    fn parse(http: &HttpRequest, body: &[u8]) -> Result<Self, OAuthError> {
        let form = Form::read(http, body)?;
        form.optional("token_type_hint")?;
        Ok(Self {
            credentials: Credentials::parse(http, &form)?,
            token: Secret::new(form.required("token")?.to_owned()),
        })
    }
}

/// The answer (RFC 7662 §2.2). About a token that the caller may not see it says no more than
/// `{"active":false}`.
#[derive(Default, Serialize)]
struct Introspection<'a> {
    active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    aud: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    /// How strongly the person authenticated (RFC 9470 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<Acr>,
    /// And when, in seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    /// The key that the token is bound to (RFC 9449 §6.2).
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
}

/// `POST /introspect`.
pub async fn introspect(provider: Data<Provider>, http: HttpRequest, body: Bytes) -> HttpResponse {
    let answered = match IntrospectionRequest::parse(&http, &body) {
        Ok(request) => answer(&provider, request).await,
        Err(refusal) => Err(refusal.into()),
    };
    match answered {
        Ok(response) => response,
        Err(Failure::Refused(refusal)) => {
            refuse(&provider, "/introspect", (&http, &*body), &refusal).await
        }
        Err(failure) => failure.respond(&provider),
    }
}

async fn answer(
    provider: &Provider,
    request: IntrospectionRequest,
) -> Result<HttpResponse, Failure> {
    let authenticated = authenticate(provider, request.credentials).await?;
    if authenticated.client.is_public() {
        return Err(OAuthError::PublicClient.into());
    }
    let caller = authenticated.used_up_alone(provider).await?;
    let token = request.token.reveal();
    if let Some(digest) = SecretKind::RefreshToken.digest(token) {
        return Ok(of_refresh_token(provider, &caller, digest).await?);
    }
    let found = find_live(provider, token).await?;
    Ok(match found.filter(|token| may_see(&caller, token)) {
        Some(token) => of_access_token(provider, &token),
        None => inactive(),
    })
}

/// A client sees its own tokens; a resource server also those that are for its resource.
fn may_see(caller: &Client, token: &LiveToken) -> bool {
    let serves = &caller.settings.serves_resources;
    caller.id == token.client.id || token.audience.iter().any(|it| serves.contains(it))
}

fn inactive() -> HttpResponse {
    unkept_json(StatusCode::OK, &Introspection::default())
}

fn of_access_token(provider: &Provider, token: &LiveToken) -> HttpResponse {
    let client_id = token.client.id.as_str();
    let sign_in = token
        .person
        .as_ref()
        .map(|person| &person.subject.authentication);
    let answer = Introspection {
        active: true,
        scope: (!token.scope.is_empty()).then(|| token.scope.to_string()),
        client_id: Some(client_id),
        token_type: Some(token_type(token.jkt.as_ref())),
        exp: Some(token.expires_at.seconds()),
        iat: Some(token.issued_at.seconds()),
        sub: Some(sign_in.map_or(Cow::Borrowed(client_id), |it| {
            provider.subjects.of(&token.client, &it.user_id)
        })),
        aud: &token.audience,
        iss: Some(provider.issuer.as_str()),
        jti: token.jti.as_deref(),
        acr: sign_in.map(|it| it.acr),
        auth_time: sign_in.map(|it| it.auth_time.seconds()),
        cnf: Confirmation::of(token.jkt.as_ref()),
    };
    unkept_json(StatusCode::OK, &answer)
}

async fn of_refresh_token(
    provider: &Provider,
    caller: &Client,
    digest: SecretDigest,
) -> Result<HttpResponse, StorageError> {
    let client_id = caller.id.clone();
    let read = provider
        .store
        .read(move |tx| refresh_tokens::find(tx, &digest, &client_id));
    let Some(token) = read.await? else {
        return Ok(inactive());
    };
    let answer = Introspection {
        active: true,
        scope: Some(token.grant.scope.to_string()),
        client_id: Some(caller.id.as_str()),
        exp: Some(token.expires_at.seconds()),
        iat: Some(token.issued_at.seconds()),
        sub: Some(
            provider
                .subjects
                .of(caller, &token.grant.authentication.user_id),
        ),
        iss: Some(provider.issuer.as_str()),
        ..Introspection::default()
    };
    Ok(unkept_json(StatusCode::OK, &answer))
}

#[cfg(test)]
mod tests;
