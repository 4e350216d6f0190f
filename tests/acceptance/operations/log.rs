//! What the log tells: everything but who it was and what would open a door.

use acceptance::{Browser, Deployment, Kind, MailCatcher, Mailbox, clients};
use model::client::AuthMethod;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_the_program_writes_names_a_person_or_holds_a_secret() {
    for (kind, format) in [(Kind::Sqlite, "json"), (Kind::Postgres, "text")] {
        let catcher = MailCatcher::start().await;
        let mut deployment = Deployment::on(kind, &catcher);
        deployment.set("logging.level", "debug");
        deployment.set("logging.format", format);
        deployment.set("jobs.poll", "1s");
        let mut course = clients::course();
        course.settings.token_endpoint_auth_method = AuthMethod::ClientSecretPost;
        deployment.register(&[course]);
        let mut node = deployment.start();
        let wire = node.wire();
        let mailbox = Mailbox::Caught(catcher);
        let mut secrets = vec![
            "ada.lovelace".to_owned(),
            "10.1.2.3".to_owned(),
            "dBjftJeZ4CVP".to_owned(),
            clients::SECRET.to_owned(),
            "a+secret+that".to_owned(),
            "state-of-the-service".to_owned(),
            "nonce-of-the-service".to_owned(),
        ];

        // A whole sign-in, with a wrong code, a refused request and everything that follows.
        let mut browser = Browser::new(wire.with("x-forwarded-for", "10.1.2.3"));
        browser.open("/authorize?client_id=course&response_type=code&scope=openid+email+offline_access&redirect_uri=https%3A%2F%2Fcourse.example%2Fcallback&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&state=state-of-the-service&nonce=nonce-of-the-service&login_hint=ada.lovelace%40example.test").await;
        browser.press("Continue").await;
        browser.fill("Code", "000000").press("Continue").await;
        let address = "ada.lovelace@example.test";
        let (code, link) = (
            mailbox.last_code_for(address).await,
            mailbox.last_link_for(address).await,
        );
        browser.new_tab().open(&link).await;
        browser.fill("Code", &code).press("Continue").await;
        secrets.push(code);
        secrets.push(link.rsplit('/').next().unwrap().to_owned());
        secrets.extend(browser.cookies.values().cloned());
        browser.press("Continue").await;
        secrets.extend(browser.cookies.values().cloned());
        let code = browser.landed_on().parameter("code").to_owned();
        let client = [("client_id", "course"), ("client_secret", clients::SECRET)];
        let post = async |path: &str, form: &[(&str, &str)]| {
            wire.post(path, &[&client[..], form].concat()).await
        };
        let granted = post(
            "/token",
            &[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", "https://course.example/callback"),
                (
                    "code_verifier",
                    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
                ),
            ],
        )
        .await
        .json();
        secrets.push(code.clone());
        let text = |key: &str| granted[key].as_str().unwrap().to_owned();
        let (access, refresh, id_token) = (
            text("access_token"),
            text("refresh_token"),
            text("id_token"),
        );
        assert_eq!(wire.get_with_token("/userinfo", &access).await.status, 200);
        assert_eq!(
            wire.get_with_token("/userinfo", &format!("{access}x"))
                .await
                .status,
            401
        );
        post("/introspect", &[("token", &access)]).await;
        let pushed = post(
            "/par",
            &[
                ("response_type", "code"),
                ("redirect_uri", "https://course.example/callback"),
                ("scope", "openid"),
                (
                    "code_challenge",
                    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
                ),
                ("code_challenge_method", "S256"),
            ],
        )
        .await
        .json();
        let request_uri = pushed["request_uri"].as_str().unwrap();
        browser
            .open(format!(
                "/authorize?client_id=course&request_uri={request_uri}"
            ))
            .await;
        secrets.push(request_uri.rsplit(':').next().unwrap().to_owned());
        let renewed = post(
            "/token",
            &[("grant_type", "refresh_token"), ("refresh_token", &refresh)],
        )
        .await;
        secrets.push(renewed.json()["refresh_token"].as_str().unwrap().to_owned());
        post(
            "/token",
            &[
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", "x"),
            ],
        )
        .await;
        post("/revoke", &[("token", &access)]).await;
        browser
            .open(format!("/end-session?id_token_hint={id_token}"))
            .await;
        wire.get("/ada.lovelace@example.test").await;
        secrets.extend([access, refresh]);
        secrets.extend(id_token.split('.').map(str::to_owned));
        // The second mail is sent by a job.
        let confirmed = async {
            while mailbox.to(address).await.len() < 2 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(60), confirmed)
            .await
            .unwrap();
        node.terminate();
        assert!(node.wait().success());

        let output = node.output();
        assert!(output.lines().count() > 20, "debug is on: {output}");
        assert!(output.contains("/sign-in/email-code"), "{output}");
        for secret in secrets {
            assert!(
                !output.contains(&secret),
                "{secret} stands in the log:\n{output}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_log_line_is_json_and_names_no_path() {
    let mut node = Deployment::of_files().start();

    node.wire()
        .get("/nowhere/secret-value?code=secret-value")
        .await;
    node.interrupt();
    assert!(node.wait().success());

    let log = node.log();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let answered: Vec<&Value> = lines
        .iter()
        .filter(|line| line["message"] == "answered")
        .collect();
    assert_eq!(answered.len(), 1, "{log}");
    assert_eq!(answered[0]["status"], 404);
    assert_eq!(answered[0]["route"], "none");
    assert_eq!(answered[0]["request"].as_str().unwrap().len(), 16);
    assert!(!log.contains("secret-value"), "{log}");
}
