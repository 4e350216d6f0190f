//! What clients and browsers are given, and what changes it.

use actix_web::http::header::SET_COOKIE;
use actix_web::test::TestRequest;
use model::RedirectUri;
use model::client::ApplicationType;
use storage::testing::Kind;

use super::*;
use crate::testing::browser::signed_in;
use crate::testing::{Answer, CHALLENGE, TestProvider};

/// What the script in the frame computes, from the values that it has.
fn recomputed(client_id: &str, origin: &str, browser_state: &str, given: &str) -> String {
    let (_, salt) = given.split_once('.').unwrap();
    session_state(client_id, origin, browser_state, salt)
}

fn set_cookies(answer: &Answer) -> Vec<&str> {
    let cookies = answer.headers.get_all(SET_COOKIE);
    cookies.map(|cookie| cookie.to_str().unwrap()).collect()
}

/// The value that an answer has the browser keep.
fn kept(answer: &Answer) -> String {
    let cookies = set_cookies(answer);
    let mut states = cookies
        .iter()
        .filter_map(|cookie| cookie.strip_prefix("__Host-session-state="));
    let state = states.next().unwrap();
    assert_eq!(states.next(), None, "{cookies:?}");
    let (value, guards) = state.split_once(';').unwrap();
    assert_eq!(guards, " Path=/; SameSite=None; Secure");
    value.to_owned()
}

#[test]
fn the_digest_is_that_of_the_script() {
    // printf 'c https://service.example b s' | openssl dgst -sha256 -binary | basenc --base64url
    assert_eq!(
        session_state("c", "https://service.example", "b", "s"),
        "WsMMeesNdkklaPR-JQpXd-Mr9cjizN7pBUUm9owbrPU.s"
    );
}

#[actix_web::test]
async fn a_client_is_given_the_state_of_its_origin_salted_anew_each_time() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        app.client("course", |_| ());
        let mut browser = app.browser();
        browser.sign_in(&ada).await;
        let silent = [("scope", "openid"), ("prompt", "none"), ("state", "s")];

        let first = browser.authorize("course", &silent).await;
        let second = browser.authorize("course", &silent).await;

        let state = kept(&first);
        assert_eq!(kept(&second), state);
        let given = [&first, &second].map(|answer| answer.parameter("session_state").unwrap());
        assert_ne!(given[0], given[1]);
        for given in given {
            let origin = "https://service.example";
            assert_eq!(recomputed("course", origin, &state, &given), given);
            assert!(!given.contains(' '));
            for (client_id, origin, state) in [
                ("other", origin, state.as_str()),
                ("course", "https://evil.example", &state),
                ("course", origin, ""),
            ] {
                assert_ne!(recomputed(client_id, origin, state, &given), given);
            }
        }
    }
}

#[actix_web::test]
async fn it_stays_while_the_same_person_signs_in_again_and_changes_with_another() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let bob = app.write(|tx| {
        let email = model::EmailAddress::parse("bob@example.test").unwrap();
        let id = model::UserId::new("0190a5e0-0000-7cc3-8a6b-3f1f6c1f9a10".to_owned());
        Ok(storage::users::sign_in(tx, &email, &id)?.user_id().clone())
    });
    app.client("course", |_| ());
    let mut browser = app.browser();
    let login = [("scope", "openid"), ("prompt", "login")];
    let mut states = Vec::new();
    for person in [&ada, &ada, &bob] {
        let asked = browser.authorize("course", &login).await;
        let back = browser.end(&asked, signed_in(&app, person)).await;
        assert!(back.parameter("session_state").is_some());
        states.push(kept(&back));
    }

    assert_eq!(states[0], states[1]);
    assert_ne!(states[1], states[2]);
}

#[actix_web::test]
async fn a_refusal_carries_none_and_signing_out_takes_it_away() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    app.client("course", |_| ());
    let mut browser = app.browser();
    let silent = [("scope", "openid"), ("prompt", "none")];
    let refused = browser.authorize("course", &silent).await;
    assert_eq!(refused.parameter("error").unwrap(), "login_required");
    assert_eq!(refused.parameter("session_state"), None);
    assert_eq!(set_cookies(&refused), [""; 0]);

    browser.sign_in(&ada).await;
    let question = browser.open("/end-session").await;
    let html = String::from_utf8(question.body.to_vec()).unwrap();
    let csrf = html.split("name=\"csrf\" value=\"").nth(1).unwrap();
    let csrf = csrf.split('"').next().unwrap();
    let over = browser
        .open(&format!("/end-session?action=sign-out&csrf={csrf}"))
        .await;

    assert_eq!(over.status, 303);
    assert_eq!(
        set_cookies(&over),
        [
            "__Host-session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure",
            "__Host-session-state=; Path=/; SameSite=None; Max-Age=0; Secure",
        ]
    );
}

#[actix_web::test]
async fn an_application_on_a_device_has_no_origin_to_give_a_state_to() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    app.client("app", |settings| {
        settings.application_type = ApplicationType::Native;
        settings.redirect_uris = vec![RedirectUri::parse("uk.example.app:/callback").unwrap()];
    });
    let mut browser = app.browser();
    browser.sign_in(&ada).await;

    let query = format!(
        "client_id=app&redirect_uri=uk.example.app:/callback&response_type=code&scope=openid\
         &code_challenge={CHALLENGE}&code_challenge_method=S256&prompt=none"
    );
    let back = browser.open(&format!("/authorize?{query}")).await;

    let location = back.header("location").unwrap();
    assert!(
        location.starts_with("uk.example.app:/callback?code="),
        "{location}"
    );
    assert!(!location.contains("session_state"), "{location}");
}

#[actix_web::test]
async fn the_check_may_be_framed_and_runs_one_script() {
    let app = TestProvider::on_sqlite();

    let page = app.send(TestRequest::get().uri("/session/check")).await;

    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(
        page.header("content-security-policy"),
        Some(
            "default-src 'none'; script-src 'self'; frame-ancestors *; base-uri 'none'; \
             form-action 'none'"
        )
    );
    let html = String::from_utf8(page.body.to_vec()).unwrap();
    let script = pages::assets::url("session.js");
    assert!(script.starts_with("/assets/session-"), "{script}");
    let tag = format!("<script src=\"{script}\" data-cookie=\"__Host-session-state\"></script>");
    assert!(html.contains(&tag), "{html}");
    assert_eq!(html.matches("<script").count(), 1);
}
