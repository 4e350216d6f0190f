//! Who calls: client authentication (RFC 6749 §2.3, OpenID Connect Core §9).
//!
//! The token, introspection, revocation and pushed authorization request endpoints all begin here.

mod basic;

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use model::client::AuthMethod;
use model::{Client, Secret, SecretDigest, Timestamp};
use storage::{Tx, client_assertions};

use crate::client_assertion::{self, ASSERTION_TYPE, Addressee, AssertionKeys, VerifiedAssertion};
use crate::form::Form;
use crate::oauth_error::{Failure, OAuthError, Outcome};
use crate::provider::Provider;
use crate::pushed_request;
use crate::refusal_log::note;

/// What a request offers to prove its client by; nothing of it is proven yet.
pub(crate) struct Credentials {
    client_id: String,
    proof: Proof,
}

enum Proof {
    /// A secret in the `Authorization` header.
    Basic(Secret<String>),
    /// A secret in the form.
    Post(Secret<String>),
    /// A signed assertion.
    Assertion(Secret<String>),
    /// The id alone.
    Nothing,
}

impl Credentials {
    /// Reads the credentials of a request, which must use one way at most.
    pub(crate) fn parse(http: &HttpRequest, form: &Form) -> Result<Self, OAuthError> {
        let client_id = form.optional("client_id")?;
        let secret = form.optional("client_secret")?;
        let assertion = form.optional("client_assertion")?;
        let assertion_type = form.optional("client_assertion_type")?;
        let basic = basic::read(http)?;
        match (basic, secret, assertion) {
            (None, None, None) if assertion_type.is_some() => {
                Err(OAuthError::Missing("client_assertion"))
            }
            (None, None, None) => Ok(Self {
                client_id: client_id.ok_or(OAuthError::NoAuthentication)?.to_owned(),
                proof: Proof::Nothing,
            }),
            (Some((basic_id, secret)), None, None) => {
                Self::of(basic_id, client_id, Proof::Basic(secret))
            }
            (None, Some(secret), None) => Ok(Self {
                client_id: client_id
                    .ok_or(OAuthError::Missing("client_id"))?
                    .to_owned(),
                proof: Proof::Post(Secret::new(secret.to_owned())),
            }),
            (None, None, Some(assertion)) => {
                Self::read_assertion(assertion, assertion_type, client_id)
            }
            _ => Err(OAuthError::SeveralAuthentications),
        }
    }

    fn read_assertion(
        assertion: &str,
        assertion_type: Option<&str>,
        client_id: Option<&str>,
    ) -> Result<Self, OAuthError> {
        match assertion_type {
            None => return Err(OAuthError::Missing("client_assertion_type")),
            Some(ASSERTION_TYPE) => {}
            Some(_) => return Err(OAuthError::OtherAssertionType),
        }
        let claimed =
            client_assertion::claimed_client(assertion).ok_or(OAuthError::AnonymousAssertion)?;
        let proof = Proof::Assertion(Secret::new(assertion.to_owned()));
        Self::of(claimed.into(), client_id, proof)
    }

    /// Credentials that name their client; the parameter, if it is there, has to agree.
    fn of(client_id: String, parameter: Option<&str>, proof: Proof) -> Result<Self, OAuthError> {
        if parameter.is_some_and(|parameter| parameter != client_id) {
            return Err(OAuthError::OtherClientId);
        }
        Ok(Self { client_id, proof })
    }
}

/// Answers a program whose request was refused, and writes the reason down for whoever runs the
/// client that the request names, proven or not.
pub(crate) async fn refuse(
    provider: &Provider,
    endpoint: &'static str,
    (http, body): (&HttpRequest, &[u8]),
    refusal: &OAuthError,
) -> HttpResponse {
    let claimed = claimed_client(http, body);
    let (error, description) = (refusal.error(), refusal.to_string());
    note(provider, claimed.as_deref(), endpoint, error, &description).await;
    refusal.respond()
}

/// Whom a request says that it comes from.
fn claimed_client(http: &HttpRequest, body: &[u8]) -> Option<String> {
    if let Ok(Some((client_id, _))) = basic::read(http) {
        return Some(client_id);
    }
    let form = Form::read(http, body).ok()?;
    if let Ok(Some(client_id)) = form.optional("client_id") {
        return Some(client_id.to_owned());
    }
    let assertion = form.optional("client_assertion").ok().flatten()?;
    client_assertion::claimed_client(assertion).map(Into::into)
}

/// A client that proved who it is, provided that its assertion, if it brought one, is used up.
pub(crate) struct Authenticated {
    pub(crate) client: Arc<Client>,
    assertion: Option<VerifiedAssertion>,
}

/// Proves the client by the one method that it is registered for.
pub(crate) async fn authenticate(
    provider: &Provider,
    credentials: Credentials,
) -> Result<Authenticated, Failure> {
    let Some(client) = provider.clients.find(&credentials.client_id).await? else {
        return Err(OAuthError::UnknownClient.into());
    };
    let now = provider.store.clock().now();
    let assertion = match (
        credentials.proof,
        client.settings.token_endpoint_auth_method,
    ) {
        (Proof::Basic(secret), AuthMethod::ClientSecretBasic)
        | (Proof::Post(secret), AuthMethod::ClientSecretPost) => {
            check_secret(provider, &client, &secret, now).await?;
            None
        }
        (Proof::Assertion(assertion), AuthMethod::PrivateKeyJwt | AuthMethod::ClientSecretJwt) => {
            Some(check_assertion(provider, &client, &assertion, now).await?)
        }
        (Proof::Nothing, AuthMethod::None) => None,
        (Proof::Nothing, _) => return Err(OAuthError::NoAuthentication.into()),
        _ => return Err(OAuthError::OtherMethod.into()),
    };
    Ok(Authenticated { client, assertion })
}

async fn check_secret(
    provider: &Provider,
    client: &Client,
    secret: &Secret<String>,
    now: Timestamp,
) -> Result<(), OAuthError> {
    let is_right = provider.secrets.check(client, secret.reveal(), now).await?;
    is_right.then_some(()).ok_or(OAuthError::WrongSecret)
}

async fn check_assertion(
    provider: &Provider,
    client: &Client,
    assertion: &Secret<String>,
    now: Timestamp,
) -> Result<VerifiedAssertion, OAuthError> {
    let shared = provider.secrets.shared(client, now);
    let keys = match client.settings.token_endpoint_auth_method {
        AuthMethod::ClientSecretJwt => AssertionKeys::Secrets(&shared),
        _ => AssertionKeys::Registered(&provider.client_keys),
    };
    let addressee = Addressee {
        issuer: provider.issuer.as_str(),
        endpoints: [
            &provider.issuer.url("/token"),
            &provider.issuer.url(pushed_request::PATH),
        ],
    };
    client_assertion::verify(assertion.reveal(), client, keys, addressee, now)
        .await
        .map_err(OAuthError::Assertion)
}

impl Authenticated {
    /// Uses the assertion up, in the unit of work that it pays for: it is good once
    /// (RFC 7523 §3).
    pub(crate) fn use_up(&self, tx: &mut Tx<'_>) -> Outcome<()> {
        let Some(assertion) = &self.assertion else {
            return Ok(Ok(()));
        };
        let jti = SecretDigest::of(&assertion.jti);
        let is_first =
            client_assertions::redeem(tx, &self.client.id, &jti, assertion.forget_after)?;
        Ok(is_first.then_some(()).ok_or(OAuthError::AssertionReplayed))
    }

    /// Uses the assertion up in a unit of work of its own, for answers that write nothing else,
    /// and gives the client.
    pub(crate) async fn used_up_alone(self, provider: &Provider) -> Result<Arc<Client>, Failure> {
        let client = Arc::clone(&self.client);
        if self.assertion.is_some() {
            provider.store.write(move |tx| self.use_up(tx)).await??;
        }
        Ok(client)
    }
}
