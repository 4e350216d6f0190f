use super::*;
use crate::samples::{DAY, HOUR, digest, in_parallel, user_id, with_account, write};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;
use crate::users;

const NOTICE: Duration = Duration::from_secs(48 * 60 * 60);

const MOMENT: Duration = Duration::from_millis(1);

/// Plans a change for after the notice; its link is called as it is.
fn planned(store: &Store, user: &'static str, name: &'static str) {
    scheduled(store, user, name, NOTICE);
}

fn scheduled(store: &Store, user: &'static str, name: &'static str, after: Duration) {
    write(store, move |tx| {
        let change = NewAddressChange {
            id: format!("id of {name}"),
            user_id: user_id(user),
            sealed: format!("addresses of {name}").into_bytes(),
            freeze: digest(name),
            takes_effect_at: tx.now().plus(after),
        };
        schedule(tx, &change)
    });
}

/// Changes an address at once.
fn changed(store: &Store, user: &'static str, name: &'static str) {
    scheduled(store, user, name, Duration::ZERO);
    assert!(write(store, move |tx| complete(
        tx,
        &format!("id of {name}")
    )));
}

fn change(user: &str, name: &str, state: AddressChangeState) -> AddressChange {
    AddressChange {
        id: format!("id of {name}"),
        user_id: user_id(user),
        sealed: format!("addresses of {name}").into_bytes(),
        state,
    }
}

fn state(store: &Store, link: &'static str) -> Option<AddressChangeState> {
    let found = write(store, move |tx| find(tx, &digest(link), NOTICE));
    found.map(|change| change.state)
}

fn frozen(store: &Store, link: &'static str) -> Option<AddressChange> {
    write(store, move |tx| freeze(tx, &digest(link), NOTICE))
}

fn claimed(store: &Store) -> Option<AddressChange> {
    write(store, apply)
}

/// Applies the change that has been due longest, as the job does.
fn apply(tx: &mut Tx<'_>) -> Result<Option<AddressChange>, StorageError> {
    let Some(due) = find_due(tx)? else {
        return Ok(None);
    };
    locked(tx)?;
    Ok(complete(tx, &due.id)?.then_some(due))
}

/// Presses the button of a link, as its page does.
fn press(tx: &mut Tx<'_>, link: &str) -> Result<Option<AddressChange>, StorageError> {
    locked(tx)?;
    freeze(tx, &digest(link), NOTICE)
}

fn locked(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    assert_eq!(users::lock(tx, &[&user_id("ada")])?, 1);
    Ok(())
}

#[test]
fn a_change_is_applied_when_its_notice_is_over_and_no_sooner() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        planned(store, "ada", "change");
        clock.advance(NOTICE.saturating_sub(MOMENT));
        assert_eq!(claimed(store), None);
        assert!(!write(store, |tx| complete(tx, "id of change")));
        assert_eq!(state(store, "change"), Some(AddressChangeState::Planned));

        clock.advance(MOMENT);

        let expected = change("ada", "change", AddressChangeState::Planned);
        assert_eq!(claimed(store), Some(expected));
        assert_eq!(state(store, "change"), Some(AddressChangeState::Applied));
        assert_eq!(claimed(store), None);
    });
}

#[test]
fn changes_that_are_due_are_applied_in_their_order() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        scheduled(store, "ada", "later", 2 * HOUR);
        scheduled(store, "ada", "sooner", HOUR);
        clock.advance(DAY);

        let ids: Vec<String> = std::iter::from_fn(|| claimed(store))
            .map(|change| change.id)
            .collect();

        assert_eq!(ids, ["id of sooner", "id of later"]);
    });
}

#[test]
fn of_many_jobs_that_claim_a_due_change_one_applies_it() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        planned(store, "ada", "change");
        clock.advance(NOTICE);

        let claims = in_parallel(store, 16, |tx, _| apply(tx));

        assert_eq!(claims.iter().flatten().count(), 1);
    });
}

#[test]
fn a_change_that_is_put_off_lets_the_next_one_happen_and_comes_back() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        scheduled(store, "ada", "first", HOUR);
        scheduled(store, "ada", "next", 2 * HOUR);
        clock.advance(DAY);

        write(store, |tx| {
            let until = tx.now().plus(HOUR);
            postpone(tx, "id of first", until)
        });

        let due = |store| claimed(store).map(|change| change.id);
        assert_eq!(due(store).as_deref(), Some("id of next"));
        assert_eq!(due(store), None);
        clock.advance(HOUR);
        assert_eq!(due(store).as_deref(), Some("id of first"));
    });
}

#[test]
fn what_was_applied_or_frozen_is_not_put_off() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        changed(store, "ada", "applied");
        planned(store, "ada", "frozen");
        frozen(store, "frozen");

        for name in ["applied", "frozen"] {
            write(store, move |tx| {
                let until = tx.now().plus(DAY);
                postpone(tx, &format!("id of {name}"), until)
            });
        }

        clock.advance(3 * NOTICE);
        assert_eq!(claimed(store), None);
    });
}

#[test]
fn a_change_that_is_frozen_within_its_notice_never_happens() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        planned(store, "ada", "change");
        clock.advance(NOTICE.saturating_sub(MOMENT));

        let expected = change("ada", "change", AddressChangeState::Planned);
        assert_eq!(frozen(store, "change"), Some(expected));

        clock.advance(DAY);
        assert_eq!(claimed(store), None);
        assert!(!write(store, |tx| complete(tx, "id of change")));
        assert_eq!(state(store, "change"), Some(AddressChangeState::Frozen));
    });
}

#[test]
fn a_change_that_is_due_and_not_yet_applied_can_be_frozen_however_late_the_job_is() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        planned(store, "ada", "change");
        clock.advance(3 * NOTICE);

        let expected = change("ada", "change", AddressChangeState::Planned);
        assert_eq!(frozen(store, "change"), Some(expected));

        assert_eq!(claimed(store), None);
    });
}

#[test]
fn of_many_presses_of_the_button_one_freezes_and_the_rest_see_that_it_is() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        planned(store, "ada", "change");

        let presses = in_parallel(store, 16, |tx, _| press(tx, "change"));

        assert_eq!(presses.iter().flatten().count(), 1);
        assert_eq!(state(store, "change"), Some(AddressChangeState::Frozen));
    });
}

#[test]
fn a_change_is_either_applied_or_frozen_first_and_both_say_so() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        planned(store, "ada", "change");
        clock.advance(NOTICE);

        let endings = in_parallel(store, 16, |tx, time| {
            if time % 2 == 0 {
                Ok((apply(tx)?, None))
            } else {
                Ok((None, press(tx, "change")?))
            }
        });

        let applied = endings.iter().filter_map(|(applied, _)| applied.as_ref());
        let frozen: Vec<_> = endings
            .iter()
            .filter_map(|(_, frozen)| frozen.as_ref())
            .collect();
        let before = if applied.count() == 1 {
            AddressChangeState::Applied
        } else {
            AddressChangeState::Planned
        };
        assert_eq!(frozen, [&change("ada", "change", before)]);
    });
}

#[test]
fn a_change_that_happened_can_be_undone_for_as_long_as_the_notice_and_no_longer() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        changed(store, "ada", "undone");
        with_account(store, "bob");
        changed(store, "bob", "kept");
        clock.advance(NOTICE.saturating_sub(MOMENT));

        let expected = change("ada", "undone", AddressChangeState::Applied);
        assert_eq!(frozen(store, "undone"), Some(expected));

        clock.advance(MOMENT);
        assert_eq!(frozen(store, "kept"), None);
        assert_eq!(state(store, "kept"), None);
        // That it was stopped is told longer.
        assert_eq!(frozen(store, "undone"), None);
        assert_eq!(state(store, "undone"), Some(AddressChangeState::Frozen));
    });
}

#[test]
fn who_got_an_account_by_a_change_cannot_undo_its_undoing_by_a_later_one() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        changed(store, "ada", "from ada to eve");
        clock.advance(HOUR);
        changed(store, "ada", "from eve to mallory");
        planned(store, "ada", "planned by mallory");

        let expected = change("ada", "from ada to eve", AddressChangeState::Applied);
        assert_eq!(frozen(store, "from ada to eve"), Some(expected));

        assert_eq!(frozen(store, "from eve to mallory"), None);
        clock.advance(NOTICE);
        assert_eq!(claimed(store), None);
    });
}

#[test]
fn whoever_had_the_address_earlier_can_still_undo_the_change_that_took_it() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        changed(store, "ada", "from ada to eve");
        clock.advance(HOUR);
        changed(store, "ada", "from eve to mallory");
        assert!(frozen(store, "from eve to mallory").is_some());

        let expected = change("ada", "from ada to eve", AddressChangeState::Applied);
        assert_eq!(frozen(store, "from ada to eve"), Some(expected));
    });
}

#[test]
fn a_link_freezes_nothing_of_another_account() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_account(store, "bob");
        planned(store, "ada", "of ada");
        planned(store, "bob", "of bob");

        assert!(frozen(store, "of ada").is_some());

        assert_eq!(state(store, "of bob"), Some(AddressChangeState::Planned));
        assert_eq!(frozen(store, "guess"), None);
    });
}

#[test]
fn changes_are_planned_for_accounts_only() {
    on_both_databases(|store, _| {
        let planned = store.write_blocking(|tx| {
            let change = NewAddressChange {
                id: "id".to_owned(),
                user_id: user_id("nobody"),
                sealed: Vec::new(),
                freeze: digest("link"),
                takes_effect_at: START,
            };
            schedule(tx, &change)
        });

        assert!(planned.is_err());
    });
}
