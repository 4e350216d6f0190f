//! The headers that every answer carries, errors included. A page brings its own content security
//! policy; anything else gets one that allows nothing.
//!
//! The web server refuses a request that it cannot read before anything of ours sees it; that
//! answer carries none of them, and no body (`docs/operations.md`).

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// Whether browsers are told to come by TLS only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The issuer is https.
    TlsOnly,
    /// The issuer is http, on this machine.
    Plain,
}

/// Whether a window of ours stays known to the window that opened it (HTML §7.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// It does: services may sign people in, and out, in a window that comes back to them.
    Kept,
    /// It does not, so that whoever opened it cannot swap the page under a click.
    Cut,
}

/// Everything between a service's request and the answer that goes back to it.
const ON_THE_WAY_BACK: [&str; 5] = [
    "authorize",
    "details",
    "end-session",
    "second-factor",
    "sign-in",
];

impl Opener {
    /// What is so for a path.
    #[must_use]
    pub fn of(path: &str) -> Self {
        match path.split('/').nth(1) {
            Some(first) if ON_THE_WAY_BACK.contains(&first) => Self::Kept,
            _ => Self::Cut,
        }
    }
}

const ALWAYS: [(HeaderName, HeaderValue); 6] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ),
    // Embedding is refused; requests in CORS mode, which the endpoints for clients allow, are not
    // subject to this policy.
    (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("x-robots-tag"),
        HeaderValue::from_static("noindex, nofollow"),
    ),
];

const UNLESS_SET: [(HeaderName, HeaderValue); 2] = [
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    ),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const SAME_ORIGIN: HeaderValue = HeaderValue::from_static("same-origin");

const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

impl Transport {
    /// Adds the headers to an answer.
    pub fn secure(self, opener: Opener, headers: &mut HeaderMap) {
        for (name, value) in ALWAYS {
            headers.insert(name, value);
        }
        for (name, value) in UNLESS_SET {
            if !headers.contains_key(&name) {
                headers.insert(name, value);
            }
        }
        if may_be_framed(headers) {
            headers.remove(X_FRAME_OPTIONS);
            headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
        }
        if opener == Opener::Cut {
            headers.insert(OPENER_POLICY, SAME_ORIGIN);
        }
        if self == Self::TlsOnly {
            headers.insert(STRICT_TRANSPORT_SECURITY, TLS_ONLY);
        }
    }
}

/// Whether a page says by its own policy that any site may have it in a frame.
fn may_be_framed(headers: &HeaderMap) -> bool {
    let policy = headers.get(CONTENT_SECURITY_POLICY);
    let policy = policy.and_then(|policy| policy.to_str().ok());
    policy.is_some_and(|policy| {
        policy
            .split(';')
            .any(|part| part.trim() == "frame-ancestors *")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secured(transport: Transport, set: &[(HeaderName, &'static str)]) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        for (name, value) in set {
            headers.insert(name.clone(), HeaderValue::from_static(value));
        }
        transport.secure(Opener::Cut, &mut headers);
        let mut all: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn an_answer_without_headers_gets_them_all() {
        let headers = secured(Transport::TlsOnly, &[]);

        let expected = [
            ("cache-control", "no-store"),
            (
                "content-security-policy",
                "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
            ),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            (
                "permissions-policy",
                "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
            ),
            ("referrer-policy", "no-referrer"),
            (
                "strict-transport-security",
                "max-age=63072000; includeSubDomains",
            ),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("x-robots-tag", "noindex, nofollow"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(headers, expected);
    }

    #[test]
    fn a_pages_own_policy_and_a_lasting_answers_caching_are_kept() {
        let headers = secured(
            Transport::Plain,
            &[
                (CONTENT_SECURITY_POLICY, "page"),
                (CACHE_CONTROL, "public, max-age=3600"),
            ],
        );

        assert!(headers.contains(&("content-security-policy".to_owned(), "page".to_owned())));
        assert!(headers.contains(&(
            "cache-control".to_owned(),
            "public, max-age=3600".to_owned()
        )));
    }

    #[test]
    fn only_a_page_that_says_so_may_be_framed() {
        let with = |policy| {
            let mut headers = secured(Transport::TlsOnly, &[(CONTENT_SECURITY_POLICY, policy)]);
            headers.retain(|(name, _)| {
                ["x-frame-options", "cross-origin-resource-policy"].contains(&name.as_str())
            });
            headers
        };
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());

        assert_eq!(
            with("default-src 'none'; frame-ancestors *"),
            [header("cross-origin-resource-policy", "cross-origin")]
        );
        for policy in [
            "default-src 'none'",
            "frame-ancestors *.example",
            "frame-src *",
        ] {
            assert_eq!(
                with(policy),
                [
                    header("cross-origin-resource-policy", "same-origin"),
                    header("x-frame-options", "DENY"),
                ],
                "{policy}"
            );
        }
    }

    #[test]
    fn without_tls_nobody_is_told_to_insist_on_it() {
        let headers = secured(Transport::Plain, &[]);

        assert!(
            headers
                .iter()
                .all(|(name, _)| name != "strict-transport-security")
        );
    }
    #[test]
    fn a_window_stays_known_to_its_opener_on_the_way_back_to_a_service_only() {
        for path in [
            "/authorize",
            "/authorize/resume/x",
            "/sign-in/email",
            "/details/name",
            "/second-factor/passkey",
            "/end-session",
        ] {
            assert_eq!(Opener::of(path), Opener::Kept, "{path}");
        }
        for path in [
            "/",
            "/cookies",
            "/signed-out",
            "/dev/mailbox",
            "/sign-in-not",
        ] {
            assert_eq!(Opener::of(path), Opener::Cut, "{path}");
        }
        let mut headers = HeaderMap::new();
        Transport::TlsOnly.secure(Opener::Kept, &mut headers);
        assert!(!headers.contains_key(OPENER_POLICY));
    }
}
