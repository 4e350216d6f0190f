//! Request objects: raw, and with foreign claims that the client really signed.
#![no_main]

use std::sync::LazyLock;

use futures::executor::block_on;
use fuzz::{CLIENT, ISSUER, KEYS, now};
use libfuzzer_sys::fuzz_target;
use model::{Client, SigningAlgorithm};
use protocol::client_keys::ClientKeys;
use protocol::jws::TokenType;
use protocol::outbound::Outbound;
use protocol::request_object::verify;

static FINDER: LazyLock<ClientKeys> = LazyLock::new(|| ClientKeys::new(Outbound::new(Vec::new())));

/// A client whose keys we have, so that it can sign.
static SIGNER: LazyLock<Client> = LazyLock::new(|| {
    let mut client = CLIENT.clone();
    client.settings.jwks = serde_json::from_slice(&KEYS.jwks()).ok();
    client
});

fuzz_target!(|input: &[u8]| {
    let read = |object: &str| block_on(verify(object, &SIGNER, &FINDER, ISSUER.as_str(), now()));
    assert!(
        read(&String::from_utf8_lossy(input)).is_err(),
        "nobody else can sign"
    );

    let Ok(claims) = serde_json::from_slice::<serde_json::Value>(input) else {
        return;
    };
    let signed = KEYS.sign(SigningAlgorithm::ES256, TokenType::Jwt, &claims);
    if let Ok(object) = read(&signed.unwrap()) {
        let names = ["request", "request_uri", "aud", "exp"];
        let told = object
            .parameters
            .iter()
            .any(|(name, _)| names.contains(&name.as_str()));
        assert!(
            !told,
            "what is said of the object is no parameter, and none is in another"
        );
    }
});
