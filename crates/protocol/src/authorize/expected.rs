//! Whom a client expects to be signed in.

use serde_json::Value;

use crate::authorize::claims_parameter::ClaimsParameter;
use crate::claims::Claim;

/// Whom `id_token_hint` names (OpenID Connect Core §3.1.2.1), and whom the `sub` values of the
/// `claims` parameter do (§5.5.1). Nobody named is anybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExpectedPerson(Vec<OneOf>);

/// Subject identifiers, of which the person must have one.
type OneOf = Vec<String>;

impl ExpectedPerson {
    pub(crate) fn of(hinted: Option<String>, claims: &ClaimsParameter) -> Self {
        let hinted = hinted.map(|sub| vec![sub]);
        let named = claims
            .of(Claim::Sub)
            .filter_map(|request| request.values.as_deref())
            .map(subjects);
        Self(hinted.into_iter().chain(named).collect())
    }

    /// Whether it is a person who is known by these subject identifiers.
    pub(crate) fn is_one_of<S: AsRef<str>>(&self, subjects: &[S]) -> bool {
        let is_theirs = |sub: &String| subjects.iter().any(|one| one.as_ref() == sub);
        self.0.iter().all(|one_of| one_of.iter().any(is_theirs))
    }
}

/// A value that is no text is nobody's.
fn subjects(values: &[Value]) -> OneOf {
    values
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expected(hinted: Option<&str>, claims: &Value) -> ExpectedPerson {
        let claims = ClaimsParameter::parse(Some(&claims.to_string())).unwrap();
        ExpectedPerson::of(hinted.map(str::to_owned), &claims)
    }

    #[test]
    fn nobody_named_is_anybody() {
        assert!(expected(None, &json!({})).is_one_of(&["ada"]));
        assert!(expected(None, &json!({ "id_token": { "sub": null } })).is_one_of(&["ada"]));
    }

    #[test]
    fn a_person_is_expected_by_any_name_of_theirs() {
        let ada = expected(Some("ada"), &json!({}));

        assert!(ada.is_one_of(&["ada"]));
        assert!(ada.is_one_of(&["ada of today", "ada"]));
        assert!(!ada.is_one_of(&["bob"]));
    }

    #[test]
    fn everything_that_names_somebody_has_to_name_the_same_person() {
        let claims = json!({
            "id_token": { "sub": { "values": ["ada", "bob"] } },
            "userinfo": { "sub": { "value": "bob" } },
        });

        assert!(expected(None, &claims).is_one_of(&["bob"]));
        assert!(!expected(None, &claims).is_one_of(&["ada"]));
        assert!(!expected(Some("ada"), &claims).is_one_of(&["bob"]));
    }

    #[test]
    fn a_value_that_is_no_text_names_nobody() {
        let claims = json!({ "id_token": { "sub": { "value": 1 } } });

        assert!(!expected(None, &claims).is_one_of(&["1"]));
    }
}
