//! Whether what a client may ask the authorization endpoint for goes together.

use super::{ApplicationType, ClientSettings, GrantType, InvalidSetting, default_response_types};
use crate::redirect_uri::RedirectUri;
use crate::response_type::ResponseType;

impl ClientSettings {
    /// Every contradiction between response types, grants, scope and redirect URIs (OpenID Connect
    /// Registration §2, RFC 7591 §2.1).
    pub(super) fn flow_problems(&self) -> Vec<InvalidSetting> {
        let uses = |grant| self.grant_types.contains(&grant);
        let signs_people_in = uses(GrantType::AuthorizationCode) || uses(GrantType::Implicit);
        let mut problems = Vec::new();
        let mut refuse = |field, problem: &str| {
            problems.push(InvalidSetting {
                field,
                problem: problem.to_owned(),
            });
        };
        if signs_people_in && self.redirect_uris.is_empty() {
            refuse(
                "redirect_uris",
                "the grants authorization_code and implicit need at least one redirect URI",
            );
        }
        if uses(GrantType::Implicit)
            && self.application_type == ApplicationType::Web
            && !self.redirect_uris.iter().all(RedirectUri::is_https)
        {
            refuse(
                "redirect_uris",
                "a web client with the implicit grant needs https redirect URIs",
            );
        }
        if signs_people_in && !self.scope.contains("openid") {
            refuse(
                "scope",
                "the grants authorization_code and implicit need the scope openid",
            );
        }
        // Who signs nobody in has `code` because nothing else was said.
        if signs_people_in || self.response_types != default_response_types() {
            for response_type in &self.response_types {
                if !response_type.grant_types().all(uses) {
                    refuse("response_types", &needed_by(*response_type));
                }
            }
        }
        // What comes from the authorization endpoint is bound to no key (RFC 9449 §5).
        if self.dpop_bound_access_tokens && self.response_types.iter().any(|it| it.has_token()) {
            refuse(
                "dpop_bound_access_tokens",
                "leave out the response types with token: such access tokens are bound to no key",
            );
        }
        for grant in [GrantType::AuthorizationCode, GrantType::Implicit] {
            let needs = |one: &ResponseType| one.grant_types().any(|needed| needed == grant);
            if uses(grant) && !self.response_types.iter().any(needs) {
                let problem = format!("no response type needs {}", grant.as_str());
                refuse("grant_types", &problem);
            }
        }
        problems
    }
}

fn needed_by(response_type: ResponseType) -> String {
    let grants = response_type.grant_types().map(GrantType::as_str);
    let grants: Vec<_> = grants.collect();
    format!(
        "the response type {response_type} needs the grant types: {}",
        grants.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Client, Credential};
    use crate::client_id::ClientId;

    fn fields(settings: &ClientSettings) -> Vec<&'static str> {
        let problems = settings.problems().into_iter();
        problems.map(|problem| problem.field).collect()
    }

    #[test]
    fn whose_access_tokens_are_all_bound_to_a_key_gets_none_in_the_front_channel() {
        use GrantType::{AuthorizationCode, Implicit};
        let grants = [AuthorizationCode, Implicit];
        for (response_type, problems) in [
            (ResponseType::CodeIdToken, &[][..]),
            (ResponseType::CodeToken, &["dpop_bound_access_tokens"]),
            (
                ResponseType::CodeIdTokenToken,
                &["dpop_bound_access_tokens"],
            ),
        ] {
            let mut settings = asking_for(&[response_type], &grants);
            settings.dpop_bound_access_tokens = true;

            assert_eq!(fields(&settings), problems, "{response_type}");
            let client = Client {
                id: ClientId::parse("service").unwrap(),
                settings,
                credential: Credential::default(),
                disabled_at: None,
                version: 1,
            };
            assert_eq!(client.may_ask_for(response_type), problems.is_empty());
        }
    }

    fn asking_for(response_types: &[ResponseType], grant_types: &[GrantType]) -> ClientSettings {
        let mut settings = ClientSettings::named("Register for a course");
        settings.redirect_uris =
            vec![RedirectUri::parse("https://service.example/callback").unwrap()];
        settings.response_types = response_types.to_vec();
        settings.grant_types = grant_types.to_vec();
        settings
    }

    #[test]
    fn each_response_type_needs_its_grants_and_each_grant_a_response_type() {
        use GrantType::{AuthorizationCode, ClientCredentials, Implicit, RefreshToken};
        use ResponseType::{Code, CodeIdToken, CodeToken, IdToken, IdTokenToken};
        let fields = |types: &[_], grants: &[_]| fields(&asking_for(types, grants));
        let none: [&str; 0] = [];

        for (types, grants) in [
            (vec![IdToken, IdTokenToken], vec![Implicit]),
            (vec![Code, CodeIdToken], vec![AuthorizationCode, Implicit]),
            (
                vec![CodeToken],
                vec![AuthorizationCode, Implicit, RefreshToken],
            ),
            (
                ResponseType::ALL.to_vec(),
                vec![AuthorizationCode, Implicit],
            ),
            (vec![Code], vec![ClientCredentials]),
        ] {
            assert_eq!(fields(&types, &grants), none, "{types:?} {grants:?}");
        }
        for (types, grants) in [
            (vec![Code, IdToken], vec![AuthorizationCode]),
            (vec![CodeIdToken, Code], vec![AuthorizationCode]),
            (vec![Code, IdToken], vec![Implicit]),
            (vec![IdToken], vec![ClientCredentials]),
        ] {
            assert_eq!(
                fields(&types, &grants),
                ["response_types"],
                "{types:?} {grants:?}"
            );
        }
        for (types, grants) in [
            (vec![Code], vec![AuthorizationCode, Implicit]),
            (vec![IdToken], vec![AuthorizationCode, Implicit]),
            (vec![], vec![AuthorizationCode]),
        ] {
            assert_eq!(
                fields(&types, &grants),
                ["grant_types"],
                "{types:?} {grants:?}"
            );
        }
        assert_eq!(
            asking_for(&[Code, CodeIdToken], &[AuthorizationCode]).problems()[0].problem,
            "the response type code id_token needs the grant types: authorization_code, implicit"
        );
    }

    /// OpenID Connect Registration §2: whoever else listens on the person's device would get the
    /// tokens.
    #[test]
    fn a_web_client_gets_no_tokens_from_the_authorization_endpoint_over_http() {
        let mut settings = asking_for(&[ResponseType::IdToken], &[GrantType::Implicit]);
        for (uri, problems) in [
            ("https://service.example/callback", &[][..]),
            ("http://localhost:8081/callback", &["redirect_uris"]),
            ("https://localhost:8081/callback", &[]),
            ("https://127.0.0.1/callback", &[]),
            ("uk.example.app:/callback", &["redirect_uris"]),
        ] {
            settings.redirect_uris = vec![RedirectUri::parse(uri).unwrap()];

            settings.application_type = ApplicationType::Web;
            assert_eq!(fields(&settings), problems, "{uri}");
            settings.application_type = ApplicationType::Native;
            assert_eq!(fields(&settings), [""; 0], "{uri}");
        }
    }

    #[test]
    fn a_client_may_ask_for_what_both_its_response_types_and_its_grants_have() {
        use GrantType::{AuthorizationCode, Implicit};
        use ResponseType::{Code, CodeIdToken, IdToken};
        let client = |settings| Client {
            id: ClientId::parse("service").unwrap(),
            settings,
            credential: Credential::default(),
            disabled_at: None,
            version: 1,
        };

        let both = client(asking_for(&[CodeIdToken], &[AuthorizationCode, Implicit]));
        let one = client(asking_for(&ResponseType::ALL, &[AuthorizationCode]));

        let asked = [Code, IdToken, CodeIdToken];
        assert_eq!(asked.map(|it| both.may_ask_for(it)), [false, false, true]);
        assert_eq!(asked.map(|it| one.may_ask_for(it)), [true, false, false]);
    }
}
