//! The `claims` parameter: claims asked for by name (OpenID Connect Core §5.5).
//!
//! Read whole here. What it says of who signs in, and how, becomes requirements of the request;
//! what it says is told goes with the grant, and [`claims`](crate::claims) obeys it.

use std::collections::BTreeMap;
use std::fmt;

use model::asked_claims::{AskedClaims, NamedClaims, WantedValues};
use model::{Keyring, ScopeSet};
use serde_json::{Map, Value};

use crate::authorize::error::Refusal;
use crate::claims::{Claim, wanted_digest};

/// Longest `claims` that is read, in bytes.
const CLAIMS_MAX: usize = 4_000;

/// What a `claims` parameter asks for. Claims that we do not know are left out: a request may
/// name what other providers have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClaimsParameter {
    userinfo: Asked,
    id_token: Asked,
}

type Asked = BTreeMap<Claim, ClaimRequest>;

/// What is asked of one claim (OpenID Connect Core §5.5.1).
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct ClaimRequest {
    /// The client cannot do without it.
    pub(crate) essential: bool,
    /// The values that are wanted, the most wanted first; `None` for any.
    pub(crate) values: Option<Vec<Value>>,
}

/// Values say who somebody is.
impl fmt::Debug for ClaimRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClaimRequest(essential: {}, ..)", self.essential)
    }
}

impl ClaimsParameter {
    /// Reads the parameter.
    pub(crate) fn parse(value: Option<&str>) -> Result<Self, Refusal> {
        let Some(value) = value else {
            return Ok(Self::default());
        };
        if value.len() > CLAIMS_MAX {
            return Err(Refusal::invalid_request(format!(
                "The parameter claims is longer than {CLAIMS_MAX} bytes."
            )));
        }
        Self::read(value).ok_or_else(|| {
            Refusal::invalid_request(
                "The parameter claims is not the JSON object of OpenID Connect Core 5.5.",
            )
        })
    }

    /// Members that we do not know are ignored (§5.5, §5.5.1).
    fn read(value: &str) -> Option<Self> {
        let members: Map<String, Value> = serde_json::from_str(value).ok()?;
        Some(Self {
            userinfo: asked(members.get("userinfo"))?,
            id_token: asked(members.get("id_token"))?,
        })
    }

    /// What is asked of a claim, in the ID token and from userinfo.
    pub(crate) fn of(&self, claim: Claim) -> impl Iterator<Item = &ClaimRequest> {
        [&self.id_token, &self.userinfo]
            .into_iter()
            .filter_map(move |asked| asked.get(&claim))
    }

    /// The scope values that release what is asked for, as far as the client may have it.
    pub(crate) fn scope(&self, registered: &ScopeSet) -> ScopeSet {
        let asked = self.userinfo.keys().chain(self.id_token.keys());
        let scope: ScopeSet = asked.map(|claim| claim.scope().as_str()).collect();
        scope.intersection(registered)
    }

    /// What is kept of it with the grant.
    pub(crate) fn kept(&self, keyring: &Keyring) -> AskedClaims {
        AskedClaims {
            userinfo: kept(&self.userinfo, keyring),
            id_token: kept(&self.id_token, keyring),
        }
    }
}

fn asked(member: Option<&Value>) -> Option<Asked> {
    let Some(member) = member else {
        return Some(Asked::new());
    };
    let mut asked = Asked::new();
    for (name, request) in member.as_object()? {
        let request = ClaimRequest::read(request)?;
        if let Some(claim) = Claim::from_name(name) {
            asked.insert(claim, request);
        }
    }
    Some(asked)
}

impl ClaimRequest {
    fn read(request: &Value) -> Option<Self> {
        let request = match request {
            Value::Null => return Some(Self::default()),
            request => request.as_object()?,
        };
        let essential = match request.get("essential") {
            None => false,
            Some(essential) => essential.as_bool()?,
        };
        let values = match (request.get("value"), request.get("values")) {
            (None, None) => None,
            (Some(value), _) => Some(vec![value.clone()]),
            (None, Some(values)) => Some(values.as_array()?.clone()),
        };
        Some(Self { essential, values })
    }
}

fn kept(asked: &Asked, keyring: &Keyring) -> NamedClaims {
    let wanted = |claim: Claim, request: &ClaimRequest| match &request.values {
        None => WantedValues::Any,
        Some(values) => WantedValues::OneOf(
            values
                .iter()
                .map(|value| wanted_digest(keyring, claim, value))
                .collect(),
        ),
    };
    asked
        .iter()
        .map(|(claim, request)| (claim.as_str().to_owned(), wanted(*claim, request)))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::keys::testing::keyring;

    fn read(claims: &Value) -> ClaimsParameter {
        ClaimsParameter::parse(Some(&claims.to_string())).unwrap()
    }

    fn only(request: &ClaimsParameter, claim: Claim) -> ClaimRequest {
        let mut all = request.of(claim);
        let first = all.next().unwrap().clone();
        assert_eq!(all.next(), None);
        first
    }

    #[test]
    fn the_example_of_openid_connect_core_reads() {
        let request = read(&json!({
            "userinfo": {
                "given_name": { "essential": true },
                "nickname": null,
                "email": { "essential": true },
                "email_verified": { "essential": true },
                "picture": null,
                "http://example.info/claims/groups": null,
            },
            "id_token": {
                "auth_time": { "essential": true },
                "acr": { "values": ["urn:mace:incommon:iap:silver"] },
            },
        }));

        let names = |asked: &Asked| asked.keys().map(|claim| claim.as_str()).collect::<Vec<_>>();
        assert_eq!(
            names(&request.userinfo),
            ["given_name", "email", "email_verified"]
        );
        assert_eq!(names(&request.id_token), ["auth_time", "acr"]);
        assert!(only(&request, Claim::AuthTime).essential);
        let acr = only(&request, Claim::Acr);
        assert_eq!(
            (acr.essential, acr.values),
            (false, Some(vec![json!("urn:mace:incommon:iap:silver")]))
        );
    }

    #[test]
    fn one_value_is_a_list_of_one_and_members_that_are_unknown_are_ignored() {
        let request = read(&json!({
            "userinfo": {
                "sub": { "value": "ada", "purpose": "to know" },
                "email": {},
                "given_name#cy": null,
            },
            "verified_claims": { "trust_framework": null },
        }));

        assert_eq!(only(&request, Claim::Sub).values, Some(vec![json!("ada")]));
        assert_eq!(only(&request, Claim::Email), ClaimRequest::default());
        assert_eq!(request.of(Claim::GivenName).count(), 0);
    }

    #[test]
    fn one_claim_may_be_asked_for_in_both_places() {
        let request = read(&json!({
            "userinfo": { "email": null },
            "id_token": { "email": { "essential": true } },
        }));

        let essential: Vec<bool> = request.of(Claim::Email).map(|it| it.essential).collect();
        assert_eq!(essential, [true, false]);
    }

    #[test]
    fn what_is_not_the_json_of_the_standard_is_refused() {
        for malformed in [
            "x",
            "{",
            "[]",
            "[{}, {}]",
            "null",
            "\"userinfo\"",
            r#"{"userinfo": []}"#,
            r#"{"userinfo": ["email"]}"#,
            r#"{"userinfo": {"email": true}}"#,
            r#"{"userinfo": {"email": [true, "x", []]}}"#,
            r#"{"id_token": {"acr": {"essential": "true"}}}"#,
            r#"{"id_token": {"acr": {"values": "Cl.Cm"}}}"#,
            r#"{"userinfo": null}"#,
            r#"{"id_token": {}} x"#,
        ] {
            let refusal = ClaimsParameter::parse(Some(malformed)).unwrap_err();

            assert_eq!(
                (refusal.error, refusal.description.as_str()),
                (
                    "invalid_request",
                    "The parameter claims is not the JSON object of OpenID Connect Core 5.5."
                ),
                "{malformed}"
            );
        }
    }

    #[test]
    fn more_than_four_thousand_bytes_are_not_read() {
        let long = json!({ "userinfo": { "x": "x".repeat(4_000) } }).to_string();

        let refusal = ClaimsParameter::parse(Some(&long)).unwrap_err();

        assert_eq!(
            refusal.description,
            "The parameter claims is longer than 4000 bytes."
        );
    }

    #[test]
    fn the_scope_of_what_is_asked_for_is_no_more_than_the_client_may_have() {
        let request = read(&json!({
            "userinfo": { "email": null, "ni_number": null },
            "id_token": { "name": null, "acr": null },
        }));
        let registered = ScopeSet::parse("openid profile email trn").unwrap();

        let scope = request.scope(&registered);

        assert_eq!(scope, ScopeSet::parse("openid email profile").unwrap());
    }

    #[test]
    fn what_is_kept_names_no_value() {
        let request = read(&json!({
            "userinfo": { "trn": { "value": "1234567" }, "email": null },
        }));

        let kept = serde_json::to_string(&request.kept(&keyring())).unwrap();

        assert!(!kept.contains("1234567"), "{kept}");
        assert!(!format!("{request:?}").contains("1234567"), "{request:?}");
        assert!(kept.contains(r#""email":null"#), "{kept}");
    }
}
