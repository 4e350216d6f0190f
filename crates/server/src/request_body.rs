//! Reads a request's body before anything looks at it, so that its limits of size and time hold
//! for every endpoint alike.

use std::time::Duration;

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Bytes, BytesMut};
use futures::StreamExt as _;

/// A body that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RefusedBody {
    /// It has more bytes than are allowed.
    TooLarge,
    /// The client did not send it in time.
    TooSlow,
    /// The connection broke, or what came is not HTTP.
    Broken,
}

/// Reads the body into memory, where the endpoint finds it again.
pub(crate) async fn gather(
    request: &mut ServiceRequest,
    limit: usize,
    time: Duration,
) -> Result<(), RefusedBody> {
    let declared = request.headers().get(CONTENT_LENGTH);
    let declared = declared.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(RefusedBody::TooLarge);
    }
    let (_, payload) = request.parts_mut();
    if matches!(payload, Payload::None) {
        return Ok(());
    }
    let read = tokio::time::timeout(time, read(payload, limit));
    let body = read.await.unwrap_or(Err(RefusedBody::TooSlow))?;
    request.set_payload(Payload::from(body));
    Ok(())
}

/// Most bodies come in one piece, which is handed on as it is.
async fn read(payload: &mut Payload, limit: usize) -> Result<Bytes, RefusedBody> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| RefusedBody::Broken)?;
        if first.len().max(all.len()) + chunk.len() > limit {
            return Err(RefusedBody::TooLarge);
        }
        if first.is_empty() {
            first = chunk;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&chunk);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}
