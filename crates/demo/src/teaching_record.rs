//! What the claims of the scope `trn` mean to whoever signed in, in plain words.

use serde_json::{Map, Value};

/// What is to be said of the TRN, sentence by sentence; nothing when the provider said nothing.
pub(crate) fn explanation(claims: &Map<String, Value>) -> Vec<&'static str> {
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let Some(status) = text("trn_lookup_status") else {
        return Vec::new();
    };
    let status = match (status, text("trn")) {
        ("Found", Some(_)) => "Your teaching record was found, and this service knows your TRN.",
        ("Found", None) => {
            "Your teaching record was found, but not surely enough for this service: it was not \
             told your TRN."
        }
        ("Pending", _) => {
            "It is not decided yet which teaching record is yours. The provider goes on looking, \
             and tells this service when it knows."
        }
        ("Failed", _) => "Somebody looked for your teaching record, and no TRN can be given.",
        _ => "No teaching record was found. The provider looks again when you next sign in.",
    };
    let level = match text("trn_verification_level") {
        Some("Medium") => Some(
            "Level Medium: date of birth, TRN and National Insurance number agreed, or staff \
             decided.",
        ),
        Some("Low") => Some(
            "Level Low: at least three of name, date of birth, National Insurance number, TRN and \
             email address agreed.",
        ),
        _ => None,
    };
    std::iter::once(status).chain(level).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(claims: &Value) -> String {
        explanation(claims.as_object().unwrap()).join(" ")
    }

    #[test]
    fn each_status_and_level_has_its_own_words() {
        let found = said(&json!({
            "trn_lookup_status": "Found", "trn": "1234567", "trn_verification_level": "Medium",
        }));
        assert!(
            found.contains("knows your TRN") && found.contains("Medium"),
            "{found}"
        );

        let withheld = said(&json!({
            "trn_lookup_status": "Found", "trn_verification_level": "Low",
        }));
        assert!(
            withheld.contains("was not told") && withheld.contains("Low"),
            "{withheld}"
        );

        for (status, words) in [
            ("Pending", "not decided yet"),
            ("None", "No teaching record was found"),
            ("Failed", "no TRN can be given"),
        ] {
            let said = said(&json!({ "trn_lookup_status": status }));
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn without_the_scope_there_is_nothing_to_say() {
        assert_eq!(said(&json!({ "sub": "1" })), "");
    }
}
