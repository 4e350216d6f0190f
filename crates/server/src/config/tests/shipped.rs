//! The files in `config/` are what they say they are.

use std::path::Path;

use super::super::clients;
use super::*;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config")
}

#[test]
fn the_shipped_development_and_test_files_are_right() {
    for environment in [Environment::Development, Environment::Test] {
        let sources = Sources {
            directory: shipped(),
            environment,
            variables: BTreeMap::new(),
        };

        assert!(
            load(&sources).is_ok(),
            "{environment:?}: {:?}",
            load(&sources)
        );
    }
}

#[test]
fn the_shipped_production_file_lacks_only_what_a_deployment_must_say() {
    let environment = Environment::Production;
    let sources = Sources {
        directory: shipped(),
        environment,
        variables: BTreeMap::new(),
    };

    let faults = load(&sources).unwrap_err();

    let keys: Vec<&str> = faults.0.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "issuer",
            // Unless there is a proxy.
            "http.listen",
            "database.url",
            "secrets.keyring",
            "mail.adapter",
            "contact.organisation",
            "contact.support_email",
        ]
    );
}

#[test]
fn the_shipped_default_file_lists_what_is_built_in() {
    let shipped = std::fs::read_to_string(shipped().join("default.toml")).unwrap();
    let bare = development().load().unwrap();
    let listed = development()
        .file("default.toml", &shipped)
        .file("development.toml", ENOUGH)
        .load()
        .unwrap();

    for (bare, listed) in bare.settings.iter().zip(&listed.settings) {
        assert_eq!(
            (&bare.key, &bare.shown),
            (&listed.key, &listed.shown),
            "{}",
            bare.section
        );
        let is_listed = shipped.contains(&format!("\n{} = ", bare.key))
            || shipped.contains(&format!("\n# {} = ", bare.key));
        assert!(
            is_listed,
            "{}.{} is not in default.toml",
            bare.section, bare.key
        );
    }
}

#[test]
fn the_shipped_clients_are_right() {
    let clients = clients::load(&shipped().join("clients.example.toml")).unwrap();

    let ids: Vec<&str> = clients.iter().map(|client| client.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "demo",
            "demo-trn-optional",
            "demo-trn-required",
            "demo-trn-strict",
            "demo-trn-pending",
            "demo-national-insurance",
            "demo-two-factors-required",
            "demo-two-factors-preferred",
            "nightly-report",
            "classroom-app",
            "register-for-training"
        ]
    );
}
