use super::*;
use crate::samples::{HOUR, authentication_of, client_id, digest, in_parallel, write};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;
use model::interaction::RefusalReason;
use model::raw_pairs::RawPairs;

fn id() -> InteractionId {
    InteractionId::new("0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10".to_owned())
}

fn interaction() -> Interaction {
    Interaction {
        id: id(),
        client_id: client_id("demo"),
        service_name: "Register for a course".to_owned(),
        raw_parameters: RawPairs::parse(b"client_id=demo&state=%00%22%C3%A9&state="),
        requirements: Requirements {
            fresh_sign_in: true,
            max_age: Some(300),
            ..Requirements::default()
        },
        return_to: format!("/authorize/resume/{}", id()),
        form_action: "https://service.example".to_owned(),
        login_hint: Some("ada@example.test".to_owned()),
        answers: Answers::default(),
        sealed_details: None,
        sealed_factor: None,
        outcome: None,
        wrong_codes: 0,
        created_at: START,
        expires_at: START.plus(HOUR),
    }
}

fn signed_in() -> Outcome {
    Outcome::SignedIn {
        authentication: authentication_of("ada", START),
        selected_at: START,
    }
}

fn begun(store: &Store) {
    write(store, |tx| insert(tx, &interaction(), &digest("browser")));
}

fn completed(store: &Store) -> bool {
    write(store, |tx| complete(tx, &id(), &signed_in()))
}

fn seen_by(store: &Store, browser: Option<&'static str>) -> Found {
    write(store, move |tx| {
        find(tx, &id(), browser.map(digest).as_ref())
    })
}

fn taken_by(store: &Store, browser: &'static str) -> Option<Interaction> {
    write(store, move |tx| take(tx, &id(), &digest(browser)))
}

fn ended() -> Interaction {
    Interaction {
        outcome: Some(signed_in()),
        ..interaction()
    }
}

#[test]
fn the_browser_that_began_an_interaction_finds_it_as_it_was_stored() {
    on_both_databases(|store, _| {
        begun(store);

        let found = seen_by(store, Some("browser"));

        assert_eq!(found, Found::Open(Box::new(interaction())));
    });
}

#[test]
fn another_browser_learns_nothing_of_an_interaction() {
    on_both_databases(|store, _| {
        begun(store);

        assert_eq!(seen_by(store, Some("another")), Found::OfAnotherBrowser);
        assert_eq!(seen_by(store, None), Found::OfAnotherBrowser);
    });
}

#[test]
fn a_name_that_was_never_given_is_missing() {
    on_both_databases(|store, _| {
        assert_eq!(seen_by(store, Some("browser")), Found::Missing);
    });
}

#[test]
fn an_interaction_whose_time_is_over_can_only_begin_again() {
    on_both_databases(|store, clock| {
        begun(store);

        clock.advance(HOUR);

        let over = Found::Over(Box::new(interaction()));
        assert_eq!(seen_by(store, Some("browser")), over);
        assert!(!completed(store));
    });
}

#[test]
fn what_is_set_up_is_kept_until_it_is_wiped() {
    on_both_databases(|store, _| {
        begun(store);
        let factor = |store: &Store| match seen_by(store, Some("browser")) {
            Found::Open(interaction) => interaction.sealed_factor,
            other => panic!("{other:?}"),
        };

        assert!(write(store, |tx| replace_factor(tx, &id(), Some(b"seed"))));
        assert_eq!(factor(store).as_deref(), Some(&b"seed"[..]));

        assert!(write(store, |tx| replace_factor(tx, &id(), None)));
        assert_eq!(factor(store), None);
    });
}

#[test]
fn answers_are_kept_with_the_interaction() {
    on_both_databases(|store, _| {
        begun(store);
        let answers = Answers {
            keeps_address: true,
            code_sent_at: Some(START),
            ..Answers::default()
        };

        let stored = answers.clone();
        assert!(write(store, move |tx| replace_answers(tx, &id(), &stored)));

        let expected = Interaction {
            answers,
            ..interaction()
        };
        let found = seen_by(store, Some("browser"));
        assert_eq!(found, Found::Open(Box::new(expected)));
    });
}

#[test]
fn details_are_kept_with_the_interaction_apart_from_the_answers() {
    on_both_databases(|store, _| {
        begun(store);

        assert!(write(store, |tx| replace_details(tx, &id(), b"sealed")));

        let expected = Interaction {
            sealed_details: Some(b"sealed".to_vec()),
            ..interaction()
        };
        let found = seen_by(store, Some("browser"));
        assert_eq!(found, Found::Open(Box::new(expected)));
    });
}

#[test]
fn details_and_factors_do_not_outlive_the_interaction() {
    on_both_databases(|store, _| {
        begun(store);
        write(store, |tx| replace_details(tx, &id(), b"sealed"));
        write(store, |tx| replace_factor(tx, &id(), Some(b"sealed")));
        completed(store);

        assert_eq!(taken_by(store, "browser"), Some(ended()));
        let over = Found::Over(Box::new(ended()));
        assert_eq!(seen_by(store, Some("browser")), over);
    });
}

#[test]
fn details_and_factors_after_the_end_are_refused() {
    on_both_databases(|store, clock| {
        begun(store);
        completed(store);
        taken_by(store, "browser");

        let late = |store: &Store| {
            write(store, |tx| {
                let details = replace_details(tx, &id(), b"late")?;
                Ok(details || replace_factor(tx, &id(), Some(b"late"))?)
            })
        };

        assert!(!late(store));
        clock.advance(HOUR);
        assert!(!late(store));
    });
}

#[test]
fn answers_after_the_end_are_refused() {
    on_both_databases(|store, clock| {
        begun(store);
        completed(store);
        taken_by(store, "browser");

        let late =
            |store: &Store| write(store, |tx| replace_answers(tx, &id(), &Answers::default()));

        assert!(!late(store));
        assert!(!completed(store));
        clock.advance(HOUR);
        assert!(!late(store));
    });
}

#[test]
fn an_interaction_without_an_outcome_is_not_taken() {
    on_both_databases(|store, _| {
        begun(store);

        assert_eq!(taken_by(store, "browser"), None);
    });
}

#[test]
fn an_ended_interaction_is_taken_once_and_then_over() {
    on_both_databases(|store, _| {
        begun(store);
        assert!(completed(store));

        assert_eq!(taken_by(store, "browser"), Some(ended()));
        assert_eq!(taken_by(store, "browser"), None);
        let over = Found::Over(Box::new(ended()));
        assert_eq!(seen_by(store, Some("browser")), over);
    });
}

#[test]
fn an_interaction_is_not_taken_by_another_browser() {
    on_both_databases(|store, _| {
        begun(store);
        completed(store);

        assert_eq!(taken_by(store, "another"), None);
        assert_eq!(taken_by(store, "browser"), Some(ended()));
    });
}

#[test]
fn an_ended_interaction_whose_time_is_over_is_not_taken() {
    on_both_databases(|store, clock| {
        begun(store);
        completed(store);

        clock.advance(HOUR);

        assert_eq!(taken_by(store, "browser"), None);
    });
}

#[test]
fn of_many_parallel_resumes_one_takes_the_interaction() {
    on_both_databases(|store, _| {
        begun(store);
        completed(store);

        let taken = in_parallel(store, 16, |tx, _| take(tx, &id(), &digest("browser")));

        assert_eq!(taken.iter().flatten().count(), 1);
    });
}

#[test]
fn a_refusal_is_an_outcome_too() {
    on_both_databases(|store, _| {
        begun(store);

        write(store, |tx| {
            complete(
                tx,
                &id(),
                &Outcome::Refused {
                    reason: RefusalReason::Declined,
                },
            )
        });

        let taken = taken_by(store, "browser").unwrap();
        assert_eq!(
            taken.outcome,
            Some(Outcome::Refused {
                reason: RefusalReason::Declined
            })
        );
    });
}
