//! The page that tells clients in frames, whole as browsers get it.

use form_urlencoded::Serializer;
use model::RedirectUri;
use serde_json::Value;
use storage::testing::Kind;

use crate::jws::TokenType;
use crate::testing::browser::TestBrowser;
use crate::testing::{Answer, ISSUER, TestProvider};

const SIGNED_OUT: &str = "https://service.example/signed-out";

/// Registers a client with a front-channel logout URI, if it has one, and whether that gets `iss`
/// and `sid`.
fn client(app: &TestProvider, id: &str, uri: Option<&str>, session_required: bool) -> String {
    app.client(id, |settings| {
        settings.frontchannel_logout_uri = uri.map(|uri| uri.parse().unwrap());
        settings.frontchannel_logout_session_required = session_required;
        settings.post_logout_redirect_uris = vec![RedirectUri::parse(SIGNED_OUT).unwrap()];
    })
}

/// Has a client sign the person in without a page: its ID token.
async fn signed_in_to(browser: &mut TestBrowser<'_>, id: &str, secret: &str) -> String {
    let parameters = [("scope", "openid"), ("prompt", "none")];
    let back = browser.authorize(id, &parameters).await;
    let code = back.parameter("code").unwrap();
    let tokens = browser.app.redeem((id, secret), &code).await;
    tokens.text("id_token")
}

async fn signs_out(browser: &mut TestBrowser<'_>, parameters: &[(&str, &str)]) -> Answer {
    let query = Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    browser.open(&format!("/end-session?{query}")).await
}

/// The page's text, as a browser reads its attributes.
fn html(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec())
        .unwrap()
        .replace("&#x3D;", "=")
        .replace("&amp;", "&")
}

fn frames(html: &str) -> Vec<&str> {
    html.split("<iframe src=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect()
}

fn frame_src(answer: &Answer) -> Option<&str> {
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    policy.split("; frame-src ").nth(1)
}

#[actix_web::test]
async fn every_client_of_the_session_is_told_in_a_frame_before_the_browser_goes_on() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        let one = client(
            &app,
            "one",
            Some("https://service.example/out?tenant=1"),
            true,
        );
        let two = client(&app, "two", Some("https://service.example/two"), false);
        let deaf = client(&app, "deaf", None, true);
        client(
            &app,
            "unused",
            Some("https://service.example/unused"),
            false,
        );
        let mut browser = app.browser();
        browser.sign_in(&ada).await;
        let hint = signed_in_to(&mut browser, "one", &one).await;
        signed_in_to(&mut browser, "two", &two).await;
        signed_in_to(&mut browser, "deaf", &deaf).await;

        let parameters = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", SIGNED_OUT),
            ("state", "a b&c"),
        ];
        let page = signs_out(&mut browser, &parameters).await;

        assert_eq!(page.status, 200);
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(frame_src(&page), Some("https://service.example"));
        let claims: Value = app.claims(&hint, TokenType::Jwt);
        let sid = claims["sid"].as_str().unwrap();
        let iss = "https%3A%2F%2Fidentity.example";
        assert_eq!(ISSUER, "https://identity.example");
        let html = html(&page);
        assert_eq!(
            frames(&html),
            [
                format!("https://service.example/out?tenant=1&iss={iss}&sid={sid}").as_str(),
                "https://service.example/two",
            ]
        );
        let on = format!("app-go-on\" href=\"{SIGNED_OUT}?state=a+b%26c\"");
        assert!(html.contains(&on), "{html}");

        // It was said once: the session is over.
        let again = signs_out(&mut browser, &parameters).await;
        let location = format!("{SIGNED_OUT}?state=a+b%26c");
        assert_eq!(
            (again.status, again.header("location")),
            (303, Some(location.as_str()))
        );
    }
}

#[actix_web::test]
async fn without_a_place_to_go_on_to_the_page_stays() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let one = client(&app, "one", Some("https://service.example/out"), false);
    let mut browser = app.browser();
    browser.sign_in(&ada).await;
    let hint = signed_in_to(&mut browser, "one", &one).await;

    let page = signs_out(&mut browser, &[("id_token_hint", &hint)]).await;

    let html = html(&page);
    assert_eq!(page.status, 200);
    assert_eq!(frames(&html), ["https://service.example/out"]);
    assert!(!html.contains("app-go-on"));
    assert!(html.contains("You have signed out"));
}

#[actix_web::test]
async fn where_no_client_wants_a_frame_there_is_no_page_on_the_way() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let one = client(&app, "one", None, false);
    let mut browser = app.browser();
    browser.sign_in(&ada).await;
    let hint = signed_in_to(&mut browser, "one", &one).await;

    let parameters = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", SIGNED_OUT),
    ];
    let answer = signs_out(&mut browser, &parameters).await;

    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some(SIGNED_OUT))
    );
}

#[actix_web::test]
async fn nobody_makes_the_page_lead_elsewhere() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let one = client(&app, "one", Some("https://service.example/out"), false);
    let mut browser = app.browser();
    browser.sign_in(&ada).await;
    let hint = signed_in_to(&mut browser, "one", &one).await;

    for elsewhere in [
        "https://evil.example/",
        "https://service.example/signed-out/",
    ] {
        let parameters = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", elsewhere),
        ];
        let refused = signs_out(&mut browser, &parameters).await;
        assert_eq!(refused.status, 400, "{elsewhere}");
        assert_eq!(frame_src(&refused), None);
    }
    let parameters = [
        ("id_token_hint", hint.as_str()),
        ("go_on", "https://evil.example/"),
        ("frames", "https://evil.example/"),
        ("frontchannel_logout_uri", "https://evil.example/"),
    ];
    let page = signs_out(&mut browser, &parameters).await;

    let html = html(&page);
    assert_eq!(frame_src(&page), Some("https://service.example"));
    assert!(!html.contains("evil.example"), "{html}");
}

#[actix_web::test]
async fn another_sessions_hint_of_the_same_person_signs_nobody_out_and_loads_nothing() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let one = client(&app, "one", Some("https://service.example/out"), false);
    let mut here = app.browser();
    here.sign_in(&ada).await;
    signed_in_to(&mut here, "one", &one).await;
    let mut elsewhere = app.browser();
    let asked = elsewhere.authorize("one", &[("scope", "openid")]).await;
    let outcome = crate::testing::browser::signed_in(&app, &ada);
    let back = elsewhere.end(&asked, outcome).await;
    let code = back.parameter("code").unwrap();
    let hint = app.redeem(("one", &one), &code).await.text("id_token");

    let question = signs_out(&mut here, &[("id_token_hint", &hint)]).await;

    assert_eq!(question.status, 200);
    assert_eq!(frame_src(&question), None);
    let html = html(&question);
    assert!(html.contains("Do you want to sign out?"), "{html}");
    assert_eq!(frames(&html), [""; 0]);
    signed_in_to(&mut here, "one", &one).await;
}

#[actix_web::test]
async fn a_hint_of_a_session_that_is_over_still_leads_back() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let one = client(&app, "one", Some("https://service.example/out"), false);
    let mut browser = app.browser();
    browser.sign_in(&ada).await;
    let hint = signed_in_to(&mut browser, "one", &one).await;

    let parameters = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", SIGNED_OUT),
        ("ui_locales", "cy en"),
    ];
    let answer = signs_out(&mut app.browser(), &parameters).await;

    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some(SIGNED_OUT))
    );
}
