//! Scope values with a meaning of ours, and the claims that each releases (OpenID Connect Core
//! §5.4), together or asked for by name (§5.5).

use model::asked_claims::{NamedClaims, WantedValues};
use model::browser_session::Authentication;
use model::keyring::Purpose;
use model::name::{NamePart, PersonName};
use model::trn_lookup::TrnLookupStatus;
use model::{Client, DateOfBirth, Keyring, NationalInsuranceNumber, ScopeSet, Trn};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::person::Person;
use crate::subjects::Subjects;

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
    pub(crate) fn claims(self) -> impl Iterator<Item = Claim> {
        Claim::ALL
            .into_iter()
            .filter(move |claim| claim.scope() == self)
    }

    /// Whether a scope holds it.
    pub(crate) fn is_in(self, scope: &ScopeSet) -> bool {
        scope.contains(self.as_str())
    }
}

/// Something that is told of a person or of their sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Claim {
    Sub,
    Sid,
    AuthTime,
    Acr,
    Amr,
    Name,
    GivenName,
    MiddleName,
    FamilyName,
    PreferredName,
    Birthdate,
    UpdatedAt,
    PreviousUserId,
    Email,
    EmailVerified,
    Trn,
    TrnLookupStatus,
    TrnVerificationLevel,
    NiNumber,
}

impl Claim {
    /// Every claim, in the order that discovery lists them.
    pub(crate) const ALL: [Self; 19] = [
        Self::Sub,
        Self::Sid,
        Self::AuthTime,
        Self::Acr,
        Self::Amr,
        Self::Name,
        Self::GivenName,
        Self::MiddleName,
        Self::FamilyName,
        Self::PreferredName,
        Self::Birthdate,
        Self::UpdatedAt,
        Self::PreviousUserId,
        Self::Email,
        Self::EmailVerified,
        Self::Trn,
        Self::TrnLookupStatus,
        Self::TrnVerificationLevel,
        Self::NiNumber,
    ];

    /// Its name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Sub => "sub",
            Self::Sid => "sid",
            Self::AuthTime => "auth_time",
            Self::Acr => "acr",
            Self::Amr => "amr",
            Self::Name => "name",
            Self::GivenName => "given_name",
            Self::MiddleName => "middle_name",
            Self::FamilyName => "family_name",
            Self::PreferredName => "preferred_name",
            Self::Birthdate => "birthdate",
            Self::UpdatedAt => "updated_at",
            Self::PreviousUserId => "previous_user_id",
            Self::Email => "email",
            Self::EmailVerified => "email_verified",
            Self::Trn => "trn",
            Self::TrnLookupStatus => "trn_lookup_status",
            Self::TrnVerificationLevel => "trn_verification_level",
            Self::NiNumber => "ni_number",
        }
    }

    /// The claim of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|claim| claim.as_str() == name)
    }

    /// The scope value that releases it; a client that may not have the one has not the other.
    pub(crate) const fn scope(self) -> PersonalScope {
        match self {
            Self::Sub | Self::Sid | Self::AuthTime | Self::Acr | Self::Amr => PersonalScope::OpenId,
            Self::Name
            | Self::GivenName
            | Self::MiddleName
            | Self::FamilyName
            | Self::PreferredName
            | Self::Birthdate
            | Self::UpdatedAt
            | Self::PreviousUserId => PersonalScope::Profile,
            Self::Email | Self::EmailVerified => PersonalScope::Email,
            Self::Trn | Self::TrnLookupStatus | Self::TrnVerificationLevel => PersonalScope::Trn,
            Self::NiNumber => PersonalScope::NationalInsurance,
        }
    }

    /// Whether it tells of the sign-in and not of the person: the ID token always says it, userinfo
    /// only where it is asked for by name.
    const fn is_of_sign_in(self) -> bool {
        matches!(self, Self::Sid | Self::AuthTime | Self::Acr | Self::Amr)
    }

    /// What it says of somebody, in its JSON type (OpenID Connect Core §5.1); `None` for what is not
    /// known of them.
    fn of(self, subject: &Subject<'_>, client: &Client) -> Option<Value> {
        let (person, sign_in) = (subject.person, subject.authentication);
        let details = &person.details;
        let name = details.name.as_ref();
        let part = |part: Option<&NamePart>| part.map(|part| json!(part.as_str()));
        let record = person.record.as_ref();
        match self {
            Self::Sub => Some(json!(subject.subjects.of(client, &person.user.id))),
            Self::Sid => Some(json!(subject.sid)),
            Self::AuthTime => Some(json!(sign_in.auth_time.seconds())),
            Self::Acr => Some(json!(sign_in.acr)),
            Self::Amr => Some(json!(sign_in.amr)),
            Self::Name => name.map(|name| json!(PersonName::full(name))),
            Self::GivenName => part(name.and_then(|name| name.first.as_ref())),
            Self::MiddleName => part(name.and_then(|name| name.middle.as_ref())),
            Self::FamilyName => part(name.map(|name| &name.last)),
            Self::PreferredName => part(details.preferred_name.as_ref()),
            Self::Birthdate => {
                let date = details.date_of_birth.as_ref();
                date.map(|date| json!(DateOfBirth::iso(date)))
            }
            Self::UpdatedAt => Some(json!(person.updated_at().seconds())),
            Self::PreviousUserId => {
                let ids = &person.previous_ids;
                let subs = ids.iter().map(|id| subject.subjects.of(client, id));
                (!ids.is_empty()).then(|| subs.collect())
            }
            Self::Email => Some(json!(person.user.email.as_typed())),
            Self::EmailVerified => Some(json!(person.user.email_verified_at.is_some())),
            Self::Trn => {
                let policy = client.settings.match_policy;
                record
                    .filter(|record| record.standing.is_enough_for(policy))
                    .and_then(|record| record.trn.as_ref())
                    .map(|trn| json!(Trn::as_str(trn)))
            }
            // Who was never looked for has no TRN that we know of.
            Self::TrnLookupStatus => {
                Some(json!(record.map_or(TrnLookupStatus::None, |record| {
                    record.standing.status
                })))
            }
            Self::TrnVerificationLevel => record
                .and_then(|record| record.standing.level)
                .map(|level| json!(level)),
            Self::NiNumber => details
                .stated_national_insurance_number()
                .map(|number| json!(NationalInsuranceNumber::as_str(number))),
        }
    }
}

/// What a client is told: what the person granted, as far as the client may still have it.
#[derive(Clone, Copy)]
pub(crate) struct Release<'a> {
    pub(crate) client: &'a Client,
    /// The scope values whose claims are told together.
    pub(crate) scope: &'a ScopeSet,
    /// The claims that were asked for by name.
    pub(crate) named: &'a NamedClaims,
}

impl Release<'_> {
    /// Whether anything of a scope value's claims may be told: if not, nobody has to look it up.
    pub(crate) fn tells_of(self, scope: PersonalScope) -> bool {
        scope.claims().any(|claim| self.wanted(claim).is_some())
    }

    /// Which values of a claim are told, if it is.
    fn wanted(&self, claim: Claim) -> Option<&WantedValues> {
        let scope = claim.scope();
        if !scope.is_in(&self.client.settings.scope) {
            return None;
        }
        if scope.is_in(self.scope) && !claim.is_of_sign_in() {
            return Some(&WantedValues::Any);
        }
        self.named.get(claim.as_str())
    }
}

/// Whom claims are about: a person, and a sign-in of theirs.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) person: &'a Person,
    pub(crate) authentication: &'a Authentication,
    pub(crate) sid: &'a str,
    /// By what names clients know people.
    pub(crate) subjects: &'a Subjects,
}

/// Claims that are told, each in its JSON type.
#[derive(Default)]
pub(crate) struct ToldClaims(Vec<(Claim, Value)>);

impl ToldClaims {
    /// What userinfo says: who it is, and what is released.
    pub(crate) fn in_userinfo(
        subject: &Subject<'_>,
        release: Release<'_>,
        keyring: &Keyring,
    ) -> Self {
        Self::told(subject, release, keyring, |claim| claim == Claim::Sub)
    }

    /// What an ID token says of the person, beside what it always says.
    pub(crate) fn in_id_token(
        subject: &Subject<'_>,
        release: Release<'_>,
        keyring: &Keyring,
    ) -> Self {
        let mut told = Self::told(subject, release, keyring, |_| false);
        told.0
            .retain(|(claim, _)| !claim.is_of_sign_in() && *claim != Claim::Sub);
        told
    }

    fn told(
        subject: &Subject<'_>,
        release: Release<'_>,
        keyring: &Keyring,
        is_always_told: impl Fn(Claim) -> bool,
    ) -> Self {
        let told = Claim::ALL.into_iter().filter_map(|claim| {
            let wanted = match release.wanted(claim) {
                _ if is_always_told(claim) => &WantedValues::Any,
                wanted => wanted?,
            };
            let value = claim.of(subject, release.client)?;
            is_wanted(keyring, claim, &value, wanted).then_some((claim, value))
        });
        Self(told.collect())
    }
}

impl Serialize for ToldClaims {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(claim, value)| (claim.as_str(), value)))
    }
}

/// What is kept of a value that a client wants a claim to have.
pub(crate) fn wanted_digest(keyring: &Keyring, claim: Claim, value: &Value) -> Vec<u8> {
    let value = value.to_string();
    keyring.digest(Purpose::WantedValue, &digested(claim, &value))
}

fn is_wanted(keyring: &Keyring, claim: Claim, value: &Value, wanted: &WantedValues) -> bool {
    let WantedValues::OneOf(digests) = wanted else {
        return true;
    };
    let value = value.to_string();
    let parts = digested(claim, &value);
    digests
        .iter()
        .any(|digest| keyring.digest_matches(Purpose::WantedValue, &parts, digest))
}

fn digested(claim: Claim, value: &str) -> [&[u8]; 2] {
    [claim.as_str().as_bytes(), value.as_bytes()]
}

#[cfg(test)]
mod tests;
