//! What a request still needs of a person.
//!
//! One pure function serves two questions: protocol's `decide` asks "is anything missing?",
//! journey's `plan` asks "what comes first?".

mod second_factor;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::browser_session::Authentication;
use crate::client::{ClientSettings, ProfileRequirement};
use crate::clock::Timestamp;
use crate::scope::ScopeSet;
use crate::trn_lookup::{MatchPolicy, TrnLookupStatus, TrnRequirement, VerificationLevel};

pub use second_factor::{FactorTask, SecondFactorRule};

/// What a request asks of whoever signs in. Stored with the interaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    /// `prompt=login`: authenticate again, even with a live session.
    pub fresh_sign_in: bool,
    /// `max_age`: the authentication may be at most this many seconds old.
    pub max_age: Option<u64>,
    /// `prompt=select_account`: let the person choose the account.
    pub choose_account: bool,
    /// Whether they give a second factor.
    #[serde(default)]
    pub second_factor: SecondFactorRule,
    /// What they came to change of their second factor.
    #[serde(default)]
    pub task: Option<FactorTask>,
    /// What of the person's details must have been asked for.
    #[serde(default)]
    pub details: DetailsRule,
    /// Whether the person must agree to what is shared.
    pub consent: ConsentRule,
}

/// What a request needs to be asked of the person, unless they were asked before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DetailsRule {
    /// Their name, previous names, preferred name and date of birth.
    pub profile: bool,
    /// Their National Insurance number, if they have one.
    pub national_insurance: bool,
    /// Everything that finds their teaching record.
    pub trn: Option<TrnRule>,
}

/// What a client asks of a person's TRN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrnRule {
    /// Whether the person goes on without one.
    pub requirement: TrnRequirement,
    /// How much must agree for a record to be theirs.
    pub policy: MatchPolicy,
    /// Whether they go on while none is found, although it is required.
    pub continue_while_pending: bool,
}

/// Whether a person must agree to what is shared with the client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentRule {
    /// The client is ours; nobody is asked.
    #[default]
    NotAsked,
    /// Asked once; an earlier agreement to these values or more is enough.
    Remembered(ScopeSet),
    /// `prompt=consent`: asked each time.
    EachTime(ScopeSet),
}

/// What is known of the person in front of the browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Who is signed in, and since when.
    pub authentication: Option<Authentication>,
    /// When they last chose this account on purpose.
    pub selected_at: Option<Timestamp>,
    /// Whether their account has a second factor.
    pub has_second_factor: bool,
    /// They said in this interaction that they set none up now, or cannot be asked.
    pub declined_second_factor: bool,
    /// They did in this interaction what they came to change.
    pub task_done: bool,
    /// What they were asked about themselves, and what came of it.
    pub details: DetailsStanding,
    /// What they agreed to share with this client, and when.
    pub consent: Option<Consent>,
}

/// What a person was asked about themselves so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DetailsStanding {
    /// They gave name and date of birth.
    pub has_profile: bool,
    /// They were asked for their National Insurance number, whether or not they gave one.
    pub national_insurance_asked: bool,
    /// How looking for their teaching record ended, if it was looked for.
    pub trn: Option<TrnStanding>,
}

/// How looking for a person's teaching record ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrnStanding {
    /// Where they stand.
    pub status: TrnLookupStatus,
    /// How sure the match is, if there is one.
    pub level: Option<VerificationLevel>,
    /// The strictest policy that they were asked by.
    pub policy: MatchPolicy,
}

/// A remembered agreement of one person with one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The scope values agreed to.
    pub scope: ScopeSet,
    /// When they last agreed.
    pub granted_at: Timestamp,
}

/// Something that is still missing, in the order in which it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unmet {
    /// The person has to choose an account.
    Account,
    /// The person has to prove an email address.
    SignIn,
    /// The person has to give a second factor, or to set one up.
    SecondFactor,
    /// The person has to do what they came to change.
    Task,
    /// The person has to be asked about themselves.
    Details,
    /// The client requires a TRN, and everything that was asked found none.
    Trn,
    /// The person has to agree to what is shared.
    Consent,
}

/// What is missing, first thing first; empty when the request can be answered.
///
/// `began` is when the interaction for this request began, `None` while there is none: what was
/// done since then meets what asks for something to be done anew.
#[must_use]
pub fn unmet(
    requirements: &Requirements,
    standing: &Standing,
    began: Option<Timestamp>,
    now: Timestamp,
) -> Vec<Unmet> {
    let done_since = |at: Timestamp| began.is_some_and(|began| at >= began);
    let mut missing = Vec::new();

    let signed_in = standing
        .authentication
        .as_ref()
        .is_some_and(|authentication| {
            let at = authentication.auth_time;
            let is_young = requirements
                .max_age
                .is_none_or(|seconds| now.since(at) <= Duration::from_secs(seconds) && seconds > 0);
            done_since(at) || (!requirements.fresh_sign_in && is_young)
        });
    let chosen = standing.selected_at.is_some_and(done_since);
    if requirements.choose_account && !chosen && standing.authentication.is_some() {
        missing.push(Unmet::Account);
    }
    if !signed_in {
        missing.push(Unmet::SignIn);
    }
    if !requirements.second_factor.is_met(standing, done_since) {
        missing.push(Unmet::SecondFactor);
    }
    if requirements.task.is_some() && !standing.task_done {
        missing.push(Unmet::Task);
    }
    let left = requirements.details.left(&standing.details);
    if left.asks_anything() {
        missing.push(Unmet::Details);
    } else if !requirements.details.has_required_trn(&standing.details) {
        missing.push(Unmet::Trn);
    }
    if !is_agreed(&requirements.consent, standing.consent.as_ref(), done_since) {
        missing.push(Unmet::Consent);
    }
    missing
}

impl DetailsRule {
    /// What a client's request for `scope` needs: `scope` is what it asked for and may have.
    #[must_use]
    pub fn of(settings: &ClientSettings, scope: &ScopeSet) -> Self {
        let requirement = settings.trn_requirement;
        let asks_for_trn = scope.contains("trn") && requirement != TrnRequirement::None;
        Self {
            profile: scope.contains("profile")
                && settings.profile_requirement == ProfileRequirement::Required,
            national_insurance: scope.contains("national_insurance"),
            trn: asks_for_trn.then_some(TrnRule {
                requirement,
                policy: settings.match_policy,
                continue_while_pending: settings.continue_while_pending,
            }),
        }
    }

    /// Whether anything is needed at all; if not, nobody has to look what is known.
    #[must_use]
    pub fn asks_anything(&self) -> bool {
        *self != Self::default()
    }

    /// What of it is still to be asked of a person who stands there.
    #[must_use]
    pub fn left(&self, standing: &DetailsStanding) -> Self {
        Self {
            profile: self.profile && !standing.has_profile,
            national_insurance: self.national_insurance && !standing.national_insurance_asked,
            trn: self.trn.filter(|rule| !rule.is_asked(standing.trn)),
        }
    }

    /// Whether a person who stands there may change what they said and have their record looked for
    /// again: neither who has a TRN that is good enough, nor whom staff refused one.
    #[must_use]
    pub fn may_be_tried_again(&self, standing: &DetailsStanding) -> bool {
        self.trn
            .zip(standing.trn)
            .is_some_and(|(rule, trn)| rule.is_tried_in_vain(trn))
    }

    /// Whether a person who stands there and comes back is told so once more: the client requires
    /// a TRN, or it is not decided yet which one is theirs.
    #[must_use]
    pub fn is_told_again(&self, standing: &DetailsStanding) -> bool {
        self.trn.zip(standing.trn).is_some_and(|(rule, trn)| {
            rule.is_tried_in_vain(trn)
                && (rule.requirement == TrnRequirement::Required
                    || trn.status == TrnLookupStatus::Pending)
        })
    }

    /// Whether a TRN that is required is there, or need not be yet.
    #[must_use]
    pub fn has_required_trn(&self, standing: &DetailsStanding) -> bool {
        match (self.trn, standing.trn) {
            (Some(rule), Some(trn)) if rule.requirement == TrnRequirement::Required => {
                rule.is_met_by(trn)
            }
            _ => true,
        }
    }
}

impl TrnRule {
    /// Whether nothing is left to ask: a strict client asks once more of a person whom a default
    /// look-up placed, and of nobody whom a strict one, or staff, did.
    fn is_asked(self, standing: Option<TrnStanding>) -> bool {
        standing.is_some_and(|trn| {
            self.policy == MatchPolicy::Default
                || trn.policy == MatchPolicy::Strict
                || trn.level == Some(VerificationLevel::Medium)
                || trn.status == TrnLookupStatus::Failed
        })
    }

    /// Whether another look-up could still do better.
    fn is_tried_in_vain(self, trn: TrnStanding) -> bool {
        trn.status != TrnLookupStatus::Failed && !trn.is_enough_for(self.policy)
    }

    /// Whether a person who stands there goes on to a client that requires a TRN.
    fn is_met_by(self, trn: TrnStanding) -> bool {
        match trn.status {
            TrnLookupStatus::Found => trn.is_enough_for(self.policy) || self.continue_while_pending,
            TrnLookupStatus::None | TrnLookupStatus::Pending => self.continue_while_pending,
            TrnLookupStatus::Failed => false,
        }
    }
}

impl TrnStanding {
    /// Whether a TRN was found, and surely enough for a client of that policy to have it.
    #[must_use]
    pub fn is_enough_for(self, policy: MatchPolicy) -> bool {
        self.status == TrnLookupStatus::Found
            && (policy == MatchPolicy::Default || self.level == Some(VerificationLevel::Medium))
    }
}

fn is_agreed(
    rule: &ConsentRule,
    consent: Option<&Consent>,
    done_since: impl Fn(Timestamp) -> bool,
) -> bool {
    match (rule, consent) {
        (ConsentRule::NotAsked, _) => true,
        (ConsentRule::Remembered(asked), Some(given)) => asked.is_subset(&given.scope),
        (ConsentRule::EachTime(asked), Some(given)) => {
            asked.is_subset(&given.scope) && done_since(given.granted_at)
        }
        (_, None) => false,
    }
}

#[cfg(test)]
mod tests;
