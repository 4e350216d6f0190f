//! `/register`: clients that register themselves (OpenID Connect Dynamic Client Registration,
//! RFC 7591), and manage what they registered (RFC 7592).
//!
//! [`metadata`] reads what a client says of itself, [`admission`] decides who may register at all,
//! [`sector`] looks at the file behind a `sector_identifier_uri`, and [`information`] is the answer.
//! The client's settings are those of every other client; what only an operator may decide is not
//! among the members that are read.

mod admission;
mod error;
mod information;
mod json;
mod manage;
mod metadata;
mod sector;

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use model::client::ClientSettings;
use model::event::{Event, EventKind};
use model::secret::SecretKind;
use model::{ClientId, ScopeSet, SecretDigest};
use storage::clients::{NewClient, Source};
use storage::limits::Limit;
use storage::{Tx, clients, events, initial_access_tokens, registrations};

pub(crate) use manage::{delete, read, update};

use self::error::{Ending, RegistrationError};
use self::information::Information;
use crate::client_secret;
use crate::outbound::Outbound;
use crate::provider::Provider;

/// How clients may register themselves.
#[derive(Clone)]
pub struct Registration {
    /// Whether an initial access token is needed.
    pub initial_access_token: InitialAccessToken,
    /// The scope values that they may ask people for.
    pub scope: ScopeSet,
    /// How often somebody without a token may try, by client address.
    pub per_client_address: Limit,
    /// How often all of them together may.
    pub in_all: Limit,
    /// The way out to what they name.
    pub outbound: Outbound,
}

/// Whether an initial access token (RFC 7591 §1.2) is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialAccessToken {
    /// Nobody registers a client without one.
    Required,
    /// Everybody may, so often; with one, as often as it is good for.
    None,
}

/// `POST /register`.
pub(crate) async fn register(
    provider: Data<Provider>,
    http: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let Some(rules) = &provider.registration else {
        return HttpResponse::NotFound().finish();
    };
    match registered(&provider, rules, &http, &body).await {
        Ok(response) => response,
        Err(refusal) => refusal.respond(&provider),
    }
}

async fn registered(
    provider: &Provider,
    rules: &Registration,
    http: &HttpRequest,
    body: &[u8],
) -> Result<HttpResponse, RegistrationError> {
    let admission = admission::admit(provider, rules, http).await?;
    let settings = settings_of(json::read(http, body)?, rules).await?;

    let entropy = &*provider.entropy;
    let now = provider.store.clock().now();
    let id =
        ClientId::parse(&entropy.ordered_uuid(now)).map_err(|_| RegistrationError::Unnameable)?;
    let token = SecretKind::RegistrationAccess.mint(entropy);
    let digest = SecretDigest::of(token.reveal());
    let method = settings.token_endpoint_auth_method;
    let (secret, credential) = client_secret::issue(&id, method, &provider.keyring, entropy);
    let (new_id, new_settings) = (id.clone(), settings.clone());
    let write = provider.store.write(move |tx| {
        let client = NewClient {
            id: &new_id,
            settings: &new_settings,
            credential: &credential,
            source: Source::Registration,
            source_digest: None,
        };
        store(tx, &client, &digest, admission.as_ref())
    });
    write.await??;
    let information = Information {
        id: &id,
        settings: &settings,
        secret: secret.as_ref(),
        token: &token,
        issued_at: now,
    };
    Ok(information.respond(provider, StatusCode::CREATED))
}

/// Stores a client that its initial access token, where there is one, is still good for.
fn store(
    tx: &mut Tx<'_>,
    client: &NewClient<'_>,
    token: &SecretDigest,
    admission: Option<&SecretDigest>,
) -> Ending<()> {
    if let Some(admission) = admission
        && !initial_access_tokens::redeem(tx, admission)?
    {
        return Ok(Err(RegistrationError::invalid_token()));
    }
    if !clients::insert(tx, client)? {
        return Ok(Err(RegistrationError::Unnameable));
    }
    registrations::insert(tx, client.id, token)?;
    let event = Event::of(EventKind::ClientRegistered).by_client(client.id.as_str());
    events::insert(tx, &event)?;
    Ok(Ok(()))
}

/// What an update and a registration have in common: settings that can be used.
async fn settings_of(
    members: json::Members,
    rules: &Registration,
) -> Result<ClientSettings, RegistrationError> {
    let settings = metadata::read(members, rules)?;
    sector::check(&settings, rules).await?;
    Ok(settings)
}

#[cfg(test)]
mod tests;
