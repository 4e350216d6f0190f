//! The answer to an authorization request, in the response mode it asked for.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use form_urlencoded::Serializer;
use model::raw_pairs::{RawPairs, Repeated};
use model::{Client, RegisteredRedirect};
use pages::{HiddenField, Shell};

use crate::authorize::error::{Refusal, ShowPage};
use crate::form_post_page::FormPostPage;
use crate::provider::Provider;

/// How the parameters of the answer travel (OAuth 2.0 Multiple Response Type Encoding Practices
/// §2.1, Form Post Response Mode §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In the fragment of the redirect URI, which browsers send nowhere.
    Fragment,
    /// In a form that the browser posts to the redirect URI.
    FormPost,
}

impl ResponseMode {
    /// Every mode, in the order that discovery lists them.
    pub const ALL: [Self; 3] = [Self::Query, Self::Fragment, Self::FormPost];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Fragment => "fragment",
            Self::FormPost => "form_post",
        }
    }

    /// The mode of a request that names none: a response type that asks for a token of any kind is
    /// never answered in the query, though we know no more of it (Multiple Response Types §2.1, §5).
    fn default_of<'a>(response_types: impl Iterator<Item = &'a str>) -> Self {
        let mut words = response_types.flat_map(|value| value.split(' '));
        if words.any(|word| matches!(word, "id_token" | "token")) {
            Self::Fragment
        } else {
            Self::Query
        }
    }

    /// The mode of a request.
    ///
    /// # Errors
    ///
    /// `invalid_request` for a mode that we do not know, and for `query` where tokens would be in
    /// it; the refusal goes where tokens would go.
    pub(crate) fn of(pairs: &RawPairs) -> Result<Self, (Self, Refusal)> {
        let named = |name| move |pair: &(&str, &str)| pair.0 == name;
        let response_types = pairs.iter().filter(named("response_type"));
        let default = Self::default_of(response_types.map(|(_, value)| value));
        let refused = |description| Err((default, Refusal::invalid_request(description)));
        let asked = match pairs.one("response_mode") {
            Ok(Some(value)) => Self::ALL.into_iter().find(|mode| mode.as_str() == value),
            Ok(None) => Some(default),
            Err(Repeated(_)) => return refused("The parameter response_mode is repeated."),
        };
        match (asked, default) {
            (Some(Self::Query), Self::Fragment) => {
                refused("The response_mode query is not for tokens; fragment and form_post are.")
            }
            (Some(mode), _) => Ok(mode),
            (None, _) => refused("The response_mode must be query, fragment or form_post."),
        }
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
    /// The recipient of a client's request, if the redirect URI is one that it registered.
    pub(crate) fn prove(client: Arc<Client>, pairs: &RawPairs) -> Result<Self, ShowPage> {
        let redirect_uri = ShowPage::unless_once(pairs, "redirect_uri")?;
        match client.redirect(redirect_uri) {
            Some(redirect) => Ok(Self::of(client, redirect, pairs)),
            None => Err(ShowPage::UnregisteredRedirect {
                client_id: client.id.to_string(),
            }),
        }
    }

    /// The recipient of a request whose client and redirect URI are proven. A response mode that
    /// cannot be is refused later.
    fn of(client: Arc<Client>, redirect: RegisteredRedirect, pairs: &RawPairs) -> Self {
        let only = |name| pairs.one(name).ok().flatten();
        Self {
            client,
            redirect,
            mode: ResponseMode::of(pairs).unwrap_or_else(|(default, _)| default),
            state: only("state").map(str::to_owned),
        }
    }

    /// Gives the client what it asked for (RFC 6749 §4.1.2, OpenID Connect Core §3.2.2.5,
    /// §3.3.2.5).
    pub(crate) fn grant(
        &self,
        provider: &Provider,
        issued: Vec<(&'static str, String)>,
    ) -> HttpResponse {
        self.answer(provider, issued)
    }

    /// Tells the client why not (RFC 6749 §4.1.2.1, §4.2.2.1).
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
            ResponseMode::Fragment => {
                see_other(&with_fragment(self.redirect.as_str(), &parameters))
            }
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
    format!("{uri}{joint}{}", form_encoded(parameters))
}

/// A URI with parameters as its fragment. Registered redirect URIs have none.
fn with_fragment(uri: &str, parameters: &[(&str, String)]) -> String {
    format!("{uri}#{}", form_encoded(parameters))
}

fn form_encoded(parameters: &[(&str, String)]) -> String {
    Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
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
    use model::ResponseType;

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

    #[test]
    fn a_fragment_leaves_the_query_as_it_is() {
        let parameters = [("state", "a#b&c".to_owned()), ("iss", "i".to_owned())];

        assert_eq!(
            with_fragment("https://s.example/cb?x=1", &parameters),
            "https://s.example/cb?x=1#state=a%23b%26c&iss=i"
        );
    }

    /// The mode, or the mode of the refusal and its words.
    fn mode(query: &str) -> Result<ResponseMode, (ResponseMode, String)> {
        let pairs = RawPairs::parse(query.as_bytes());
        ResponseMode::of(&pairs).map_err(|(mode, refusal)| {
            assert_eq!(refusal.error, "invalid_request");
            (mode, refusal.description)
        })
    }

    #[test]
    fn every_response_type_has_its_default_and_takes_the_modes_that_are_safe_for_it() {
        use ResponseMode::{FormPost, Fragment, Query};
        for response_type in ResponseType::ALL {
            let mode = |rest: &str| {
                let words = response_type.as_str().replace(' ', "+");
                mode(&format!("response_type={words}{rest}"))
            };
            let is_code = response_type == ResponseType::Code;

            assert_eq!(mode(""), Ok(if is_code { Query } else { Fragment }));
            assert_eq!(mode("&response_mode="), mode(""));
            assert_eq!(mode("&response_mode=fragment"), Ok(Fragment));
            assert_eq!(mode("&response_mode=form_post"), Ok(FormPost));
            let no_tokens =
                "The response_mode query is not for tokens; fragment and form_post are.";
            let query = if is_code {
                Ok(Query)
            } else {
                Err((Fragment, no_tokens.to_owned()))
            };
            assert_eq!(mode("&response_mode=query"), query);
        }
    }

    #[test]
    fn a_refusal_goes_where_the_answer_would_as_far_as_can_be_read() {
        use ResponseMode::{FormPost, Fragment, Query};
        for (query, expected) in [
            ("", Query),
            ("response_type=", Query),
            ("response_type=none", Query),
            ("response_type=token", Fragment),
            ("response_type=device+token", Fragment),
            ("response_type=id_token++code", Fragment),
            ("response_type=code&response_type=id_token", Fragment),
            ("response_type=unheard&response_mode=fragment", Fragment),
            ("response_mode=form_post", FormPost),
        ] {
            assert_eq!(mode(query), Ok(expected), "{query}");
        }
        for (query, expected, description) in [
            (
                "response_type=token&response_mode=query",
                Fragment,
                "The response_mode query is not for tokens; fragment and form_post are.",
            ),
            (
                "response_type=id_token&response_mode=FRAGMENT",
                Fragment,
                "The response_mode must be query, fragment or form_post.",
            ),
            (
                "response_type=code&response_mode=query&response_mode=query",
                Query,
                "The parameter response_mode is repeated.",
            ),
        ] {
            assert_eq!(
                mode(query),
                Err((expected, description.to_owned())),
                "{query}"
            );
        }
    }
}
