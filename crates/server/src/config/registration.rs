//! `[registration]`: clients that register themselves.

use std::time::Duration;

use model::ScopeSet;
use protocol::registration::InitialAccessToken;
use storage::limits::Limit;

use super::section::Section;
use super::setting::Choice;

const HOUR: Duration = Duration::from_secs(3_600);

/// How clients may register themselves.
#[derive(Clone, Debug)]
pub struct Registration {
    /// Whether there is `/register` at all.
    pub enabled: bool,
    /// Whether an initial access token is needed.
    pub initial_access_token: InitialAccessToken,
    /// The scope values that such clients may ask people for.
    pub scope: ScopeSet,
    /// How often somebody without a token may try, by client address.
    pub per_client_address: Limit,
    /// How often all of them together may.
    pub in_all: Limit,
}

impl Choice for InitialAccessToken {
    const ALL: &'static [(&'static str, Self)] =
        &[("required", Self::Required), ("none", Self::None)];
}

impl Registration {
    pub(crate) fn read(section: &mut Section<'_>) -> Self {
        let enabled = section.or("enabled", false);
        let initial_access_token = section.or("initial_access_token", InitialAccessToken::Required);
        let default = "openid email profile offline_access";
        let scope: String = section.or("scope", default.to_owned());
        let scope = ScopeSet::parse(&scope).unwrap_or_default();
        section.check(
            scope.contains("openid"),
            "scope",
            "must be scope values parted by spaces, openid among them",
        );
        let mut limit = |key, count| section.or(key, Limit { count, per: HOUR });
        Self {
            enabled,
            initial_access_token,
            scope,
            per_client_address: limit("limit_per_client_address", 20),
            in_all: limit("limit_in_all", 500),
        }
    }
}
