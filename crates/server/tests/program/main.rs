//! The program as an operator meets it: commands, output, exit codes and signals.

#![cfg(test)]

mod deployment;

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use serde_json::Value;

use deployment::Deployment;

#[test]
fn bad_configuration_is_told_whole_before_anything_starts() {
    let deployment = Deployment::new();
    deployment.write(
        "config/test.toml",
        "[http]\nlisten = [\"nowhere\"]\n[session]\nidel = 1\n",
    );

    let (code, words) = deployment.refusal("serve");

    assert_eq!(code, Some(2));
    assert_eq!(
        words,
        "get-an-identity: the configuration has 2 faults:\n  \
         http.listen[0]: must be an address and a port, for example \"127.0.0.1:8080\" \
         (config/test.toml:2)\n  \
         session.idel: is not a setting; what can be set here: absolute, idle \
         (config/test.toml:4)\n"
    );
    assert!(
        !deployment
            .directory
            .path()
            .join("identity.sqlite3")
            .exists()
    );
}

#[test]
fn the_effective_configuration_is_printed_with_secrets_masked() {
    let deployment = Deployment::new();
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    let mut command = deployment.command("check-config");
    let output = command
        .env("IDENTITY__SECRETS__KEYRING", format!("1:{key}"))
        .output()
        .unwrap();

    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("keyring = [{ id = 1, key = \"********\" }]  # environment variable"));
    assert!(!printed.contains("AAAA"), "{printed}");
}

#[test]
fn a_database_is_migrated_on_request_only() {
    let deployment = Deployment::new();
    let not_on_start = "[database]\nmigrate_on_start = false";
    deployment.write("config/test.toml", not_on_start);

    let (code, words) = deployment.refusal("serve");
    assert_eq!(code, Some(1));
    assert!(words.contains("run `get-an-identity migrate`"), "{words}");

    assert!(deployment.print("migrate").starts_with("Applied "));
    assert_eq!(deployment.print("migrate"), "The database is up to date.\n");
    assert_eq!(deployment.print("client list --json").trim(), "[]");
}

#[test]
fn a_secret_is_shown_once_and_never_again() {
    let deployment = Deployment::new();

    let added = deployment
        .print("client add service --name Service --redirect-uri https://service.example/back");
    let secret = added.lines().last().unwrap().to_owned();
    assert!(secret.starts_with("gai_cs_"), "{added}");

    for again in [
        "client show service",
        "client show service --json",
        "client list --json",
    ] {
        let printed = deployment.print(again);
        assert!(
            printed.contains("service") && !printed.contains("gai_cs_"),
            "{printed}"
        );
    }
    let rotated = deployment.print("client rotate-secret service");
    assert!(
        rotated.contains("gai_cs_") && !rotated.contains(&secret),
        "{rotated}"
    );
    assert!(
        deployment
            .print("client show service")
            .contains("and the one before it until")
    );
    deployment.print("client rotate-secret service --keep-old-for 0s");
    assert!(
        !deployment
            .print("client show service")
            .contains("and the one before it until")
    );
}

#[test]
fn a_client_is_changed_switched_off_and_on_again() {
    let deployment = Deployment::new();
    deployment.print(
        "client add service --name Service --redirect-uri https://service.example/a \
         --redirect-uri https://service.example/b --scope openid",
    );
    let shown = || -> Value {
        serde_json::from_str(&deployment.print("client show service --json")).unwrap()
    };

    let redirect_uris =
        serde_json::json!(["https://service.example/a", "https://service.example/b"]);
    assert_eq!(shown()["redirect_uris"], redirect_uris);

    let updated = deployment.print("client update service --consent ask");
    assert_eq!(updated, "Updated service.\n");
    assert_eq!(shown()["consent"], "ask");
    assert_eq!(shown()["scope"], "openid");

    let sealed = deployment.print("client update service --auth-method client_secret_jwt");
    assert!(sealed.contains("gai_cs_"), "{sealed}");

    deployment.print("client disable service");
    assert!(
        shown()["state"]
            .as_str()
            .unwrap()
            .starts_with("disabled since ")
    );
    deployment.print("client enable service");
    assert_eq!(shown()["state"], "enabled");
}

#[test]
fn what_cannot_be_is_refused_in_words() {
    let deployment = Deployment::new();
    let add = "client add service --name Service --redirect-uri https://service.example/back";
    deployment.print(add);

    for (arguments, words) in [
        (add, "there is a client service already"),
        ("client show nobody", "there is no client nobody"),
        ("client update nobody --name X", "there is no client nobody"),
        ("client disable nobody", "there is no client nobody"),
        ("client rotate-secret nobody", "there is no client nobody"),
        (
            "client add other --redirect-uri https://service.example/",
            "client_name: ",
        ),
        ("client add other --name Other", "redirect_uris: "),
        ("client update service --scope email", "scope: "),
        (
            "client add other --name Other --redirect-uri ftp://x",
            "it must be https",
        ),
        ("client add not;an;id --name Other", "a client id has"),
    ] {
        let (_, refusal) = deployment.refusal(arguments);
        assert!(refusal.contains(words), "{arguments}: {refusal}");
    }
    assert_eq!(
        deployment
            .print("client list --json")
            .matches("client_id")
            .count(),
        1
    );
}

#[test]
fn a_client_of_the_clients_file_is_changed_there() {
    let deployment = Deployment::new();
    deployment.write("config/test.toml", "[clients]\nfile = \"clients.toml\"");
    deployment.write(
        "clients.toml",
        "[[clients]]\nclient_id = \"service\"\nclient_name = \"Service\"\n\
         client_secret = \"a secret for tests\"\nredirect_uris = [\"https://service.example/\"]\n",
    );
    drop(deployment.serve());

    assert!(
        deployment
            .print("client list")
            .contains("service    Service")
    );
    for change in [
        "client update service --name X",
        "client rotate-secret service",
    ] {
        let (_, refusal) = deployment.refusal(change);
        assert!(
            refusal.contains("is kept by the clients file: change it there"),
            "{refusal}"
        );
    }
}

#[test]
fn keys_are_listed_and_rotated() {
    let deployment = Deployment::new();
    let keys =
        || -> Vec<Value> { serde_json::from_str(&deployment.print("key list --json")).unwrap() };
    let count = |state: &str| keys().iter().filter(|key| key["state"] == state).count();

    deployment.print("key rotate --algorithm ES256");
    assert_eq!(
        (count("active"), count("announced"), count("retired")),
        (4, 1, 0)
    );

    deployment.print("key rotate --algorithm ES256 --now");
    assert_eq!(
        (count("active"), count("announced"), count("retired")),
        (4, 0, 1)
    );
    assert!(deployment.print("key list").starts_with("kid "));
}

#[test]
fn a_server_says_where_it_is_ready_and_answers_the_health_check() {
    let deployment = Deployment::new();
    let (_, refusal) = deployment.refusal("healthcheck");
    assert!(refusal.contains("not ready"), "{refusal}");

    let server = deployment.serve();

    assert_eq!(
        server.ready,
        format!("Ready: http://localhost:{}\n", deployment.port)
    );
    deployment.print("healthcheck");
    assert!(server.get("/health/live").starts_with("HTTP/1.1 200"));
    assert!(
        server
            .get("/.well-known/openid-configuration")
            .starts_with("HTTP/1.1 200")
    );
}

#[test]
fn a_server_that_is_told_to_stop_finishes_what_is_in_flight() {
    let deployment = Deployment::new();
    let server = deployment.serve();
    let mut idle = server.connect();
    idle.write_all(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    idle.read_exact(&mut [0; 12]).unwrap();
    let mut in_flight = server.connect();
    let body = "token=nothing";
    let head = format!(
        "POST /revoke HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        body.len()
    );
    in_flight.write_all(head.as_bytes()).unwrap();

    let started = Instant::now();
    server.signal("TERM");
    std::thread::sleep(Duration::from_millis(150));
    assert!(server.get("/health/ready").starts_with("HTTP/1.1 503"));
    std::thread::sleep(Duration::from_millis(400));
    in_flight.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    in_flight.read_to_string(&mut answer).unwrap();

    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    let log = server.log();
    assert!(log.contains("\"stopped\""), "{log}");
    assert!(
        started.elapsed() < Duration::from_secs(10),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn every_log_line_is_json_and_names_no_path() {
    let deployment = Deployment::new();
    let server = deployment.serve();

    server.get("/nowhere/secret-value?code=secret-value");
    server.signal("INT");

    let log = server.log();
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
