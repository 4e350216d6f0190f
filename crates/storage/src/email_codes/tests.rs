use super::*;
use crate::interactions;
use crate::samples::{HOUR, MINUTE, client_id, digest, in_parallel, write};
use crate::testing::on_both_databases;
use crate::unit_of_work::Store;
use model::Interaction;

const TRIES: u32 = 5;

fn interaction_id() -> InteractionId {
    InteractionId::new("0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10".to_owned())
}

fn with_interaction(store: &Store) {
    write(store, |tx| {
        let interaction = Interaction {
            id: interaction_id(),
            client_id: client_id("demo"),
            service_name: "Demo".to_owned(),
            raw_parameters: model::raw_pairs::RawPairs::default(),
            requirements: model::requirement::Requirements::default(),
            return_to: "/authorize/resume/x".to_owned(),
            form_action: String::new(),
            login_hint: None,
            answers: model::interaction::Answers::default(),
            sealed_details: None,
            sealed_factor: None,
            outcome: None,
            wrong_codes: 0,
            created_at: tx.now(),
            expires_at: tx.now().plus(HOUR),
        };
        interactions::insert(tx, &interaction, &digest("browser"))
    });
}

/// Sends a code, good for 15 minutes; its link's secret is `link` and the code.
fn send(store: &Store, code: &'static str) {
    write(store, move |tx| {
        let code = NewEmailCode {
            id: format!("row of {code}"),
            interaction_id: interaction_id(),
            code_digest: code.as_bytes().to_vec(),
            link_digest: link_of(code),
            expires_at: tx.now().plus(15 * MINUTE),
        };
        insert(tx, &code, TRIES)
    });
}

fn link_of(code: &str) -> SecretDigest {
    digest(&format!("link {code}"))
}

fn tried(store: &Store, code: &'static str) -> Attempt {
    write(store, move |tx| {
        attempt(tx, &interaction_id(), code.as_bytes(), TRIES)
    })
}

fn link(store: &Store, code: &'static str) -> Link {
    write(store, move |tx| find_link(tx, &link_of(code)))
}

fn exhaust(store: &Store) {
    for _ in 0..TRIES {
        tried(store, "000000");
    }
    assert_eq!(tried(store, "000000"), Attempt::Exhausted);
}

#[test]
fn the_code_that_was_sent_is_accepted_once() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");

        assert_eq!(tried(store, "111111"), Attempt::Accepted);
        assert_eq!(tried(store, "111111"), Attempt::Wrong { left: 4 });
    });
}

#[test]
fn wrong_codes_are_counted_down_until_none_is_looked_at() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");

        let left: Vec<_> = (0..TRIES).map(|_| tried(store, "000000")).collect();

        let expected: Vec<_> = (0..TRIES)
            .rev()
            .map(|left| Attempt::Wrong { left })
            .collect();
        assert_eq!(left, expected);
        assert_eq!(tried(store, "111111"), Attempt::Exhausted);
    });
}

#[test]
fn the_last_try_may_be_the_right_one() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");
        for _ in 1..TRIES {
            tried(store, "000000");
        }

        assert_eq!(tried(store, "111111"), Attempt::Accepted);
    });
}

#[test]
fn an_accepted_code_costs_no_try() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");
        tried(store, "111111");
        send(store, "222222");

        assert_eq!(tried(store, "000000"), Attempt::Wrong { left: 4 });
    });
}

#[test]
fn of_a_thousand_parallel_guesses_five_are_tried() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");

        let endings = in_parallel(store, 1_000, |tx, guess| {
            let guess = format!("{guess:06}");
            attempt(tx, &interaction_id(), guess.as_bytes(), TRIES)
        });

        let exhausted = endings
            .iter()
            .filter(|ending| **ending == Attempt::Exhausted)
            .count();
        assert_eq!(exhausted, 995);
        assert!(!endings.contains(&Attempt::Accepted));
    });
}

#[test]
fn of_many_parallel_right_guesses_one_is_accepted() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");

        let endings = in_parallel(store, 20, |tx, _| {
            attempt(tx, &interaction_id(), b"111111", TRIES)
        });

        let accepted = endings
            .iter()
            .filter(|ending| **ending == Attempt::Accepted)
            .count();
        assert_eq!(accepted, 1);
    });
}

#[test]
fn an_earlier_code_stays_good_after_a_resend() {
    on_both_databases(|store, clock| {
        with_interaction(store);
        send(store, "111111");
        clock.advance(MINUTE);
        send(store, "222222");

        assert_eq!(tried(store, "111111"), Attempt::Accepted);
    });
}

#[test]
fn all_codes_and_links_die_when_one_code_is_used() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");
        send(store, "222222");

        tried(store, "222222");

        assert_eq!(tried(store, "111111"), Attempt::Wrong { left: 4 });
        assert_eq!(link(store, "111111"), Link::Ended(interaction_id()));
        assert_eq!(link(store, "222222"), Link::Ended(interaction_id()));
    });
}

#[test]
fn a_new_code_opens_an_exhausted_interaction_but_no_earlier_code() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");
        exhaust(store);

        send(store, "222222");

        assert_eq!(tried(store, "111111"), Attempt::Wrong { left: 4 });
        assert_eq!(link(store, "111111"), Link::Ended(interaction_id()));
        assert_eq!(tried(store, "222222"), Attempt::Accepted);
    });
}

#[test]
fn a_resend_gives_a_guesser_no_fresh_tries() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");
        for _ in 1..TRIES {
            tried(store, "000000");
        }

        send(store, "222222");

        assert_eq!(tried(store, "000000"), Attempt::Wrong { left: 0 });
    });
}

#[test]
fn a_code_that_expired_lately_is_told_apart_and_costs_no_try() {
    on_both_databases(|store, clock| {
        with_interaction(store);
        send(store, "111111");

        clock.advance(15 * MINUTE);

        assert_eq!(tried(store, "111111"), Attempt::Expired);
        assert_eq!(tried(store, "000000"), Attempt::Wrong { left: 4 });
    });
}

#[test]
fn a_code_that_expired_two_hours_ago_is_a_wrong_one() {
    on_both_databases(|store, clock| {
        with_interaction(store);
        send(store, "111111");

        clock.advance(15 * MINUTE + 2 * HOUR);

        assert_eq!(tried(store, "111111"), Attempt::Wrong { left: 4 });
    });
}

#[test]
fn a_code_of_one_interaction_is_useless_in_another() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");

        let elsewhere = write(store, |tx| {
            let other = InteractionId::new("another".to_owned());
            attempt(tx, &other, b"111111", TRIES)
        });

        assert_eq!(elsewhere, Attempt::Exhausted);
    });
}

#[test]
fn looking_at_a_link_does_not_use_it() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");

        assert_eq!(link(store, "111111"), Link::Live(interaction_id()));
        assert_eq!(link(store, "111111"), Link::Live(interaction_id()));
        assert_eq!(link(store, "never sent"), Link::Missing);
    });
}

#[test]
fn of_many_parallel_uses_of_a_link_one_succeeds_and_its_code_dies() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");

        let endings = in_parallel(store, 16, |tx, _| redeem_link(tx, &link_of("111111")));

        let used = endings.iter().filter(|ending| ending.is_some()).count();
        assert_eq!(used, 1);
        assert_eq!(tried(store, "111111"), Attempt::Wrong { left: 4 });
    });
}

#[test]
fn an_expired_link_is_not_redeemed() {
    on_both_databases(|store, clock| {
        with_interaction(store);
        send(store, "111111");

        clock.advance(15 * MINUTE);

        assert_eq!(link(store, "111111"), Link::Ended(interaction_id()));
        assert_eq!(write(store, |tx| redeem_link(tx, &link_of("111111"))), None);
    });
}

#[test]
fn codes_and_links_to_an_address_that_was_given_up_are_dead() {
    on_both_databases(|store, _| {
        with_interaction(store);
        send(store, "111111");

        write(store, |tx| end_all(tx, &interaction_id()));

        assert_eq!(link(store, "111111"), Link::Ended(interaction_id()));
        assert_eq!(tried(store, "111111"), Attempt::Wrong { left: 4 });
    });
}
