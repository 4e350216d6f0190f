//! A token request, parsed once (RFC 6749 §4.1.3, §4.4.2, §6).

use actix_web::HttpRequest;
use model::client::GrantType;
use model::secret::SecretKind;
use model::{ScopeSet, Secret, SecretDigest};

use crate::dpop;
use crate::form::Form;
use crate::oauth_error::OAuthError;
use crate::token::client_authentication::Credentials;

/// A token request. Its client is still to be authenticated.
pub(crate) struct TokenRequest {
    pub(crate) credentials: Credentials,
    pub(crate) grant: GrantRequest,
    /// A DPoP proof, still to be verified.
    pub(crate) proof: Option<String>,
    /// What the access token is to be for (RFC 8707 §2.2).
    pub(crate) resource: Option<String>,
}

/// What a client brings to be exchanged.
pub(crate) enum GrantRequest {
    AuthorizationCode(CodeRequest),
    RefreshToken(RefreshRequest),
    ClientCredentials { scope: Option<ScopeSet> },
}

/// A code, and what proves that whoever asked for it brings it.
pub(crate) struct CodeRequest {
    /// `None` when it cannot be a code of ours.
    pub(crate) code: Option<SecretDigest>,
    pub(crate) redirect_uri: String,
    pub(crate) code_verifier: Option<Secret<String>>,
}

/// A refresh token, and how much of its scope is wanted.
pub(crate) struct RefreshRequest {
    pub(crate) token: Secret<String>,
    pub(crate) scope: Option<ScopeSet>,
}

impl TokenRequest {
    pub(crate) fn parse(http: &HttpRequest, body: &[u8]) -> Result<Self, OAuthError> {
        let form = Form::read(http, body)?;
        Ok(Self {
            credentials: Credentials::parse(http, &form)?,
            resource: resource(&form)?,
            grant: GrantRequest::parse(&form)?,
            proof: dpop::presented(http)?,
        })
    }
}

/// A client's tokens are for one resource: several are none of its (RFC 8707 §2).
fn resource(form: &Form) -> Result<Option<String>, OAuthError> {
    let one = form.optional("resource");
    let one = one.map_err(|_repeated| OAuthError::OtherResource)?;
    Ok(one.map(str::to_owned))
}

impl GrantRequest {
    fn parse(form: &Form) -> Result<Self, OAuthError> {
        match grant_type(form)? {
            GrantType::AuthorizationCode => Ok(Self::AuthorizationCode(CodeRequest {
                code: SecretKind::AuthorizationCode.digest(form.required("code")?),
                redirect_uri: form.required("redirect_uri")?.to_owned(),
                code_verifier: secret(form, "code_verifier")?,
            })),
            GrantType::RefreshToken => Ok(Self::RefreshToken(RefreshRequest {
                token: Secret::new(form.required("refresh_token")?.to_owned()),
                scope: scope(form)?,
            })),
            GrantType::ClientCredentials => Ok(Self::ClientCredentials {
                scope: scope(form)?,
            }),
            // It has its tokens from the authorization endpoint.
            GrantType::Implicit => Err(OAuthError::UnsupportedGrantType),
        }
    }

    pub(crate) const fn grant_type(&self) -> GrantType {
        match self {
            Self::AuthorizationCode(_) => GrantType::AuthorizationCode,
            Self::RefreshToken(_) => GrantType::RefreshToken,
            Self::ClientCredentials { .. } => GrantType::ClientCredentials,
        }
    }
}

fn grant_type(form: &Form) -> Result<GrantType, OAuthError> {
    let named = form.required("grant_type")?;
    GrantType::ALL
        .into_iter()
        .find(|grant_type| grant_type.as_str() == named)
        .ok_or(OAuthError::UnsupportedGrantType)
}

fn scope(form: &Form) -> Result<Option<ScopeSet>, OAuthError> {
    form.optional("scope")?
        .map(|scope| ScopeSet::parse(scope).map_err(|_| OAuthError::MalformedScope))
        .transpose()
}

fn secret(form: &Form, name: &'static str) -> Result<Option<Secret<String>>, OAuthError> {
    Ok(form
        .optional(name)?
        .map(|value| Secret::new(value.to_owned())))
}
