//! What a request that is granted gives: a code, an access token, an ID token, as its response type
//! says (OpenID Connect Core §3, OAuth 2.0 Multiple Response Type Encoding Practices §3, §5).
//!
//! [`Drawn`] is drawn before the unit of work and issued in it; [`Issued`] is signed after it, so
//! that the database waits for neither.

use model::authorization_code::{AuthorizationCode, Grant};
use model::browser_session::BrowserSession;
use model::secret::SecretKind;
use model::{Client, ResponseType, ScopeSet, Secret, SecretDigest, Timestamp};
use storage::{StorageError, Tx, authorization_codes, grants};

use crate::access_token::{Access, NewAccessToken, token_type};
use crate::authorize::request::AuthorizationRequest;
use crate::authorize::response::Recipient;
use crate::claims::ToldClaims;
use crate::id_token::{self, IdToken};
use crate::oauth_error::Failure;
use crate::provider::Provider;
use crate::session_state;

/// What is about to be issued, and the grant that all of it hangs on.
pub(crate) struct Drawn {
    grant_id: String,
    code: Option<Secret<String>>,
    access_token: Option<NewAccessToken>,
}

impl Drawn {
    /// Draws what a response of that type carries.
    pub(crate) fn draw(provider: &Provider, client: &Client, response_type: ResponseType) -> Self {
        let entropy = &*provider.entropy;
        Self {
            grant_id: entropy.ordered_uuid(provider.store.clock().now()),
            code: response_type
                .has_code()
                .then(|| SecretKind::AuthorizationCode.mint(entropy)),
            access_token: response_type
                .has_token()
                .then(|| NewAccessToken::draw(client, entropy)),
        }
    }

    /// Stores it for a person in a session.
    ///
    /// A code brings its grant with it and begins it when it is redeemed. Tokens need theirs now; a
    /// code beside them shares it, so that they die with whatever ends the grant, a second use of
    /// the code among it.
    pub(crate) fn issue(
        self,
        tx: &mut Tx<'_>,
        provider: &Provider,
        recipient: &Recipient,
        request: &AuthorizationRequest,
        session: &BrowserSession,
    ) -> Result<Issued, StorageError> {
        let grant = Grant {
            id: self.grant_id,
            client_id: recipient.client.id.clone(),
            authentication: request.acr.stated(&session.authentication),
            sid: session.sid.clone(),
            scope: request.scope.clone(),
            claims: request.claims.kept(&provider.keyring),
        };
        let beside = match request.response_type {
            ResponseType::Code => None,
            response_type => Some(Beside {
                response_type,
                grant: grant.clone(),
                nonce: request.nonce.clone(),
                access_token: self.access_token,
                issued_at: tx.now(),
            }),
        };
        if let Some(beside) = &beside {
            beside.store(tx, provider, &recipient.client)?;
        }
        if let Some(code) = &self.code {
            let stored = AuthorizationCode {
                grant,
                redirect_uri: recipient.redirect.as_str().to_owned(),
                code_challenge: request
                    .code_challenge
                    .as_ref()
                    .map(|one| one.as_str().to_owned()),
                dpop_jkt: request.dpop_jkt.clone(),
                nonce: request.nonce.clone(),
            };
            let expires_at = tx.now().plus(provider.lifetimes.authorization_code);
            let digest = SecretDigest::of(code.reveal());
            authorization_codes::insert(tx, &digest, &stored, expires_at)?;
        }
        Ok(Issued {
            sid: session.sid.clone(),
            code: self.code,
            beside,
        })
    }
}

/// What was issued.
pub(crate) struct Issued {
    /// The session that it is of.
    sid: String,
    code: Option<Secret<String>>,
    beside: Option<Beside>,
}

/// What leaves the authorization endpoint beside a code, or without one.
struct Beside {
    response_type: ResponseType,
    grant: Grant,
    nonce: Option<String>,
    access_token: Option<NewAccessToken>,
    issued_at: Timestamp,
}

impl Issued {
    /// The session that it is of.
    pub(crate) fn sid(&self) -> &str {
        &self.sid
    }

    /// The parameters of the answer, but for those that every answer has. Whatever is to be in
    /// successful answers only belongs here.
    pub(crate) async fn parameters(
        self,
        provider: &Provider,
        Recipient {
            client, redirect, ..
        }: &Recipient,
    ) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut parameters = Vec::new();
        if let Some(code) = &self.code {
            parameters.push(("code", code.reveal().clone()));
        }
        if let Some(beside) = self.beside {
            let tokens = beside.tokens(provider, client, self.code.as_ref());
            parameters.extend(tokens.await?);
        }
        let state = session_state::parameter(provider, client, redirect, &self.sid);
        parameters.extend(state.map(|state| ("session_state", state)));
        Ok(parameters)
    }
}

impl Beside {
    fn store(
        &self,
        tx: &mut Tx<'_>,
        provider: &Provider,
        client: &Client,
    ) -> Result<(), StorageError> {
        let access = self.access(provider, client);
        grants::insert(tx, &self.grant, access.expires_at)?;
        match &self.access_token {
            Some(token) => token.store(tx, access),
            None => Ok(()),
        }
    }

    fn access<'a>(&'a self, provider: &Provider, client: &'a Client) -> Access<'a> {
        Access {
            client,
            grant: Some(&self.grant),
            scope: &self.grant.scope,
            // No proof comes to the authorization endpoint.
            jkt: None,
            issued_at: self.issued_at,
            expires_at: self.issued_at.plus(provider.lifetimes.access_token),
        }
    }

    /// `access_token` and what belongs to it (RFC 6749 §4.2.2), and `id_token` (OpenID Connect Core
    /// §3.2.2.5, §3.3.2.5).
    async fn tokens(
        mut self,
        provider: &Provider,
        client: &Client,
        code: Option<&Secret<String>>,
    ) -> Result<Vec<(&'static str, String)>, Failure> {
        let mut parameters = Vec::new();
        let access_token = match self.access_token.take() {
            Some(token) => Some(token.finish(provider, self.access(provider, client))?),
            None => None,
        };
        if let Some(token) = &access_token {
            let lifetime = provider.lifetimes.access_token.as_secs();
            parameters.extend([
                ("access_token", token.reveal().clone()),
                ("token_type", token_type(None).to_owned()),
                ("expires_in", lifetime.to_string()),
                ("scope", self.grant.scope.to_string()),
            ]);
        }
        if self.response_type.has_id_token() {
            let id_token = IdToken {
                client,
                grant: &self.grant,
                nonce: self.nonce.as_deref(),
                access_token: access_token.as_ref().map(|token| token.reveal().as_str()),
                code: code.map(|code| code.reveal().as_str()),
                told: self.told(provider, client).await?,
                issued_at: self.issued_at,
            };
            parameters.push(("id_token", id_token.sign(provider)?));
        }
        Ok(parameters)
    }

    /// What the ID token tells of the person. Where nothing else comes, the claims of the scopes
    /// too (§5.4). Beside a code, nothing: it may say less there than the one that the code gives,
    /// for privacy (§3.3.3.6), and it travels in a URL.
    async fn told(&self, provider: &Provider, client: &Client) -> Result<ToldClaims, StorageError> {
        if self.response_type.has_code() {
            return Ok(ToldClaims::default());
        }
        let nothing = ScopeSet::default();
        let scope = if self.response_type.has_token() {
            &nothing
        } else {
            &self.grant.scope
        };
        id_token::told_of(provider, client, &self.grant, scope).await
    }
}
