//! `[teacher_records]`.

use super::super::teacher_records::RecordsSource;
use super::*;

/// Records over HTTP, with everything that has to be said.
fn over_http() -> Scene {
    development()
        .variable("TEACHER_RECORDS__ADAPTER", "http")
        .variable("TEACHER_RECORDS__BASE_URL", "https://records.example.org")
        .variable("TEACHER_RECORDS__API_KEY", "hunter2")
}

#[test]
fn records_are_embedded_and_seldom_asked_unless_something_else_is_said() {
    let records = development().load().unwrap().config.teacher_records;

    assert!(matches!(records.source, RecordsSource::Embedded));
    let lookups = records.lookups;
    assert_eq!(
        (lookups.per_interaction.count, lookups.per_account.count),
        (5, 20)
    );
    let day = Duration::from_secs(86_400);
    assert_eq!(
        (lookups.per_interaction.per, lookups.per_account.per),
        (day, day)
    );
}

#[test]
fn look_ups_of_an_interaction_are_counted_for_as_long_as_it_lives() {
    let scene = development().variable("INTERACTION__LIFE", "72h");

    let lookups = scene.load().unwrap().config.teacher_records.lookups;

    assert_eq!(lookups.per_interaction.per, Duration::from_secs(72 * 3_600));
}

#[test]
fn the_records_api_has_a_version_and_five_seconds_unless_something_else_is_said() {
    let loaded = over_http().load().unwrap();

    let RecordsSource::Http(api) = &loaded.config.teacher_records.source else {
        panic!("http")
    };
    assert_eq!(api.version, "20260120");
    assert_eq!(api.timeout, Duration::from_secs(5));
    assert_eq!(api.api_key.reveal(), "hunter2");
    assert!(!loaded.to_toml().contains("hunter2"));
    assert!(!format!("{loaded:?}").contains("hunter2"));
}

#[test]
fn the_records_api_cannot_be_asked_without_address_and_key() {
    let scene = development().variable("TEACHER_RECORDS__ADAPTER", "http");

    let faults = scene.load().unwrap_err();

    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(faults[0].starts_with("teacher_records.base_url: must be an absolute URL"));
    assert!(faults[1].starts_with("teacher_records.api_key: (or api_key_file, naming a file"));
}

#[test]
fn records_never_cross_a_network_in_plain_text() {
    for url in [
        "http://localhost:9000",
        "http://127.0.0.1:9000/trs",
        "https://a.example/trs",
    ] {
        assert!(
            over_http()
                .variable("TEACHER_RECORDS__BASE_URL", url)
                .load()
                .is_ok(),
            "{url}"
        );
    }
    for url in [
        "http://records.example.org",
        "http://10.0.0.1",
        "ftp://localhost",
    ] {
        let scene = over_http().variable("TEACHER_RECORDS__BASE_URL", url);
        let faults = scene.load().unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with("teacher_records.base_url: must be https unless"));
    }
}

#[test]
fn settings_that_the_records_api_cannot_be_asked_with_are_refused() {
    for (key, wrong) in [
        ("BASE_URL", "https://identity:hunter2@records.example.org"),
        ("BASE_URL", "https://records.example.org/?key=hunter2"),
        ("BASE_URL", "https://records.example.org/#hunter2"),
        ("API_KEY", "hunter2\r\nX-Other: 1"),
        ("API_VERSION", "20240101"),
        ("API_VERSION", "Next"),
        ("TIMEOUT", "6s"),
        ("TIMEOUT", "10ms"),
        ("LOOKUPS_PER_INTERACTION", "0"),
        ("LOOKUPS_PER_INTERACTION", "21"),
        ("LOOKUPS_PER_ACCOUNT", "often"),
    ] {
        let scene = over_http().variable(&format!("TEACHER_RECORDS__{key}"), wrong);

        let faults = scene.load().unwrap_err();

        assert_eq!(faults.len(), 1, "{wrong}: {faults:?}");
        let setting = format!("teacher_records.{}: must ", key.to_lowercase());
        assert!(faults[0].starts_with(&setting), "{faults:?}");
        assert!(!faults[0].contains("hunter2"), "{faults:?}");
    }
}

#[test]
fn settings_of_the_records_api_may_stay_while_records_are_embedded() {
    let scene = over_http()
        .variable("TEACHER_RECORDS__ADAPTER", "embedded")
        .variable("TEACHER_RECORDS__BASE_URL", "http://records.example.org");

    let records = scene.load().unwrap().config.teacher_records;

    assert!(matches!(records.source, RecordsSource::Embedded));
}
