//! Claims that a client asked for by name, kept with what the person granted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the `claims` parameter of a request asked for (OpenID Connect Core §5.5), as far as it
/// says what is told. Kept with the grant, so that it holds for every token that comes of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AskedClaims {
    /// Asked for from userinfo.
    #[serde(skip_serializing_if = "NamedClaims::is_empty")]
    pub userinfo: NamedClaims,
    /// Asked for in ID tokens.
    #[serde(skip_serializing_if = "NamedClaims::is_empty")]
    pub id_token: NamedClaims,
}

/// Claims by name, each with the values that are wanted.
pub type NamedClaims = BTreeMap<String, WantedValues>;

/// Which values of a claim are wanted (OpenID Connect Core §5.5.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WantedValues {
    /// Only these. Each is a keyed digest of claim name and JSON value: a client may name values,
    /// a TRN for example, that identify somebody.
    OneOf(Vec<Vec<u8>>),
    /// Whatever it is.
    Any,
}

impl AskedClaims {
    /// Whether nothing was asked for by name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_reads_back() {
        let asked = AskedClaims {
            userinfo: NamedClaims::from([
                ("email".to_owned(), WantedValues::Any),
                (
                    "trn".to_owned(),
                    WantedValues::OneOf(vec![vec![1, 2], vec![3]]),
                ),
            ]),
            id_token: NamedClaims::new(),
        };

        let json = serde_json::to_string(&asked).unwrap();

        assert_eq!(json, r#"{"userinfo":{"email":null,"trn":[[1,2],[3]]}}"#);
        assert_eq!(serde_json::from_str::<AskedClaims>(&json).unwrap(), asked);
    }
}
