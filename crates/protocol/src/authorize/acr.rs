//! How strongly a client wants people to be authenticated, from everything that says so: its
//! `minimum_acr`, an essential `acr` in the `claims` parameter, and what is voluntary.

use model::Client;
use model::browser_session::{Acr, Authentication};
use model::requirement::SecondFactorRule;
use serde_json::Value;

use crate::authorize::claims_parameter::{ClaimRequest, ClaimsParameter};
use crate::authorize::error::Refusal;
use crate::claims::Claim;

/// The authentication context classes that a request is content with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AcceptedAcr {
    /// The classes that may be stated, the most wanted first; never empty.
    accepted: Vec<Acr>,
    /// The class that is wanted where the request is content with any.
    preferred: Option<Acr>,
}

impl AcceptedAcr {
    /// Reads what a request says of `acr`. An essential one that cannot be reached, or not by a
    /// client of that setting, is refused (OpenID Connect Core §5.5.1.1, RFC 9470 §5).
    pub(crate) fn parse(
        acr_values: Option<&str>,
        claims: &ClaimsParameter,
        client: &Client,
    ) -> Result<Self, Refusal> {
        let mut accepted = None;
        for essential in claims.of(Claim::Acr).filter(|request| request.essential) {
            let Some(known) = known_values(essential) else {
                continue;
            };
            accepted = Some(match accepted {
                None => known,
                Some(before) => in_both(before, &known),
            });
        }
        let is_demanded = accepted.is_some();
        let mut accepted: Vec<Acr> = accepted.unwrap_or_else(|| Acr::ALL.to_vec());
        accepted.retain(|acr| *acr >= client.settings.minimum_acr);
        if accepted.is_empty() {
            return Err(Refusal::new(
                "unmet_authentication_requirements",
                "None of the acr values that the request cannot do without is served to this client.",
            ));
        }
        let preferred = if is_demanded {
            accepted.first().copied()
        } else {
            voluntary(acr_values, claims, &client.settings.default_acr_values)
        };
        Ok(Self {
            accepted,
            preferred,
        })
    }

    /// What that asks of a person's second factor.
    pub(crate) fn rule(&self) -> SecondFactorRule {
        match (self.accepted.contains(&Acr::Cl), self.preferred) {
            (false, _) => SecondFactorRule::Required,
            (true, Some(Acr::ClCm)) => SecondFactorRule::Preferred,
            (true, _) => SecondFactorRule::IfChosen,
        }
    }

    /// The authentication as the client is told of it: who reached more than every class that is
    /// accepted reached the strongest of those too.
    pub(crate) fn stated(&self, authentication: &Authentication) -> Authentication {
        let strongest = self.accepted.iter().max().copied();
        Authentication {
            acr: strongest.map_or(authentication.acr, |acr| authentication.acr.min(acr)),
            ..authentication.clone()
        }
    }
}

/// `acr_values` (OpenID Connect Core §3.1.2.1) and an `acr` claim that is not essential: of what
/// is asked for in order of preference, the first that we know. What the client registered counts
/// where neither names a value (OpenID Connect Registration §2).
fn voluntary(
    acr_values: Option<&str>,
    claims: &ClaimsParameter,
    registered: &[String],
) -> Option<Acr> {
    let named: Vec<Acr> = claims
        .of(Claim::Acr)
        .filter(|request| !request.essential)
        .filter_map(known_values)
        .flatten()
        .collect();
    let names_values = claims
        .of(Claim::Acr)
        .any(|request| request.values.is_some());
    let listed: Vec<&str> = match acr_values {
        Some(listed) => listed.split(' ').collect(),
        None if names_values => Vec::new(),
        None => registered.iter().map(String::as_str).collect(),
    };
    let listed = listed.into_iter().filter_map(Acr::from_name);
    named.into_iter().chain(listed).next()
}

/// The classes among the values of a request, in its order; `None` where it is content with any.
fn known_values(request: &ClaimRequest) -> Option<Vec<Acr>> {
    let class = |value: &Value| value.as_str().and_then(Acr::from_name);
    let values = request.values.as_ref()?;
    Some(values.iter().filter_map(class).collect())
}

fn in_both(first: Vec<Acr>, second: &[Acr]) -> Vec<Acr> {
    first
        .into_iter()
        .filter(|acr| second.contains(acr))
        .collect()
}

#[cfg(test)]
mod tests {
    use model::client::{ClientSettings, Credential};
    use model::{ClientId, Timestamp, UserId};
    use serde_json::json;

    use super::*;

    fn accepted(
        acr_values: Option<&str>,
        acr: &Value,
        minimum_acr: Acr,
    ) -> Result<AcceptedAcr, Refusal> {
        let mut settings = ClientSettings::named("Register for a course");
        settings.minimum_acr = minimum_acr;
        let client = Client {
            id: ClientId::parse("course").unwrap(),
            settings,
            credential: Credential::default(),
            disabled_at: None,
            version: 1,
        };
        let claims = json!({ "id_token": { "acr": acr } }).to_string();
        let claims = ClaimsParameter::parse(Some(&claims)).unwrap();
        AcceptedAcr::parse(acr_values, &claims, &client)
    }

    fn rule(acr_values: Option<&str>, acr: &Value, minimum_acr: Acr) -> SecondFactorRule {
        accepted(acr_values, acr, minimum_acr).unwrap().rule()
    }

    #[test]
    fn the_first_known_of_acr_values_counts() {
        for (acr_values, expected) in [
            ("", SecondFactorRule::IfChosen),
            ("Cl", SecondFactorRule::IfChosen),
            ("Cl.Cm", SecondFactorRule::Preferred),
            ("Cl.Cm Cl", SecondFactorRule::Preferred),
            ("Cl Cl.Cm", SecondFactorRule::IfChosen),
            ("gold  Cl.Cm", SecondFactorRule::Preferred),
            ("cl.cm gold", SecondFactorRule::IfChosen),
        ] {
            let asked = rule(Some(acr_values), &Value::Null, Acr::Cl);
            assert_eq!(asked, expected, "{acr_values}");
        }
    }

    #[test]
    fn an_acr_claim_is_voluntary_unless_it_is_essential() {
        for (acr, expected) in [
            (json!({ "value": "Cl.Cm" }), SecondFactorRule::Preferred),
            (
                json!({ "values": ["gold", "Cl"] }),
                SecondFactorRule::IfChosen,
            ),
            (json!({ "essential": true }), SecondFactorRule::IfChosen),
            (
                json!({ "essential": true, "value": "Cl.Cm" }),
                SecondFactorRule::Required,
            ),
            (
                json!({ "essential": true, "values": ["gold", "Cl.Cm"] }),
                SecondFactorRule::Required,
            ),
            (
                json!({ "essential": true, "values": ["Cl.Cm", "Cl"] }),
                SecondFactorRule::Preferred,
            ),
            (
                json!({ "essential": true, "values": ["Cl", "Cl.Cm"] }),
                SecondFactorRule::IfChosen,
            ),
            (
                json!({ "essential": true, "value": "Cl" }),
                SecondFactorRule::IfChosen,
            ),
        ] {
            assert_eq!(rule(None, &acr, Acr::Cl), expected, "{acr}");
        }
    }

    /// The attack: a request that asks for less than the client's setting.
    #[test]
    fn no_request_asks_for_less_than_the_setting() {
        for acr_values in [None, Some("Cl"), Some("Cl Cl.Cm"), Some("gold")] {
            for acr in [
                Value::Null,
                json!({ "value": "Cl" }),
                json!({ "essential": true, "values": ["Cl", "Cl.Cm"] }),
            ] {
                assert_eq!(
                    rule(acr_values, &acr, Acr::ClCm),
                    SecondFactorRule::Required
                );
            }
        }
    }

    #[test]
    fn what_cannot_be_reached_is_refused_where_it_is_essential() {
        for (acr, minimum_acr) in [
            (json!({ "essential": true, "value": "gold" }), Acr::Cl),
            (json!({ "essential": true, "values": [] }), Acr::Cl),
            (
                json!({ "essential": true, "values": [2, null, "cl"] }),
                Acr::Cl,
            ),
            (json!({ "essential": true, "value": "Cl" }), Acr::ClCm),
        ] {
            let refusal = accepted(None, &acr, minimum_acr).unwrap_err();
            assert_eq!(refusal.error, "unmet_authentication_requirements");
        }
    }

    #[test]
    fn who_reached_more_is_told_as_what_the_request_accepts() {
        let signed_in =
            Authentication::by_email(UserId::new("ada".to_owned()), Timestamp::from_seconds(1));
        let two = signed_in
            .clone()
            .with_second_factor(model::browser_session::Amr::Otp, Timestamp::from_seconds(1));
        let only_one =
            accepted(None, &json!({ "essential": true, "value": "Cl" }), Acr::Cl).unwrap();
        let any = accepted(None, &json!({ "value": "Cl" }), Acr::Cl).unwrap();

        assert_eq!(only_one.stated(&two).acr, Acr::Cl);
        assert_eq!(any.stated(&two), two);
        assert_eq!(any.stated(&signed_in), signed_in);
    }
}
