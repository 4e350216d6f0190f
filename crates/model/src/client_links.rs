//! What a client shows people of itself beside its name.

use serde::Serialize;
use url::Url;

use crate::client::ClientSettings;

/// A client's logo, privacy notice and terms (OpenID Connect Registration §2): https URLs that it
/// registered. We link to them, and never fetch them ourselves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClientLinks {
    /// An image.
    pub logo_uri: Option<Url>,
    /// How it uses what it learns of people.
    pub policy_uri: Option<Url>,
    /// Its terms.
    pub tos_uri: Option<Url>,
}

impl ClientLinks {
    /// What a client registered.
    #[must_use]
    pub fn of(settings: &ClientSettings) -> Self {
        Self {
            logo_uri: settings.logo_uri.clone(),
            policy_uri: settings.policy_uri.clone(),
            tos_uri: settings.tos_uri.clone(),
        }
    }

    /// The origin that the browser has to load the logo from, for the page's content security
    /// policy.
    #[must_use]
    pub fn image_origin(&self) -> Option<String> {
        let logo = self.logo_uri.as_ref()?;
        Some(logo.origin().ascii_serialization())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_loaded_from_its_origin_alone() {
        let mut settings = ClientSettings::named("Register for a course");
        assert_eq!(ClientLinks::of(&settings), ClientLinks::default());
        settings.logo_uri = Url::parse("https://service.example:8443/logo;x=1.png?v=2").ok();

        let links = ClientLinks::of(&settings);

        let origin = links.image_origin().unwrap();
        assert_eq!(origin, "https://service.example:8443");
        assert_eq!(ClientLinks::default().image_origin(), None);
    }
}
