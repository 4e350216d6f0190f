//! What an authorization response carries.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::client::GrantType;

/// A response type (OAuth 2.0 Multiple Response Type Encoding Practices §3, §5).
///
/// Shape: words parted by one space, whose order means nothing: `code id_token` is
/// `id_token code`. What we write has them in alphabetical order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ResponseType {
    /// `code`.
    #[default]
    Code,
    /// `id_token`.
    IdToken,
    /// `id_token token`.
    IdTokenToken,
    /// `code id_token`.
    CodeIdToken,
    /// `code token`.
    CodeToken,
    /// `code id_token token`.
    CodeIdTokenToken,
}

/// Words that are no response type of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it must be code, id_token, id_token token, code id_token, code token or code id_token token"
)]
pub struct UnknownResponseType;

impl ResponseType {
    /// Every response type, in the order that discovery lists them.
    pub const ALL: [Self; 6] = [
        Self::Code,
        Self::IdToken,
        Self::IdTokenToken,
        Self::CodeIdToken,
        Self::CodeToken,
        Self::CodeIdTokenToken,
    ];

    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::IdToken => "id_token",
            Self::IdTokenToken => "id_token token",
            Self::CodeIdToken => "code id_token",
            Self::CodeToken => "code token",
            Self::CodeIdTokenToken => "code id_token token",
        }
    }

    /// Reads a response type as a client wrote it, its words in any order.
    ///
    /// # Errors
    ///
    /// [`UnknownResponseType`] for anything else, a word that comes twice included.
    pub fn parse(text: &str) -> Result<Self, UnknownResponseType> {
        let mut words: Vec<&str> = text.split(' ').collect();
        words.sort_unstable();
        let sorted = words.join(" ");
        Self::ALL
            .into_iter()
            .find(|one| one.as_str() == sorted)
            .ok_or(UnknownResponseType)
    }

    /// Whether the response carries an authorization code.
    #[must_use]
    pub const fn has_code(self) -> bool {
        !matches!(self, Self::IdToken | Self::IdTokenToken)
    }

    /// Whether the response carries an ID token.
    #[must_use]
    pub const fn has_id_token(self) -> bool {
        !matches!(self, Self::Code | Self::CodeToken)
    }

    /// The grants that a client needs to ask for it (OpenID Connect Registration §2).
    pub fn grant_types(self) -> impl Iterator<Item = GrantType> {
        let carries_tokens = self.has_id_token() || self.has_token();
        let code = self.has_code().then_some(GrantType::AuthorizationCode);
        let tokens = carries_tokens.then_some(GrantType::Implicit);
        code.into_iter().chain(tokens)
    }

    /// Whether the response carries an access token.
    #[must_use]
    pub const fn has_token(self) -> bool {
        matches!(
            self,
            Self::IdTokenToken | Self::CodeToken | Self::CodeIdTokenToken
        )
    }
}

impl TryFrom<String> for ResponseType {
    type Error = UnknownResponseType;

    fn try_from(text: String) -> Result<Self, UnknownResponseType> {
        Self::parse(&text)
    }
}

impl From<ResponseType> for String {
    fn from(response_type: ResponseType) -> Self {
        response_type.as_str().to_owned()
    }
}

impl fmt::Display for ResponseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_words_means_nothing() {
        for response_type in ResponseType::ALL {
            let mut words: Vec<&str> = response_type.as_str().split(' ').collect();
            words.reverse();

            assert_eq!(ResponseType::parse(&words.join(" ")), Ok(response_type));
            assert_eq!(
                ResponseType::parse(response_type.as_str()),
                Ok(response_type)
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "token",
            "none",
            "code code",
            "code  id_token",
            " code",
            "Code",
            "code\tid_token",
        ] {
            assert_eq!(
                ResponseType::parse(text),
                Err(UnknownResponseType),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_response_type_carries_what_it_names() {
        for response_type in ResponseType::ALL {
            let words: Vec<&str> = response_type.as_str().split(' ').collect();

            assert_eq!(response_type.has_code(), words.contains(&"code"));
            assert_eq!(response_type.has_id_token(), words.contains(&"id_token"));
            assert_eq!(response_type.has_token(), words.contains(&"token"));
        }
    }
}
