//! `/register/{client_id}`: a client looks at its registration, changes it, gives it up (RFC 7592).
//!
//! The registration access token stays the same for as long as the client lives, so that a lost
//! answer locks nobody out. Whoever has not the token of the client that the URL names learns
//! nothing: not even whether there is such a client.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use model::client::{ClientSettings, SubjectType};
use model::event::{Event, EventKind};
use model::secret::SecretKind;
use model::{ClientId, Secret, SecretDigest};
use storage::clients::{NewClient, Source, StoredClient};
use storage::{clients, events, registrations};

use super::admission::admit_change;
use super::error::RegistrationError;
use super::information::Information;
use super::json::{self, Members};
use super::{Registration, settings_of};
use crate::bearer;
use crate::client_secret::{self, Form};
use crate::provider::Provider;
use crate::refusal_log::note;

/// What a client must not say of itself (RFC 7592 §2.2).
const NOT_SENT: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

/// Who calls, as they say.
struct Owner {
    id: ClientId,
    token: Secret<String>,
    digest: SecretDigest,
}

impl Owner {
    fn of(http: &HttpRequest, id: &str) -> Result<Self, RegistrationError> {
        let token = bearer::presented_by_bearer(http).map_err(RegistrationError::Token)?;
        let digest = SecretKind::RegistrationAccess.digest(token.reveal());
        match (ClientId::parse(id), digest) {
            (Ok(id), Some(digest)) => Ok(Self { id, token, digest }),
            _ => Err(RegistrationError::invalid_token()),
        }
    }

    async fn find(&self, provider: &Provider) -> Result<StoredClient, RegistrationError> {
        let (id, digest) = (self.id.clone(), self.digest);
        let read = provider
            .store
            .read(move |tx| registrations::find(tx, &id, &digest));
        read.await?.ok_or(RegistrationError::invalid_token())
    }

    fn told(
        &self,
        provider: &Provider,
        stored: &StoredClient,
        secret: Option<&Secret<String>>,
    ) -> HttpResponse {
        let information = Information {
            id: &self.id,
            settings: &stored.client.settings,
            secret,
            token: &self.token,
            issued_at: stored.created_at,
        };
        information.respond(provider, StatusCode::OK)
    }
}

/// `GET /register/{client_id}`.
pub(crate) async fn read(
    provider: Data<Provider>,
    http: HttpRequest,
    id: Path<String>,
) -> HttpResponse {
    if provider.registration.is_none() {
        return HttpResponse::NotFound().finish();
    }
    let answer = async {
        let owner = Owner::of(&http, &id)?;
        let stored = owner.find(&provider).await?;
        Ok::<_, RegistrationError>(owner.told(&provider, &stored, None))
    };
    answer
        .await
        .unwrap_or_else(|refusal| refusal.respond(&provider))
}

/// `PUT /register/{client_id}`.
pub(crate) async fn update(
    provider: Data<Provider>,
    http: HttpRequest,
    id: Path<String>,
    body: Bytes,
) -> HttpResponse {
    let Some(rules) = &provider.registration else {
        return HttpResponse::NotFound().finish();
    };
    match updated(&provider, rules, &http, &id, &body).await {
        Ok(response) => response,
        Err(refusal) => {
            if let Some((error, description)) = refusal.told() {
                note(&provider, Some(&id), "/register", error, &description).await;
            }
            refusal.respond(&provider)
        }
    }
}

/// What is left out goes back to what the standard has for it: an update replaces everything.
async fn updated(
    provider: &Provider,
    rules: &Registration,
    http: &HttpRequest,
    id: &str,
    body: &[u8],
) -> Result<HttpResponse, RegistrationError> {
    let owner = Owner::of(http, id)?;
    let before = owner.find(provider).await?;
    admit_change(provider, rules, &owner.id).await?;
    let mut members = json::read(http, body)?;
    check_identity(provider, &before, &mut members).await?;
    let settings = settings_of(members, rules).await?;

    let (id, digest) = (owner.id.clone(), owner.digest);
    let (keyring, entropy) = (provider.keyring.clone(), provider.entropy.clone());
    let write = provider.store.write(move |tx| {
        let Some(mut stored) = registrations::find_to_change(tx, &id, &digest)? else {
            return Ok(Err(RegistrationError::invalid_token()));
        };
        if changes_subjects(&stored.client.settings, &settings) {
            return Ok(Err(RegistrationError::metadata(
                "subject_type",
                "people keep the subjects by which you know them: register another client",
            )));
        }
        let method = settings.token_endpoint_auth_method;
        let before = stored.client.settings.token_endpoint_auth_method;
        let mut made = None;
        if Form::of(method) != Form::of(before) {
            (made, stored.client.credential) =
                client_secret::issue(&id, method, &keyring, &*entropy);
        }
        stored.client.settings = settings;
        let client = NewClient {
            id: &id,
            settings: &stored.client.settings,
            credential: &stored.client.credential,
            source: Source::Registration,
            source_digest: None,
        };
        clients::replace(tx, &client)?;
        let event = Event::of(EventKind::ClientChanged).by_client(id.as_str());
        events::insert(tx, &event)?;
        Ok(Ok((stored, made)))
    });
    let (stored, made) = write.await??;
    provider.clients.forget(&owner.id);
    Ok(owner.told(provider, &stored, made.as_ref()))
}

/// Whether people would be known by other subjects. A client that could do that to the tokens that
/// it has would learn how people are known in any sector that it names (OpenID Connect Core §8.1).
fn changes_subjects(before: &ClientSettings, after: &ClientSettings) -> bool {
    let by_sector = |settings: &ClientSettings| {
        (settings.subject_type == SubjectType::Pairwise).then(|| settings.sector())
    };
    by_sector(before) != by_sector(after)
}

/// A client says which it is, may say its secret, and says nothing of what we alone decide.
async fn check_identity(
    provider: &Provider,
    stored: &StoredClient,
    members: &mut Members,
) -> Result<(), RegistrationError> {
    let id: String = members
        .take("client_id")?
        .ok_or(RegistrationError::Missing("client_id"))?;
    if id != stored.client.id.as_str() {
        return Err(RegistrationError::Other("client_id"));
    }
    for name in NOT_SENT {
        if members.take::<serde_json::Value>(name)?.is_some() {
            return Err(RegistrationError::NotSent(name));
        }
    }
    let Some(secret) = members.take::<String>("client_secret")? else {
        return Ok(());
    };
    let now = provider.store.clock().now();
    let is_right = provider.secrets.check(&stored.client, &secret, now).await?;
    is_right
        .then_some(())
        .ok_or(RegistrationError::Other("client_secret"))
}

/// `DELETE /register/{client_id}`.
pub(crate) async fn delete(
    provider: Data<Provider>,
    http: HttpRequest,
    id: Path<String>,
) -> HttpResponse {
    if provider.registration.is_none() {
        return HttpResponse::NotFound().finish();
    }
    match deleted(&provider, &http, &id).await {
        Ok(()) => {
            let mut response = HttpResponse::NoContent();
            response.insert_header((CACHE_CONTROL, HeaderValue::from_static("no-store")));
            response.finish()
        }
        Err(refusal) => refusal.respond(&provider),
    }
}

async fn deleted(
    provider: &Provider,
    http: &HttpRequest,
    id: &str,
) -> Result<(), RegistrationError> {
    let owner = Owner::of(http, id)?;
    let (id, digest) = (owner.id.clone(), owner.digest);
    let write = provider.store.write(move |tx| {
        if registrations::find_to_change(tx, &id, &digest)?.is_none() {
            return Ok(Err(RegistrationError::invalid_token()));
        }
        registrations::delete(tx, &id)?;
        let event = Event::of(EventKind::ClientUnregistered).by_client(id.as_str());
        events::insert(tx, &event)?;
        Ok(Ok(()))
    });
    write.await??;
    provider.clients.forget(&owner.id);
    Ok(())
}
