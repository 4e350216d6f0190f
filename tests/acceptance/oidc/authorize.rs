//! Every parameter of the authorization request, missing, repeated, malformed, too long and
//! foreign (OpenID Connect Core §3.1.2, RFC 6749 §4.1.2.1, RFC 7636 §4.4.1, RFC 9207).

use acceptance::{App, ISSUER, on_both};
use url::form_urlencoded::Serializer;

const CALLBACK: &str = "https://course.example/callback";
/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const STATE: &str = "a b&c=d%é\u{1F600}+/?#";

type Pairs = Vec<(String, String)>;

/// A request that is right.
fn right() -> Pairs {
    [
        ("client_id", "course"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid email"),
        ("state", STATE),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// What is done to a right request.
#[derive(Clone, Debug)]
enum Change {
    Without(&'static str),
    With(&'static str, String),
    Twice(&'static str, &'static str),
}

use Change::{Twice, With, Without};

fn with(name: &'static str, value: impl Into<String>) -> Change {
    With(name, value.into())
}

impl Change {
    fn applied(&self, mut pairs: Pairs) -> Pairs {
        match self {
            Without(name) => pairs.retain(|(key, _)| key != name),
            With(name, value) => {
                pairs.retain(|(key, _)| key != name);
                pairs.push(((*name).to_owned(), value.clone()));
            }
            Twice(name, value) => {
                for _ in 0..2 {
                    pairs.push(((*name).to_owned(), (*value).to_owned()));
                }
            }
        }
        pairs
    }
}

fn query(pairs: &Pairs) -> String {
    let query = Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("/authorize?{query}")
}

/// Before client and redirect URI are proven nobody is redirected.
fn refused_by_page() -> Vec<(Change, &'static str, &'static str)> {
    let unknown = "there is no client of this client_id, or it is switched off";
    let unregistered = "this redirect_uri is not registered for the client course";
    let invalid = "invalid_request";
    let mut all = vec![
        (
            Without("client_id"),
            invalid,
            "the parameter client_id is missing",
        ),
        (
            with("client_id", ""),
            invalid,
            "the parameter client_id is missing",
        ),
        (
            Twice("client_id", "course"),
            invalid,
            "the parameter client_id is repeated",
        ),
        (with("client_id", "nobody"), "unauthorized_client", unknown),
        (with("client_id", "course "), "unauthorized_client", unknown),
        (with("client_id", "Course"), "unauthorized_client", unknown),
        (
            with("client_id", "<script>alert(1)</script>"),
            "unauthorized_client",
            unknown,
        ),
        (
            with("client_id", "c".repeat(5_000)),
            "unauthorized_client",
            unknown,
        ),
        (
            Without("redirect_uri"),
            invalid,
            "the parameter redirect_uri is missing",
        ),
        (
            with("redirect_uri", ""),
            invalid,
            "the parameter redirect_uri is missing",
        ),
        (
            Twice("redirect_uri", CALLBACK),
            invalid,
            "the parameter redirect_uri is repeated",
        ),
    ];
    for foreign in [
        "https://admissions.example/callback",
        "https://evil.example/callback",
        "https://course.example/callback/",
        "https://course.example/callback?next=1",
        "https://course.example/callback#part",
        "https://course.example/callback%00",
        "https://course.example/callback\r\nSet-Cookie: a=b",
        "https://course.example:443/callback",
        "https://COURSE.example/callback",
        "https://course.example.evil.example/callback",
        "https://course.example@evil.example/callback",
        "https://evil.example\\@course.example/callback",
        "http://course.example/callback",
        "//course.example/callback",
        "/callback",
        "javascript:alert(1)//https://course.example/callback",
        "not a uri",
    ] {
        all.push((with("redirect_uri", foreign), invalid, unregistered));
    }
    all.push((
        with("redirect_uri", format!("{CALLBACK}{}", "x".repeat(5_000))),
        invalid,
        unregistered,
    ));
    all
}

/// After that, the client is told.
fn refused_by_redirect() -> Vec<(Change, &'static str, &'static str)> {
    let invalid = "invalid_request";
    let mut all = vec![
        (
            Without("response_type"),
            invalid,
            "The parameter response_type is missing.",
        ),
        (
            with("response_type", ""),
            invalid,
            "The parameter response_type is missing.",
        ),
        (
            Without("scope"),
            "invalid_scope",
            "The parameter scope is missing; it must contain openid.",
        ),
        (
            with("scope", ""),
            "invalid_scope",
            "The parameter scope is missing; it must contain openid.",
        ),
        (
            with("scope", "email"),
            "invalid_scope",
            "The parameter scope must contain openid.",
        ),
        (
            with("scope", "openidx"),
            "invalid_scope",
            "The parameter scope must contain openid.",
        ),
        (
            with("nonce", "n".repeat(1_001)),
            invalid,
            "The parameter nonce is longer than 1000 bytes.",
        ),
        (
            with("prompt", "none login"),
            invalid,
            "prompt=none goes with no other value.",
        ),
        (
            with("prompt", "select_account none"),
            invalid,
            "prompt=none goes with no other value.",
        ),
        (
            with("resource", "https://api.example/"),
            "invalid_target",
            "This client may not ask for access to this resource.",
        ),
        (
            with("request", "e30.e30."),
            "invalid_request_object",
            "The request object is refused: not a compact JWS in a known algorithm.",
        ),
        (
            with("request", "eyJhbGciOiJub25lIn0.e30."),
            "request_not_supported",
            "A request object has to be signed.",
        ),
        (
            with("request_uri", "https://course.example/r"),
            "invalid_request_uri",
            "The request_uri is not one that this client registered.",
        ),
        (
            with("registration", "{}"),
            "registration_not_supported",
            "The parameter registration is not supported.",
        ),
        (
            Without("code_challenge"),
            invalid,
            "There is a code_challenge_method, but no code_challenge.",
        ),
    ];
    for foreign in ["none", "CODE", "code\u{0}", "code device"] {
        let description = "The response_type is none of those supported: code, id_token, id_token \
                           token, code id_token, code token, code id_token token.";
        all.push((
            with("response_type", foreign),
            "unsupported_response_type",
            description,
        ));
    }
    for foreign in ["jwt", "query.jwt", "FORM_POST", "web_message"] {
        let description = "The response_mode must be query, fragment or form_post.";
        all.push((with("response_mode", foreign), invalid, description));
    }
    for malformed in [
        "openid \"email\"",
        "openid e\\mail",
        "openid\u{e9}",
        "openid\ttab",
    ] {
        let description = "The parameter scope must be words of printable ASCII parted by spaces.";
        all.push((with("scope", malformed), "invalid_scope", description));
    }
    for foreign in [
        "create",
        "LOGIN",
        "login,consent",
        "x".repeat(5_000).as_str(),
    ] {
        let description = "The parameter prompt may hold none, login, consent and select_account.";
        all.push((with("prompt", foreign), invalid, description));
    }
    for malformed in [
        "-1",
        "1.5",
        "+1",
        "ten",
        "1e3",
        " 1",
        "99999999999999999999999",
    ] {
        let description = "The parameter max_age must be a whole number of seconds.";
        all.push((with("max_age", malformed), invalid, description));
    }
    for malformed in [
        "short",
        &format!("{CHALLENGE}="),
        &"+".repeat(43),
        &"A".repeat(5_000),
    ] {
        let description = "The parameter code_challenge must be 43 characters of base64url, the \
                           SHA-256 of the code verifier.";
        all.push((with("code_challenge", malformed), invalid, description));
    }
    for foreign in ["plain", "s256", "S512", "none"] {
        let description = "The parameter code_challenge_method must be S256.";
        all.push((with("code_challenge_method", foreign), invalid, description));
    }
    all.push((
        Without("code_challenge_method"),
        invalid,
        "The parameter code_challenge_method must be S256.",
    ));
    for foreign in [
        "x",
        "e30.e30.",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
        &"x".repeat(5_000),
    ] {
        let description =
            "The parameter id_token_hint must be an ID token that this issuer gave to this client.";
        all.push((with("id_token_hint", foreign), invalid, description));
    }
    for (name, value, description) in [
        (
            "response_type",
            "code",
            "The parameter response_type is repeated.",
        ),
        (
            "response_mode",
            "query",
            "The parameter response_mode is repeated.",
        ),
        ("scope", "openid", "The parameter scope is repeated."),
        ("nonce", "n", "The parameter nonce is repeated."),
        ("prompt", "login", "The parameter prompt is repeated."),
        ("max_age", "1", "The parameter max_age is repeated."),
        (
            "login_hint",
            "a@b.test",
            "The parameter login_hint is repeated.",
        ),
        (
            "id_token_hint",
            "x",
            "The parameter id_token_hint is repeated.",
        ),
        (
            "code_challenge",
            CHALLENGE,
            "The parameter code_challenge is repeated.",
        ),
        (
            "code_challenge_method",
            "S256",
            "The parameter code_challenge_method is repeated.",
        ),
        ("request", "x", "The parameter request is repeated."),
        ("request_uri", "x", "The parameter request_uri is repeated."),
        (
            "registration",
            "x",
            "The parameter registration is repeated.",
        ),
        ("acr_values", "Cl", "The parameter acr_values is repeated."),
    ] {
        all.push((Twice(name, value), invalid, description));
    }
    all.push((
        Twice("resource", "x"),
        "invalid_target",
        "Tokens for more than one resource are not served.",
    ));
    all
}

fn answer(error: &str, description: &str) -> Pairs {
    [
        ("error", error),
        ("error_description", description),
        ("state", STATE),
        ("iss", ISSUER),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

#[tokio::test]
async fn a_request_whose_client_or_redirect_uri_is_not_proven_gets_a_page_and_no_redirect() {
    on_both(async |app| {
        let before = app.rows().await;
        for (change, error, reason) in refused_by_page() {
            let mut browser = app.browser();
            let url = query(&change.applied(right()));

            browser.open(&url).await;

            let page = browser.page();
            assert_eq!(page.status, 400, "{change:?}");
            assert_eq!(
                browser.heading(),
                "You cannot sign in from this link",
                "{change:?}"
            );
            for told in [error, reason] {
                let told = format!("app-breakable\">{told}</dd>");
                assert!(page.body.contains(&told), "{change:?}: {}", page.body);
            }
            assert_eq!(page.header("location"), "", "{change:?}");
            assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
            assert_eq!(page.header("cache-control"), "no-store");
            assert!(browser.cookies.is_empty(), "{change:?}");
            assert!(!page.body.contains("<script>alert"), "{change:?}");
        }
        assert_eq!(
            app.rows().await,
            before,
            "nothing was issued, nobody is asked"
        );
        assert_eq!(app.mailbox().all().await, []);
    })
    .await;
}

#[tokio::test]
async fn any_other_fault_is_told_to_the_client_in_the_query() {
    on_both(async |app| {
        let before = app.rows().await;
        for (change, error, description) in refused_by_redirect() {
            let answered = app.wire().get(&query(&change.applied(right()))).await;

            let expected = Serializer::new(String::new())
                .extend_pairs(answer(error, description))
                .finish();
            println!("{change:?}");
            answered.assert_redirects_to(&format!("{CALLBACK}?{expected}"));
            assert_eq!(answered.headers("set-cookie"), [""; 0], "{change:?}");
            let is_told_in_plain_ascii = description
                .bytes()
                .all(|byte| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\');
            assert!(is_told_in_plain_ascii, "{description}");
        }
        assert_eq!(
            app.rows().await,
            before,
            "nothing was issued, nobody is asked"
        );
        assert_eq!(app.mailbox().all().await, []);
    })
    .await;
}

#[tokio::test]
async fn any_other_fault_is_told_to_the_client_in_a_form_if_it_asked_for_one() {
    let app = App::start().await;
    let before = app.rows().await;
    for (change, error, description) in refused_by_redirect() {
        if matches!(
            &change,
            With("response_mode", _) | Twice("response_mode", _)
        ) {
            continue;
        }
        let mut pairs = right();
        pairs.push(("response_mode".to_owned(), "form_post".to_owned()));
        let mut browser = app.browser();

        browser.open(query(&change.applied(pairs))).await;

        assert_eq!(browser.status(), 200, "{change:?}");
        assert_eq!(browser.page().header("cache-control"), "no-store");
        let policy = browser.page().header("content-security-policy").to_owned();
        assert!(policy.contains("form-action 'self' https:"), "{policy}");
        assert!(browser.cookies.is_empty());
        browser.press("Continue").await;
        let landing = browser.landed_on();
        assert_eq!(
            (landing.uri.as_str(), landing.parameters),
            (CALLBACK, answer(error, description))
        );
    }
    assert_eq!(app.rows().await, before);
}

#[tokio::test]
async fn a_repeated_state_is_refused_without_one() {
    let app = App::start().await;

    let answered = app
        .wire()
        .get(&query(&Twice("state", "x").applied(right())))
        .await;

    let expected = Serializer::new(String::new())
        .append_pair("error", "invalid_request")
        .append_pair("error_description", "The parameter state is repeated.")
        .append_pair("iss", ISSUER)
        .finish();
    answered.assert_redirects_to(&format!("{CALLBACK}?{expected}"));
}

#[tokio::test]
async fn what_may_be_said_and_need_not_be_known_is_no_fault() {
    let app = App::start().await;
    for change in [
        Without("state"),
        Without("nonce"),
        with("state", "s".repeat(5_000)),
        with("nonce", "n".repeat(1_000)),
        with("scope", "openid unheard-of trn"),
        with("display", "popup"),
        with("ui_locales", "cy en"),
        with("claims_locales", "cy"),
        with("acr_values", "Cl urn:unheard-of"),
        with("login_hint", "nobody knows"),
        with("login_hint", "x".repeat(5_000)),
        with("max_age", "0"),
        with("max_age", "18446744073709551615"),
        with("prompt", "login consent select_account"),
        with("response_mode", "query"),
        with("unheard_of", "x"),
        Twice("unheard_of", "x"),
    ] {
        let mut browser = app.browser();

        browser.open(query(&change.applied(right()))).await;

        assert_eq!(browser.heading(), "Enter your email address", "{change:?}");
    }
}

#[tokio::test]
async fn the_state_comes_back_byte_for_byte_with_the_code_in_both_modes() {
    on_both(async |app| {
        let mut browser = app.browser();
        browser.open(query(&right())).await;
        let landing = browser.sign_in("ada@example.test", &app.mailbox()).await;
        let names: Vec<&str> = landing
            .parameters
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["code", "session_state", "state", "iss"]);
        assert_eq!(landing.parameter("state"), STATE);

        let mut pairs = right();
        pairs.push(("response_mode".to_owned(), "form_post".to_owned()));
        browser.open(query(&pairs)).await.press("Continue").await;
        let landing = browser.landed_on();
        let names: Vec<&str> = landing
            .parameters
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(
            (landing.uri.as_str(), names),
            (CALLBACK, vec!["code", "session_state", "state", "iss"])
        );
        assert_eq!(landing.parameter("state"), STATE);
        assert_eq!(landing.parameter("iss"), ISSUER);
    })
    .await;
}

#[tokio::test]
async fn a_form_posted_by_the_service_is_asked_for_again_by_get_so_that_the_session_is_seen() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        browser.sign_in("ada@example.test", &app.mailbox()).await;
        let pairs = right();
        let form: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();

        let answered = app.wire().post("/authorize", &form).await;
        let location = answered.header("location");
        let kept = "/authorize?client_id=course&request_uri=urn%3A";
        assert!(location.starts_with(kept), "{location}");
        browser.post_from_another_site("/authorize", &form).await;
        assert_ne!(
            browser.landed_on().parameter("code"),
            "",
            "the live session was seen"
        );

        let mut nobody = app.browser();
        nobody.post_from_another_site("/authorize", &form).await;
        assert_eq!(nobody.heading(), "Enter your email address");
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused_by_a_page() {
    let app = App::start().await;
    let json = [(reqwest::header::CONTENT_TYPE, "application/json")];

    let answered = app
        .wire()
        .send(
            reqwest::Method::POST,
            "/authorize",
            &json,
            Some(&[("a", "b")]),
        )
        .await;

    assert_eq!(answered.status, 400);
    assert!(
        answered
            .body
            .contains("the request is not a query or a form")
    );
}

#[tokio::test]
async fn an_application_on_a_device_may_listen_on_any_loopback_port_and_must_use_pkce() {
    on_both(async |app| {
        let native = app
            .relying_party("app")
            .await
            .answered_at("http://127.0.0.1:49152/callback");
        let mut browser = app.browser();
        browser.open(native.authorization_url()).await;
        let landing = browser.sign_in("ada@example.test", &app.mailbox()).await;
        native.redeem(landing).await;

        let mut pairs = with("client_id", "app").applied(right());
        pairs.retain(|(name, _)| !name.starts_with("code_challenge"));
        let asked = |uri: &str| query(&with("redirect_uri", uri).applied(pairs.clone()));
        browser.open(asked("http://127.0.0.1:1/callback")).await;
        let landing = browser.landed_on();
        assert_eq!(landing.uri, "http://127.0.0.1:1/callback");
        assert_eq!(
            landing.parameter("error_description"),
            "This client must send a code_challenge with code_challenge_method S256."
        );
        for other in [
            "http://localhost:1/callback",
            "http://127.0.0.1:1/",
            "http://[::1]:1/callback",
        ] {
            browser.open(asked(other)).await;
            assert_eq!(browser.status(), 400, "{other}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_confidential_service_without_pkce_works_where_its_settings_do_not_ask_for_it() {
    on_both(async |app| {
        let admissions = app.relying_party("admissions").await;
        let mut browser = app.browser();
        let url = admissions.authorization_url();
        assert!(!url.contains("code_challenge"));

        browser.open(url).await;
        let landing = browser.sign_in("ada@example.test", &app.mailbox()).await;

        admissions.redeem(landing).await;
    })
    .await;
}
