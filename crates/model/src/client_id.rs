//! The name of a client on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A client identifier (RFC 6749 §2.2).
///
/// Shape: 1 to 100 characters out of `A-Z a-z 0-9 - . _ ~ :` and `/`, for example
/// `register-for-npq`. Not a secret.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

/// A text that cannot be a client identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client id has 1 to 100 letters, digits or any of - . _ ~ : /")]
pub struct InvalidClientId;

impl ClientId {
    /// Longest client identifier, in characters.
    pub const MAX_LEN: usize = 100;

    /// Reads a client identifier.
    ///
    /// # Errors
    ///
    /// [`InvalidClientId`] when it is empty, too long or holds another character.
    pub fn parse(text: &str) -> Result<Self, InvalidClientId> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/".contains(&byte);
        if text.is_empty() || text.len() > Self::MAX_LEN || !text.bytes().all(is_allowed) {
            return Err(InvalidClientId);
        }
        Ok(Self(text.to_owned()))
    }

    /// The identifier as it stands on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientId {
    type Error = InvalidClientId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for ClientId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_identifiers_are_read_and_others_refused() {
        for accepted in [
            "demo",
            "a",
            "https://service.example/client",
            "Client_1~x.y:z",
        ] {
            assert_eq!(ClientId::parse(accepted).unwrap().as_str(), accepted);
        }
        for refused in [
            "",
            "with space",
            "quote\"",
            "newline\n",
            "ünï",
            &"x".repeat(101),
        ] {
            assert_eq!(ClientId::parse(refused), Err(InvalidClientId), "{refused}");
        }
    }
}
