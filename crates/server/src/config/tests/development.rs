//! `[development]` holds in development alone.

use journey::ReservedAddresses;
use storage::limits::Limit;

use super::*;

const EASY: &str = "[development]\nfixed_email_code = \"123456\"\n\
                    reserved_address_limit = \"100000 per 1h\"\n";

#[test]
fn a_program_can_be_let_through_the_pages_in_development() {
    let loaded = development().file("development.toml", EASY).load().unwrap();

    let ReservedAddresses { fixed_code, limit } = loaded.config.reserved_addresses.clone();
    assert_eq!(fixed_code.unwrap().reveal(), "123456");
    let hour = Duration::from_secs(3_600);
    assert_eq!(
        limit,
        Some(Limit {
            count: 100_000,
            per: hour
        })
    );
    assert!(!loaded.to_toml().contains("123456"));
}

#[test]
fn nothing_is_fixed_unless_it_is_asked_for() {
    let reserved = development().load().unwrap().config.reserved_addresses;

    assert!(reserved.fixed_code.is_none());
    assert_eq!(reserved.limit, None);
}

#[test]
fn a_fixed_code_in_production_or_in_tests_is_a_fault() {
    let elsewhere = [
        production()
            .variable("MAIL__ADAPTER", "smtp")
            .variable("MAIL__SMTP__HOST", "smtp.example.org")
            .variable("MAIL__SMTP__FROM", "no-reply@example.org"),
        Scene::new(Environment::Test).file("default.toml", ENOUGH),
    ];
    for scene in elsewhere {
        assert!(scene.load().is_ok(), "{:?}", scene.load());
        let scene = scene
            .variable("DEVELOPMENT__FIXED_EMAIL_CODE", "123456")
            .variable("DEVELOPMENT__RESERVED_ADDRESS_LIMIT", "100000 per 1h");

        assert_eq!(
            scene.load().unwrap_err(),
            [
                "development.fixed_email_code: must not be set unless the environment is \
                 \"development\": whoever knows it signs in as anybody whose address is under \
                 .test or .example (environment variable \
                 IDENTITY__DEVELOPMENT__FIXED_EMAIL_CODE)",
                "development.reserved_address_limit: must not be set unless the environment is \
                 \"development\" (environment variable \
                 IDENTITY__DEVELOPMENT__RESERVED_ADDRESS_LIMIT)",
            ]
        );
    }
}

#[test]
fn a_fixed_code_is_six_digits_and_no_fault_repeats_it() {
    for wrong in ["12345", "1234567", "hunter", "12345x"] {
        let scene = development().variable("DEVELOPMENT__FIXED_EMAIL_CODE", wrong);

        assert_eq!(
            scene.load().unwrap_err(),
            [
                "development.fixed_email_code: must be 6 digits (environment variable \
                 IDENTITY__DEVELOPMENT__FIXED_EMAIL_CODE)"
            ]
        );
    }
}
