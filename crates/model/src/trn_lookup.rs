//! How looking for a person's teaching record ended.

use serde::{Deserialize, Serialize};

use crate::trn::Trn;

/// The version of the matching rules; stored with every outcome, counted up when they change.
pub const POLICY_VERSION: u32 = 1;

/// Where a person stands with their TRN: the claim `trn_lookup_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrnLookupStatus {
    /// No record was found, and nothing says that there should be one.
    None,
    /// It is not decided: several records could be theirs, or there should be one and none was
    /// found.
    Pending,
    /// Their record was found.
    Found,
    /// Staff looked and no TRN can be given. No look-up ever says so.
    Failed,
}

/// How sure a match is: the claim `trn_verification_level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VerificationLevel {
    /// By the default policy.
    Low,
    /// By the strict policy, or by staff.
    Medium,
}

/// How much must agree for a record to be a person's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchPolicy {
    /// Three attributes of five, at least one besides the name.
    #[default]
    Default,
    /// Date of birth, TRN and National Insurance number.
    Strict,
}

/// Whether a client wants to know the TRN of who signs in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrnRequirement {
    /// Nobody is asked for it.
    #[default]
    None,
    /// People are asked, and go on without one.
    Optional,
    /// People are asked, and only those who have one go on.
    Required,
}

/// Something that a person and a record can agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Attribute {
    /// The full name: current, previous, or with a synonym of the first name.
    Name,
    /// The date of birth.
    DateOfBirth,
    /// The National Insurance number.
    NationalInsuranceNumber,
    /// The TRN.
    Trn,
    /// The email address that was proven by a code.
    Email,
}

/// Who decided over a TRN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookupSource {
    /// A look-up in the records.
    Lookup,
    /// Staff.
    Support,
}

/// How a look-up ended, as it is stored with the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrnOutcome {
    /// Where the person stands.
    pub status: TrnLookupStatus,
    /// The TRN; there is one exactly when the status is [`Found`](TrnLookupStatus::Found).
    pub trn: Option<Trn>,
    /// How sure it is, when there is a TRN.
    pub level: Option<VerificationLevel>,
    /// The policy that was asked for.
    pub policy: MatchPolicy,
    /// The [`POLICY_VERSION`] that decided.
    pub policy_version: u32,
    /// What agreed with the record that was found.
    pub agreed: Vec<Attribute>,
    /// Who decided.
    pub source: LookupSource,
    /// The records could not be asked: this is what follows from knowing of none.
    pub is_unavailable: bool,
}

impl TrnLookupStatus {
    /// Its name in claims and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Pending => "Pending",
            Self::Found => "Found",
            Self::Failed => "Failed",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [Self::None, Self::Pending, Self::Found, Self::Failed];
        all.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether another look-up may change it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::None | Self::Pending)
    }
}

impl VerificationLevel {
    /// Its name in claims and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Medium => "Medium",
        }
    }

    /// The level of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Low, Self::Medium]
            .into_iter()
            .find(|level| level.as_str() == name)
    }
}

impl MatchPolicy {
    /// Its name in settings and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Strict => "strict",
        }
    }

    /// The policy of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Default, Self::Strict]
            .into_iter()
            .find(|policy| policy.as_str() == name)
    }
}

impl TrnRequirement {
    /// Its name in settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Optional => "optional",
            Self::Required => "required",
        }
    }
}

impl LookupSource {
    /// Its name in columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lookup => "lookup",
            Self::Support => "support",
        }
    }

    /// The source of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Lookup, Self::Support]
            .into_iter()
            .find(|source| source.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_columns_read_back() {
        use TrnLookupStatus as Status;

        for status in [Status::None, Status::Pending, Status::Found, Status::Failed] {
            assert_eq!(Status::from_name(status.as_str()), Some(status));
        }
        for level in [VerificationLevel::Low, VerificationLevel::Medium] {
            assert_eq!(VerificationLevel::from_name(level.as_str()), Some(level));
        }
        for policy in [MatchPolicy::Default, MatchPolicy::Strict] {
            assert_eq!(MatchPolicy::from_name(policy.as_str()), Some(policy));
        }
        for source in [LookupSource::Lookup, LookupSource::Support] {
            assert_eq!(LookupSource::from_name(source.as_str()), Some(source));
        }
        assert_eq!(Status::from_name("found"), None);
    }

    #[test]
    fn what_staff_or_a_match_decided_is_not_looked_up_again() {
        assert!(TrnLookupStatus::None.is_open());
        assert!(TrnLookupStatus::Pending.is_open());
        assert!(!TrnLookupStatus::Found.is_open());
        assert!(!TrnLookupStatus::Failed.is_open());
    }

    #[test]
    fn an_outcome_reads_back_and_does_not_print_its_trn() {
        let outcome = TrnOutcome {
            status: TrnLookupStatus::Found,
            trn: Trn::parse("1234567").ok(),
            level: Some(VerificationLevel::Low),
            policy: MatchPolicy::Default,
            policy_version: POLICY_VERSION,
            agreed: vec![Attribute::Name, Attribute::NationalInsuranceNumber],
            source: LookupSource::Lookup,
            is_unavailable: false,
        };

        let json = serde_json::to_string(&outcome).unwrap();

        assert_eq!(serde_json::from_str::<TrnOutcome>(&json).unwrap(), outcome);
        assert!(!format!("{outcome:?}").contains("1234567"));
    }
}
