//! Assertions that clients send to `/token`: raw, with foreign claims under a right signature, and
//! with a foreign header.
#![no_main]

use futures::executor::block_on;
use fuzz::{CLIENT, ISSUER, now, signed_by_secret};
use libfuzzer_sys::fuzz_target;
use model::{Client, Secret};
use protocol::client_assertion::{Addressee, AssertionKeys, claimed_client, verify};
use protocol::client_keys::ClientKeys;
use protocol::outbound::Outbound;
use std::sync::LazyLock;

const SECRET: &[u8] = b"thirty-two bytes that nobody knows";

static FINDER: LazyLock<ClientKeys> = LazyLock::new(|| ClientKeys::new(Outbound::new(Vec::new())));

/// A client whose keys are registered: those of RFC 7517, Appendix A.1, with which nobody here can
/// sign.
static WITH_KEYS: LazyLock<Client> = LazyLock::new(|| {
    let mut client = CLIENT.clone();
    client.settings.jwks = Some(serde_json::json!({ "keys": [{
        "kty": "EC", "crv": "P-256", "use": "sig", "kid": "1",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }] }));
    client
});

fuzz_target!(|input: &[u8]| {
    protocol::keys::install().unwrap();
    let told = Addressee {
        issuer: ISSUER.as_str(),
        endpoints: [
            "https://identity.example/token",
            "https://identity.example/par",
        ],
    };
    let secrets = [Secret::new(SECRET.to_vec())];
    let raw = String::from_utf8_lossy(input);
    let under_header = signed_by_secret(input, br#"{"iss":"fuzzed","sub":"fuzzed"}"#, SECRET);
    for assertion in [&*raw, &under_header] {
        let _ = claimed_client(assertion);
        let by_secret = AssertionKeys::Secrets(&secrets);
        let by_key = AssertionKeys::Registered(&FINDER);
        assert!(block_on(verify(assertion, &CLIENT, by_secret, told, now())).is_err());
        assert!(block_on(verify(assertion, &WITH_KEYS, by_key, told, now())).is_err());
    }

    let signed = signed_by_secret(br#"{"alg":"HS256"}"#, input, SECRET);
    let verified = block_on(verify(
        &signed,
        &CLIENT,
        AssertionKeys::Secrets(&secrets),
        told,
        now(),
    ));
    if let Ok(verified) = verified {
        assert_eq!(claimed_client(&signed).as_ref(), Some(&CLIENT.id));
        assert!((1..=255).contains(&verified.jti.len()));
        assert!(verified.forget_after > now());
    }
});
