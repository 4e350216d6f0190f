//! When a second factor is asked for.

use super::*;

/// A person who signed in a minute ago, gave a factor `given` seconds ago if at all, and whose
/// account has one or not.
fn person(given: Option<u64>, has_second_factor: bool) -> Standing {
    let mut standing = signed_in(60);
    standing.has_second_factor = has_second_factor;
    if let (Some(ago), Some(authentication)) = (given, &mut standing.authentication) {
        *authentication = authentication.clone().with_second_factor(Amr::Otp, at(ago));
    }
    standing
}

fn missing(rule: SecondFactorRule, standing: &Standing, began: Option<Timestamp>) -> bool {
    let requirements = asks(|r| r.second_factor = rule);
    let missing = unmet(&requirements, standing, began, NOW);
    assert!(missing.iter().all(|one| *one == Unmet::SecondFactor));
    !missing.is_empty()
}

#[test]
fn each_rule_asks_whom_it_is_for() {
    use SecondFactorRule::{Anew, IfChosen, Preferred, Required};
    let (none, one, given) = (
        person(None, false),
        person(None, true),
        person(Some(30), true),
    );
    let given_and_removed = person(Some(30), false);

    for (rule, of_none, of_one, of_given, of_removed) in [
        (IfChosen, false, true, false, false),
        (Preferred, true, true, false, false),
        (Required, true, true, false, false),
        (Anew, false, true, true, false),
    ] {
        assert_eq!(missing(rule, &none, None), of_none, "{rule:?}, none");
        assert_eq!(missing(rule, &one, None), of_one, "{rule:?}, one");
        assert_eq!(missing(rule, &given, None), of_given, "{rule:?}, given");
        assert_eq!(
            missing(rule, &given_and_removed, None),
            of_removed,
            "{rule:?}, removed"
        );
    }
}

#[test]
fn who_has_a_factor_cannot_say_not_now() {
    let not_now = |has_second_factor| Standing {
        declined_second_factor: true,
        ..person(None, has_second_factor)
    };

    assert!(!missing(SecondFactorRule::Preferred, &not_now(false), None));
    for rule in [
        SecondFactorRule::Preferred,
        SecondFactorRule::IfChosen,
        SecondFactorRule::Anew,
    ] {
        assert!(missing(rule, &not_now(true), None), "{rule:?}");
    }
    for has_second_factor in [false, true] {
        let standing = not_now(has_second_factor);
        assert!(missing(SecondFactorRule::Required, &standing, None));
    }
}

#[test]
fn a_factor_given_before_the_interaction_began_is_not_given_anew() {
    let given = person(Some(30), true);

    assert!(missing(SecondFactorRule::Anew, &given, Some(at(29))));
    assert!(!missing(SecondFactorRule::Anew, &given, Some(at(30))));
}

#[test]
fn a_sign_in_that_begins_anew_begins_without_the_factor() {
    let requirements = asks(|r| {
        r.fresh_sign_in = true;
        r.second_factor = SecondFactorRule::Required;
    });
    let given_before = person(Some(30), true);
    let signed_in_again = Standing {
        has_second_factor: true,
        ..signed_in(5)
    };

    assert_eq!(
        unmet(&requirements, &given_before, Some(at(10)), NOW),
        [Unmet::SignIn]
    );
    assert_eq!(
        unmet(&requirements, &signed_in_again, Some(at(10)), NOW),
        [Unmet::SecondFactor]
    );
}

#[test]
fn a_task_comes_after_the_factor_and_is_done_once() {
    let requirements = asks(|r| {
        r.second_factor = SecondFactorRule::Anew;
        r.task = Some(FactorTask::RemoveApp);
    });
    let done = |standing| Standing {
        task_done: true,
        ..standing
    };

    let (given, before) = (person(Some(5), true), person(Some(30), true));
    let missing = |standing: &Standing| unmet(&requirements, standing, Some(at(10)), NOW);
    assert_eq!(missing(&before), [Unmet::SecondFactor, Unmet::Task]);
    assert_eq!(missing(&given), [Unmet::Task]);
    assert_eq!(missing(&done(given)), []);
    assert_eq!(missing(&done(before)), [Unmet::SecondFactor]);
}

#[test]
fn an_action_reads_back_as_it_is_written() {
    for task in [
        FactorTask::SetUpApp,
        FactorTask::SetUpPasskey,
        FactorTask::RemoveApp,
        FactorTask::RemovePasskey("0190a5e0-7d1c".to_owned()),
        FactorTask::NewRecoveryCodes,
    ] {
        assert_eq!(FactorTask::parse(&task.to_string()), Some(task));
    }
    let long = format!("remove_passkey:{}", "a".repeat(65));
    for refused in [
        "",
        "remove",
        "SET_UP_APP",
        "remove_passkey",
        "remove_passkey:",
        "remove_passkey:a b",
        &long,
    ] {
        assert_eq!(FactorTask::parse(refused), None, "{refused}");
    }
}

#[test]
fn requirements_that_were_stored_before_there_was_a_second_factor_ask_whom_it_is_chosen_by() {
    let json =
        r#"{"fresh_sign_in":false,"max_age":null,"choose_account":false,"consent":"not_asked"}"#;

    let requirements: Requirements = serde_json::from_str(json).unwrap();

    assert_eq!(requirements.second_factor, SecondFactorRule::IfChosen);
    assert_eq!(requirements.task, None);
}
