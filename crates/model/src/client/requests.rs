//! What a client registers for its authorization requests.

use super::problems::is_web_link;
use super::{ClientSettings, InvalidSetting};

/// Contradictions between the settings of requests and the others.
pub(super) fn problems(settings: &ClientSettings) -> Vec<InvalidSetting> {
    let mut problems = Vec::new();
    let mut refuse = |field, problem: &str| {
        problems.push(InvalidSetting {
            field,
            problem: problem.to_owned(),
        });
    };
    let has_keys = settings.jwks.is_some() || settings.jwks_uri.is_some();
    if settings.request_object_signing_alg.is_some() && !has_keys {
        refuse(
            "request_object_signing_alg",
            "signed request objects need jwks or jwks_uri",
        );
    }
    if settings.request_uris.iter().any(|uri| !is_web_link(uri)) {
        refuse(
            "request_uris",
            "give https URLs (http only on localhost), each with its fragment if it has one",
        );
    }
    let is_one_value = |value: &String| !value.is_empty() && !value.contains(' ');
    if !settings.default_acr_values.iter().all(is_one_value) {
        refuse("default_acr_values", "give each value by itself");
    }
    problems
}
