//! `/jwks`: the public keys that our tokens are verified with (RFC 7517 §5).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::cors::open_to_any_origin;
use crate::provider::Provider;

/// `GET /jwks`.
pub async fn jwks(provider: Data<Provider>, http: HttpRequest) -> HttpResponse {
    let keys = provider.keys.current();
    open_to_any_origin(
        keys.published()
            .respond(&http, provider.lifetimes.published),
    )
}
