//! Which path leads to which endpoint. Discovery reads the same names.

use actix_web::web::{self, ServiceConfig};

use crate::authorize::{authorize_by_form, authorize_by_query, resume};
use crate::cors::preflight;
use crate::developers;
use crate::discovery::discovery;
use crate::end_session::{end_session_by_form, end_session_by_query, signed_out};
use crate::introspection::introspect;
use crate::jwks::jwks;
use crate::pushed_request::{self, push};
use crate::registration::{self, register};
use crate::revocation::revoke;
use crate::session_check::session_check;
use crate::token::token;
use crate::userinfo::userinfo;

/// Puts every endpoint of the provider on its path. The application's data must hold the
/// [`Provider`](crate::Provider).
pub fn routes(app: &mut ServiceConfig) {
    let published = |path| web::resource(path).route(options());
    app.service(published("/.well-known/openid-configuration").get(discovery))
        .service(published("/.well-known/oauth-authorization-server").get(discovery))
        .service(published("/jwks").get(jwks))
        .service(published("/token").post(token))
        .service(published("/userinfo").get(userinfo).post(userinfo))
        .service(published("/revoke").post(revoke))
        .service(published(pushed_request::PATH).post(push))
        .service(web::resource("/introspect").post(introspect))
        .service(web::resource("/register").post(register))
        .service(
            web::resource("/register/{client_id}")
                .get(registration::read)
                .put(registration::update)
                .delete(registration::delete),
        )
        .service(
            web::resource("/authorize")
                .get(authorize_by_query)
                .post(authorize_by_form),
        )
        .service(web::resource("/authorize/resume/{id}").get(resume))
        .service(
            web::resource("/end-session")
                .get(end_session_by_query)
                .post(end_session_by_form),
        )
        .service(web::resource("/signed-out").get(signed_out))
        .service(web::resource(developers::PATH).get(developers::developers))
        .service(
            web::resource(developers::check::PATH)
                .get(developers::check::show)
                .post(developers::check::submit),
        )
        .service(web::resource("/session/check").get(session_check));
}

/// The preflight of a page on any origin (Fetch §4.8).
fn options() -> actix_web::Route {
    web::method(actix_web::http::Method::OPTIONS).to(preflight)
}
