//! Requests that a service leaves with the provider before the browser comes (RFC 9126).

use acceptance::{App, ISSUER, Kind, clients, on_both};
use serde_json::json;
use url::form_urlencoded::Serializer;

/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

const CALLBACK: &str = "https://course.example/callback";

const REQUEST: [(&str, &str); 6] = [
    ("response_type", "code"),
    ("redirect_uri", CALLBACK),
    ("scope", "openid email"),
    ("state", "left here"),
    ("code_challenge", CHALLENGE),
    ("code_challenge_method", "S256"),
];

/// Pushes the request of `course` to the endpoint that discovery names, and gives where to send the
/// browser.
async fn pushed(app: &App) -> String {
    let discovery = app.wire().get("/.well-known/openid-configuration").await;
    let endpoint = discovery.json()["pushed_authorization_request_endpoint"].clone();
    let path = endpoint.as_str().unwrap().strip_prefix(ISSUER).unwrap();

    let answer = app
        .wire()
        .post_as(("course", clients::SECRET), path, &REQUEST)
        .await;

    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.json()["expires_in"], json!(60));
    let request_uri = answer.json()["request_uri"].as_str().unwrap().to_owned();
    let query = Serializer::new(String::new())
        .append_pair("client_id", "course")
        .append_pair("request_uri", &request_uri)
        .finish();
    format!("/authorize?{query}")
}

#[tokio::test]
async fn a_service_pushes_its_request_and_its_person_signs_in_by_its_name() {
    on_both(async |app| {
        let mut browser = app.browser();
        let url = pushed(&app).await;

        browser.open(&url).await;
        // A reload of the first page, by the address that led to it.
        browser.open(&url).await;
        let landing = browser.sign_in("ada@example.test", &app.mailbox()).await;

        assert_eq!(landing.uri, CALLBACK);
        assert_eq!(landing.parameter("state"), "left here");
        let form = [
            ("grant_type", "authorization_code"),
            ("code", landing.parameter("code")),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let granted = app
            .wire()
            .post_as(("course", clients::SECRET), "/token", &form)
            .await;
        assert_eq!(granted.status, 200, "{}", granted.body);

        browser.open(&url).await;
        assert_eq!(browser.status(), 400);
        assert_eq!(browser.heading(), "You cannot sign in from this link");
        assert!(browser.text().contains("invalid_request_uri"));
    })
    .await;
}

#[tokio::test]
async fn who_need_not_push_is_answered_either_way_and_who_must_is_not() {
    let mut must = clients::web("must", "Must push");
    must.settings.require_pushed_authorization_requests = true;
    let app = App::start_with(Kind::Sqlite, vec![clients::course(), must], &[]).await;
    let mut browser = app.browser();
    let need_not = app.relying_party("course").await;
    browser.open(need_not.authorization_url()).await;
    browser.sign_in("ada@example.test", &app.mailbox()).await;

    browser.open(pushed(&app).await).await;
    assert_eq!(browser.landed_on().parameter("state"), "left here");
    let must = app.relying_party("must").await;
    browser.open(must.authorization_url()).await;

    let landing = browser.landed_on();
    assert_eq!(landing.parameter("error"), "invalid_request");
    assert_eq!(
        landing.parameter("error_description"),
        "This client must push its authorization requests."
    );
    assert_eq!(landing.parameter("iss"), ISSUER);
}
