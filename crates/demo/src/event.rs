//! A security event token, and what it must hold before it is believed (RFC 8417, RFC 8935 §2).
//!
//! No library for them is at hand, so this is also an example of what a service has to check.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, JsonWebKeyId};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The path, at the issuer, that names the one kind of event there is.
const TRN_LOOKUP_STATUS_CHANGED: &str = "/events/trn-lookup-status-changed";

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: CoreJwsSigningAlgorithm,
    kid: JsonWebKeyId,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub_id: SubjectId,
    events: BTreeMap<String, TrnLookupStatusChanged>,
}

#[derive(Deserialize)]
struct SubjectId {
    iss: String,
    sub: String,
}

#[derive(Deserialize)]
struct TrnLookupStatusChanged {
    trn_lookup_status: String,
}

/// What the provider says of somebody.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) sub: String,
    pub(crate) trn_lookup_status: String,
}

/// Why an event is not believed: the codes of RFC 8935 §2.4.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Refusal {
    /// It is no event that we know.
    Request,
    /// No key of the provider's signed it.
    Key,
    /// Somebody else says so.
    Issuer,
    /// It is for somebody else.
    Audience,
}

impl Refusal {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Request => "invalid_request",
            Self::Key => "invalid_key",
            Self::Issuer => "invalid_issuer",
            Self::Audience => "invalid_audience",
        }
    }
}

/// What an event tells, if one of the keys signed it, the issuer says so and it is for us.
///
/// # Errors
///
/// [`Refusal`] names the first check that failed.
pub(crate) fn checked(
    token: &str,
    keys: &[CoreJsonWebKey],
    issuer: &str,
    is_us: impl Fn(&str) -> bool,
) -> Result<Told, Refusal> {
    let (input, signature) = token.rsplit_once('.').ok_or(Refusal::Request)?;
    let (header, claims) = input.split_once('.').ok_or(Refusal::Request)?;
    let header: Header = decoded(header)?;
    if header.typ != "secevent+jwt" {
        return Err(Refusal::Request);
    }
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| Refusal::Request)?;
    let key = keys
        .iter()
        .find(|key| key.key_id() == Some(&header.kid))
        .ok_or(Refusal::Key)?;
    key.verify_signature(&header.alg, input.as_bytes(), &signature)
        .map_err(|_| Refusal::Key)?;

    let mut claims: Claims = decoded(claims)?;
    if claims.iss != issuer || claims.sub_id.iss != issuer {
        return Err(Refusal::Issuer);
    }
    if !is_us(&claims.aud) {
        return Err(Refusal::Audience);
    }
    let event = claims
        .events
        .remove(&format!("{issuer}{TRN_LOOKUP_STATUS_CHANGED}"))
        .ok_or(Refusal::Request)?;
    Ok(Told {
        sub: claims.sub_id.sub,
        trn_lookup_status: event.trn_lookup_status,
    })
}

fn decoded<T: DeserializeOwned>(part: &str) -> Result<T, Refusal> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Request)?;
    serde_json::from_slice(&json).map_err(|_| Refusal::Request)
}

#[cfg(test)]
mod tests {
    use openidconnect::PrivateSigningKey as _;
    use openidconnect::core::CoreHmacKey;
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "http://localhost:8080";
    const SECRET: &str = "a key that both know, for the tests alone";

    fn keys() -> Vec<CoreJsonWebKey> {
        let mut key = serde_json::to_value(CoreJsonWebKey::new_symmetric(SECRET.into())).unwrap();
        key["kid"] = json!("one");
        vec![serde_json::from_value(key).unwrap()]
    }

    fn header() -> Value {
        json!({ "typ": "secevent+jwt", "alg": "HS256", "kid": "one" })
    }

    fn claims() -> Value {
        json!({
            "iss": ISSUER,
            "aud": "demo",
            "iat": 1,
            "jti": "an event",
            "sub_id": { "format": "iss_sub", "iss": ISSUER, "sub": "ada" },
            "events": {
                "http://localhost:8080/events/trn-lookup-status-changed": {
                    "trn_lookup_status": "Found",
                },
            },
        })
    }

    fn token(header: &Value, claims: &Value, secret: &str) -> String {
        let encoded = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let input = format!("{}.{}", encoded(header), encoded(claims));
        let signature = CoreHmacKey::new(secret)
            .sign(&CoreJwsSigningAlgorithm::HmacSha256, input.as_bytes())
            .unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn check(token: &str) -> Result<Told, Refusal> {
        checked(token, &keys(), ISSUER, |audience| audience == "demo")
    }

    #[test]
    fn an_event_of_the_provider_for_us_is_believed() {
        let told = Told {
            sub: "ada".to_owned(),
            trn_lookup_status: "Found".to_owned(),
        };

        assert_eq!(check(&token(&header(), &claims(), SECRET)), Ok(told));
    }

    #[test]
    fn a_forged_changed_or_misdirected_event_is_not() {
        let changed = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            check(&token(&header(), &claims, SECRET))
        };
        let headed = |name: &str, value: Value| {
            let mut header = header();
            header[name] = value;
            check(&token(&header, &claims(), SECRET))
        };

        assert_eq!(
            check(&token(&header(), &claims(), "a forger's")),
            Err(Refusal::Key)
        );
        assert_eq!(headed("kid", json!("two")), Err(Refusal::Key));
        assert_eq!(headed("alg", json!("RS256")), Err(Refusal::Key));
        assert_eq!(headed("alg", json!("none")), Err(Refusal::Key));
        assert_eq!(headed("typ", json!("JWT")), Err(Refusal::Request));
        assert_eq!(
            changed("iss", json!("https://evil.example")),
            Err(Refusal::Issuer)
        );
        assert_eq!(changed("aud", json!("another")), Err(Refusal::Audience));
        assert_eq!(changed("events", json!({})), Err(Refusal::Request));
        for nonsense in ["", "a.b", "a.b.c"] {
            assert_eq!(check(nonsense), Err(Refusal::Request));
        }
    }
}
