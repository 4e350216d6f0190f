//! What attackers try; each test is named after what they do not get.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use acceptance::{Answer, App, Browser, ISSUER, Kind, clients, on_both};
use reqwest::Method;
use url::Url;

const ADA: &str = "ada@example.test";

#[tokio::test]
async fn a_session_that_was_planted_before_sign_in_is_worth_nothing_after_it() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut eve = app.browser();
        eve.open(course.authorization_url()).await;
        eve.sign_in("eve@example.test", &app.mailbox()).await;
        let planted = eve.cookies["__Host-session"].clone();

        // The victim's browser has the attacker's cookie.
        let mut ada = app.browser();
        ada.cookies
            .insert("__Host-session".to_owned(), planted.clone());
        app.advance(Duration::from_secs(1));
        ada.open(course.authorization_url_with(&[("prompt", "login")]))
            .await;
        ada.sign_in(ADA, &app.mailbox()).await;
        assert_ne!(ada.cookies["__Host-session"], planted);

        eve.open(course.authorization_url_with(&[("prompt", "none")]))
            .await;
        assert_eq!(
            eve.landed_on().parameter("error"),
            "login_required",
            "the old secret is dead"
        );
    })
    .await;
}

#[tokio::test]
async fn the_secret_of_the_session_changes_whenever_somebody_signs_in() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        browser.sign_in(ADA, &app.mailbox()).await;
        let old = browser.clone();

        app.advance(Duration::from_secs(1));
        browser
            .open(course.authorization_url_with(&[("prompt", "login")]))
            .await;
        browser.sign_in(ADA, &app.mailbox()).await;

        assert_ne!(
            browser.cookies["__Host-session"],
            old.cookies["__Host-session"]
        );
        let mut thief = old;
        thief
            .open(course.authorization_url_with(&[("prompt", "none")]))
            .await;
        assert_eq!(thief.landed_on().parameter("error"), "login_required");
    })
    .await;
}

#[tokio::test]
async fn nobody_finishes_a_sign_in_that_another_browser_began() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut ada = app.browser();
        ada.open(course.authorization_url()).await;
        ada.fill("Email address", ADA).press("Continue").await;
        let code = app.mailbox().last_code_for(ADA).await;
        let id = ada
            .page()
            .url
            .query()
            .unwrap()
            .strip_prefix("i=")
            .unwrap()
            .to_owned();
        // Eve has a browser cookie of her own and knows the id.
        let mut eve = app.browser();
        eve.open(course.authorization_url()).await;

        for page in [
            "email",
            "email-code",
            "account-created",
            "consent",
            "select-account",
        ] {
            eve.open(format!("/sign-in/{page}?i={id}")).await;
            assert_eq!(
                (eve.status(), eve.heading().as_str()),
                (403, "We cannot continue your sign-in in this browser"),
                "{page}"
            );
        }
        let form = [
            ("code", code.as_str()),
            ("action", "continue"),
            ("csrf", "x"),
        ];
        eve.post(&format!("/sign-in/email-code?i={id}"), &form)
            .await;
        assert_eq!(eve.status(), 403);

        ada.fill("Code", &code).press("Continue").await;
        eve.open(format!("/authorize/resume/{id}")).await;
        assert_eq!(eve.status(), 404);
        assert!(!eve.cookies.contains_key("__Host-session"));
        let mut nobody = app.browser();
        nobody.open(format!("/authorize/resume/{id}")).await;
        assert_eq!(
            (nobody.status(), nobody.heading().as_str()),
            (400, "Turn on cookies to sign in")
        );

        ada.press("Continue").await;
        course.redeem(ada.landed_on()).await;
    })
    .await;
}

#[tokio::test]
async fn an_open_sign_in_cannot_be_resumed_before_it_is_finished() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        let id = browser
            .page()
            .url
            .query()
            .unwrap()
            .strip_prefix("i=")
            .unwrap()
            .to_owned();

        browser.open(format!("/authorize/resume/{id}")).await;

        assert_eq!(browser.heading(), "Enter your email address");
        assert_eq!(app.rows().await["authorization_codes"], 0);
        for nonsense in ["x", "%00", "../../jwks", &"a".repeat(3_000)] {
            browser.open(format!("/authorize/resume/{nonsense}")).await;
            assert_ne!(browser.status(), 500, "{nonsense}");
        }
    })
    .await;
}

#[tokio::test]
async fn no_form_is_taken_from_another_site_or_without_its_token() {
    on_both(async |app| {
        let library = app.relying_party("library").await;
        let mut browser = app.browser();
        browser.open(library.authorization_url()).await;

        refuses_forged(&app, &browser, &[("email", ADA), ("action", "continue")]).await;
        browser.fill("Email address", ADA).press("Continue").await;
        let code = app.mailbox().last_code_for(ADA).await;
        refuses_forged(&app, &browser, &[("code", &code), ("action", "continue")]).await;
        refuses_forged(&app, &browser, &[("action", "resend")]).await;
        refuses_forged(&app, &browser, &[("action", "cancel")]).await;
        let link = app.mailbox().last_link_for(ADA).await;
        let mut tab = browser.new_tab();
        tab.open(link).await;
        refuses_forged(&app, &tab, &[("action", "continue")]).await;
        browser.fill("Code", &code).press("Continue").await;
        assert_eq!(browser.heading(), "Share your information with The library");
        refuses_forged(&app, &browser, &[("action", "allow")]).await;
        browser.press("Agree and continue").await;
        assert_eq!(browser.heading(), "Account created");
        refuses_forged(&app, &browser, &[("action", "continue")]).await;
    })
    .await;
}

/// Sends the form of the shown page without its token, with another one, and from another site.
async fn refuses_forged(app: &App, browser: &Browser, form: &[(&str, &str)]) {
    let url = browser.page().url.to_string();
    let mut elsewhere = app.browser();
    elsewhere.open("/authorize?client_id=course&redirect_uri=https%3A%2F%2Fcourse.example%2Fcallback&response_type=code&scope=openid&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").await;
    let foreign = elsewhere.filled_form("Continue").2;
    let foreign = &foreign.iter().find(|(name, _)| name == "csrf").unwrap().1;
    let (rows, mails) = (app.rows().await, app.mailbox().all().await.len());

    for token in [None, Some(""), Some("AAAA"), Some(foreign.as_str())] {
        let mut form = form.to_vec();
        form.extend(token.map(|token| ("csrf", token)));
        let mut attempt = browser.clone();
        attempt.post(&url, &form).await;
        assert_eq!(
            (attempt.status(), attempt.heading().as_str()),
            (403, "This form can no longer be sent"),
            "{form:?}"
        );
        attempt.post_from_another_site(&url, &form).await;
        assert!(
            [400, 403].contains(&attempt.status()),
            "{form:?}: {}",
            attempt.text()
        );
    }
    assert_eq!(app.rows().await, rows, "nothing has changed: {form:?}");
    assert_eq!(app.mailbox().all().await.len(), mails, "no mail: {form:?}");
}

#[tokio::test]
async fn nothing_tells_whether_an_address_has_an_account() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut first = app.browser();
        first.open(course.authorization_url()).await;
        first.sign_in(ADA, &app.mailbox()).await;

        let mut seen = Vec::new();
        for address in [ADA, "eva@example.test"] {
            let mut browser = app.browser();
            browser.open(course.authorization_url()).await;
            browser
                .fill("Email address", address)
                .press("Continue")
                .await;
            let mut pages = vec![whole(&browser, address)];
            browser.fill("Code", "000000").press("Continue").await;
            pages.push(whole(&browser, address));
            browser.press("Send another code").await;
            pages.push(whole(&browser, address));
            let mails = app.mailbox().to(address).await;
            let mail = mails[0].text.replace(&mails[0].code().unwrap(), "CODE");
            pages.push(mail.replace(&mails[0].link().unwrap(), "LINK"));
            pages.extend(browser.trail.clone());
            seen.push(pages);
        }
        let unknown = seen.pop().unwrap();
        for (known, unknown) in seen[0].iter().zip(&unknown) {
            assert_eq!(known, unknown);
        }
        assert_eq!(seen[0].len(), unknown.len());
    })
    .await;
}

/// Status, headers and body, but for what differs from one sign-in to the next.
fn whole(browser: &Browser, address: &str) -> String {
    let page = browser.page();
    let form = browser.filled_form("Continue").2;
    let csrf = &form.iter().find(|(name, _)| name == "csrf").unwrap().1;
    let id = page
        .url
        .query()
        .unwrap()
        .split('&')
        .next()
        .unwrap()
        .strip_prefix("i=")
        .unwrap();
    let body = page
        .body
        .replace(csrf, "CSRF")
        .replace(id, "ID")
        .replace(address, "ADDRESS");
    let mut headers: Vec<String> = page
        .headers
        .iter()
        .filter(|(name, _)| !["date", "content-length"].contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    format!("{}\n{}\n{body}", page.status, headers.join("\n"))
}

#[tokio::test]
async fn what_a_request_says_becomes_no_header_and_no_markup() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        let evil = "\"><script>alert(1)</script>{{csrf}}\r\nSet-Cookie: a=b";

        browser.fill("Email address", evil).press("Continue").await;
        assert_eq!(browser.status(), 400);
        assert_eq!(
            browser.value_of("Email address"),
            evil.replace("\r\n", "\n")
        );
        assert!(
            !browser.page().body.contains("<script>alert"),
            "{}",
            browser.page().body
        );
        assert_eq!(browser.page().headers("set-cookie"), [""; 0]);

        let evil = "x\r\nSet-Cookie: a=b\r\n\r\n<script>";
        let url = course.authorization_url_with(&[("response_type", evil)]);
        browser.open(url).await;
        assert!(browser.has_landed());
        let with_state = Url::parse_with_params(
            &format!("{ISSUER}/authorize"),
            [
                ("client_id", "course"),
                ("redirect_uri", "https://course.example/callback"),
                ("response_type", "code"),
                ("prompt", "none"),
                ("scope", "openid"),
                ("code_challenge_method", "S256"),
                (
                    "code_challenge",
                    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                ),
                ("state", evil),
            ],
        );
        let answer = app.wire().get(with_state.unwrap().as_str()).await;
        assert_eq!(answer.headers("set-cookie"), [""; 0]);
        assert!(
            answer
                .header("location")
                .contains("state=x%0D%0ASet-Cookie")
        );
    })
    .await;
}

#[tokio::test]
async fn every_answer_is_guarded_also_where_there_is_nothing() {
    let app = App::start().await;
    let wire = app.wire();
    let large = "x".repeat(70_000);

    // That every answer carries the security headers is asserted by the wire itself.
    let nothing = wire.get("/nothing").await;
    let not_taken = wire.send(Method::DELETE, "/authorize", &[], None).await;
    let too_large = wire.post("/token", &[("code", &large)]).await;
    let too_large_pushed = wire.post("/par", &[("state", &large)]).await;
    let too_large_page = wire.post("/sign-in/email", &[("email", &large)]).await;
    assert_eq!(nothing.status, 404);
    assert_eq!(not_taken.status, 405);
    for too_large in [too_large, too_large_pushed] {
        assert_eq!(too_large.status, 413);
        assert_eq!(too_large.json()["error"], "invalid_request");
    }
    assert_eq!(too_large_page.status, 413);
    for path in [
        "/",
        "/cookies",
        "/privacy",
        "/accessibility",
        "/signed-out",
        "/health/live",
        "/health/ready",
        "/dev/mailbox",
        "/assets/nothing.css",
        "/sign-in/email",
        "/sign-in/link/x",
        "/address-change/freeze/x",
        "/token",
        "/authorize",
        "/end-session",
        "/jwks",
    ] {
        let answer = wire.get(path).await;
        assert!(answer.status.as_u16() < 500, "{path}");
    }
    let head = wire.send(Method::HEAD, "/jwks", &[], None).await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
}

#[tokio::test]
async fn inputs_of_any_size_get_a_sane_answer() {
    let app = App::start().await;
    let course = app.relying_party("course").await;
    let mut browser = app.browser();
    browser.open(course.authorization_url()).await;

    for size in [255, 1_000, 60_000] {
        let long = format!("{}@example.test", "a".repeat(size));
        browser.fill("Email address", &long).press("Continue").await;
        assert_eq!(browser.status(), 400, "{size}");
        let token = app.wire().post("/token", &[("grant_type", &long)]).await;
        assert_eq!(token.status, 401, "no client: {size}");
    }
    let many: Vec<(String, String)> = (0..5_000)
        .map(|n| (format!("p{n}"), String::new()))
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(app.wire().post("/token", &many).await.status, 401);

    for length in [10_000, 1_000_000] {
        let head = format!(
            "GET /authorize?{} HTTP/1.1\r\nHost: x\r\n\r\n",
            "x".repeat(length)
        );
        let answer = raw(&app, head.as_bytes());
        let status = answer.split(' ').nth(1).unwrap_or("closed");
        assert!(
            ["400", "414", "431", "closed"].contains(&status),
            "{length}: {answer:.200}"
        );
    }
    assert_eq!(app.wire().get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn a_request_that_nobody_can_read_gets_an_answer_in_which_there_is_nothing() {
    let app = App::start().await;

    for unreadable in [
        "GET / HTTP/9\r\nHost: x\r\nX: <script>\r\n\r\n",
        "<script>\0\0\0\r\n\r\n",
        "POST /<script> HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    ] {
        let answer = raw(&app, unreadable.as_bytes());
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let names: Vec<&str> = head
            .lines()
            .map(|line| line.split(':').next().unwrap())
            .collect();
        assert_eq!(
            names,
            [
                "HTTP/1.1 400 Bad Request",
                "content-length",
                "connection",
                "date"
            ],
            "{unreadable:?}"
        );
        assert_eq!(body, "", "{unreadable:?}");
    }
}

/// What the node answers to bytes that no HTTP client would send.
fn raw(app: &App, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(app.wire().node()).unwrap();
    connection
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    // The node may close before it has read everything.
    connection.write_all(bytes).ok();
    connection.shutdown(std::net::Shutdown::Write).ok();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn the_development_mailbox_is_on_no_path_where_mail_leaves() {
    let settings = [
        ("mail.adapter", "smtp"),
        ("mail.smtp.host", "127.0.0.1"),
        ("mail.smtp.tls", "none"),
        ("mail.smtp.from", "no-reply@identity.example"),
    ];
    let app = App::start_with(Kind::Sqlite, clients::everyday(), &settings).await;

    for path in ["/dev/mailbox", "/dev/mailbox.json", "/dev/mailbox/1"] {
        let answer: Answer = app.wire().get(path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}
