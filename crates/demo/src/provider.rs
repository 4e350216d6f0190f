//! The conversation with the provider, server to server.
//!
//! The `openidconnect` crate speaks it; this file hands it an HTTP client and the endpoints that
//! the discovery document names. What an ID token must hold stands in [`id_token`].

use std::error::Error;
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreResponseType, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
};
use openidconnect::{
    AuthenticationContextClass, AuthenticationFlow, AuthorizationCode, ClientId, ClientSecret,
    CsrfToken, EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpClientError,
    HttpRequest, HttpResponse, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl,
    StandardErrorResponse, TokenResponse, UserInfoClaims,
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::id_token::{self, Asked, IdToken, OtherClaims, Tokens};
use crate::policy::Policy;
use crate::sessions::{Pending, SignedIn};
use crate::settings::Settings;
use crate::sign_in::Wishes;

type Client = openidconnect::Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why a conversation with the provider did not end well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// The discovery document or the keys could not be had, or do not fit the issuer.
    #[error("the provider's discovery document could not be used")]
    Discovery(#[source] Box<dyn Error + Send + Sync>),
    /// The token endpoint refused the code, or its answer cannot be trusted.
    #[error("the provider did not give tokens for the code")]
    Tokens(#[source] Box<dyn Error + Send + Sync>),
    /// The ID token is not good: signature, issuer, audience, nonce, times or `at_hash`.
    #[error("the ID token was refused")]
    IdToken(#[source] id_token::Refusal),
    /// The userinfo endpoint did not answer with this person's claims.
    #[error("the provider did not give user information")]
    Userinfo(#[source] Box<dyn Error + Send + Sync>),
}

/// This service, as it presents itself to the provider.
pub(crate) struct RelyingService {
    pub(crate) settings: Settings,
    issuer: IssuerUrl,
    secret: Option<ClientSecret>,
    http: reqwest::Client,
}

impl RelyingService {
    /// Reads the secret and makes the HTTP client, which follows no redirect: a redirect could
    /// lead it to an address inside our own network.
    ///
    /// # Errors
    ///
    /// The issuer is no URL, or the secret file cannot be read.
    pub(crate) fn new(settings: Settings) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            issuer: IssuerUrl::new(settings.issuer.clone())?,
            secret: settings.secret()?.map(ClientSecret::new),
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .timeout(Duration::from_secs(10))
                .build()?,
            settings,
        })
    }

    /// The origin of the provider, for `Content-Security-Policy`.
    pub(crate) fn provider_origin(&self) -> String {
        self.issuer.url().origin().ascii_serialization()
    }

    /// Asks for the discovery document until the provider answers or patience ends.
    ///
    /// # Errors
    ///
    /// [`Fault::Discovery`] of the last try.
    pub(crate) async fn wait_for_provider(&self) -> Result<(), Fault> {
        let mut tries_left = self.settings.patience.saturating_mul(4);
        loop {
            match self.discover(Policy::default()).await {
                Ok(_) => return Ok(()),
                Err(fault) if tries_left == 0 => return Err(fault),
                Err(_) => tries_left -= 1,
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// Reads the discovery document and the keys as the client of a policy, anew each time, so that
    /// a rotated key or a restarted provider is never met with old knowledge.
    ///
    /// # Errors
    ///
    /// [`Fault::Discovery`].
    pub(crate) async fn discover(&self, policy: Policy) -> Result<Provider<'_>, Fault> {
        let metadata =
            ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.http())
                .await
                .map_err(|fault| Fault::Discovery(Box::new(fault)))?;
        let redirect_uri = RedirectUrl::new(self.settings.redirect_uri())
            .map_err(|fault| Fault::Discovery(Box::new(fault)))?;
        let end_session = metadata.additional_metadata().end_session_endpoint.clone();
        let client_id = ClientId::new(policy.client_id(&self.settings.client_id));
        let client = Client::from_provider_metadata(metadata, client_id, self.secret.clone())
            .set_redirect_uri(redirect_uri);
        Ok(Provider {
            service: self,
            client,
            end_session,
        })
    }

    /// The keys that the provider signs with.
    ///
    /// # Errors
    ///
    /// [`Fault::Discovery`].
    pub(crate) async fn keys(&self) -> Result<Vec<CoreJsonWebKey>, Fault> {
        let metadata =
            ProviderMetadataWithLogout::discover_async(self.issuer.clone(), &self.http())
                .await
                .map_err(|fault| Fault::Discovery(Box::new(fault)))?;
        Ok(metadata.jwks().keys().clone())
    }

    fn http(&self) -> impl Fn(HttpRequest) -> HttpAnswer + 'static {
        let http = self.http.clone();
        move |request| Box::pin(send(http.clone(), request))
    }
}

type HttpAnswer =
    std::pin::Pin<Box<dyn Future<Output = Result<HttpResponse, HttpClientError<reqwest::Error>>>>>;

async fn send(
    http: reqwest::Client,
    request: HttpRequest,
) -> Result<HttpResponse, HttpClientError<reqwest::Error>> {
    let request = request.try_into().map_err(Box::new)?;
    let answer = http.execute(request).await.map_err(Box::new)?;

    let status = answer.status();
    let headers = answer.headers().clone();
    let body = answer.bytes().await.map_err(Box::new)?.to_vec();
    let mut response = HttpResponse::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// The provider as its discovery document describes it now.
pub(crate) struct Provider<'a> {
    service: &'a RelyingService,
    client: Client,
    end_session: Option<EndSessionUrl>,
}

impl Provider<'_> {
    /// The URL that asks the provider to sign the person in, and what to remember until they are
    /// back.
    pub(crate) fn authorization(&self, wishes: &Wishes) -> (String, Pending) {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut request = self
            .client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(wishes.scopes.iter().cloned())
            .set_pkce_challenge(challenge);
        if let Some(prompt) = &wishes.prompt {
            request = request.add_prompt(prompt.clone());
        }
        if let Some(seconds) = wishes.max_age {
            request = request.set_max_age(Duration::from_secs(seconds));
        }
        if let Some(acr) = wishes.policy.preferred_acr() {
            request = request.add_auth_context_value(AuthenticationContextClass::new(acr.into()));
        }
        let (url, state, nonce) = request.url();
        (
            url.into(),
            Pending {
                policy: wishes.policy,
                state,
                nonce,
                verifier,
                max_age: wishes.max_age,
            },
        )
    }

    /// Redeems the code, checks the ID token and asks for the user's claims.
    ///
    /// # Errors
    ///
    /// Each [`Fault`] but `Discovery`.
    pub(crate) async fn redeem(&self, code: String, pending: Pending) -> Result<SignedIn, Fault> {
        let asked = Asked {
            nonce: pending.nonce,
            max_age: pending.max_age,
            acr: pending.policy.required_acr(),
        };
        let http = self.service.http();
        let tokens = self
            .client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|fault| Fault::Tokens(Box::new(fault)))?
            .set_pkce_verifier(pending.verifier)
            .request_async(&http)
            .await
            .map_err(|fault| Fault::Tokens(Box::new(fault)))?;

        let id_token = tokens
            .id_token()
            .ok_or(Fault::IdToken(id_token::Refusal::Missing))?;
        let verifier = self.client.id_token_verifier();
        let claims = id_token::checked_claims(id_token, &verifier, &tokens, &asked)
            .map_err(Fault::IdToken)?;

        let userinfo: UserInfoClaims<OtherClaims, CoreGenderClaim> = self
            .client
            .user_info(
                tokens.access_token().clone(),
                Some(claims.subject().clone()),
            )
            .map_err(|fault| Fault::Userinfo(Box::new(fault)))?
            .request_async(&http)
            .await
            .map_err(|fault| Fault::Userinfo(Box::new(fault)))?;

        Ok(SignedIn {
            policy: pending.policy,
            id_token_claims: as_map(claims),
            userinfo: as_map(&userinfo),
            scope: tokens.scopes().map(|scopes| {
                scopes
                    .iter()
                    .map(|scope| scope.as_str())
                    .collect::<Vec<_>>()
                    .join(" ")
            }),
            has_refresh_token: tokens.refresh_token().is_some(),
            id_token: id_token.clone(),
        })
    }

    /// The URL that signs the person out at the provider too, when it offers that.
    pub(crate) fn end_session_url(&self, id_token: &IdToken, state: CsrfToken) -> Option<String> {
        let back = PostLogoutRedirectUrl::new(self.service.settings.post_logout_redirect_uri());
        let request = LogoutRequest::from(self.end_session.clone()?)
            .set_id_token_hint(id_token)
            .set_client_id(self.client.client_id().clone())
            .set_post_logout_redirect_uri(back.ok()?)
            .set_state(state);
        Some(request.http_get_url().into())
    }
}

fn as_map(claims: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(claims) {
        Ok(Value::Object(map)) => map,
        _ => Map::new(),
    }
}

/// An error and what lies under it, in one line.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_name_every_layer() {
        let inner = std::io::Error::other("connection refused");
        let fault = Fault::Discovery(Box::new(inner));

        assert_eq!(
            causes(&fault),
            "the provider's discovery document could not be used: connection refused"
        );
    }
}
