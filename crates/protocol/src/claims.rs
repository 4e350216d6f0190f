//! Scope values with a meaning of ours, and the claims that each releases (OpenID Connect Core
//! §5.4).

use model::name::{NamePart, PersonName};
use model::trn_lookup::{TrnLookupStatus, VerificationLevel};
use model::{Client, DateOfBirth, NationalInsuranceNumber, ScopeSet, Trn, UserId};
use serde::Serialize;

use crate::person::Person;

/// A scope value that says something about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PersonalScope {
    /// Who it is; makes a request one of OpenID Connect.
    OpenId,
    /// Who they say they are.
    Profile,
    /// Where mail reaches them.
    Email,
    /// Their teacher reference number, or how looking for it ended.
    Trn,
    /// Their National Insurance number.
    NationalInsurance,
    /// Access while they are away (OpenID Connect Core §11).
    OfflineAccess,
}

impl PersonalScope {
    /// Every value, in the order that discovery lists them.
    pub(crate) const ALL: [Self; 6] = [
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::Trn,
        Self::NationalInsurance,
        Self::OfflineAccess,
    ];

    /// Its name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::Trn => "trn",
            Self::NationalInsurance => "national_insurance",
            Self::OfflineAccess => "offline_access",
        }
    }

    /// The claims that it releases, at userinfo or, for `openid`, in the ID token.
    pub(crate) const fn claims(self) -> &'static [&'static str] {
        match self {
            Self::OpenId => &["sub", "sid", "auth_time", "acr", "amr"],
            Self::Profile => &[
                "name",
                "given_name",
                "middle_name",
                "family_name",
                "preferred_name",
                "birthdate",
                "updated_at",
                "previous_user_id",
            ],
            Self::Email => &["email", "email_verified"],
            Self::Trn => &["trn", "trn_lookup_status", "trn_verification_level"],
            Self::NationalInsurance => &["ni_number"],
            Self::OfflineAccess => &[],
        }
    }

    /// Whether a scope holds it.
    pub(crate) fn is_in(self, scope: &ScopeSet) -> bool {
        scope.contains(self.as_str())
    }
}

/// What an access token releases: what the person granted, as far as the client may still have it.
#[derive(Clone, Copy)]
pub(crate) struct Release<'a> {
    pub(crate) scope: &'a ScopeSet,
    pub(crate) client: &'a Client,
}

impl Release<'_> {
    /// Whether the claims of a scope value are told.
    pub(crate) fn tells(self, scope: PersonalScope) -> bool {
        scope.is_in(self.scope) && scope.is_in(&self.client.settings.scope)
    }
}

/// What userinfo says of a person: only what the scope released, each in its JSON type
/// (OpenID Connect Core §5.1). What is not known of a person is left out.
#[derive(Serialize)]
pub(crate) struct UserClaims<'a> {
    sub: &'a str,
    #[serde(flatten)]
    profile: Option<ProfileClaims<'a>>,
    #[serde(flatten)]
    email: Option<EmailClaims<'a>>,
    #[serde(flatten)]
    trn: Option<TrnClaims<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ni_number: Option<&'a str>,
}

#[derive(Serialize)]
struct ProfileClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    middle_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_name: Option<&'a str>,
    /// `1990-03-27`.
    #[serde(skip_serializing_if = "Option::is_none")]
    birthdate: Option<String>,
    /// In seconds since the epoch.
    updated_at: i64,
    /// The `sub` of each account that was merged into this one.
    #[serde(skip_serializing_if = "<[UserId]>::is_empty")]
    previous_user_id: &'a [UserId],
}

#[derive(Serialize)]
struct EmailClaims<'a> {
    email: &'a str,
    email_verified: bool,
}

#[derive(Serialize)]
struct TrnClaims<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    trn: Option<&'a str>,
    trn_lookup_status: TrnLookupStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    trn_verification_level: Option<VerificationLevel>,
}

impl<'a> UserClaims<'a> {
    /// The claims of a person that are released.
    pub(crate) fn released(person: &'a Person, release: Release<'_>) -> Self {
        let tells = |scope| release.tells(scope);
        let details = &person.details;
        Self {
            sub: person.user.id.as_str(),
            profile: tells(PersonalScope::Profile).then(|| ProfileClaims::of(person)),
            email: tells(PersonalScope::Email).then(|| EmailClaims {
                email: person.user.email.as_typed(),
                email_verified: person.user.email_verified_at.is_some(),
            }),
            trn: tells(PersonalScope::Trn).then(|| TrnClaims::of(person, release.client)),
            ni_number: details
                .stated_national_insurance_number()
                .filter(|_| tells(PersonalScope::NationalInsurance))
                .map(NationalInsuranceNumber::as_str),
        }
    }
}

impl<'a> ProfileClaims<'a> {
    fn of(person: &'a Person) -> Self {
        let details = &person.details;
        let name = details.name.as_ref();
        Self {
            name: name.map(PersonName::full),
            given_name: name
                .and_then(|name| name.first.as_ref())
                .map(NamePart::as_str),
            middle_name: name
                .and_then(|name| name.middle.as_ref())
                .map(NamePart::as_str),
            family_name: name.map(|name| name.last.as_str()),
            preferred_name: details.preferred_name.as_ref().map(NamePart::as_str),
            birthdate: details.date_of_birth.as_ref().map(DateOfBirth::iso),
            updated_at: person.updated_at().seconds(),
            previous_user_id: &person.previous_ids,
        }
    }
}

impl<'a> TrnClaims<'a> {
    /// Who was never looked for has no TRN that we know of.
    fn of(person: &'a Person, client: &Client) -> Self {
        let Some(record) = &person.record else {
            return Self {
                trn: None,
                trn_lookup_status: TrnLookupStatus::None,
                trn_verification_level: None,
            };
        };
        let is_enough = record.standing.is_enough_for(client.settings.match_policy);
        Self {
            trn: record.trn.as_ref().filter(|_| is_enough).map(Trn::as_str),
            trn_lookup_status: record.standing.status,
            trn_verification_level: record.standing.level,
        }
    }
}

#[cfg(test)]
mod tests;
