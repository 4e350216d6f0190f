//! Requests that were pushed, from the browser that brings their name to what comes of it.

use std::time::Duration;

use form_urlencoded::Serializer;
use model::client::ClientSettings;
use model::{ClientId, SigningAlgorithm};
use serde_json::json;
use storage::testing::Kind;

use super::{assert_is_page, open};
use crate::keys::testing::LooseKey;
use crate::testing::browser::{TestBrowser, signed_in};
use crate::testing::{Answer, CHALLENGE, CODE_REQUEST, ISSUER, REDIRECT_URI, TestProvider, posted};

const UNUSABLE: &str =
    "the request_uri is not known, has expired, was used before, or is that of another client";

const MUST_PUSH: &str = "This client must push its authorization requests.";

/// A service, and what it needs to push.
struct Service {
    secret: String,
}

impl Service {
    fn register(app: &TestProvider) -> Self {
        Self::register_with(app, |_| ())
    }

    fn register_with(app: &TestProvider, change: impl FnOnce(&mut ClientSettings)) -> Self {
        Self {
            secret: app.client("service", change),
        }
    }

    /// Pushes a request, with parameters beside the usual ones, and gives its name.
    async fn push(&self, app: &TestProvider, beside: &[(&str, &str)]) -> String {
        self.push_alone(app, &[&CODE_REQUEST[..], beside].concat())
            .await
    }

    async fn push_alone(&self, app: &TestProvider, form: &[(&str, &str)]) -> String {
        let client = ("service", self.secret.as_str());
        let pushed = app.post_as("/par", client, form).await;
        assert_eq!(pushed.status, 201, "{pushed:?}");
        pushed.text("request_uri")
    }
}

fn query(parameters: &[(&str, &str)]) -> String {
    Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

/// Brings what the service pushed.
async fn bring(browser: &mut TestBrowser<'_>, request_uri: &str) -> Answer {
    let parameters = [("client_id", "service"), ("request_uri", request_uri)];
    open(browser, &parameters).await
}

#[track_caller]
fn assert_unusable(answer: &Answer) {
    assert_is_page(answer, "invalid_request_uri", UNUSABLE);
}

#[actix_web::test]
async fn what_was_pushed_is_answered_after_a_whole_sign_in() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let service = Service::register(&app);
        let ada = app.ada();
        let mut browser = app.browser();

        let request_uri = service.push(&app, &[]).await;
        let asked = bring(&mut browser, &request_uri).await;
        // Longer than the request could have been used.
        app.clock.advance(Duration::from_secs(600));
        let back = browser.end(&asked, signed_in(&app, &ada)).await;

        assert_eq!(back.parameter("state").as_deref(), Some("pushed"));
        let code = back.parameter("code").unwrap();
        let tokens = app.redeem(("service", &service.secret), &code).await;
        assert_eq!(tokens.text("scope"), "email openid");
    }
}

/// The attack: whoever has the browser adds to the request, or changes it.
#[actix_web::test]
async fn nothing_beside_the_request_uri_changes_what_was_pushed() {
    let app = TestProvider::on_sqlite();
    let service = Service::register(&app);
    let mut browser = app.browser();
    browser.sign_in(&app.ada()).await;
    let request_uri = service.push(&app, &[]).await;

    let back = open(
        &mut browser,
        &[
            ("client_id", "service"),
            ("request_uri", &request_uri),
            ("redirect_uri", "https://evil.example/"),
            ("response_type", "id_token token"),
            ("response_mode", "form_post"),
            ("scope", "openid offline_access"),
            ("state", "beside"),
            ("state", "again"),
            ("prompt", "login"),
            ("code_challenge", "plain"),
            ("code_challenge_method", "plain"),
        ],
    )
    .await;

    assert_eq!(back.parameter("state").as_deref(), Some("pushed"));
    let code = back.parameter("code").unwrap();
    let tokens = app.redeem(("service", &service.secret), &code).await;
    assert_eq!(tokens.text("scope"), "email openid");
}

/// What is not pushed is not there: nothing beside the name stands in for it.
#[actix_web::test]
async fn nothing_beside_the_request_uri_adds_to_what_was_pushed() {
    let app = TestProvider::on_sqlite();
    let service = Service::register(&app);
    let mut browser = app.browser();
    let request_uri = service.push(&app, &[("prompt", "none")]).await;
    let other = service.push(&app, &[]).await;

    let silent = bring(&mut browser, &request_uri).await;
    let asked = open(
        &mut browser,
        &[
            ("client_id", "service"),
            ("request_uri", &other),
            ("prompt", "none"),
        ],
    )
    .await;

    assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
    assert!(asked.is_question());
}

/// RFC 9101 §5: they are never both there.
#[actix_web::test]
async fn a_request_object_or_a_second_request_uri_beside_it_is_refused() {
    let app = TestProvider::on_sqlite();
    let service = Service::register(&app);
    let mut browser = app.browser();
    let request_uri = service.push(&app, &[]).await;
    let named = [("client_id", "service"), ("request_uri", &*request_uri)];

    for (beside, reason) in [
        (
            ("request", "e30.e30.e30"),
            "The parameters request and request_uri exclude each other.",
        ),
        (
            ("request_uri", "https://service.example/object"),
            "The parameter request_uri is repeated.",
        ),
    ] {
        let answer = open(&mut browser, &[&named[..], &[beside]].concat()).await;

        assert_is_page(&answer, "invalid_request", reason);
    }
    assert!(bring(&mut browser, &request_uri).await.is_question());
}

#[actix_web::test]
async fn a_request_uri_of_another_client_is_useless() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let service = Service::register(&app);
        app.public_client("thief");
        let mut browser = app.browser();
        browser.sign_in(&app.ada()).await;
        let request_uri = service.push(&app, &[]).await;

        let stolen = [("client_id", "thief"), ("request_uri", &*request_uri)];
        assert_unusable(&open(&mut browser, &stolen).await);

        let back = bring(&mut browser, &request_uri).await;
        assert!(back.parameter("code").is_some());
    }
}

#[actix_web::test]
async fn a_request_uri_is_good_once() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let service = Service::register(&app);
        let mut browser = app.browser();
        browser.sign_in(&app.ada()).await;
        let request_uri = service.push(&app, &[]).await;
        let refused = service
            .push(&app, &[("prompt", "none"), ("max_age", "0")])
            .await;
        app.clock.advance(Duration::from_secs(1));

        let given = bring(&mut browser, &request_uri).await;
        let not_given = bring(&mut browser, &refused).await;

        assert!(given.parameter("code").is_some());
        assert!(not_given.parameter("error").is_some());
        for used in [request_uri, refused] {
            assert_unusable(&bring(&mut browser, &used).await);
            assert_unusable(&bring(&mut app.browser(), &used).await);
        }
    }
}

#[actix_web::test]
async fn a_reload_goes_on_where_the_first_request_led_until_it_is_answered() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let service = Service::register(&app);
        let ada = app.ada();
        let mut browser = app.browser();
        let request_uri = service.push(&app, &[]).await;

        let asked = bring(&mut browser, &request_uri).await;
        app.clock.advance(Duration::from_secs(600));
        let again = bring(&mut browser, &request_uri).await;

        assert!(again.begins_again());
        let resumed = browser.open(again.header("location").unwrap()).await;
        assert_eq!(resumed.header("location"), asked.header("location"));
        assert!(resumed.is_question());
        // Somebody else who saw the address is led nowhere.
        assert_unusable(&bring(&mut app.browser(), &request_uri).await);

        let back = browser.end(&asked, signed_in(&app, &ada)).await;
        assert!(back.parameter("code").is_some());
        assert_unusable(&bring(&mut browser, &request_uri).await);
    }
}

/// Back from the service, to a page of the sign-in that is done.
#[actix_web::test]
async fn back_after_the_answer_begins_the_same_request_again() {
    let app = TestProvider::on_sqlite();
    let service = Service::register_with(&app, |settings| {
        settings.require_pushed_authorization_requests = true;
    });
    let ada = app.ada();
    let mut browser = app.browser();
    let request_uri = service.push(&app, &[]).await;
    let asked = bring(&mut browser, &request_uri).await;
    browser.end(&asked, signed_in(&app, &ada)).await;

    let id = asked
        .header("location")
        .unwrap()
        .rsplit_once('=')
        .unwrap()
        .1;
    let back = browser.open(&format!("/authorize/resume/{id}")).await;

    assert_eq!(back.parameter("state").as_deref(), Some("pushed"));
    assert!(back.parameter("code").is_some());
}

#[actix_web::test]
async fn a_request_uri_expires_after_a_minute() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let service = Service::register(&app);
        let mut browser = app.browser();
        let in_time = service.push(&app, &[]).await;
        let late = service.push(&app, &[]).await;

        app.clock.advance(Duration::from_millis(59_999));
        assert!(bring(&mut browser, &in_time).await.is_question());
        app.clock.advance(Duration::from_millis(1));

        assert_unusable(&bring(&mut browser, &late).await);
    }
}

#[actix_web::test]
async fn a_request_uri_that_was_never_given_gets_a_page_and_no_redirect() {
    let app = TestProvider::on_sqlite();
    Service::register(&app);
    let mut browser = app.browser();
    let urn = "urn:ietf:params:oauth:request_uri:";
    let guessed = format!("{urn}gai_pr_{}", "a".repeat(43));

    // The second is the example of RFC 9126 §2.2.
    for request_uri in [urn, &format!("{urn}6esc_11ACC5bwc014ltc14eY22c"), &guessed] {
        // A redirect URI that is registered proves nothing here.
        let beside = [
            ("client_id", "service"),
            ("request_uri", request_uri),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
        ];
        assert_unusable(&open(&mut browser, &beside).await);
    }
    let anonymous = [("request_uri", guessed.as_str())];
    let reason = "the parameter client_id is missing";
    assert_is_page(
        &open(&mut browser, &anonymous).await,
        "invalid_request",
        reason,
    );
}

#[actix_web::test]
async fn a_form_that_names_what_was_pushed_is_answered_too() {
    let app = TestProvider::on_sqlite();
    let service = Service::register(&app);
    let request_uri = service.push(&app, &[]).await;
    let form = [("client_id", "service"), ("request_uri", &*request_uri)];

    let asked_by_get = app.send(posted("/authorize", &form)).await;

    let location = asked_by_get.header("location").unwrap();
    assert_eq!(location, format!("/authorize?{}", query(&form)));
    assert!(app.browser().open(location).await.is_question());
}

#[actix_web::test]
async fn a_signed_request_may_expire_once_it_is_pushed() {
    let app = TestProvider::on_sqlite();
    let key = LooseKey::generate(SigningAlgorithm::ES256);
    let service = Service::register_with(&app, |settings| {
        settings.jwks = Some(json!({ "keys": [key.jwk] }));
    });
    let mut browser = app.browser();
    browser.sign_in(&app.ada()).await;
    let object = key.token(&json!({
        "iss": "service",
        "aud": ISSUER,
        "exp": app.now().seconds() + 1,
        "client_id": "service",
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
        "state": "signed",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }));
    // Without a response_type outside, only what is inside counts (RFC 9101 §6.3).
    let form = [("request", object.as_str()), ("state", "outside")];

    let request_uri = service.push_alone(&app, &form).await;
    app.clock.advance(Duration::from_secs(59));
    let back = bring(&mut browser, &request_uri).await;

    assert_eq!(back.parameter("state").as_deref(), Some("signed"));
    assert!(back.parameter("code").is_some());
}

/// The attack: a browser leaves out the step that the client relies on.
#[actix_web::test]
async fn a_client_that_must_push_is_not_answered_to_what_a_browser_brings() {
    let app = TestProvider::on_sqlite();
    let key = LooseKey::generate(SigningAlgorithm::ES256);
    let service = Service::register_with(&app, |settings| {
        settings.require_pushed_authorization_requests = true;
        settings.jwks = Some(json!({ "keys": [key.jwk] }));
    });
    let mut browser = app.browser();
    browser.sign_in(&app.ada()).await;
    let told = |state| {
        [
            ("error", "invalid_request"),
            ("error_description", MUST_PUSH),
            ("state", state),
            ("iss", ISSUER),
        ]
    };
    let beside = [("scope", "openid"), ("state", "brought")];
    let object = key.token(&json!({ "client_id": "service", "state": "signed" }));

    let brought = browser.authorize("service", &beside).await;
    let signed = [("scope", "openid"), ("request", object.as_str())];
    let signed = browser.authorize("service", &signed).await;
    let posted = [&beside[..], &[("response_mode", "form_post")]].concat();
    let posted = browser.authorize("service", &posted).await;
    let elsewhere = [
        ("client_id", "service"),
        ("redirect_uri", "https://evil.example/"),
        ("response_type", "code"),
    ];
    let elsewhere = open(&mut browser, &elsewhere).await;

    brought.assert_sent_back(&told("brought"));
    signed.assert_sent_back(&told("signed"));
    let form = String::from_utf8(posted.body.to_vec()).unwrap();
    assert!(form.contains(MUST_PUSH), "{form}");
    let reason = "this redirect_uri is not registered for the client service";
    assert_is_page(&elsewhere, "invalid_request", reason);

    let request_uri = service.push(&app, &[]).await;
    let back = bring(&mut browser, &request_uri).await;
    assert!(back.parameter("code").is_some());
}

#[actix_web::test]
async fn what_was_pushed_is_refused_once_its_client_is_switched_off() {
    let app = TestProvider::on_sqlite();
    let service = Service::register(&app);
    let mut browser = app.browser();
    let request_uri = service.push(&app, &[]).await;

    app.write(|tx| {
        let id = ClientId::parse("service").unwrap();
        storage::clients::replace_disabled(tx, &id, true)
    });
    app.clock.advance(Duration::from_secs(6));

    let reason = "there is no client of this client_id, or it is switched off";
    let answer = bring(&mut browser, &request_uri).await;
    assert_is_page(&answer, "unauthorized_client", reason);
}
