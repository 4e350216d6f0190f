//! Who may register a client (RFC 7591 §3).

use std::net::{IpAddr, Ipv4Addr};

use actix_web::{HttpMessage as _, HttpRequest};
use model::keyring::Purpose;
use model::secret::SecretKind;
use model::{ClientAddress, ClientId, SecretDigest};
use storage::initial_access_tokens::is_live;
use storage::limits::{self, Counter, Hit, Limit};

use super::error::RegistrationError;
use super::{InitialAccessToken, Registration};
use crate::bearer::{self, BearerError};
use crate::provider::Provider;

/// Lets a request in: by its initial access token, whose digest is to be redeemed when the client
/// is stored, or without one, so many times. It is asked before anything that the request says is
/// looked at, and counts tries, so that nobody has us fetch what they like.
pub(super) async fn admit(
    provider: &Provider,
    rules: &Registration,
    http: &HttpRequest,
) -> Result<Option<SecretDigest>, RegistrationError> {
    match bearer::presented_by_bearer(http) {
        Ok(token) => {
            let digest = SecretKind::InitialAccess
                .digest(token.reveal())
                .ok_or(RegistrationError::invalid_token())?;
            if !provider.store.read(move |tx| is_live(tx, &digest)).await? {
                return Err(RegistrationError::invalid_token());
            }
            let kind = "registrations_per_initial_access_token";
            let counter = counter(provider, kind, digest.as_bytes(), rules.in_all);
            count(provider, [counter]).await?;
            Ok(Some(digest))
        }
        Err(BearerError::Missing) if rules.initial_access_token == InitialAccessToken::None => {
            let address = client_address(http).limit_subject();
            let kind = "registrations_per_client_address";
            let from_there = counter(provider, kind, &address, rules.per_client_address);
            let in_all = counter(provider, "registrations_in_all", b"", rules.in_all);
            count(provider, [from_there, in_all]).await?;
            Ok(None)
        }
        Err(refusal) => Err(RegistrationError::Token(refusal)),
    }
}

/// Lets a client change itself, so many times: what it names may be fetched each time.
pub(super) async fn admit_change(
    provider: &Provider,
    rules: &Registration,
    id: &ClientId,
) -> Result<(), RegistrationError> {
    let kind = "registration_changes_per_client";
    let limit = rules.per_client_address;
    let counter = counter(provider, kind, id.as_str().as_bytes(), limit);
    count(provider, [counter]).await
}

fn counter(provider: &Provider, kind: &'static str, subject: &[u8], limit: Limit) -> Counter {
    let subject = [kind.as_bytes(), subject];
    Counter {
        kind,
        subject: provider.keyring.digest(Purpose::Limit, &subject),
        limit,
    }
}

async fn count<const N: usize>(
    provider: &Provider,
    counters: [Counter; N],
) -> Result<(), RegistrationError> {
    let hit = provider.store.write(move |tx| limits::hit(tx, &counters));
    match hit.await? {
        Hit::Allowed => Ok(()),
        Hit::Refused { until } => Err(RegistrationError::TooMany { until }),
    }
}

/// What the server found behind its proxies, or else the peer.
fn client_address(http: &HttpRequest) -> ClientAddress {
    let found = http.extensions().get::<ClientAddress>().copied();
    found.unwrap_or_else(|| {
        let peer = http.peer_addr().map(|peer| peer.ip());
        ClientAddress::new(peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
    })
}
