//! Who may register a client (RFC 7591 §3).

use std::net::{IpAddr, Ipv4Addr};

use actix_web::{HttpMessage as _, HttpRequest};
use model::keyring::Purpose;
use model::secret::SecretKind;
use model::{ClientAddress, SecretDigest};
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
    match bearer::presented(http, &[]) {
        Ok(token) => {
            let digest = SecretKind::InitialAccess
                .digest(token.reveal())
                .ok_or(RegistrationError::invalid_token())?;
            let is_live = provider.store.read(move |tx| is_live(tx, &digest)).await?;
            is_live
                .then_some(Some(digest))
                .ok_or(RegistrationError::invalid_token())
        }
        Err(BearerError::Missing) if rules.initial_access_token == InitialAccessToken::None => {
            count(provider, rules, http).await?;
            Ok(None)
        }
        Err(refusal) => Err(RegistrationError::Token(refusal)),
    }
}

async fn count(
    provider: &Provider,
    rules: &Registration,
    http: &HttpRequest,
) -> Result<(), RegistrationError> {
    let counter = |kind: &'static str, subject: &[u8], limit: Limit| Counter {
        kind,
        subject: provider
            .keyring
            .digest(Purpose::Limit, &[kind.as_bytes(), subject]),
        limit,
    };
    let counters = [
        counter(
            "registrations_per_client_address",
            &client_address(http).limit_subject(),
            rules.per_client_address,
        ),
        counter("registrations_in_all", b"", rules.in_all),
    ];
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
