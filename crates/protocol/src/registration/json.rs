//! The JSON object of a request, in which nothing may come twice.

use std::collections::BTreeMap;
use std::fmt;

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::error::RegistrationError;

/// The members of a JSON object, each taken out as it is read. `null` is as good as nothing
/// (RFC 7592 §2.2).
pub(super) struct Members(BTreeMap<String, Value>);

/// What is said when a member comes twice; it tells that fault from the others.
const REPEATED: &str = "a member is repeated";

/// Reads the body of a request.
pub(super) fn read(http: &HttpRequest, body: &[u8]) -> Result<Members, RegistrationError> {
    if !is_json(http) {
        return Err(RegistrationError::NotJson);
    }
    serde_json::from_slice(body).map_err(|error| {
        if error.to_string().starts_with(REPEATED) {
            RegistrationError::Repeated
        } else {
            RegistrationError::NotJson
        }
    })
}

fn is_json(http: &HttpRequest) -> bool {
    let content_type = http.headers().get(CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or(value).trim();
        essence.eq_ignore_ascii_case("application/json")
    })
}

impl Members {
    /// Takes a member out, if it is there.
    pub(super) fn take<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, RegistrationError> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value)
                .map(Some)
                .map_err(|_| RegistrationError::Unsupported(name)),
        }
    }

    /// Takes a member out, or else what the standard has for it.
    pub(super) fn take_or_default<T: DeserializeOwned + Default>(
        &mut self,
        name: &'static str,
    ) -> Result<T, RegistrationError> {
        Ok(self.take(name)?.unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Unique)
    }
}

struct Unique;

impl<'de> Visitor<'de> for Unique {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if members.insert(name, value).is_some() {
                return Err(serde::de::Error::custom(REPEATED));
            }
        }
        Ok(Members(members))
    }
}
