//! Scope values with a meaning of ours, and the claims that each releases (OpenID Connect Core
//! §5.4).

use model::{ScopeSet, User};
use serde::Serialize;

/// A scope value that says something about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PersonalScope {
    /// Who it is; makes a request one of OpenID Connect.
    OpenId,
    /// What is known of the person.
    Profile,
    /// Where mail reaches them.
    Email,
    /// Access while they are away (OpenID Connect Core §11).
    OfflineAccess,
}

impl PersonalScope {
    /// Every value, in the order that discovery lists them.
    pub(crate) const ALL: [Self; 4] = [
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::OfflineAccess,
    ];

    /// Its name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::OfflineAccess => "offline_access",
        }
    }

    /// The claims that it releases, at userinfo or, for `openid`, in the ID token.
    pub(crate) const fn claims(self) -> &'static [&'static str] {
        match self {
            Self::OpenId => &["sub", "sid", "auth_time", "acr", "amr"],
            Self::Profile => &["updated_at"],
            Self::Email => &["email", "email_verified"],
            Self::OfflineAccess => &[],
        }
    }

    /// Whether a scope holds it.
    pub(crate) fn is_in(self, scope: &ScopeSet) -> bool {
        scope.contains(self.as_str())
    }
}

/// What userinfo says of a person: only what the scope released, each in its JSON type
/// (OpenID Connect Core §5.1).
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct UserClaims<'a> {
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    /// In seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<i64>,
}

impl<'a> UserClaims<'a> {
    /// The claims of a person that a scope releases.
    pub(crate) fn released(user: &'a User, scope: &ScopeSet) -> Self {
        let with_email = PersonalScope::Email.is_in(scope);
        let with_profile = PersonalScope::Profile.is_in(scope);
        Self {
            sub: user.id.as_str(),
            email: with_email.then(|| user.email.as_typed()),
            email_verified: with_email.then_some(user.email_verified_at.is_some()),
            updated_at: with_profile.then(|| user.updated_at.seconds()),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{EmailAddress, Timestamp, UserId};
    use serde_json::{Value, json};

    use super::*;

    fn released(scope: &str, email_verified_at: Option<Timestamp>) -> Value {
        let user = User {
            id: UserId::new("0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10".to_owned()),
            email: EmailAddress::parse("Ada@example.test").unwrap(),
            email_verified_at,
            created_at: Timestamp::from_seconds(1),
            updated_at: Timestamp::from_millis(2_999),
        };
        serde_json::to_value(UserClaims::released(
            &user,
            &ScopeSet::parse(scope).unwrap(),
        ))
        .unwrap()
    }

    #[test]
    fn each_scope_releases_its_claims_in_their_json_types() {
        let sub = "0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10";
        let proven = Some(Timestamp::from_seconds(1));

        assert_eq!(released("openid", proven), json!({ "sub": sub }));
        assert_eq!(
            released("openid offline_access trn", proven),
            json!({ "sub": sub })
        );
        assert_eq!(
            released("openid email", proven),
            json!({ "sub": sub, "email": "Ada@example.test", "email_verified": true })
        );
        assert_eq!(
            released("openid email profile", None),
            json!({ "sub": sub, "email": "Ada@example.test", "email_verified": false, "updated_at": 2 })
        );
    }

    #[test]
    fn every_claim_of_userinfo_is_listed_under_its_scope() {
        let everything = PersonalScope::ALL.map(PersonalScope::as_str).join(" ");
        let listed: Vec<_> = PersonalScope::ALL
            .iter()
            .flat_map(|scope| scope.claims())
            .collect();

        let claims = released(&everything, None);

        for claim in claims.as_object().unwrap().keys() {
            assert!(listed.contains(&&claim.as_str()), "{claim}");
        }
    }
}
