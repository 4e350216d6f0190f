//! A browser that keeps its cookies, and a journey that ends as the test says.

use std::collections::BTreeMap;

use actix_web::http::header::{COOKIE, SET_COOKIE};
use actix_web::test::TestRequest;
use form_urlencoded::Serializer;
use model::InteractionId;
use model::browser_session::Authentication;
use model::interaction::Outcome;
use model::{Timestamp, UserId};

use super::{Answer, CHALLENGE, REDIRECT_URI, TestProvider};

/// A browser of somebody's own.
pub(crate) struct TestBrowser<'a> {
    pub(crate) app: &'a TestProvider,
    cookies: BTreeMap<String, String>,
}

impl TestProvider {
    pub(crate) fn browser(&self) -> TestBrowser<'_> {
        TestBrowser {
            app: self,
            cookies: BTreeMap::new(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.provider.store.clock().now()
    }
}

impl TestBrowser<'_> {
    /// Asks for a page and follows nothing.
    pub(crate) async fn open(&mut self, url: &str) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = TestRequest::get().uri(url);
        let request = request.insert_header((COOKIE, cookies.join("; ")));
        let answer = self.app.send(request).await;
        for header in answer.headers.get_all(SET_COOKIE) {
            let pair = header.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Brings the request of a client, with parameters beside the usual ones.
    pub(crate) async fn authorize(
        &mut self,
        client_id: &str,
        parameters: &[(&str, &str)],
    ) -> Answer {
        let query = Serializer::new(String::new())
            .extend_pairs([
                ("client_id", client_id),
                ("redirect_uri", REDIRECT_URI),
                ("response_type", "code"),
                ("code_challenge", CHALLENGE),
                ("code_challenge_method", "S256"),
            ])
            .extend_pairs(parameters)
            .finish();
        self.open(&format!("/authorize?{query}")).await
    }

    /// Ends the interaction that an answer led to, and comes back from it.
    pub(crate) async fn end(&mut self, asked: &Answer, outcome: Outcome) -> Answer {
        let location = asked.header("location").unwrap();
        let id = location.strip_prefix("/sign-in/email?i=").unwrap();
        let id = InteractionId::parse(id).unwrap();
        let resume = format!("/authorize/resume/{id}");
        let is_ended = self
            .app
            .write(move |tx| storage::interactions::complete(tx, &id, &outcome));
        assert!(is_ended);
        self.open(&resume).await
    }

    /// Signs in to a client that asks for nothing, so that there is a session.
    pub(crate) async fn sign_in(&mut self, user: &UserId) {
        self.app.client("plain", |_| ());
        let asked = self.authorize("plain", &[("scope", "openid")]).await;
        let outcome = signed_in(self.app, user);
        let back = self.end(&asked, outcome).await;
        assert!(back.parameter("code").is_some());
    }
}

/// The person proved their address now.
pub(crate) fn signed_in(app: &TestProvider, user: &UserId) -> Outcome {
    let now = app.now();
    Outcome::SignedIn {
        authentication: Authentication::by_email(user.clone(), now),
        selected_at: now,
    }
}

impl Answer {
    /// A parameter of the redirect to the client.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let location = self.header("location")?;
        let query = location.strip_prefix(REDIRECT_URI)?.strip_prefix('?')?;
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Asserts that the browser goes back to the client with these parameters and no others, in
    /// this order.
    #[track_caller]
    pub(crate) fn assert_sent_back(&self, parameters: &[(&str, &str)]) {
        let query = Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        let location = format!("{REDIRECT_URI}?{query}");
        assert_eq!(
            (self.status, self.header("location")),
            (303, Some(location.as_str()))
        );
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert!(self.body.is_empty());
    }

    /// Whether the person is asked something.
    pub(crate) fn is_question(&self) -> bool {
        self.status == 303
            && self
                .header("location")
                .is_some_and(|to| to.starts_with("/sign-in/email?i="))
    }
}
