//! Hints that say whom a client means: raw, and with foreign claims under our own signature.
#![no_main]

use fuzz::{ISSUER, KEYS};
use libfuzzer_sys::fuzz_target;
use model::SigningAlgorithm;
use protocol::id_token_hint::verify;
use protocol::jws::TokenType;

fuzz_target!(|input: &[u8]| {
    let raw = String::from_utf8_lossy(input);
    assert!(
        verify(&raw, &KEYS, ISSUER.as_str()).is_err(),
        "nobody else can sign"
    );

    let Ok(claims) = serde_json::from_slice::<serde_json::Value>(input) else {
        return;
    };
    let ours = KEYS.sign(SigningAlgorithm::ES256, TokenType::Jwt, &claims);
    if verify(&ours.unwrap(), &KEYS, ISSUER.as_str()).is_ok() {
        assert_eq!(claims["iss"], ISSUER.as_str());
        assert!(claims["sub"].is_string());
    }
});
