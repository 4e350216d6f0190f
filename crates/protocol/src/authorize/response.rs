//! The answer to an authorization request, in the response mode it asked for.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use form_urlencoded::Serializer;
use model::raw_pairs::RawPairs;
use model::{Client, RegisteredRedirect, Secret};
use pages::{HiddenField, Shell};

use crate::authorize::error::Refusal;
use crate::form_post_page::FormPostPage;
use crate::provider::Provider;
use crate::session_state;

/// How the parameters of the answer travel (OAuth 2.0 Multiple Response Type Encoding Practices
/// §2.1, Form Post Response Mode §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    #[default]
    Query,
    /// In a form that the browser posts to the redirect URI.
    FormPost,
}

impl ResponseMode {
    /// Every mode, in the order that discovery lists them.
    pub const ALL: [Self; 2] = [Self::Query, Self::FormPost];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }

    pub(crate) fn parse(value: Option<&str>) -> Result<Self, Refusal> {
        let Some(value) = value else {
            return Ok(Self::default());
        };
        Self::ALL
            .into_iter()
            .find(|mode| mode.as_str() == value)
            .ok_or_else(|| {
                Refusal::invalid_request("The response_mode must be query or form_post.")
            })
    }
}

/// To whom an answer goes, and how: proven before any redirect.
#[derive(Clone, Debug)]
pub(crate) struct Recipient {
    pub(crate) client: Arc<Client>,
    pub(crate) redirect: RegisteredRedirect,
    mode: ResponseMode,
    state: Option<String>,
}

impl Recipient {
    /// The recipient of a request whose client and redirect URI are proven. A response mode that
    /// we do not know is refused later; its refusal goes in the query.
    pub(crate) fn of(client: Arc<Client>, redirect: RegisteredRedirect, pairs: &RawPairs) -> Self {
        let only = |name| pairs.one(name).ok().flatten();
        Self {
            client,
            redirect,
            mode: ResponseMode::parse(only("response_mode")).unwrap_or_default(),
            state: only("state").map(str::to_owned),
        }
    }

    /// Gives the client its code (RFC 6749 §4.1.2), and what it sees the end of the session by.
    pub(crate) fn grant(
        &self,
        provider: &Provider,
        code: &Secret<String>,
        sid: &str,
    ) -> HttpResponse {
        let mut parameters = vec![("code", code.reveal().clone())];
        let state = session_state::parameter(provider, &self.client, &self.redirect, sid);
        parameters.extend(state.map(|state| ("session_state", state)));
        self.answer(provider, parameters)
    }

    /// Tells the client why not (RFC 6749 §4.1.2.1).
    pub(crate) fn refuse(&self, provider: &Provider, refusal: &Refusal) -> HttpResponse {
        let description = refusal.description.clone();
        self.answer(
            provider,
            vec![
                ("error", refusal.error.to_owned()),
                ("error_description", description),
            ],
        )
    }

    /// Sends parameters, with `state` as it came and `iss` (RFC 9207 §2).
    fn answer(
        &self,
        provider: &Provider,
        mut parameters: Vec<(&'static str, String)>,
    ) -> HttpResponse {
        if let Some(state) = &self.state {
            parameters.push(("state", state.clone()));
        }
        parameters.push(("iss", provider.issuer.as_str().to_owned()));
        match self.mode {
            ResponseMode::Query => see_other(&with_query(self.redirect.as_str(), &parameters)),
            ResponseMode::FormPost => self.form(provider, parameters),
        }
    }

    fn form(&self, provider: &Provider, parameters: Vec<(&'static str, String)>) -> HttpResponse {
        let service_name = self.client.settings.client_name.clone();
        let mut shell = Shell::for_service(service_name.clone());
        shell.form_action = vec![self.redirect.form_action()];
        let fields = parameters
            .into_iter()
            .map(|(name, value)| HiddenField {
                name: name.to_owned(),
                value,
            })
            .collect();
        let action = self.redirect.as_str().to_owned();
        let page = FormPostPage {
            service_name,
            action,
            fields,
        };
        provider.pages.respond(StatusCode::OK, &shell, &page)
    }
}

/// A URI with parameters added to whatever query it has.
pub(crate) fn with_query(uri: &str, parameters: &[(&str, String)]) -> String {
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    let query = Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    format!("{uri}{joint}{query}")
}

/// A redirect that the browser follows by GET (RFC 9110 §15.4.4).
pub(crate) fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, location))
        .insert_header((CACHE_CONTROL, "no-store"))
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_join_the_query_that_a_redirect_uri_has() {
        let code = [("code", "a b".to_owned())];

        assert_eq!(
            with_query("https://s.example/cb", &code),
            "https://s.example/cb?code=a+b"
        );
        assert_eq!(
            with_query("https://s.example/cb?x=1", &code),
            "https://s.example/cb?x=1&code=a+b"
        );
        assert_eq!(
            with_query("https://s.example/cb?", &code),
            "https://s.example/cb?code=a+b"
        );
    }
}
