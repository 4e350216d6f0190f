//! What is set, what is wrong with it, and what of it may be shown.

use std::net::TcpListener;

use acceptance::{Deployment, Kind};

#[test]
fn bad_configuration_is_told_whole_before_anything_starts() {
    let deployment = Deployment::of_files();
    deployment.write(
        "config/test.toml",
        "[http]\nlisten = [\"nowhere\"]\n[session]\nidel = 1\n",
    );

    let (code, words) = deployment.refuse(&["serve"]);

    assert_eq!(code, Some(2));
    assert_eq!(
        words,
        "get-an-identity: the configuration has 2 faults:\n  \
         http.listen[0]: must be an address and a port, for example \"127.0.0.1:8080\" \
         (config/test.toml:2)\n  \
         session.idel: is not a setting; what can be set here: absolute, idle \
         (config/test.toml:4)\n"
    );
    assert!(!deployment.file("identity.sqlite3").exists());
}

#[test]
fn the_effective_configuration_is_printed_with_secrets_masked() {
    let mut deployment = Deployment::of_files();
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    deployment.set("secrets.keyring", &format!("1:{key}"));

    let printed = deployment.succeed(&["check-config"]);

    assert!(printed.contains("keyring = [{ id = 1, key = \"********\" }]  # environment variable"));
    assert!(!printed.contains("AAAA"), "{printed}");
}

#[test]
fn a_bad_configuration_is_refused_before_the_socket_opens() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut deployment = Deployment::without_mail(Kind::Sqlite);
    deployment.set("http.listen", &taken.local_addr().unwrap().to_string());
    deployment.set("issuer", "https://identity.example/");
    deployment.set("tokens.access_token", "soon");
    deployment.set("mail.adapter", "pigeon");
    deployment.set("http.colour", "red");

    let refused = deployment.run(&["serve"]);

    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(String::from_utf8(refused.stdout).unwrap(), "");
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(
        told.starts_with("get-an-identity: the configuration has 4 faults:\n"),
        "{told}"
    );
    for (key, variable) in [
        ("issuer", "IDENTITY__ISSUER"),
        ("tokens.access_token", "IDENTITY__TOKENS__ACCESS_TOKEN"),
        ("mail.adapter", "IDENTITY__MAIL__ADAPTER"),
        ("http.colour", "IDENTITY__HTTP__COLOUR"),
    ] {
        let line = told
            .lines()
            .find(|line| line.starts_with(&format!("  {key}: ")));
        let line = line.unwrap_or_else(|| panic!("nothing about {key} in: {told}"));
        assert!(
            line.ends_with(&format!("(environment variable {variable})")),
            "{line}"
        );
        assert!(
            line.len() > key.len() + variable.len() + 40,
            "says what would be right: {line}"
        );
    }
    assert!(
        !told.contains("pigeon"),
        "no value is repeated, it could be a secret: {told}"
    );
}

#[test]
fn check_config_masks_every_secret() {
    let mut deployment = Deployment::without_mail(Kind::Sqlite);
    deployment.set(
        "database.url",
        "postgres://somebody:hunter2hunter2@db.example/identity",
    );
    deployment.set("mail.adapter", "smtp");
    deployment.set("mail.smtp.host", "smtp.example");
    deployment.set("mail.smtp.from", "no-reply@identity.example");
    deployment.set("mail.smtp.username", "mailer");
    deployment.set("mail.smtp.password", "correct horse battery");

    let shown = deployment.succeed(&["check-config"]);

    assert!(shown.contains("host = \"smtp.example\""), "{shown}");
    assert!(shown.contains("password = \"********\""), "{shown}");
    assert!(
        shown.contains("postgres://somebody@db.example/identity"),
        "{shown}"
    );
    for secret in [
        "hunter2",
        "correct horse",
        acceptance::app::KEYRING.split_once(':').unwrap().1,
    ] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}
