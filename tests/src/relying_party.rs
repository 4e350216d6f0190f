//! A relying service built on the `openidconnect` crate, by discovery alone.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use model::Clock;
use model::client::AuthMethod;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreGenderClaim, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, AuthType, AuthorizationCode, ClientId,
    ClientSecret, CsrfToken, EmptyAdditionalClaims, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    HttpRequest, HttpResponse, IssuerUrl, LogoutRequest, Nonce, NonceVerifier, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout,
    RedirectUrl, RefreshToken, Scope, SubjectIdentifier, TokenResponse, UserInfoClaims,
};
use serde_json::Value;
use server::config::clients::ClientEntry;
use url::Url;

use crate::{ISSUER, Landing, Wire};

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// A relying service.
pub struct RelyingParty {
    /// Its id, secret and settings.
    pub entry: ClientEntry,
    wire: Wire,
    clock: Arc<dyn Clock>,
    client: Client,
    redirect_uri: String,
    scope: String,
    pending: Mutex<HashMap<String, Pending>>,
}

/// What a service remembers between request and answer.
struct Pending {
    nonce: Nonce,
    verifier: Option<PkceCodeVerifier>,
}

/// What a service got, verified.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The access token.
    pub access: String,
    /// The refresh token, if one was given.
    pub refresh: Option<String>,
    /// The ID token as it came.
    pub id_token: String,
    /// The claims of the ID token.
    pub claims: Value,
    /// The header of the ID token.
    pub header: Value,
    /// The scope that was granted.
    pub scope: String,
}

impl Tokens {
    /// Whom they are about.
    pub fn sub(&self) -> &str {
        self.claims["sub"].as_str().unwrap()
    }
}

impl RelyingParty {
    /// Reads the provider's discovery document and keys.
    pub async fn discover(wire: Wire, entry: &ClientEntry, clock: Arc<dyn Clock>) -> Self {
        let issuer = IssuerUrl::new(ISSUER.to_owned()).unwrap();
        let metadata = CoreProviderMetadata::discover_async(issuer, &http(&wire))
            .await
            .unwrap();
        let redirect_uri = entry.settings.redirect_uris[0].as_str().to_owned();
        let secret = entry
            .secret
            .as_ref()
            .map(|secret| ClientSecret::new(secret.reveal().clone()));
        let auth_type = match entry.settings.token_endpoint_auth_method {
            AuthMethod::ClientSecretBasic => AuthType::BasicAuth,
            _ => AuthType::RequestBody,
        };
        let id = ClientId::new(entry.id.to_string());
        let client = CoreClient::from_provider_metadata(metadata, id, secret)
            .set_auth_type(auth_type)
            .set_redirect_uri(RedirectUrl::new(redirect_uri.clone()).unwrap());
        Self {
            entry: entry.clone(),
            wire,
            clock,
            client,
            redirect_uri,
            scope: "openid email profile".to_owned(),
            pending: Mutex::default(),
        }
    }

    /// From now on it asks for that scope.
    pub fn asking_for(mut self, scope: &str) -> Self {
        scope.clone_into(&mut self.scope);
        self
    }

    /// From now on it is answered at that address.
    pub fn answered_at(mut self, redirect_uri: &str) -> Self {
        redirect_uri.clone_into(&mut self.redirect_uri);
        let url = RedirectUrl::new(redirect_uri.to_owned()).unwrap();
        self.client = self.client.set_redirect_uri(url);
        self
    }

    /// Where it sends the browser.
    pub fn authorization_url(&self) -> String {
        self.authorization_url_with(&[])
    }

    /// Where it sends the browser, with parameters beside the usual ones.
    pub fn authorization_url_with(&self, parameters: &[(&str, &str)]) -> String {
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let mut request = self
            .client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(
                self.scope
                    .split(' ')
                    .skip(1)
                    .map(|word| Scope::new(word.to_owned())),
            );
        let mut verifier = None;
        if self.entry.settings.require_pkce {
            let (challenge, made) = PkceCodeChallenge::new_random_sha256();
            request = request.set_pkce_challenge(challenge);
            verifier = Some(made);
        }
        for (name, value) in parameters {
            request = request.add_extra_param((*name).to_owned(), (*value).to_owned());
        }
        let (url, state, nonce) = request.url();
        let pending = Pending { nonce, verifier };
        self.pending
            .lock()
            .unwrap()
            .insert(state.into_secret(), pending);
        url.into()
    }

    /// Redeems a code and verifies everything that comes for it.
    pub async fn redeem(&self, landing: Landing) -> Tokens {
        assert_eq!(landing.uri, self.redirect_uri, "{landing:?}");
        assert_eq!(landing.parameter("iss"), ISSUER, "{landing:?}");
        let pending = self
            .pending
            .lock()
            .unwrap()
            .remove(landing.parameter("state"));
        let pending = pending.expect("the state is one of this service");
        let code = AuthorizationCode::new(landing.parameter("code").to_owned());
        let mut request = self.client.exchange_code(code).unwrap();
        if let Some(verifier) = pending.verifier {
            request = request.set_pkce_verifier(verifier);
        }
        let response = request.request_async(&http(&self.wire)).await.unwrap();
        self.verified(&response, &pending.nonce)
    }

    /// Gets new tokens for a refresh token.
    pub async fn refresh(&self, refresh: &str) -> Tokens {
        let refresh = RefreshToken::new(refresh.to_owned());
        let request = self.client.exchange_refresh_token(&refresh).unwrap();
        let response = request.request_async(&http(&self.wire)).await.unwrap();
        // The ID token of a refresh has no nonce (OpenID Connect Core §12.2).
        self.verified(&response, |_: Option<&Nonce>| Ok(()))
    }

    /// Asks who the person is; the crate checks that it is the person of the ID token.
    pub async fn userinfo(&self, tokens: &Tokens) -> Value {
        let claims = self.userinfo_as::<EmptyAdditionalClaims>(tokens).await;
        serde_json::to_value(claims).unwrap()
    }

    /// The same, with claims beyond those of the standard, each of its type; signed, if the client
    /// registered for that.
    pub async fn userinfo_as<Claims: AdditionalClaims>(
        &self,
        tokens: &Tokens,
    ) -> UserInfoClaims<Claims, CoreGenderClaim> {
        let access = AccessToken::new(tokens.access.clone());
        let sub = SubjectIdentifier::new(tokens.sub().to_owned());
        let is_signed = self.entry.settings.userinfo_signed_response_alg.is_some();
        let request = self.client.user_info(access, Some(sub)).unwrap();
        let request = request.require_signed_response(is_signed);
        request.request_async(&http(&self.wire)).await.unwrap()
    }

    /// Verifies an ID token with the keys that were discovered, and no others.
    pub fn still_verifies(&self, id_token: &str) -> bool {
        let token: openidconnect::core::CoreIdToken = id_token.parse().unwrap();
        token
            .claims(&self.verifier(), |_: Option<&Nonce>| Ok(()))
            .is_ok()
    }

    /// Where it sends the browser to sign out.
    pub fn end_session_url(&self, parameters: &[(&str, &str)]) -> String {
        Url::parse_with_params(&format!("{ISSUER}/end-session"), parameters)
            .unwrap()
            .into()
    }

    /// Where the crate sends the browser to sign out and come back to the address that the service
    /// registered for that, by discovery alone.
    pub async fn logout_url(&self, tokens: &Tokens, state: &str) -> Url {
        let issuer = IssuerUrl::new(ISSUER.to_owned()).unwrap();
        let metadata = ProviderMetadataWithLogout::discover_async(issuer, &http(&self.wire))
            .await
            .unwrap();
        let endpoint = metadata.additional_metadata().end_session_endpoint.clone();
        let hint: openidconnect::core::CoreIdToken = tokens.id_token.parse().unwrap();
        let back = self.entry.settings.post_logout_redirect_uris[0].as_str();
        LogoutRequest::from(endpoint.expect("it is advertised"))
            .set_id_token_hint(&hint)
            .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(back.to_owned()).unwrap())
            .set_state(CsrfToken::new(state.to_owned()))
            .http_get_url()
    }

    fn verifier(&self) -> openidconnect::core::CoreIdTokenVerifier<'_> {
        let algorithm = match self.entry.settings.id_token_signed_response_alg.as_str() {
            "PS256" => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            "ES256" => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            "EdDSA" => CoreJwsSigningAlgorithm::EdDsa,
            _ => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
        };
        let clock = Arc::clone(&self.clock);
        self.client
            .id_token_verifier()
            .set_allowed_algs([algorithm])
            .set_time_fn(move || DateTime::from_timestamp_millis(clock.now().millis()).unwrap())
    }

    fn verified(&self, response: &CoreTokenResponse, nonce: impl NonceVerifier) -> Tokens {
        let token = response.id_token().expect("there is an ID token");
        let verifier = self.verifier();
        let claims = token.claims(&verifier, nonce).unwrap();
        let key = token.signing_key(&verifier).unwrap();
        let algorithm = token.signing_alg().unwrap();
        let hash = AccessTokenHash::from_token(response.access_token(), algorithm, key).unwrap();
        assert_eq!(claims.access_token_hash(), Some(&hash));
        let id_token = token.to_string();
        let part = |index: usize| {
            let part = id_token.split('.').nth(index).unwrap();
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        let scopes = response.scopes().expect("the scope is told");
        let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
        Tokens {
            access: response.access_token().secret().clone(),
            refresh: response.refresh_token().map(|token| token.secret().clone()),
            header: part(0),
            claims: part(1),
            scope: scopes.join(" "),
            id_token,
        }
    }
}

type Carried = Pin<Box<dyn Future<Output = Result<HttpResponse, std::io::Error>>>>;

fn http(wire: &Wire) -> impl Fn(HttpRequest) -> Carried + 'static {
    let wire = wire.clone();
    move |request| {
        let wire = wire.clone();
        Box::pin(async move {
            let answer = wire.carry(request.try_into().unwrap()).await;
            let mut response = HttpResponse::new(answer.body.into_bytes());
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(response)
        })
    }
}
