//! A redirect URI that is registered (the first line), and one that is asked for (the second).
#![no_main]

use libfuzzer_sys::fuzz_target;
use model::redirect_uri::LoopbackPort;
use model::{RedirectUri, RegisteredRedirect};
use url::Url;

fuzz_target!(|input: &str| {
    let (registered, requested) = input.split_once('\n').unwrap_or((input, input));
    let Ok(registered) = RedirectUri::parse(registered) else {
        return;
    };
    assert!(!registered.as_str().contains('#'));
    assert_eq!(
        registered.matches(requested, LoopbackPort::Exact),
        registered.as_str() == requested
    );
    if registered.matches(requested, LoopbackPort::MayVary) && registered.as_str() != requested {
        assert_same_but_for_the_port(registered.as_str(), requested);
    }
    for port in [LoopbackPort::Exact, LoopbackPort::MayVary] {
        let all = std::slice::from_ref(&registered);
        if let Some(found) = RegisteredRedirect::find(all, requested, port) {
            assert_eq!(found.as_str(), requested);
            // It becomes a part of a header, among the sources of one directive.
            assert!(
                found
                    .form_action()
                    .bytes()
                    .all(|byte| byte.is_ascii_graphic() || byte == b' ')
            );
            assert!(!found.form_action().contains([';', ',']));
        }
    }
});

/// As a browser reads them, they lead to the same place of this machine.
fn assert_same_but_for_the_port(registered: &str, requested: &str) {
    let (registered, requested) = (
        Url::parse(registered).unwrap(),
        Url::parse(requested).unwrap(),
    );
    assert!(matches!(requested.host_str(), Some("127.0.0.1" | "[::1]")));
    assert_eq!(registered.scheme(), "http");
    assert_eq!(registered.host_str(), requested.host_str());
    assert_eq!(registered.path(), requested.path());
    assert_eq!(registered.query(), requested.query());
    assert_eq!(
        (
            requested.username(),
            requested.password(),
            requested.fragment()
        ),
        ("", None, None)
    );
}
