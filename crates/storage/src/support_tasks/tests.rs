use super::*;
use crate::samples::{HOUR, MINUTE, client_id, in_parallel, user_id, with_account, write};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;

/// A task about nobody's account, its id made up of its reference.
fn task(reference: &str) -> NewSupportTask {
    NewSupportTask {
        id: format!("id of {reference}"),
        reference: reference.to_owned(),
        kind: "lost_address".to_owned(),
        user_id: None,
        client_id: None,
        sealed: b"sealed".to_vec(),
    }
}

fn opened(store: &Store, task: NewSupportTask) -> Opened {
    write(store, move |tx| open(tx, &task))
}

fn found(store: &Store, reference: &'static str) -> Option<SupportTask> {
    write(store, move |tx| find_by_reference(tx, reference))
}

fn references_of_open_tasks(store: &Store, limit: u32) -> Vec<String> {
    let tasks = write(store, move |tx| list(tx, limit));
    tasks.into_iter().map(|task| task.reference).collect()
}

#[test]
fn a_task_is_found_by_its_reference_as_it_was_opened() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        let new = NewSupportTask {
            user_id: Some(user_id("ada")),
            client_id: Some(client_id("demo")),
            ..task("GAI-7K3M-Q2X9")
        };

        assert_eq!(opened(store, new), Opened::Opened);

        let expected = SupportTask {
            id: "id of GAI-7K3M-Q2X9".to_owned(),
            reference: "GAI-7K3M-Q2X9".to_owned(),
            kind: "lost_address".to_owned(),
            user_id: Some(user_id("ada")),
            client_id: Some(client_id("demo")),
            sealed: b"sealed".to_vec(),
            opened_at: START,
            closing: None,
        };
        assert_eq!(found(store, "GAI-7K3M-Q2X9"), Some(expected));
        assert_eq!(found(store, "GAI-2222-2222"), None);
    });
}

#[test]
fn a_reference_names_one_task_however_many_draw_it_at_once() {
    on_both_databases(|store, _| {
        let endings = in_parallel(store, 16, |tx, time| {
            let task = NewSupportTask {
                id: format!("task {time}"),
                ..task("GAI-7K3M-Q2X9")
            };
            open(tx, &task)
        });

        let opened = |ending: &&Opened| **ending == Opened::Opened;
        assert_eq!(endings.iter().filter(opened).count(), 1);
        assert_eq!(references_of_open_tasks(store, 100), ["GAI-7K3M-Q2X9"]);
    });
}

#[test]
fn what_is_open_is_listed_and_what_has_waited_longest_comes_first() {
    on_both_databases(|store, clock| {
        for reference in ["first", "second", "third", "fourth"] {
            assert_eq!(opened(store, task(reference)), Opened::Opened);
            clock.advance(MINUTE);
        }
        write(store, |tx| close(tx, "id of second", "refused"));

        assert_eq!(
            references_of_open_tasks(store, 100),
            ["first", "third", "fourth"]
        );
        assert_eq!(references_of_open_tasks(store, 2), ["first", "third"]);
    });
}

#[test]
fn of_many_who_close_a_task_at_once_one_decides() {
    on_both_databases(|store, clock| {
        assert_eq!(opened(store, task("GAI-7K3M-Q2X9")), Opened::Opened);
        clock.advance(HOUR);

        let endings = in_parallel(store, 16, |tx, time| {
            let outcome = format!("decision {time}");
            let is_closed = close(tx, "id of GAI-7K3M-Q2X9", &outcome)?;
            Ok(is_closed.then_some(outcome))
        });

        let decided: Vec<String> = endings.into_iter().flatten().collect();
        let closing = found(store, "GAI-7K3M-Q2X9").unwrap().closing.unwrap();
        assert_eq!(decided, [closing.outcome]);
        assert_eq!(closing.at, START.plus(HOUR));
    });
}

#[test]
fn what_staff_need_to_know_is_replaced_while_the_task_is_open() {
    on_both_databases(|store, _| {
        assert_eq!(opened(store, task("GAI-7K3M-Q2X9")), Opened::Opened);
        let replaced = |sealed: &'static [u8]| {
            write(store, move |tx| {
                replace_sealed(tx, "id of GAI-7K3M-Q2X9", sealed)
            })
        };

        assert!(replaced(b"other answers"));
        write(store, |tx| close(tx, "id of GAI-7K3M-Q2X9", "no_change"));
        assert!(!replaced(b"too late"));

        let task = found(store, "GAI-7K3M-Q2X9").unwrap();
        assert_eq!(task.sealed, b"other answers");
        assert!(!write(store, |tx| replace_sealed(tx, "guess", b"")));
    });
}

#[test]
fn a_task_that_was_never_opened_is_not_closed() {
    on_both_databases(|store, _| {
        assert!(!write(store, |tx| close(tx, "guess", "refused")));
    });
}

#[test]
fn an_account_has_an_open_task_of_a_kind_until_it_is_closed() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        with_account(store, "bob");
        for (reference, user, kind) in [
            ("first", "ada", "trn_lookup"),
            ("second", "ada", "trn_lookup"),
            ("other kind", "ada", "lost_address"),
            ("of bob", "bob", "trn_lookup"),
        ] {
            let new = NewSupportTask {
                user_id: Some(user_id(user)),
                kind: kind.to_owned(),
                ..task(reference)
            };
            assert_eq!(opened(store, new), Opened::Opened);
            clock.advance(MINUTE);
        }
        let open = || write(store, |tx| find_open(tx, &user_id("ada"), "trn_lookup"));

        assert_eq!(open(), Some("first".to_owned()));
        write(store, |tx| close(tx, "id of first", "no_change"));
        assert_eq!(open(), Some("second".to_owned()));
        write(store, |tx| close(tx, "id of second", "no_change"));
        assert_eq!(open(), None);
    });
}
