//! What single settings of a client may be.

use serde::{Deserialize, Serialize};

use crate::signing_algorithm::SigningAlgorithm;

/// A way to tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §4.2: tokens from the authorization endpoint. The token endpoint has no such grant.
    Implicit,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4.
    ClientCredentials,
}

impl GrantType {
    /// Every grant, in the order that discovery lists them.
    pub const ALL: [Self; 4] = [
        Self::AuthorizationCode,
        Self::Implicit,
        Self::RefreshToken,
        Self::ClientCredentials,
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::Implicit => "implicit",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// How a client authenticates (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// HTTP Basic with the form-url-encoded id and secret (RFC 6749 §2.3.1).
    #[default]
    ClientSecretBasic,
    /// Id and secret in the form.
    ClientSecretPost,
    /// A JWT signed with a secret that both know (HS256).
    ClientSecretJwt,
    /// A JWT signed with the client's private key (RFC 7523).
    PrivateKeyJwt,
    /// A public client, known by its id alone.
    None,
}

impl AuthMethod {
    /// Every method, in the order that discovery lists them.
    pub const ALL: [Self; 5] = [
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::None,
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }

    /// Whether the client has a secret of ours.
    #[must_use]
    pub const fn has_secret(self) -> bool {
        matches!(
            self,
            Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt
        )
    }
}

/// How a client signs the assertions that it authenticates with (OpenID Connect Core §9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AssertionAlgorithm {
    /// With its private key: `private_key_jwt`.
    Private(SigningAlgorithm),
    /// With the secret that both know: `client_secret_jwt`.
    Shared(SharedAlgorithm),
}

/// A JWS algorithm with a shared key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SharedAlgorithm {
    /// HMAC with SHA-256 (RFC 7518 §3.2).
    HS256,
}

impl AssertionAlgorithm {
    /// Its name in a JOSE header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private(algorithm) => algorithm.as_str(),
            Self::Shared(SharedAlgorithm::HS256) => "HS256",
        }
    }

    /// The only method that signs so.
    #[must_use]
    pub const fn method(self) -> AuthMethod {
        match self {
            Self::Private(_) => AuthMethod::PrivateKeyJwt,
            Self::Shared(_) => AuthMethod::ClientSecretJwt,
        }
    }
}

/// Where the client runs (OpenID Connect Registration §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a server.
    #[default]
    Web,
    /// On the person's device; the port of a loopback redirect may vary (RFC 8252 §7.3).
    Native,
}

/// Which `sub` a client knows people by (OpenID Connect Core §8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The same at every client.
    #[default]
    Public,
    /// Another at every sector, so that services cannot compare whom they know.
    Pairwise,
}

impl SubjectType {
    /// Every type, in the order that discovery lists them.
    pub const ALL: [Self; 2] = [Self::Public, Self::Pairwise];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Pairwise => "pairwise",
        }
    }
}

/// Whether people are asked before their data is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentPolicy {
    /// A service of our own: signing in is agreeing.
    #[default]
    FirstParty,
    /// Another's service: the person is asked, and the answer remembered.
    Ask,
}

/// Whether the values of the scope `profile` are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProfileRequirement {
    /// They are shared where they are known (OpenID Connect Core §5.4).
    #[default]
    None,
    /// Who has not given name and date of birth is asked for them first.
    Required,
}

/// Which audience a client assertion must name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssertionAudience {
    /// The issuer, the token endpoint or that of pushed requests, as a string or in an array.
    #[default]
    IssuerOrTokenEndpoint,
    /// The issuer alone, as one string: for high-assurance clients.
    Issuer,
}
