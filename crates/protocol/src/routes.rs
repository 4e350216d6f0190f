//! Which path leads to which endpoint.

use actix_web::web::{self, ServiceConfig};

use crate::authorize::{authorize_by_form, authorize_by_query, resume};
use crate::end_session::{end_session_by_form, end_session_by_query, signed_out};

/// Puts every endpoint of the provider on its path. The application's data must hold the
/// [`Provider`](crate::Provider).
pub fn routes(app: &mut ServiceConfig) {
    app.service(
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
    .service(web::resource("/signed-out").get(signed_out));
}
