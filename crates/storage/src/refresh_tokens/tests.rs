use super::*;
use crate::samples::{DAY, HOUR, client_id, digest, grant, in_parallel, jkt, write};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;

const IDLE: std::time::Duration = DAY;

/// A chain that begins with `first`, lives idle for a day and at most 30 days.
fn with_chain(store: &Store) {
    write(store, |tx| {
        let ends_at = tx.now().plus(30 * DAY);
        grants::insert(tx, &grant("grant", START), ends_at)?;
        issue(tx, "first", ends_at)
    });
}

fn issue(tx: &mut Tx<'_>, token: &str, ends_at: Timestamp) -> Result<(), StorageError> {
    let expires_at = tx.now().plus(IDLE);
    insert(
        tx,
        &NewRefreshToken {
            digest: digest(token),
            grant_id: "grant",
            client_id: &client_id("demo"),
            jkt: None,
            expires_at,
            ends_at,
        },
    )
}

/// Redeems as the token endpoint does: whoever is first stores the successor.
fn refresh(tx: &mut Tx<'_>, token: &str, successor: &str) -> Result<Redemption, StorageError> {
    let redemption = redeem(
        tx,
        &digest(token),
        &client_id("demo"),
        None,
        &[digest(successor)],
    )?;
    if let Redemption::First { ends_at, .. } = redemption {
        issue(tx, successor, ends_at)?;
    }
    Ok(redemption)
}

fn refreshed(store: &Store, token: &'static str, successor: &'static str) -> Redemption {
    write(store, move |tx| refresh(tx, token, successor))
}

fn first() -> Redemption {
    Redemption::First {
        grant: Box::new(grant("grant", START)),
        ends_at: START.plus(30 * DAY),
    }
}

fn successor_unused(successor: &str) -> Redemption {
    Redemption::SuccessorUnused {
        grant: Box::new(grant("grant", START)),
        successor: digest(successor),
    }
}

fn replayed() -> Redemption {
    Redemption::Replayed {
        grant_id: "grant".to_owned(),
    }
}

fn is_live(store: &Store, token: &'static str) -> bool {
    write(store, move |tx| {
        find(tx, &digest(token), &client_id("demo"))
    })
    .is_some()
}

#[test]
fn each_token_of_a_chain_is_spent_once_and_gives_the_next() {
    on_both_databases(|store, clock| {
        with_chain(store);

        assert_eq!(refreshed(store, "first", "second"), first());
        clock.advance(HOUR);
        assert_eq!(refreshed(store, "second", "third"), first());

        assert!(!is_live(store, "second"));
        assert!(is_live(store, "third"));
    });
}

#[test]
fn whoever_lost_the_answer_gets_the_same_successor_again() {
    on_both_databases(|store, _| {
        with_chain(store);
        refreshed(store, "first", "second");

        let again = refreshed(store, "first", "second");

        assert_eq!(again, successor_unused("second"));
        assert!(is_live(store, "second"));
    });
}

#[test]
fn the_successor_is_found_whichever_key_it_was_derived_with() {
    on_both_databases(|store, _| {
        with_chain(store);
        refreshed(store, "first", "by the old key");

        let again = write(store, |tx| {
            let candidates = [digest("by the new key"), digest("by the old key")];
            redeem(tx, &digest("first"), &client_id("demo"), None, &candidates)
        });

        assert_eq!(again, successor_unused("by the old key"));
    });
}

#[test]
fn a_token_stolen_and_replayed_after_its_successor_was_used_kills_the_family() {
    on_both_databases(|store, _| {
        with_chain(store);
        refreshed(store, "first", "second");
        refreshed(store, "second", "third");

        assert_eq!(refreshed(store, "first", "second"), replayed());

        assert!(!is_live(store, "third"));
        assert_eq!(refreshed(store, "third", "fourth"), Redemption::Unknown);
    });
}

#[test]
fn a_spent_token_whose_successor_ran_out_unused_kills_the_family() {
    on_both_databases(|store, clock| {
        with_chain(store);
        refreshed(store, "first", "second");

        clock.advance(IDLE);

        assert_eq!(refreshed(store, "first", "second"), replayed());
    });
}

#[test]
fn a_token_of_a_revoked_grant_is_unknown() {
    on_both_databases(|store, _| {
        with_chain(store);
        write(store, |tx| grants::revoke(tx, "grant"));

        assert_eq!(refreshed(store, "first", "second"), Redemption::Unknown);
        assert!(!is_live(store, "second"));
    });
}

#[test]
fn a_token_of_one_client_is_useless_to_another_and_not_spent_by_it() {
    on_both_databases(|store, _| {
        with_chain(store);

        let stolen = write(store, |tx| {
            redeem(tx, &digest("first"), &client_id("mallory"), None, &[])
        });

        assert_eq!(stolen, Redemption::Unknown);
        assert_eq!(refreshed(store, "first", "second"), first());
    });
}

#[test]
fn another_client_cannot_kill_a_family_by_replaying_its_token() {
    on_both_databases(|store, _| {
        with_chain(store);
        refreshed(store, "first", "second");
        refreshed(store, "second", "third");

        write(store, |tx| {
            redeem(tx, &digest("first"), &client_id("mallory"), None, &[])
        });

        assert!(is_live(store, "third"));
    });
}

#[test]
fn a_token_not_used_in_its_idle_time_is_unknown() {
    on_both_databases(|store, clock| {
        with_chain(store);

        clock.advance(IDLE);

        assert_eq!(refreshed(store, "first", "second"), Redemption::Unknown);
    });
}

#[test]
fn no_token_outlives_the_end_of_its_chain() {
    on_both_databases(|store, clock| {
        write(store, |tx| {
            let ends_at = tx.now().plus(IDLE / 2);
            grants::insert(tx, &grant("grant", START), ends_at)?;
            issue(tx, "first", ends_at)
        });

        clock.advance(IDLE / 2);

        assert_eq!(refreshed(store, "first", "second"), Redemption::Unknown);
    });
}

#[test]
fn of_twenty_parallel_refreshes_one_is_first_and_all_get_the_same_successor() {
    on_both_databases(|store, _| {
        with_chain(store);

        let endings = in_parallel(store, 20, |tx, _| refresh(tx, "first", "second"));

        let count = |ending: &Redemption| endings.iter().filter(|one| *one == ending).count();
        assert_eq!(
            (count(&first()), count(&successor_unused("second"))),
            (1, 19)
        );
        assert_eq!(refreshed(store, "second", "third"), first());
    });
}

#[test]
fn a_live_token_tells_its_grant_and_its_times() {
    on_both_databases(|store, clock| {
        with_chain(store);
        clock.advance(HOUR);

        let found = write(store, |tx| find(tx, &digest("first"), &client_id("demo")));

        assert_eq!(
            found,
            Some(RefreshToken {
                grant: grant("grant", START),
                issued_at: START,
                expires_at: START.plus(IDLE),
            })
        );
    });
}

#[test]
fn revoking_a_spent_token_revokes_its_family() {
    on_both_databases(|store, _| {
        with_chain(store);
        refreshed(store, "first", "second");

        let revoked = write(store, |tx| revoke(tx, &digest("first"), &client_id("demo")));

        assert!(revoked);
        assert!(!is_live(store, "second"));
    });
}

#[test]
fn a_token_is_not_revoked_by_another_client() {
    on_both_databases(|store, _| {
        with_chain(store);

        let revoked = write(store, |tx| {
            revoke(tx, &digest("first"), &client_id("mallory"))
        });

        assert!(!revoked);
        assert!(is_live(store, "first"));
    });
}

#[test]
fn a_bound_token_is_neither_spent_nor_its_family_killed_without_its_key() {
    on_both_databases(|store, _| {
        with_chain(store);
        let expires_at = START.plus(IDLE);
        let presented = |proven: Option<&'static str>| {
            write(store, move |tx| {
                let (proven, successors) = (proven.map(jkt), [digest("next")]);
                redeem(
                    tx,
                    &digest("bound"),
                    &client_id("demo"),
                    proven.as_ref(),
                    &successors,
                )
            })
        };
        write(store, move |tx| {
            let token = NewRefreshToken {
                digest: digest("bound"),
                grant_id: "grant",
                client_id: &client_id("demo"),
                jkt: Some(&jkt("a")),
                expires_at,
                ends_at: expires_at,
            };
            insert(tx, &token)
        });

        assert_eq!(presented(None), Redemption::OtherKey);
        assert_eq!(presented(Some("b")), Redemption::OtherKey);
        assert!(matches!(presented(Some("a")), Redemption::First { .. }));
        assert_eq!(presented(Some("b")), Redemption::OtherKey);
        assert!(is_live(store, "first"), "the family lives");
    });
}

#[test]
fn a_token_that_is_prolonged_lives_on_until_its_chain_ends() {
    on_both_databases(|store, clock| {
        with_chain(store);
        let used = |jkt_of: Option<&'static str>| {
            write(store, move |tx| {
                let until = tx.now().plus(29 * DAY);
                let key = jkt_of.map(jkt);
                prolong(
                    tx,
                    &digest("first"),
                    &client_id("demo"),
                    key.as_ref(),
                    until,
                )
            })
        };
        let another = write(store, |tx| {
            let until = tx.now().plus(29 * DAY);
            prolong(tx, &digest("first"), &client_id("mallory"), None, until)
        });

        assert_eq!(another, None, "of another client");
        assert_eq!(used(Some("a")), None, "not bound to that key");
        assert_eq!(used(None), Some(grant("grant", START)));
        clock.advance(28 * DAY);
        assert_eq!(used(None), Some(grant("grant", START)));
        clock.advance(2 * DAY);
        assert_eq!(used(None), None, "the chain has ended");
    });
}

#[test]
fn a_spent_token_and_one_of_a_revoked_grant_are_not_prolonged() {
    on_both_databases(|store, _| {
        with_chain(store);
        refreshed(store, "first", "second");
        let used = |token: &'static str| {
            write(store, move |tx| {
                let until = tx.now().plus(IDLE);
                prolong(tx, &digest(token), &client_id("demo"), None, until)
            })
        };

        assert_eq!(used("first"), None);
        write(store, |tx| grants::revoke(tx, "grant"));
        assert_eq!(used("second"), None);
    });
}
