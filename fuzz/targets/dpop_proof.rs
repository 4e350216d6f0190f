//! DPoP proofs, raw and with a foreign header, under which nobody here can sign.
#![no_main]

use fuzz::{now, signed_by_secret};
use libfuzzer_sys::fuzz_target;

const CLAIMS: &[u8] =
    br#"{"jti":"1","htm":"POST","htu":"https://identity.example/token","iat":1700000000}"#;

fuzz_target!(|input: &[u8]| {
    let raw = String::from_utf8_lossy(input);
    let under_header = signed_by_secret(input, CLAIMS, b"a secret");
    for proof in [&*raw, &under_header] {
        assert!(!protocol::fuzzing::dpop_proof(proof, now()));
    }
});
