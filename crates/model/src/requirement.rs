//! What a request still needs of a person.
//!
//! One pure function serves two questions: protocol's `decide` asks "is anything missing?",
//! journey's `plan` asks "what comes first?".

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::browser_session::Authentication;
use crate::clock::Timestamp;
use crate::scope::ScopeSet;
use crate::user::UserId;

/// What a request asks of whoever signs in. Stored with the interaction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requirements {
    /// `prompt=login`: authenticate again, even with a live session.
    pub fresh_sign_in: bool,
    /// `max_age`: the authentication may be at most this many seconds old.
    pub max_age: Option<u64>,
    /// `prompt=select_account`: let the person choose the account.
    pub choose_account: bool,
    /// Whether the person must agree to what is shared.
    pub consent: ConsentRule,
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
    /// What they agreed to share with this client, and when.
    pub consent: Option<Consent>,
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
    if !is_agreed(&requirements.consent, standing.consent.as_ref(), done_since) {
        missing.push(Unmet::Consent);
    }
    missing
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

/// Whether the person is the one that `id_token_hint` names; nobody named is anybody.
#[must_use]
pub fn is_expected(hinted: Option<&UserId>, standing: &Standing) -> bool {
    match (hinted, &standing.authentication) {
        (Some(hinted), Some(authentication)) => *hinted == authentication.user_id,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser_session::{Acr, Amr};

    const NOW: Timestamp = Timestamp::from_seconds(10_000);

    fn signed_in(seconds_ago: u64) -> Standing {
        let auth_time = at(seconds_ago);
        Standing {
            authentication: Some(Authentication {
                user_id: UserId::new("ada".to_owned()),
                auth_time,
                amr: vec![Amr::Email],
                acr: Acr::Cl,
            }),
            selected_at: Some(auth_time),
            consent: None,
        }
    }

    fn at(seconds_ago: u64) -> Timestamp {
        NOW.minus(Duration::from_secs(seconds_ago))
    }

    fn asks(change: impl FnOnce(&mut Requirements)) -> Requirements {
        let mut requirements = Requirements::default();
        change(&mut requirements);
        requirements
    }

    #[test]
    fn a_live_session_meets_a_plain_request() {
        assert_eq!(
            unmet(&Requirements::default(), &signed_in(60), None, NOW),
            []
        );
        assert_eq!(
            unmet(&Requirements::default(), &Standing::default(), None, NOW),
            [Unmet::SignIn]
        );
    }

    #[test]
    fn prompt_login_is_met_only_by_a_sign_in_since_the_interaction_began() {
        let login = asks(|r| r.fresh_sign_in = true);

        assert_eq!(unmet(&login, &signed_in(60), None, NOW), [Unmet::SignIn]);
        assert_eq!(
            unmet(&login, &signed_in(60), Some(at(59)), NOW),
            [Unmet::SignIn]
        );
        assert_eq!(unmet(&login, &signed_in(60), Some(at(60)), NOW), []);
    }

    #[test]
    fn max_age_counts_from_the_real_sign_in() {
        let max_age = |seconds| asks(|r| r.max_age = Some(seconds));

        assert_eq!(unmet(&max_age(60), &signed_in(60), None, NOW), []);
        assert_eq!(
            unmet(&max_age(59), &signed_in(60), None, NOW),
            [Unmet::SignIn]
        );
        assert_eq!(
            unmet(&max_age(0), &signed_in(0), None, NOW),
            [Unmet::SignIn]
        );
        assert_eq!(unmet(&max_age(0), &signed_in(30), Some(at(40)), NOW), []);
    }

    #[test]
    fn an_account_is_chosen_only_where_there_is_one_to_choose() {
        let choose = asks(|r| r.choose_account = true);

        assert_eq!(unmet(&choose, &signed_in(60), None, NOW), [Unmet::Account]);
        assert_eq!(unmet(&choose, &signed_in(60), Some(at(70)), NOW), []);
        assert_eq!(
            unmet(&choose, &Standing::default(), None, NOW),
            [Unmet::SignIn]
        );
    }

    #[test]
    fn a_remembered_consent_covers_the_same_or_less() {
        let scope = |text: &str| ScopeSet::parse(text).unwrap();
        let mut standing = signed_in(60);
        standing.consent = Some(Consent {
            scope: scope("email openid"),
            granted_at: NOW,
        });

        let remembered = |text| asks(|r| r.consent = ConsentRule::Remembered(scope(text)));
        assert_eq!(unmet(&remembered("openid"), &standing, None, NOW), []);
        assert_eq!(
            unmet(&remembered("openid profile"), &standing, None, NOW),
            [Unmet::Consent]
        );

        let each_time = asks(|r| r.consent = ConsentRule::EachTime(scope("openid")));
        assert_eq!(unmet(&each_time, &standing, None, NOW), [Unmet::Consent]);
        assert_eq!(unmet(&each_time, &standing, Some(at(5)), NOW), []);
    }

    #[test]
    fn only_the_hinted_person_is_expected() {
        let ada = UserId::new("ada".to_owned());
        let bob = UserId::new("bob".to_owned());

        assert!(is_expected(Some(&ada), &signed_in(1)));
        assert!(!is_expected(Some(&bob), &signed_in(1)));
        assert!(is_expected(Some(&bob), &Standing::default()));
        assert!(is_expected(None, &signed_in(1)));
    }
}
