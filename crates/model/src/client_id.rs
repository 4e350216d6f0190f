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

const ACCOUNT_AREA: &str = "account";

/// A text that cannot be a client identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client id has 1 to 100 letters, digits or any of - . _ ~ : /")]
pub struct InvalidClientId;

impl ClientId {
    /// Longest client identifier, in characters.
    pub const MAX_LEN: usize = 100;

    /// The client of the account area.
    #[must_use]
    pub fn account_area() -> Self {
        Self(ACCOUNT_AREA.to_owned())
    }

    /// Whether it is the client of the account area, which the provider registers itself at each
    /// start: no other may have its name, and what only the account area may ask for is refused to
    /// every other.
    #[must_use]
    pub fn is_account_area(&self) -> bool {
        self.0 == ACCOUNT_AREA
    }

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
    fn the_account_area_is_known_by_its_whole_name() {
        assert!(ClientId::account_area().is_account_area());
        assert_eq!(
            ClientId::parse(ClientId::account_area().as_str()),
            Ok(ClientId::account_area())
        );
        for other in ["accounts", "Account", "account:", "account/x"] {
            assert!(
                !ClientId::parse(other).unwrap().is_account_area(),
                "{other}"
            );
        }
    }

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
