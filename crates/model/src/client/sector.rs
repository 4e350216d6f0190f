//! Which clients know people by the same pairwise subjects (OpenID Connect Core §8.1).

use std::collections::BTreeSet;

use url::Url;

use super::ClientSettings;

impl ClientSettings {
    /// The host that names the client's sector: that of its `sector_identifier_uri`, or else the one
    /// that all of its redirect URIs have. `None` when they have several, or none.
    #[must_use]
    pub fn sector(&self) -> Option<String> {
        if let Some(uri) = &self.sector_identifier_uri {
            return uri.host_str().map(str::to_owned);
        }
        let hosts: BTreeSet<Option<String>> = self
            .redirect_uris
            .iter()
            .map(|uri| Url::parse(uri.as_str()).ok()?.host_str().map(str::to_owned))
            .collect();
        match hosts.into_iter().collect::<Vec<_>>().as_slice() {
            [Some(host)] => Some(host.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redirect_uri::RedirectUri;

    fn sector(redirect_uris: &[&str], sector_identifier_uri: Option<&str>) -> Option<String> {
        let mut settings = ClientSettings::named("Service");
        settings.redirect_uris = redirect_uris
            .iter()
            .map(|uri| RedirectUri::parse(uri).unwrap())
            .collect();
        settings.sector_identifier_uri = sector_identifier_uri.map(|uri| uri.parse().unwrap());
        settings.sector()
    }

    #[test]
    fn the_host_that_all_redirect_uris_have_names_the_sector() {
        let uris = ["https://one.example/a", "https://ONE.example:8443/b"];

        assert_eq!(sector(&uris, None).as_deref(), Some("one.example"));
    }

    #[test]
    fn a_client_of_several_hosts_or_none_has_no_sector_unless_it_names_one() {
        let file = Some("https://sector.example/uris.json");
        for uris in [
            &["https://one.example/", "https://other.example/"][..],
            &["https://one.example/", "uk.example.app:/callback"],
            &["uk.example.app:/callback"],
            &[],
        ] {
            assert_eq!(sector(uris, None), None, "{uris:?}");
            assert_eq!(sector(uris, file).as_deref(), Some("sector.example"));
        }
    }
}
