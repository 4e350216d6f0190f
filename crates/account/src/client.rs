//! The account area as a client of the provider: it signs people in as every service does.

use model::client::{AuthMethod, ClientSettings};
use model::redirect_uri::InvalidRedirectUri;
use model::{ClientId, RedirectUri};

use url::Url;

use crate::routes;

/// The name it registers under.
#[must_use]
pub fn id() -> ClientId {
    ClientId::account_area()
}

/// What it registers: a public client that uses PKCE and is answered at one address of the issuer
/// (our origin without a trailing slash). `product_name` is what people know us by.
///
/// # Errors
///
/// [`InvalidRedirectUri`] when the issuer is no origin that can be redirected to.
pub fn settings(issuer: &str, product_name: &str) -> Result<ClientSettings, InvalidRedirectUri> {
    let mut settings = ClientSettings::named(&format!("{product_name} account"));
    settings.redirect_uris = vec![RedirectUri::parse(&redirect_uri(issuer))?];
    settings.token_endpoint_auth_method = AuthMethod::None;
    settings.scope = SCOPE.into_iter().collect();
    settings.client_uri = Url::parse(&format!("{issuer}{}", routes::OVERVIEW)).ok();
    Ok(settings)
}

/// What it asks for.
pub(crate) const SCOPE: [&str; 2] = ["openid", "email"];

/// Where it is answered.
pub(crate) fn redirect_uri(issuer: &str) -> String {
    format!("{issuer}{}", routes::SIGNED_IN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_registers_a_public_client_that_must_use_pkce_and_holds_together() {
        let settings = settings("https://identity.example", "Get an identity").unwrap();

        assert_eq!(settings.problems(), []);
        assert!(settings.require_pkce);
        assert_eq!(settings.token_endpoint_auth_method, AuthMethod::None);
        assert_eq!(settings.client_name, "Get an identity account");
        let addresses: Vec<&str> = settings
            .redirect_uris
            .iter()
            .map(RedirectUri::as_str)
            .collect();
        assert_eq!(addresses, ["https://identity.example/account/signed-in"]);
        assert_eq!(
            settings.client_uri.unwrap().as_str(),
            "https://identity.example/account"
        );
        assert_eq!(settings.scope.to_string(), "email openid");
    }
}
