//! Whatever a browser is made to send to `/authorize`.
#![no_main]

use fuzz::{CLIENT, ISSUER, KEYS};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|encoded: &[u8]| {
    let _ = protocol::fuzzing::authorization_request(encoded, &CLIENT, &KEYS, &ISSUER);
});
