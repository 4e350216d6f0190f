//! What this service can need of people: to know of their teaching record, or that they give a
//! second factor. It is registered with the provider once for each, as clients of their own.

use openidconnect::Scope;

/// The `acr` of a sign-in with two factors.
pub(crate) const TWO_FACTORS: &str = "Cl.Cm";

/// What a service cares about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Nothing in particular.
    #[default]
    Plain,
    /// It asks for a TRN, and people go on without one.
    TrnOptional,
    /// Nobody comes in without a TRN.
    TrnRequired,
    /// Nobody comes in without a TRN that was matched strictly.
    TrnStrict,
    /// It needs a TRN, and people go on while theirs is not found.
    TrnPending,
    /// It asks for the National Insurance number.
    NationalInsurance,
    /// Nobody comes in with one factor.
    TwoFactorsRequired,
    /// It asks for two factors, and takes one.
    TwoFactorsPreferred,
}

impl Policy {
    /// Every policy, in the order in which the start page offers them.
    pub(crate) const ALL: [Self; 8] = [
        Self::Plain,
        Self::TrnOptional,
        Self::TrnRequired,
        Self::TrnStrict,
        Self::TrnPending,
        Self::NationalInsurance,
        Self::TwoFactorsRequired,
        Self::TwoFactorsPreferred,
    ];

    /// Its name in forms and at the end of the client's identifier.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::TrnOptional => "trn-optional",
            Self::TrnRequired => "trn-required",
            Self::TrnStrict => "trn-strict",
            Self::TrnPending => "trn-pending",
            Self::NationalInsurance => "national-insurance",
            Self::TwoFactorsRequired => "two-factors-required",
            Self::TwoFactorsPreferred => "two-factors-preferred",
        }
    }

    /// The policy of that name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }

    /// The client that the service is under this policy: `demo`, `demo-trn-optional` and so on.
    pub(crate) fn client_id(self, plain: &str) -> String {
        match self {
            Self::Plain => plain.to_owned(),
            other => format!("{plain}-{}", other.name()),
        }
    }

    /// What people choose it by.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Plain => "A service that needs no teacher details",
            Self::TrnOptional => "A service that would like your TRN",
            Self::TrnRequired => "A service that needs your TRN",
            Self::TrnStrict => "A service that needs your TRN, and to be sure of it",
            Self::TrnPending => {
                "A service that needs your TRN, but lets you in while it is looked for"
            }
            Self::NationalInsurance => "A service that asks for your National Insurance number",
            Self::TwoFactorsRequired => "A service that needs you to sign in with two factors",
            Self::TwoFactorsPreferred => {
                "A service that would like you to sign in with two factors"
            }
        }
    }

    /// The client's settings that make the difference.
    pub(crate) const fn settings(self) -> &'static str {
        match self {
            Self::Plain => "trn_requirement = none",
            Self::TrnOptional => "trn_requirement = optional",
            Self::TrnRequired => "trn_requirement = required",
            Self::TrnStrict => "trn_requirement = required, match_policy = strict",
            Self::TrnPending => "trn_requirement = required, continue_while_pending = true",
            Self::NationalInsurance => "scope = … national_insurance",
            Self::TwoFactorsRequired => "minimum_acr = Cl.Cm",
            Self::TwoFactorsPreferred => "minimum_acr = Cl; the request says acr_values=Cl.Cm",
        }
    }

    /// The authentication context class that it asks for in its requests, if it does not leave
    /// that to its registration.
    pub(crate) const fn preferred_acr(self) -> Option<&'static str> {
        match self {
            Self::TwoFactorsPreferred => Some(TWO_FACTORS),
            _ => None,
        }
    }

    /// The authentication context class without which it lets nobody in.
    pub(crate) const fn required_acr(self) -> Option<&'static str> {
        match self {
            Self::TwoFactorsRequired => Some(TWO_FACTORS),
            _ => None,
        }
    }

    /// The scope that it adds to whatever else is asked for.
    pub(crate) fn scope(self) -> Option<Scope> {
        let scope = match self {
            Self::Plain | Self::TwoFactorsRequired | Self::TwoFactorsPreferred => return None,
            Self::TrnOptional | Self::TrnRequired | Self::TrnStrict | Self::TrnPending => "trn",
            Self::NationalInsurance => "national_insurance",
        };
        Some(Scope::new(scope.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_make_identifiers() {
        for policy in Policy::ALL {
            assert_eq!(Policy::from_name(policy.name()), Some(policy));
        }
        assert_eq!(Policy::from_name("trn"), None);
        assert_eq!(Policy::Plain.client_id("demo"), "demo");
        assert_eq!(Policy::TrnStrict.client_id("demo"), "demo-trn-strict");
    }
}
