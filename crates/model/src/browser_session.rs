//! Who is signed in, in one browser.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::user::UserId;

/// How a person proved who they are (RFC 8176 and our own words).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Amr {
    /// A code or link sent to their email address.
    Email,
    /// A code of an authenticator app (RFC 6238).
    Otp,
    /// A passkey that stays on one device.
    Hwk,
    /// A passkey that its owner's devices share.
    Swk,
    /// A recovery code.
    Recovery,
    /// More than one of these.
    Mfa,
}

impl Amr {
    const ALL: [Self; 6] = [
        Self::Email,
        Self::Otp,
        Self::Hwk,
        Self::Swk,
        Self::Recovery,
        Self::Mfa,
    ];

    /// The word in the `amr` claim.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Otp => "otp",
            Self::Hwk => "hwk",
            Self::Swk => "swk",
            Self::Recovery => "recovery",
            Self::Mfa => "mfa",
        }
    }

    /// The method of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|amr| amr.as_str() == name)
    }
}

/// The authentication context class that a sign-in reached, the weaker first. The words are
/// GOV.UK Sign-in's, so that a service asks both providers alike.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Acr {
    /// One factor.
    #[default]
    Cl,
    /// Two factors.
    #[serde(rename = "Cl.Cm")]
    ClCm,
}

impl Acr {
    /// Every class, the weakest first.
    pub const ALL: [Self; 2] = [Self::Cl, Self::ClCm];

    /// The word in the `acr` claim.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cl => "Cl",
            Self::ClCm => "Cl.Cm",
        }
    }

    /// The class of that word.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|acr| acr.as_str() == name)
    }
}

/// A completed authentication of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// Who was authenticated.
    pub user_id: UserId,
    /// When they really authenticated; a sliding session does not move it.
    pub auth_time: Timestamp,
    /// By what means.
    pub amr: Vec<Amr>,
    /// How strongly.
    pub acr: Acr,
    /// When they gave their second factor, if they did; later than `auth_time` when a service that
    /// asks for more stepped a live session up.
    #[serde(default)]
    pub second_factor_at: Option<Timestamp>,
}

impl Authentication {
    /// The authentication of who proved their email address.
    #[must_use]
    pub fn by_email(user_id: UserId, auth_time: Timestamp) -> Self {
        Self {
            user_id,
            auth_time,
            amr: vec![Amr::Email],
            acr: Acr::Cl,
            second_factor_at: None,
        }
    }

    /// The same authentication with a second factor, given at that instant. One that was given
    /// before makes room for it; `auth_time` does not move.
    #[must_use]
    pub fn with_second_factor(self, factor: Amr, at: Timestamp) -> Self {
        Self {
            amr: vec![Amr::Email, factor, Amr::Mfa],
            acr: Acr::ClCm,
            second_factor_at: Some(at),
            ..self
        }
    }
}

/// A live browser session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserSession {
    /// Its row, and the `sid` that ID tokens carry. Not a secret.
    pub sid: String,
    /// Who is signed in, and how.
    pub authentication: Authentication,
    /// Whether their account has a second factor, given in this session or not.
    pub has_second_factor: bool,
    /// When the person last chose this account on purpose (`prompt=select_account`).
    pub selected_at: Timestamp,
    /// When it was last used, to within the sliding step.
    pub last_seen_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_its_method_and_its_class() {
        for amr in Amr::ALL {
            assert_eq!(Amr::from_name(amr.as_str()), Some(amr));
        }
        for acr in Acr::ALL {
            assert_eq!(Acr::from_name(acr.as_str()), Some(acr));
            let json = serde_json::to_string(&acr).unwrap();
            assert_eq!(json, format!("\"{}\"", acr.as_str()));
        }
        assert!(Acr::Cl < Acr::ClCm);
        assert_eq!(Acr::from_name("cl"), None);
        assert_eq!(Amr::from_name("pwd"), None);
    }

    #[test]
    fn a_second_factor_raises_an_authentication_and_moves_nothing_else() {
        let (signed_in, later) = (Timestamp::from_seconds(1), Timestamp::from_seconds(90));
        let one = Authentication::by_email(UserId::new("ada".to_owned()), signed_in);

        let two = one.clone().with_second_factor(Amr::Otp, later);

        assert_eq!((one.acr, two.acr), (Acr::Cl, Acr::ClCm));
        assert_eq!(two.amr, [Amr::Email, Amr::Otp, Amr::Mfa]);
        assert_eq!(
            (two.auth_time, two.second_factor_at),
            (signed_in, Some(later))
        );
        let again = two.with_second_factor(Amr::Recovery, later);
        assert_eq!(again.amr, [Amr::Email, Amr::Recovery, Amr::Mfa]);
    }

    #[test]
    fn an_authentication_that_was_stored_before_there_was_a_second_factor_has_none() {
        let json = r#"{"user_id":"ada","auth_time":1000,"amr":["email"],"acr":"Cl"}"#;

        let authentication: Authentication = serde_json::from_str(json).unwrap();

        assert_eq!(authentication.second_factor_at, None);
    }
}
