//! `kill -9` in the middle of everything.

use std::sync::Arc;

use acceptance::{Answer, Browser, Deployment, ISSUER, Kind, MailCatcher, Mailbox, Wire, clients};
use futures::StreamExt as _;
use serde_json::{Value, json};

const PEOPLE: usize = 200;
/// How many requests are answered before the server is killed: about the middle.
const BEFORE_THE_KILL: usize = 800;

/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const REQUEST: &str = "/authorize?client_id=course&response_type=code\
    &redirect_uri=https%3A%2F%2Fcourse.example%2Fcallback&scope=openid+email+offline_access\
    &code_challenge_method=S256&code_challenge=";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_sqlite_server_loses_nothing_that_it_acknowledged() {
    kill_in_the_middle(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_beside_postgres_loses_nothing_that_it_acknowledged() {
    kill_in_the_middle(Kind::Postgres).await;
}

async fn kill_in_the_middle(kind: Kind) {
    let catcher = MailCatcher::start().await;
    let mut deployment = Deployment::on(kind, &catcher);
    deployment.set("limits.sends_per_client_address", "100000 per 1h");
    deployment.register(&[clients::course()]);
    let deployment = Arc::new(deployment);
    let mut node = deployment.start();
    let wire = node.wire().patient();
    let people = futures::stream::iter(0..PEOPLE).map(|number| {
        let (wire, mailbox) = (wire.clone(), Mailbox::Caught(catcher.clone()));
        tokio::spawn(sign_in(
            format!("person{number}@example.test"),
            wire,
            mailbox,
        ))
    });

    let killing = async {
        wire.answered(BEFORE_THE_KILL).await;
        node.kill();
        let again = Arc::clone(&deployment);
        node = tokio::task::spawn_blocking(move || again.start())
            .await
            .unwrap();
        wire.move_to(node.address());
    };
    let (kept, ()) = futures::join!(people.buffer_unordered(24).collect::<Vec<_>>(), killing);

    let kept: Vec<Kept> = kept.into_iter().map(Result::unwrap).collect();
    assert_eq!(kept.len(), PEOPLE);
    let interrupted = kept.iter().filter(|person| person.sign_ins > 1).count();
    assert!(
        interrupted <= 24,
        "{interrupted} had to begin again; 24 requests were in flight"
    );
    for person in kept {
        let told = wire
            .get_with_token("/userinfo", &person.access)
            .await
            .json();
        assert_eq!(
            told,
            json!({ "sub": told["sub"], "email": person.address, "email_verified": true })
        );
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &person.refresh),
        ];
        let renewed = wire
            .post_as(("course", clients::SECRET), "/token", &form)
            .await;
        assert_eq!(renewed.status, 200, "{}", renewed.body);
        let mut browser = person.browser;
        browser
            .open(format!("{REQUEST}{CHALLENGE}&prompt=none"))
            .await;
        assert_ne!(
            browser.landed_on().parameter("code"),
            "",
            "the session lives"
        );
    }
    assert!(!node.output().contains("panicked"), "{}", node.output());
}

/// What somebody has in the end.
struct Kept {
    address: String,
    browser: Browser,
    access: String,
    refresh: String,
    /// How often the person had to sign in: again only when an answer was lost that cannot be
    /// given twice.
    sign_ins: usize,
}

async fn sign_in(address: String, wire: Wire, mailbox: Mailbox) -> Kept {
    let mut browser = Browser::new(wire.clone());
    let mut sign_ins = 0;
    loop {
        sign_ins += 1;
        assert!(
            sign_ins < 4,
            "{address} signs in again and again: {:?}",
            browser.trail
        );
        browser.open(format!("{REQUEST}{CHALLENGE}")).await;
        while !browser.has_landed() {
            go_on(&mut browser, &address, &mailbox).await;
        }
        let landing = browser.landed_on();
        assert_eq!(landing.parameter("iss"), ISSUER);
        let answer = redeem(&wire, landing.parameter("code")).await;
        if answer.status == 200 {
            let granted: Value = answer.json();
            let text = |key: &str| granted[key].as_str().unwrap().to_owned();
            let (access, refresh) = (text("access_token"), text("refresh_token"));
            return Kept {
                address,
                browser,
                access,
                refresh,
                sign_ins,
            };
        }
        assert_eq!(answer.json()["error"], "invalid_grant", "{}", answer.body);
    }
}

/// Does what the page asks for.
async fn go_on(browser: &mut Browser, address: &str, mailbox: &Mailbox) {
    match browser.heading().as_str() {
        "Enter your email address" => {
            browser
                .fill("Email address", address)
                .press("Continue")
                .await;
        }
        "Check your email" => {
            let code = mailbox.last_code_for(address).await;
            browser.fill("Code", &code).press("Continue").await;
        }
        "Account created" => {
            browser.press("Continue").await;
        }
        other => panic!("{address} meets {other:?}: {}", browser.text()),
    }
}

async fn redeem(wire: &Wire, code: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", "https://course.example/callback"),
        ("code_verifier", VERIFIER),
    ];
    wire.post_as(("course", clients::SECRET), "/token", &form)
        .await
}
