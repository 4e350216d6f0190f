use super::*;
use crate::samples::{MINUTE, in_parallel, write};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;

/// A counter that allows `count` in 15 minutes.
fn counter(kind: &'static str, subject: &str, count: u32) -> Counter {
    Counter {
        kind,
        subject: subject.as_bytes().to_vec(),
        limit: Limit {
            count,
            per: 15 * MINUTE,
        },
    }
}

fn hits(store: &Store, counters: Vec<Counter>) -> Hit {
    write(store, move |tx| hit(tx, &counters))
}

fn sends(count: u32) -> Vec<Counter> {
    vec![counter("send", "ada", count)]
}

const REFUSED: Hit = Hit::Refused {
    until: Timestamp::from_millis(START.millis() + 15 * 60 * 1000),
};

#[test]
fn as_much_as_is_allowed_happens_and_no_more() {
    on_both_databases(|store, _| {
        assert_eq!(hits(store, sends(2)), Hit::Allowed);
        assert_eq!(hits(store, sends(2)), Hit::Allowed);
        assert_eq!(hits(store, sends(2)), REFUSED);
    });
}

#[test]
fn a_limit_of_zero_allows_nothing() {
    on_both_databases(|store, _| {
        assert_eq!(hits(store, sends(0)), REFUSED);
    });
}

#[test]
fn refused_tries_do_not_put_off_the_end_of_the_window() {
    on_both_databases(|store, clock| {
        hits(store, sends(1));
        clock.advance(10 * MINUTE);

        assert_eq!(hits(store, sends(1)), REFUSED);
    });
}

#[test]
fn a_new_window_begins_when_the_old_one_is_over() {
    on_both_databases(|store, clock| {
        hits(store, sends(2));
        hits(store, sends(2));

        clock.advance(15 * MINUTE);

        assert_eq!(hits(store, sends(2)), Hit::Allowed);
        assert_eq!(hits(store, sends(2)), Hit::Allowed);
        let until = START.plus(30 * MINUTE);
        assert_eq!(hits(store, sends(2)), Hit::Refused { until });
    });
}

#[test]
fn counters_of_other_kinds_and_subjects_are_apart() {
    on_both_databases(|store, _| {
        hits(store, vec![counter("send", "ada", 1)]);

        assert_eq!(hits(store, vec![counter("send", "bob", 1)]), Hit::Allowed);
        assert_eq!(hits(store, vec![counter("try", "ada", 1)]), Hit::Allowed);
    });
}

#[test]
fn what_is_released_can_happen_again() {
    on_both_databases(|store, _| {
        hits(store, sends(1));

        write(store, |tx| release(tx, &sends(1)));

        assert_eq!(hits(store, sends(1)), Hit::Allowed);
        assert_eq!(hits(store, sends(1)), REFUSED);
    });
}

#[test]
fn releasing_more_than_was_counted_gains_nothing() {
    on_both_databases(|store, _| {
        hits(store, sends(1));
        for _ in 0..3 {
            write(store, |tx| release(tx, &sends(1)));
        }

        assert_eq!(hits(store, sends(1)), Hit::Allowed);
        assert_eq!(hits(store, sends(1)), REFUSED);
    });
}

#[test]
fn a_full_counter_leaves_the_others_uncounted() {
    on_both_databases(|store, _| {
        let address = || counter("by_address", "ada", 2);
        let network = || counter("by_network", "192.0.2.1", 1);
        hits(store, vec![network()]);

        assert_eq!(hits(store, vec![address(), network()]), REFUSED);

        assert_eq!(hits(store, vec![address()]), Hit::Allowed);
        assert_eq!(hits(store, vec![address()]), Hit::Allowed);
        assert_eq!(hits(store, vec![address()]), REFUSED);
    });
}

#[test]
fn parallel_hits_never_pass_a_limit_together() {
    on_both_databases(|store, _| {
        let endings = in_parallel(store, 200, |tx, _| hit(tx, &sends(7)));

        let allowed = endings.iter().filter(|hit| **hit == Hit::Allowed).count();
        assert_eq!(allowed, 7);
    });
}

#[test]
fn parallel_hits_never_pass_a_limit_together_where_a_window_ends() {
    on_both_databases(|store, clock| {
        hits(store, sends(7));
        clock.advance(15 * MINUTE);

        let endings = in_parallel(store, 100, |tx, _| hit(tx, &sends(7)));

        let allowed = endings.iter().filter(|hit| **hit == Hit::Allowed).count();
        assert_eq!(allowed, 7);
    });
}

#[test]
fn the_room_that_is_left_is_that_of_the_fullest_counter() {
    on_both_databases(|store, clock| {
        let both = || {
            vec![
                counter("by_interaction", "one", 2),
                counter("by_account", "ada", 5),
            ]
        };
        let left = || write(store, move |tx| Ok(room(tx, &both())?.left));
        assert_eq!(left(), 2);

        hits(store, both());
        assert_eq!(left(), 1);
        clock.advance(5 * MINUTE);
        hits(store, vec![counter("by_account", "ada", 5); 4]);
        let full = write(store, move |tx| room(tx, &both()));

        let until = START.plus(15 * MINUTE);
        assert_eq!(full, Room { left: 0, until });
        clock.advance(10 * MINUTE);
        assert_eq!(left(), 2);
    });
}

#[test]
fn of_two_full_counters_the_one_that_is_full_for_longer_tells_when_there_is_room() {
    on_both_databases(|store, clock| {
        let (first, second) = (counter("first", "ada", 1), counter("second", "ada", 1));
        hits(store, vec![second.clone()]);
        clock.advance(MINUTE);
        hits(store, vec![first.clone()]);

        let full = write(store, move |tx| room(tx, &[first, second]));

        let until = START.plus(16 * MINUTE);
        assert_eq!(full, Room { left: 0, until });
    });
}
