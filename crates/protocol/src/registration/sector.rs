//! The file behind a `sector_identifier_uri` (OpenID Connect Registration §5).

use model::RedirectUri;
use model::client::ClientSettings;

use super::Registration;
use super::error::RegistrationError;

const FIELD: &str = "sector_identifier_uri";

/// Fetches the file and looks for every redirect URI in it, so that nobody joins a sector that does
/// not name them. Called outside any unit of work.
pub(super) async fn check(
    settings: &ClientSettings,
    rules: &Registration,
) -> Result<(), RegistrationError> {
    let Some(url) = &settings.sector_identifier_uri else {
        return Ok(());
    };
    let document = rules
        .outbound
        .fetch(url)
        .await
        .map_err(|error| RegistrationError::metadata(FIELD, &error))?;
    let listed: Vec<String> = serde_json::from_slice(&document).map_err(|_| {
        RegistrationError::metadata(FIELD, "the file there is no JSON array of URIs")
    })?;
    let is_listed = |uri: &RedirectUri| listed.iter().any(|one| one == uri.as_str());
    if settings.redirect_uris.iter().all(is_listed) {
        return Ok(());
    }
    Err(RegistrationError::metadata(
        FIELD,
        "the file there does not list every redirect URI",
    ))
}
