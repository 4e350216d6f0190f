//! What a client may register to be told by when a session ends.

use url::Url;

use super::problems::is_web_link;
use super::{ClientSettings, InvalidSetting};

impl ClientSettings {
    /// What is wrong with its logout URIs (OpenID Connect Back-Channel Logout §2.2, Front-Channel
    /// Logout §2).
    pub(super) fn logout_problems(&self) -> Vec<InvalidSetting> {
        let mut problems = Vec::new();
        let mut refuse = |field, problem: &str| {
            problems.push(InvalidSetting {
                field,
                problem: problem.to_owned(),
            });
        };
        for (field, uri) in [
            ("backchannel_logout_uri", &self.backchannel_logout_uri),
            ("frontchannel_logout_uri", &self.frontchannel_logout_uri),
        ] {
            if uri.as_ref().is_some_and(|uri| !may_be_told_of_logout(uri)) {
                refuse(
                    field,
                    "give an https URL (http only on localhost) without fragment",
                );
            }
        }
        if let Some(uri) = &self.frontchannel_logout_uri
            && !self.has_redirect_at_origin_of(uri)
        {
            refuse(
                "frontchannel_logout_uri",
                "its scheme, host and port must be those of a redirect URI",
            );
        }
        problems
    }

    fn has_redirect_at_origin_of(&self, uri: &Url) -> bool {
        self.redirect_uris
            .iter()
            .filter_map(|redirect| Url::parse(redirect.as_str()).ok())
            .any(|redirect| redirect.origin() == uri.origin())
    }
}

fn may_be_told_of_logout(uri: &Url) -> bool {
    is_web_link(uri) && uri.fragment().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RedirectUri;

    fn problems(change: impl FnOnce(&mut ClientSettings)) -> Vec<String> {
        let mut settings = ClientSettings::named("Register for a course");
        settings.redirect_uris = ["https://service.example/cb", "http://localhost:9000/cb"]
            .map(|uri| RedirectUri::parse(uri).unwrap())
            .into();
        change(&mut settings);
        let problems = settings.problems();
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn logout_uris_are_https_or_on_this_machine_and_have_no_fragment() {
        let backchannel = |uri: &str| problems(|it| it.backchannel_logout_uri = uri.parse().ok());

        for sound in [
            "https://elsewhere.example/logout?tenant=1",
            "http://localhost:9000/logout",
        ] {
            assert_eq!(backchannel(sound), [""; 0], "{sound}");
        }
        for unsound in [
            "http://service.example/logout",
            "https://service.example/logout#now",
            "https://service.example/logout#",
            // The attack: what ends a directive of a content security policy stands in a host.
            "https://service.example;x/logout",
            "https://service.example,x/logout",
        ] {
            assert_eq!(
                backchannel(unsound),
                [
                    "backchannel_logout_uri: give an https URL (http only on localhost) without fragment"
                ],
                "{unsound}"
            );
        }
    }

    #[test]
    fn what_a_browser_loads_is_where_a_redirect_uri_is() {
        let frontchannel = |uri: &str| problems(|it| it.frontchannel_logout_uri = uri.parse().ok());

        for sound in [
            "https://service.example/logout?tenant=1",
            "https://service.example:443/logout",
            "http://localhost:9000/logout",
        ] {
            assert_eq!(frontchannel(sound), [""; 0], "{sound}");
        }
        for elsewhere in [
            "https://other.example/logout",
            "https://service.example:8443/logout",
            "https://www.service.example/logout",
            "http://localhost:9001/logout",
        ] {
            assert_eq!(
                frontchannel(elsewhere),
                [
                    "frontchannel_logout_uri: its scheme, host and port must be those of a redirect URI"
                ],
                "{elsewhere}"
            );
        }
        assert_eq!(
            frontchannel("https://service.example/logout#now"),
            [
                "frontchannel_logout_uri: give an https URL (http only on localhost) without fragment"
            ]
        );
    }
}
