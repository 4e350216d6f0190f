//! The command line, mostly beside a running server.

use std::collections::BTreeMap;

use acceptance::{Deployment, Kind, Wire};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_registers_changes_and_switches_off_a_service_while_the_server_runs() {
    for kind in Kind::BOTH {
        let deployment = Deployment::without_mail(kind);
        let node = deployment.start();
        let wire = node.wire();

        let added = deployment.succeed(&[
            "client",
            "add",
            "report",
            "--name",
            "Nightly report",
            "--grant-type",
            "client_credentials",
            "--scope",
            "report:read",
        ]);
        let secret = secret_in(&added);
        assert_eq!(token(&wire, &secret).await, 200);
        assert!(
            !deployment.succeed(&["client", "list"]).contains(&secret),
            "it is shown once"
        );
        let shown: Value =
            serde_json::from_str(&deployment.succeed(&["client", "show", "report", "--json"]))
                .unwrap();
        assert_eq!(
            (&shown["client_name"], &shown["secrets"], &shown["state"]),
            (&json!("Nightly report"), &json!("one"), &json!("enabled"))
        );
        assert!(!shown.to_string().contains(&secret));

        deployment.succeed(&["client", "update", "report", "--name", "Report by night"]);
        assert!(
            deployment
                .succeed(&["client", "list"])
                .contains("Report by night")
        );
        assert_eq!(token(&wire, &secret).await, 200, "the secret stays");

        let rotated = deployment.succeed(&["client", "rotate-secret", "report"]);
        let newer = secret_in(&rotated);
        assert_ne!(newer, secret);
        eventually(|| token(&wire, &newer), 200).await;
        assert_eq!(token(&wire, &secret).await, 200, "the old one for a day");
        let last = secret_in(&deployment.succeed(&[
            "client",
            "rotate-secret",
            "report",
            "--keep-old-for",
            "0s",
        ]));
        eventually(|| token(&wire, &newer), 401).await;
        assert_eq!(token(&wire, &last).await, 200);

        deployment.succeed(&["client", "disable", "report"]);
        eventually(|| token(&wire, &last), 401).await;
        deployment.succeed(&["client", "enable", "report"]);
        eventually(|| token(&wire, &last), 200).await;

        let refused = deployment.run(&["client", "add", "report", "--name", "Again"]);
        assert!(!refused.status.success());
        let refused = deployment.run(&["client", "disable", "nobody"]);
        assert_eq!(
            String::from_utf8(refused.stderr).unwrap(),
            "get-an-identity: there is no client nobody\n"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_is_published_by_a_running_server_and_takes_over_at_once_if_it_must() {
    let mut deployment = Deployment::without_mail(Kind::Sqlite);
    deployment.set("keys.refresh", "1s");
    let node = deployment.start();
    let wire = node.wire();
    let before = states(&deployment);
    assert_eq!(before.len(), 4, "one for each algorithm");

    deployment.succeed(&["key", "rotate", "--algorithm", "ES256"]);
    let announced = states(&deployment);
    assert_eq!(announced.len(), 5);
    eventually(|| published(&wire), 5).await;

    deployment.succeed(&["key", "rotate", "--algorithm", "ES256", "--now"]);
    let mut now: Vec<_> = states(&deployment).into_values().collect();
    now.sort();
    assert_eq!(
        now.iter().filter(|state| *state == "retired").count(),
        1,
        "{now:?}"
    );
    assert_eq!(
        now.iter().filter(|state| *state == "active").count(),
        4,
        "{now:?}"
    );
}

#[test]
fn a_database_is_migrated_on_request_only() {
    let deployment = Deployment::of_files();
    let not_on_start = "[database]\nmigrate_on_start = false";
    deployment.write("config/test.toml", not_on_start);

    let (code, words) = deployment.refuse(&["serve"]);
    assert_eq!(code, Some(1));
    assert!(words.contains("run `get-an-identity migrate`"), "{words}");

    let migrate = || deployment.succeed(&["migrate"]);
    assert!(migrate().starts_with("Applied "));
    assert_eq!(migrate(), "The database is up to date.\n");
    let clients = deployment.succeed(&["client", "list", "--json"]);
    assert_eq!(clients.trim(), "[]");
}

#[test]
fn keys_are_listed_and_rotated() {
    let deployment = Deployment::of_files();
    let count = |state: &str| {
        let states = states(&deployment).into_values();
        states.filter(|one| one == state).count()
    };

    deployment.succeed(&["key", "rotate", "--algorithm", "ES256"]);
    assert_eq!(
        (count("active"), count("announced"), count("retired")),
        (4, 1, 0)
    );

    deployment.succeed(&["key", "rotate", "--algorithm", "ES256", "--now"]);
    assert_eq!(
        (count("active"), count("announced"), count("retired")),
        (4, 0, 1)
    );
    let listed = deployment.succeed(&["key", "list"]);
    assert!(listed.starts_with("kid "), "{listed}");
}

/// Nodes learn of a change within seconds: asks until it is so, for a minute at most.
async fn eventually<F: Future<Output = usize>>(ask: impl Fn() -> F, expected: usize) {
    let asking = async {
        while ask().await != expected {
            tokio::task::yield_now().await;
        }
    };
    let told = tokio::time::timeout(std::time::Duration::from_secs(60), asking).await;
    told.unwrap_or_else(|_| panic!("{expected} is not reached within a minute"));
}

async fn token(wire: &Wire, secret: &str) -> usize {
    let form = [("grant_type", "client_credentials")];
    wire.post_as(("report", secret), "/token", &form)
        .await
        .status
        .as_u16()
        .into()
}

async fn published(wire: &Wire) -> usize {
    wire.get("/jwks").await.json()["keys"]
        .as_array()
        .unwrap()
        .len()
}

fn states(deployment: &Deployment) -> BTreeMap<String, String> {
    let keys: Value =
        serde_json::from_str(&deployment.succeed(&["key", "list", "--json"])).unwrap();
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    keys.as_array()
        .unwrap()
        .iter()
        .map(|key| (text(key, "kid"), text(key, "state")))
        .collect()
}

fn secret_in(output: &str) -> String {
    let word = output
        .split_whitespace()
        .find(|word| word.starts_with("gai_cs_"));
    word.unwrap_or_else(|| panic!("no secret in: {output}"))
        .to_owned()
}
