//! Starting, stopping, several nodes and what stands in front of them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use acceptance::{App, Browser, Deployment, ISSUER, Kind, MailCatcher, Mailbox, clients};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_to_stop_lets_requests_in_flight_finish() {
    for kind in Kind::BOTH {
        let deployment = Deployment::without_mail(kind);
        let mut node = deployment.start();
        let mut idle = TcpStream::connect(node.address()).unwrap();
        idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: identity.example\r\n\r\n")
            .unwrap();
        idle.read_exact(&mut [0; 12]).unwrap();
        let body = "grant_type=client_credentials&client_id=nobody";
        let mut connection = TcpStream::connect(node.address()).unwrap();
        let head = format!(
            "POST /token HTTP/1.1\r\nHost: identity.example\r\nContent-Length: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\n",
            body.len()
        );
        connection.write_all(head.as_bytes()).unwrap();
        connection.write_all(&body.as_bytes()[..10]).unwrap();
        // The same connection has been seen when another, later one has been answered.
        assert_eq!(
            node.wire().get("/health/ready").await.json(),
            json!({ "status": "ready" })
        );

        let told = Instant::now();
        node.terminate();
        assert!(node.await_line("stopping"), "{}", node.output());
        connection.write_all(&body.as_bytes()[10..]).unwrap();
        let mut answer = String::new();
        connection
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        connection.read_to_string(&mut answer).unwrap();

        assert!(
            answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"),
            "{answer}"
        );
        assert!(
            answer.contains("The client is not known, or it is switched off."),
            "{answer}"
        );
        assert!(node.wait().success(), "{}", node.output());
        assert!(node.output().contains("stopped"), "{}", node.output());
        assert!(TcpStream::connect(node.address()).is_err());
        assert!(
            told.elapsed() < Duration::from_secs(10),
            "nothing waits for the idle connection: {:?}",
            told.elapsed()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_says_where_it_is_ready_and_answers_the_health_check() {
    let deployment = Deployment::of_files();
    let (_, refusal) = deployment.refuse(&["healthcheck"]);
    assert!(refusal.contains("not ready"), "{refusal}");

    let node = deployment.start();

    assert_eq!(node.printed(), format!("Ready: {ISSUER}\n"));
    deployment.succeed(&["healthcheck"]);
    for path in ["/health/live", "/.well-known/openid-configuration"] {
        assert_eq!(node.wire().get(path).await.status, 200, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_drains_says_that_it_is_not_ready_and_still_answers() {
    let mut deployment = Deployment::without_mail(Kind::Sqlite);
    deployment.set("http.drain", "60s");
    let mut node = deployment.start();
    let wire = node.wire();
    assert_eq!(
        wire.get("/health/ready").await.json(),
        json!({ "status": "ready" })
    );

    node.terminate();
    assert!(node.await_line("stopping"));

    let ready = wire.get("/health/ready").await;
    let not_ready = json!({ "status": "not_ready", "reasons": ["stopping"] });
    assert_eq!((ready.status.as_u16(), ready.json()), (503, not_ready));
    assert_eq!(
        wire.get("/health/live").await.json(),
        json!({ "status": "live" })
    );
    assert_eq!(wire.get("/jwks").await.status, 200);
    node.terminate();
    assert!(node.wait().success(), "a second signal ends it at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_began_on_one_node_goes_on_at_the_other() {
    let catcher = MailCatcher::start().await;
    let mut deployment = Deployment::on(Kind::Postgres, &catcher);
    deployment.register(&[clients::course()]);
    let nodes = [deployment.start(), deployment.start()];
    let wire = nodes[0].wire();
    let mailbox = Mailbox::Caught(catcher);
    let mut browser = Browser::new(wire.clone());

    // Every request goes to the node that the one before did not go to.
    let mut turn = 0;
    let mut next = || {
        turn += 1;
        wire.move_to(nodes[turn % 2].address());
    };
    browser.open("/authorize?client_id=course&response_type=code&scope=openid+email&redirect_uri=https%3A%2F%2Fcourse.example%2Fcallback&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").await;
    next();
    browser
        .reload()
        .await
        .fill("Email address", "ada@example.test")
        .press("Continue")
        .await;
    next();
    browser.reload().await;
    let code = mailbox.last_code_for("ada@example.test").await;
    browser.fill("Code", &code).press("Continue").await;
    next();
    browser.press("Continue").await;
    let code = browser.landed_on().parameter("code").to_owned();
    next();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "https://course.example/callback"),
        (
            "code_verifier",
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        ),
    ];
    let granted = wire
        .post_as(("course", clients::SECRET), "/token", &form)
        .await
        .json();
    next();
    let access = granted["access_token"].as_str().unwrap();
    let told = wire.get_with_token("/userinfo", access).await.json();
    assert_eq!(told["email"], "ada@example.test");
}

#[tokio::test]
async fn the_word_of_a_proxy_counts_only_if_it_is_trusted() {
    for (trusted, is_believed) in [("", false), ("192.0.2.0/24", false), ("127.0.0.0/8", true)] {
        let settings = [
            ("limits.sends_per_client_address", "1 per 1h"),
            ("proxies.trusted", trusted),
        ];
        let app = App::start_with(Kind::Sqlite, clients::everyday(), &settings).await;
        let course = app.relying_party("course").await;
        let mut headings = Vec::new();
        for client in ["198.51.100.1", "198.51.100.2", "198.51.100.2"] {
            let mut browser = Browser::new(app.wire().with("x-forwarded-for", client));
            browser.open(course.authorization_url()).await;
            browser
                .fill("Email address", "ada@example.test")
                .press("Continue")
                .await;
            headings.push(browser.heading());
        }
        let second = if is_believed {
            "Check your email"
        } else {
            "You have asked for too many codes"
        };
        let expected = [
            "Check your email",
            second,
            "You have asked for too many codes",
        ];
        assert_eq!(headings, expected, "trusted: {trusted:?}");
    }
}

#[tokio::test]
async fn a_request_that_says_to_come_from_elsewhere_changes_no_address_of_ours() {
    let app = App::start().await;
    let wire = app
        .wire()
        .with("host", "evil.example")
        .with("x-forwarded-host", "evil.example");

    let document = wire.get("/.well-known/openid-configuration").await;
    let page = wire.get("/cookies").await;
    let signed_out = wire.get("/end-session").await;

    for answer in [document, page, signed_out] {
        assert!(!answer.body.contains("evil.example"), "{}", answer.url);
        assert!(
            !answer.header("location").contains("evil.example"),
            "{}",
            answer.url
        );
    }
}
