//! What a service can be told of a person, in words that a person understands.

use serde::Serialize;

use crate::scope::ScopeSet;

/// One group of what is shared: the claims that one scope value releases.
///
/// Serialized as the words after "it can", for example `see your email address`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "&'static str")]
pub enum Sharing {
    /// `openid`: who it is, as a number.
    Identity,
    /// `email`.
    Email,
    /// `profile`.
    Profile,
    /// `trn`.
    Trn,
    /// `national_insurance`.
    NationalInsuranceNumber,
    /// `offline_access`.
    WhileAway,
}

impl Sharing {
    /// Everything that can be shared, in the order in which it is listed, with its scope value.
    pub const ALL: [(&'static str, Self); 6] = [
        ("openid", Self::Identity),
        ("email", Self::Email),
        ("profile", Self::Profile),
        ("trn", Self::Trn),
        ("national_insurance", Self::NationalInsuranceNumber),
        ("offline_access", Self::WhileAway),
    ];

    /// What scope values stand for.
    #[must_use]
    pub fn of(scope: &ScopeSet) -> Vec<Self> {
        let shared = Self::ALL.iter().filter(|(value, _)| scope.contains(value));
        shared.map(|(_, sharing)| *sharing).collect()
    }

    /// What the claims of these names belong to (OpenID Connect Core §5.5); names that we do not
    /// know tell nothing.
    #[must_use]
    pub fn of_claim(name: &str) -> Option<Self> {
        match name {
            "sub" | "sid" | "auth_time" | "acr" | "amr" => Some(Self::Identity),
            "email" | "email_verified" => Some(Self::Email),
            "name" | "given_name" | "middle_name" | "family_name" | "preferred_name"
            | "birthdate" | "updated_at" | "previous_user_id" => Some(Self::Profile),
            "trn" | "trn_lookup_status" | "trn_verification_level" => Some(Self::Trn),
            "ni_number" => Some(Self::NationalInsuranceNumber),
            _ => None,
        }
    }

    /// The words after "it can".
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Identity => "recognise you when you come back",
            Self::Email => "see your email address",
            Self::Profile => "see your name, the name you prefer and your date of birth",
            Self::Trn => {
                "see your teacher reference number (TRN) and how we found it, or whether we still \
                 look for it"
            }
            Self::NationalInsuranceNumber => "see your National Insurance number",
            Self::WhileAway => "see this information when you are not using the service",
        }
    }
}

impl From<Sharing> for &'static str {
    fn from(sharing: Sharing) -> Self {
        sharing.words()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scope_values_are_told_in_words_and_in_one_order() {
        let scope = ScopeSet::parse("offline_access email unknown openid").unwrap();

        let shared = Sharing::of(&scope);

        assert_eq!(
            shared,
            [Sharing::Identity, Sharing::Email, Sharing::WhileAway]
        );
        assert_eq!(
            serde_json::to_value(shared).unwrap(),
            serde_json::json!([
                "recognise you when you come back",
                "see your email address",
                "see this information when you are not using the service",
            ])
        );
    }
}
