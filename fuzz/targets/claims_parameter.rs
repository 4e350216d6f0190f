//! Whatever stands in `claims`. What is asked for by name is never more than the client may have.
#![no_main]

use fuzz::CLIENT;
use libfuzzer_sys::fuzz_target;
use model::ScopeSet;

fuzz_target!(|value: &str| {
    let little = ScopeSet::parse("openid email").unwrap();
    let by_little = protocol::fuzzing::claims_parameter(value, &little);
    let by_much = protocol::fuzzing::claims_parameter(value, &CLIENT.settings.scope);
    assert_eq!(
        by_little, by_much,
        "what can be read does not depend on who asks"
    );
});
