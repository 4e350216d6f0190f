//! Which path leads to which page.

use actix_web::web::{self, ServiceConfig};

use crate::services::{self, go_to, stop};
use crate::{departure, overview, passkey_name, second_factor, signed_in};

/// Where the account area begins.
pub(crate) const OVERVIEW: &str = "/account";

/// Where the second factor is shown.
pub(crate) const SECOND_FACTOR: &str = "/account/second-factor";

/// Where a change of it begins, named by `?action=`.
pub(crate) const CHANGE: &str = "/account/second-factor/change";

/// Below it each passkey has the page with its name.
pub(crate) const PASSKEYS: &str = "/account/second-factor/passkeys";

/// Where people see with which services they share.
pub(crate) const SERVICES: &str = "/account/services";

/// Where they stop, with the service that `?client_id=` names.
pub(crate) const STOP: &str = "/account/services/stop";

/// Where signing in to the service that `?client_id=` names begins.
pub(crate) const GO_TO: &str = "/account/services/open";

/// Where people come back from signing in: the client's redirect URI.
pub(crate) const SIGNED_IN: &str = "/account/signed-in";

/// Puts every page of the account area on its path. The application's data must hold the
/// [`Account`](crate::Account).
pub fn routes(app: &mut ServiceConfig) {
    app.service(web::resource(OVERVIEW).get(overview::show))
        .service(web::resource(SIGNED_IN).get(signed_in::come_back))
        .service(web::resource(SERVICES).get(services::show))
        .service(web::resource(STOP).get(stop::show).post(stop::submit))
        .service(web::resource(GO_TO).get(go_to::show))
        .service(web::resource(SECOND_FACTOR).get(second_factor::show))
        .service(web::resource(CHANGE).get(departure::change))
        .service(
            web::resource(format!("{PASSKEYS}/{{id}}"))
                .get(passkey_name::show)
                .post(passkey_name::submit),
        );
}
