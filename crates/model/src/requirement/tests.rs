mod second_factor;

use super::*;
use crate::UserId;
use crate::browser_session::Amr;

const NOW: Timestamp = Timestamp::from_seconds(10_000);

fn signed_in(seconds_ago: u64) -> Standing {
    let auth_time = at(seconds_ago);
    Standing {
        authentication: Some(Authentication::by_email(
            UserId::new("ada".to_owned()),
            auth_time,
        )),
        selected_at: Some(auth_time),
        ..Standing::default()
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

const STRICT: MatchPolicy = MatchPolicy::Strict;
const DEFAULT: MatchPolicy = MatchPolicy::Default;

fn trn_rule(requirement: TrnRequirement, policy: MatchPolicy) -> TrnRule {
    TrnRule {
        requirement,
        policy,
        continue_while_pending: false,
    }
}

/// What is missing for a signed-in person with these details.
fn missing(rule: DetailsRule, details: DetailsStanding) -> Vec<Unmet> {
    let requirements = asks(|r| r.details = rule);
    let standing = Standing {
        details,
        ..signed_in(60)
    };
    unmet(&requirements, &standing, None, NOW)
}

fn missing_trn(rule: TrnRule, trn: impl Into<Option<TrnStanding>>) -> Vec<Unmet> {
    let rule = DetailsRule {
        trn: Some(rule),
        ..DetailsRule::default()
    };
    let standing = DetailsStanding {
        trn: trn.into(),
        ..DetailsStanding::default()
    };
    missing(rule, standing)
}

fn placed(
    status: TrnLookupStatus,
    level: Option<VerificationLevel>,
    policy: MatchPolicy,
) -> TrnStanding {
    TrnStanding {
        status,
        level,
        policy,
    }
}

#[test]
fn nothing_is_asked_by_a_client_that_asks_for_nothing() {
    assert_eq!(
        missing(DetailsRule::default(), DetailsStanding::default()),
        []
    );
    assert!(!DetailsRule::default().asks_anything());
}

#[test]
fn profile_and_national_insurance_number_are_asked_once_each() {
    let rule = |profile, national_insurance| DetailsRule {
        profile,
        national_insurance,
        trn: None,
    };
    let known = |has_profile, national_insurance_asked| DetailsStanding {
        has_profile,
        national_insurance_asked,
        trn: None,
    };

    for (rule, known, expected) in [
        (rule(true, false), known(false, true), &[Unmet::Details][..]),
        (rule(true, false), known(true, false), &[]),
        (rule(false, true), known(true, false), &[Unmet::Details]),
        (rule(false, true), known(false, true), &[]),
        (rule(true, true), known(true, false), &[Unmet::Details]),
        (rule(true, true), known(false, true), &[Unmet::Details]),
        (rule(true, true), known(true, true), &[]),
    ] {
        assert!(rule.asks_anything());
        assert_eq!(missing(rule.clone(), known), expected, "{rule:?}");
    }
}

#[test]
fn an_optional_trn_is_asked_for_and_never_in_the_way() {
    use TrnLookupStatus::{Failed, Found, None, Pending};
    let low = Some(VerificationLevel::Low);
    let optional = trn_rule(TrnRequirement::Optional, DEFAULT);

    assert_eq!(missing_trn(optional, Option::None), [Unmet::Details]);
    for status in [None, Pending, Failed] {
        let standing = placed(status, Option::None, DEFAULT);
        assert_eq!(missing_trn(optional, standing), [], "{status:?}");
    }
    assert_eq!(missing_trn(optional, placed(Found, low, DEFAULT)), []);
}

#[test]
fn a_required_trn_stops_whoever_has_none() {
    use TrnLookupStatus::{Failed, Found, None, Pending};
    let (low, medium) = (
        Some(VerificationLevel::Low),
        Some(VerificationLevel::Medium),
    );
    let required = trn_rule(TrnRequirement::Required, DEFAULT);
    let patient = TrnRule {
        continue_while_pending: true,
        ..required
    };

    assert_eq!(missing_trn(required, Option::None), [Unmet::Details]);
    assert_eq!(missing_trn(patient, Option::None), [Unmet::Details]);
    for (standing, hasty_misses, patient_misses) in [
        (
            placed(None, Option::None, DEFAULT),
            &[Unmet::Trn][..],
            &[][..],
        ),
        (placed(Pending, Option::None, DEFAULT), &[Unmet::Trn], &[]),
        (placed(Pending, Option::None, STRICT), &[Unmet::Trn], &[]),
        (
            placed(Failed, Option::None, DEFAULT),
            &[Unmet::Trn],
            &[Unmet::Trn],
        ),
        (placed(Found, low, DEFAULT), &[], &[]),
        (placed(Found, low, STRICT), &[], &[]),
        (placed(Found, medium, STRICT), &[], &[]),
    ] {
        assert_eq!(
            missing_trn(required, standing),
            hasty_misses,
            "{standing:?}"
        );
        assert_eq!(
            missing_trn(patient, standing),
            patient_misses,
            "{standing:?}"
        );
    }
}

#[test]
fn a_strict_client_asks_once_more_of_whom_the_default_policy_placed() {
    use TrnLookupStatus::{Failed, Found, None, Pending};
    let (low, medium) = (
        Some(VerificationLevel::Low),
        Some(VerificationLevel::Medium),
    );
    let optional = trn_rule(TrnRequirement::Optional, STRICT);
    let patient = TrnRule {
        continue_while_pending: true,
        ..trn_rule(TrnRequirement::Required, STRICT)
    };
    let required = trn_rule(TrnRequirement::Required, STRICT);
    let (details, trn) = (&[Unmet::Details][..], &[Unmet::Trn][..]);

    for rule in [optional, patient, required] {
        assert_eq!(missing_trn(rule, Option::None), details, "{rule:?}");
    }
    for (standing, of_optional, of_patient, of_required) in [
        (
            placed(None, Option::None, DEFAULT),
            details,
            details,
            details,
        ),
        (
            placed(Pending, Option::None, DEFAULT),
            details,
            details,
            details,
        ),
        (placed(Found, low, DEFAULT), details, details, details),
        // Staff decided: no question changes it.
        (placed(Found, medium, DEFAULT), &[], &[], &[]),
        (placed(Failed, Option::None, DEFAULT), &[], trn, trn),
        // It was asked strictly before.
        (placed(None, Option::None, STRICT), &[], &[], trn),
        (placed(Pending, Option::None, STRICT), &[], &[], trn),
        (placed(Found, low, STRICT), &[], &[], trn),
        (placed(Found, medium, STRICT), &[], &[], &[]),
        (placed(Failed, Option::None, STRICT), &[], trn, trn),
    ] {
        assert_eq!(missing_trn(optional, standing), of_optional, "{standing:?}");
        assert_eq!(missing_trn(patient, standing), of_patient, "{standing:?}");
        assert_eq!(missing_trn(required, standing), of_required, "{standing:?}");
    }
}

#[test]
fn who_is_looked_for_in_vain_may_be_looked_for_again_and_is_told_where_it_matters() {
    use TrnLookupStatus::{Failed, Found, None, Pending};
    let (low, medium) = (
        Some(VerificationLevel::Low),
        Some(VerificationLevel::Medium),
    );
    let of = |trn: Option<TrnRule>| DetailsRule {
        trn,
        ..DetailsRule::default()
    };
    let required = of(Some(trn_rule(TrnRequirement::Required, STRICT)));
    let optional = of(Some(trn_rule(TrnRequirement::Optional, STRICT)));
    let standing = |trn: Option<TrnStanding>| DetailsStanding {
        trn,
        ..DetailsStanding::default()
    };

    for (trn, may_try, is_told_by_required, is_told_by_optional) in [
        (placed(None, Option::None, STRICT), true, true, false),
        (placed(Pending, Option::None, STRICT), true, true, true),
        (placed(Found, low, STRICT), true, true, false),
        (placed(Found, medium, STRICT), false, false, false),
        (placed(Failed, Option::None, STRICT), false, false, false),
    ] {
        let standing = standing(Some(trn));
        assert_eq!(required.may_be_tried_again(&standing), may_try, "{trn:?}");
        assert_eq!(optional.may_be_tried_again(&standing), may_try, "{trn:?}");
        assert_eq!(
            required.is_told_again(&standing),
            is_told_by_required,
            "{trn:?}"
        );
        assert_eq!(
            optional.is_told_again(&standing),
            is_told_by_optional,
            "{trn:?}"
        );
    }
    // Neither who was never looked for, nor at a client that asks for no TRN.
    for (rule, trn) in [
        (required, Option::None),
        (
            of(Option::None),
            Some(placed(Pending, Option::None, STRICT)),
        ),
    ] {
        assert!(!rule.may_be_tried_again(&standing(trn)));
        assert!(!rule.is_told_again(&standing(trn)));
    }
}

#[test]
fn details_are_asked_after_signing_in_and_before_agreeing() {
    let requirements = asks(|r| {
        r.choose_account = true;
        r.fresh_sign_in = true;
        r.details.profile = true;
        r.consent = ConsentRule::Remembered(ScopeSet::default());
    });

    assert_eq!(
        unmet(&requirements, &signed_in(60), None, NOW),
        [
            Unmet::Account,
            Unmet::SignIn,
            Unmet::Details,
            Unmet::Consent
        ]
    );
    assert!(Unmet::Details < Unmet::Trn && Unmet::Trn < Unmet::Consent);
}

#[test]
fn a_rule_comes_of_the_settings_and_of_what_this_request_may_have() {
    let mut settings = ClientSettings::named("Register for a course");
    let rule = |settings: &ClientSettings, scope: &str| {
        DetailsRule::of(settings, &ScopeSet::parse(scope).unwrap())
    };
    let everything = "openid profile trn national_insurance";

    let voluntary = rule(&settings, "openid profile email trn");
    settings.trn_requirement = TrnRequirement::Required;
    settings.match_policy = STRICT;
    settings.continue_while_pending = true;
    settings.profile_requirement = ProfileRequirement::Required;

    assert_eq!(voluntary, DetailsRule::default());
    assert_eq!(rule(&settings, "openid email"), DetailsRule::default());
    assert_eq!(
        rule(&settings, everything),
        DetailsRule {
            profile: true,
            national_insurance: true,
            trn: Some(TrnRule {
                requirement: TrnRequirement::Required,
                policy: STRICT,
                continue_while_pending: true,
            }),
        }
    );
    assert!(rule(&settings, "national_insurance").trn.is_none());
    assert!(!rule(&settings, "trn").profile);
}

#[test]
fn requirements_that_were_stored_before_there_were_details_ask_for_none() {
    let json =
        r#"{"fresh_sign_in":false,"max_age":null,"choose_account":false,"consent":"not_asked"}"#;

    let requirements: Requirements = serde_json::from_str(json).unwrap();

    assert_eq!(requirements, Requirements::default());
}
