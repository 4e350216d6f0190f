//! The token that authenticates one request to GOV.UK Notify.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use model::Timestamp;
use serde::Serialize;

use crate::config::mail::NotifyApiKey;

/// Notify accepts an `iat` up to 30 seconds off, so each request has its own token.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
}

/// A token of that instant, signed with the text of the key's secret.
pub(super) fn mint(
    api_key: &NotifyApiKey,
    now: Timestamp,
) -> Result<String, jsonwebtoken::errors::Error> {
    // The first use of the library decides which provider of signatures stands for the whole
    // process, and the endpoints need theirs.
    let _ = protocol::keys::install();
    let claims = Claims {
        iss: &api_key.service_id,
        iat: now.seconds(),
    };
    let key = EncodingKey::from_secret(api_key.secret.reveal().as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
}
