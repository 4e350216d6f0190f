//! `/sign-in`: send the person to the provider.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::web::{Data, Query};
use openidconnect::Scope;
use openidconnect::core::CoreAuthPrompt;

use crate::pages;
use crate::policy::Policy;
use crate::provider::RelyingService;
use crate::sessions::{SessionId, Sessions};

/// What the person chose on the start page.
#[derive(Debug)]
pub(crate) struct Wishes {
    /// As which client the service asks.
    pub(crate) policy: Policy,
    /// Scopes beside `openid`, each once.
    pub(crate) scopes: Vec<Scope>,
    pub(crate) prompt: Option<CoreAuthPrompt>,
    /// Seconds.
    pub(crate) max_age: Option<u64>,
}

impl Wishes {
    /// Reads the form: `policy`, `scope` (may repeat, may hold several), `prompt`, `max_age`.
    ///
    /// # Errors
    ///
    /// A sentence that says which field is wrong and what would be right.
    pub(crate) fn parse(fields: &[(String, String)]) -> Result<Self, String> {
        let mut wishes = Self {
            policy: Policy::default(),
            scopes: Vec::new(),
            prompt: None,
            max_age: None,
        };
        for (name, value) in fields {
            match (name.as_str(), value.trim()) {
                ("policy", name) => {
                    wishes.policy = Policy::from_name(name)
                        .ok_or_else(|| "Choose one of the kinds of service".to_owned())?;
                }
                ("scope", scopes) => {
                    for scope in scopes.split_whitespace().filter(|scope| *scope != "openid") {
                        wishes.add(Scope::new(scope.to_owned()));
                    }
                }
                ("prompt", "none") => wishes.prompt = Some(CoreAuthPrompt::None),
                ("prompt", "login") => wishes.prompt = Some(CoreAuthPrompt::Login),
                ("prompt", "consent") => wishes.prompt = Some(CoreAuthPrompt::Consent),
                ("prompt", "select_account") => {
                    wishes.prompt = Some(CoreAuthPrompt::SelectAccount);
                }
                ("prompt" | "max_age", "") => {}
                ("prompt", _) => {
                    return Err("Prompt must be none, login, consent or select_account".to_owned());
                }
                ("max_age", seconds) => {
                    let seconds = seconds.parse().map_err(|_| {
                        "Maximum age must be a whole number of seconds, like 300".to_owned()
                    })?;
                    wishes.max_age = Some(seconds);
                }
                _ => {}
            }
        }
        if let Some(scope) = wishes.policy.scope() {
            wishes.add(scope);
        }
        Ok(wishes)
    }

    fn add(&mut self, scope: Scope) {
        if !self.scopes.contains(&scope) {
            self.scopes.push(scope);
        }
    }
}

/// Begins a sign-in: remembers state, nonce and verifier under the browser's cookie, and redirects.
pub(crate) async fn sign_in(
    request: HttpRequest,
    fields: Query<Vec<(String, String)>>,
    service: Data<RelyingService>,
    sessions: Data<Sessions>,
) -> HttpResponse {
    let wishes = match Wishes::parse(&fields) {
        Ok(wishes) => wishes,
        Err(problem) => return pages::bad_request(&service, &problem),
    };
    let provider = match service.discover(wishes.policy).await {
        Ok(provider) => provider,
        Err(fault) => return pages::provider_fault(&service, &fault),
    };
    let (url, pending) = provider.authorization(&wishes);
    let session = sessions.begin(SessionId::of(&request), pending);

    let mut answer = HttpResponse::SeeOther();
    answer.insert_header((LOCATION, url));
    if let Some(cookie) = session.cookie(&service.settings.address()) {
        answer.insert_header((SET_COOKIE, cookie));
    }
    answer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn scopes_may_repeat_and_come_together() {
        let wishes = Wishes::parse(&fields(&[
            ("scope", "email"),
            ("scope", "openid email  profile"),
            ("prompt", ""),
            ("max_age", ""),
        ]))
        .unwrap();

        let scopes: Vec<_> = wishes.scopes.iter().map(|scope| scope.as_str()).collect();
        assert_eq!(scopes, ["email", "profile"]);
        assert!(wishes.prompt.is_none());
        assert_eq!(wishes.max_age, None);
    }

    #[test]
    fn a_policy_brings_its_scope() {
        let scopes = |policy| {
            let wishes = Wishes::parse(&fields(&[("scope", "email"), ("policy", policy)])).unwrap();
            let scopes: Vec<_> = wishes
                .scopes
                .iter()
                .map(|scope| scope.to_string())
                .collect();
            scopes.join(" ")
        };

        assert_eq!(scopes("plain"), "email");
        assert_eq!(scopes("trn-strict"), "email trn");
        assert_eq!(scopes("national-insurance"), "email national_insurance");
        assert!(Wishes::parse(&fields(&[("policy", "another")])).is_err());
    }

    #[test]
    fn prompt_and_max_age_are_read_and_mistakes_named() {
        let wishes = Wishes::parse(&fields(&[("prompt", "login"), ("max_age", " 300 ")])).unwrap();

        assert_eq!(wishes.prompt, Some(CoreAuthPrompt::Login));
        assert_eq!(wishes.max_age, Some(300));
        assert!(
            Wishes::parse(&fields(&[("prompt", "shout")]))
                .unwrap_err()
                .contains("Prompt")
        );
        assert!(
            Wishes::parse(&fields(&[("max_age", "-1")]))
                .unwrap_err()
                .contains("300")
        );
    }
}
