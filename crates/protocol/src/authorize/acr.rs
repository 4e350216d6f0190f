//! How strongly a client wants people to be authenticated.

use model::browser_session::Acr;
use serde_json::Value;

use crate::authorize::claims_parameter::ClaimsParameter;
use crate::authorize::error::Refusal;
use crate::claims::Claim;

/// Refuses a request that says it cannot do without an authentication context class that nobody
/// can reach here (OpenID Connect Core §5.5.1.1, RFC 9470 §5). Anything else that asks for a
/// class is voluntary.
pub(crate) fn is_within_reach(claims: &ClaimsParameter) -> Result<(), Refusal> {
    let mut essential = claims
        .of(Claim::Acr)
        .filter(|request| request.essential)
        .filter_map(|request| request.values.as_deref());
    if essential.all(|values| values.iter().filter_map(class).next().is_some()) {
        return Ok(());
    }
    Err(Refusal::new(
        "unmet_authentication_requirements",
        "None of the acr values that the request cannot do without is served here.",
    ))
}

fn class(value: &Value) -> Option<Acr> {
    value.as_str().and_then(Acr::from_name)
}
