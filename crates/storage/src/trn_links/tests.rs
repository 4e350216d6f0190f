use model::trn_lookup::POLICY_VERSION;
use model::{Secret, SystemEntropy};

use super::*;
use crate::samples::{DAY, HOUR, MINUTE, in_parallel, interleaved, user_id, with_account, write};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;

const USERS: [&str; 8] = ["ada", "bob", "cy", "dot", "eve", "fay", "gus", "hal"];

fn keyring(ids: &[u8]) -> Keyring {
    let keys: Vec<_> = ids.iter().map(|id| (*id, Secret::new([*id; 32]))).collect();
    Keyring::new(&keys).unwrap()
}

fn trn(digits: &str) -> Trn {
    Trn::parse(digits).unwrap()
}

fn outcome(status: TrnLookupStatus) -> TrnOutcome {
    TrnOutcome {
        status,
        trn: None,
        level: None,
        policy: MatchPolicy::Default,
        policy_version: POLICY_VERSION,
        agreed: Vec::new(),
        source: LookupSource::Lookup,
        is_unavailable: false,
    }
}

fn found(digits: &str) -> TrnOutcome {
    TrnOutcome {
        trn: Some(trn(digits)),
        level: Some(VerificationLevel::Low),
        agreed: vec![Attribute::Name, Attribute::Trn, Attribute::Email],
        ..outcome(TrnLookupStatus::Found)
    }
}

fn by_staff(outcome: TrnOutcome) -> TrnOutcome {
    TrnOutcome {
        source: LookupSource::Support,
        ..outcome
    }
}

fn sealed(outcome: &TrnOutcome, user: &str, next_lookup_at: Option<Timestamp>) -> NewLink {
    let keyring = keyring(&[1]);
    NewLink::seal(
        outcome,
        &user_id(user),
        next_lookup_at,
        &keyring,
        &SystemEntropy,
    )
}

fn linked(store: &Store, user: &'static str, outcome: &TrnOutcome) -> Linked {
    let link = sealed(outcome, user, None);
    write(store, move |tx| replace(tx, &user_id(user), &link))
}

fn looked_up_again(store: &Store, user: &'static str, outcome: &TrnOutcome) -> Linked {
    let link = sealed(outcome, user, None);
    write(store, move |tx| replace_open(tx, &user_id(user), &link))
}

fn link_of(store: &Store, user: &'static str) -> TrnLink {
    write(store, move |tx| find(tx, &user_id(user))).unwrap()
}

fn with_accounts(store: &Store) {
    for user in USERS {
        with_account(store, user);
    }
}

#[test]
fn a_found_trn_reads_back_for_its_account_alone() {
    on_both_databases(|store, _| {
        with_accounts(store);

        assert_eq!(linked(store, "ada", &found("1234567")), Linked::Linked);

        let link = link_of(store, "ada");
        let expected = TrnLink {
            status: TrnLookupStatus::Found,
            sealed_trn: link.sealed_trn.clone(),
            level: Some(VerificationLevel::Low),
            policy: MatchPolicy::Default,
            policy_version: POLICY_VERSION,
            agreed: vec![Attribute::Name, Attribute::Trn, Attribute::Email],
            source: LookupSource::Lookup,
            is_unavailable: false,
            decided_at: START,
            looked_up_at: Some(START),
        };
        assert_eq!(link, expected);
        let open = |user| link.trn(&user_id(user), &keyring(&[2, 1]));
        assert_eq!(open("ada"), Ok(Some(trn("1234567"))));
        assert_eq!(open("bob"), Err(Unopenable));
    });
}

#[test]
fn a_trn_is_of_one_account_and_its_owner_is_told() {
    on_both_databases(|store, _| {
        with_accounts(store);
        linked(store, "ada", &found("1234567"));
        linked(store, "bob", &outcome(TrnLookupStatus::Pending));

        let ending = linked(store, "bob", &found("1234567"));

        assert_eq!(ending, Linked::TrnOfAnother(user_id("ada")));
        assert_eq!(link_of(store, "bob").status, TrnLookupStatus::Pending);
        assert_eq!(linked(store, "bob", &found("7654321")), Linked::Linked);
        assert_eq!(linked(store, "ada", &found("1234567")), Linked::Linked);
    });
}

#[test]
fn of_eight_accounts_that_match_one_trn_at_once_one_holds_it() {
    on_both_databases(|store, _| {
        with_accounts(store);

        let endings = in_parallel(store, USERS.len(), |tx, time| {
            let user = USERS[time];
            let link = sealed(&found("1234567"), user, None);
            replace(tx, &user_id(user), &link)
        });

        let holders = endings.iter().filter(|ending| **ending == Linked::Linked);
        assert_eq!(holders.count(), 1);
        let digests = digests(&keyring(&[1]), &trn("1234567"));
        let owner = write(store, move |tx| find_owner(tx, &digests)).unwrap();
        let refused = |ending: &&Linked| **ending == Linked::TrnOfAnother(owner.clone());
        assert_eq!(endings.iter().filter(refused).count(), USERS.len() - 1);
    });
}

#[test]
fn accounts_that_were_pending_and_match_one_trn_at_once_do_not_share_it_either() {
    on_both_databases(|store, _| {
        with_accounts(store);
        for user in USERS {
            linked(store, user, &outcome(TrnLookupStatus::Pending));
        }

        let endings = in_parallel(store, USERS.len(), |tx, time| {
            let user = USERS[time];
            let link = sealed(&found("1234567"), user, None);
            replace_open(tx, &user_id(user), &link)
        });

        let holders = endings.iter().filter(|ending| **ending == Linked::Linked);
        assert_eq!(holders.count(), 1);
    });
}

#[test]
fn a_trn_that_was_digested_under_an_earlier_key_is_still_of_its_account() {
    on_both_databases(|store, _| {
        with_accounts(store);
        linked(store, "ada", &found("1234567"));

        let ending = write(store, |tx| {
            let both = keyring(&[2, 1]);
            let bob = user_id("bob");
            let link = NewLink::seal(&found("1234567"), &bob, None, &both, &SystemEntropy);
            replace(tx, &bob, &link)
        });

        assert_eq!(ending, Linked::TrnOfAnother(user_id("ada")));
    });
}

#[test]
fn a_unit_of_work_goes_on_after_a_trn_was_refused() {
    on_both_databases(|store, _| {
        with_accounts(store);
        linked(store, "ada", &found("1234567"));

        let endings = write(store, |tx| {
            let refused = sealed(&found("1234567"), "bob", None);
            let free = sealed(&found("7654321"), "bob", None);
            Ok([&refused, &free].map(|link| replace(tx, &user_id("bob"), link).unwrap()))
        });

        assert_eq!(
            endings,
            [Linked::TrnOfAnother(user_id("ada")), Linked::Linked]
        );
        assert_eq!(link_of(store, "bob").status, TrnLookupStatus::Found);
    });
}

/// Links an account by a node that has these keys.
fn linked_by_node(tx: &mut Tx<'_>, keys: &[u8], user: &str, digits: &str) -> Linked {
    let (keyring, user_id) = (keyring(keys), user_id(user));
    let link = NewLink::seal(&found(digits), &user_id, None, &keyring, &SystemEntropy);
    replace(tx, &user_id, &link).unwrap()
}

fn owner(store: &Store, keys: &'static [u8], digits: &'static str) -> Option<UserId> {
    let digests = digests(&keyring(keys), &trn(digits));
    write(store, move |tx| find_owner(tx, &digests))
}

#[test]
fn of_nodes_with_their_keys_in_another_order_that_link_one_trn_at_once_one_does() {
    on_both_databases(|store, _| {
        with_accounts(store);

        let endings = in_parallel(store, USERS.len(), |tx, time| {
            let keys = if time % 2 == 0 { [1, 2] } else { [2, 1] };
            Ok(linked_by_node(tx, &keys, USERS[time], "1234567"))
        });

        let holders = endings.iter().filter(|ending| **ending == Linked::Linked);
        assert_eq!(holders.count(), 1);
        let owner_by = |keys| owner(store, keys, "1234567").unwrap();
        assert_eq!(owner_by(&[1]), owner_by(&[2]));
        let refused = |ending: &&Linked| **ending == Linked::TrnOfAnother(owner_by(&[1]));
        assert_eq!(endings.iter().filter(refused).count(), USERS.len() - 1);
    });
}

#[test]
fn a_node_that_has_the_new_key_already_and_one_that_has_not_do_not_both_link_one_trn() {
    on_both_databases(|store, _| {
        with_accounts(store);

        let (first, second) = interleaved(
            store,
            |tx| Ok(linked_by_node(tx, &[2, 1], "ada", "1234567")),
            |tx| Ok(linked_by_node(tx, &[1], "bob", "1234567")),
            |_, first| Ok(first),
        );

        assert_eq!(first, Linked::Linked);
        assert_eq!(second, Linked::TrnOfAnother(user_id("ada")));
    });
}

#[test]
fn an_account_that_is_linked_again_after_a_change_of_key_is_found_by_it() {
    on_both_databases(|store, _| {
        with_accounts(store);
        linked(store, "ada", &found("1234567"));
        assert_eq!(owner(store, &[2], "1234567"), None);

        let again = write(store, |tx| {
            Ok(linked_by_node(tx, &[2, 1], "ada", "1234567"))
        });

        assert_eq!(again, Linked::Linked);
        assert_eq!(owner(store, &[2], "1234567"), Some(user_id("ada")));
        assert_eq!(owner(store, &[1], "1234567"), Some(user_id("ada")));
    });
}

#[test]
fn an_account_that_gets_another_trn_or_none_lets_the_first_go() {
    on_both_databases(|store, _| {
        with_accounts(store);
        linked(store, "ada", &found("1234567"));

        linked(store, "ada", &found("7654321"));
        assert_eq!(linked(store, "bob", &found("1234567")), Linked::Linked);

        linked(store, "bob", &outcome(TrnLookupStatus::Pending));
        assert_eq!(linked(store, "cy", &found("1234567")), Linked::Linked);
        let of_ada = Linked::TrnOfAnother(user_id("ada"));
        assert_eq!(linked(store, "cy", &found("7654321")), of_ada);
    });
}

#[test]
fn what_is_not_linked_takes_no_trn() {
    on_both_databases(|store, _| {
        with_accounts(store);
        linked(store, "ada", &by_staff(outcome(TrnLookupStatus::Failed)));
        linked(store, "bob", &found("7654321"));

        assert_eq!(linked(store, "ada", &found("1234567")), Linked::Kept);
        let refused = write(store, |tx| Ok(linked_by_node(tx, &[2, 1], "cy", "7654321")));
        assert_eq!(refused, Linked::TrnOfAnother(user_id("bob")));

        assert_eq!(owner(store, &[1], "1234567"), None);
        assert_eq!(owner(store, &[2], "7654321"), None);
        assert_eq!(owner(store, &[1], "7654321"), Some(user_id("bob")));
    });
}

#[test]
fn what_staff_decided_no_look_up_overrules() {
    on_both_databases(|store, _| {
        with_accounts(store);
        let failed = by_staff(outcome(TrnLookupStatus::Failed));
        linked(store, "ada", &outcome(TrnLookupStatus::Pending));
        assert_eq!(linked(store, "ada", &failed), Linked::Linked);
        assert_eq!(link_of(store, "ada").looked_up_at, None);

        assert_eq!(linked(store, "ada", &found("1234567")), Linked::Kept);
        let again = looked_up_again(store, "ada", &found("1234567"));
        assert_eq!(again, Linked::Kept);
        assert_eq!(link_of(store, "ada").status, TrnLookupStatus::Failed);

        let by_hand = by_staff(found("1234567"));
        assert_eq!(linked(store, "ada", &by_hand), Linked::Linked);
    });
}

#[test]
fn a_person_whom_staff_left_undecided_is_not_looked_for() {
    on_both_databases(|store, clock| {
        with_accounts(store);
        linked(store, "ada", &by_staff(outcome(TrnLookupStatus::Pending)));
        clock.advance(2 * DAY);

        assert!(!write(store, |tx| look_up_soon(tx, &user_id("ada"))));
        let again = looked_up_again(store, "ada", &found("1234567"));
        assert_eq!(again, Linked::Kept);

        assert_eq!(link_of(store, "ada").status, TrnLookupStatus::Pending);
    });
}

#[test]
fn a_look_up_without_the_person_changes_only_what_is_open() {
    on_both_databases(|store, _| {
        with_accounts(store);
        linked(store, "ada", &found("1234567"));
        linked(store, "bob", &outcome(TrnLookupStatus::None));
        let not_found = outcome(TrnLookupStatus::None);

        assert_eq!(looked_up_again(store, "ada", &not_found), Linked::Kept);
        assert_eq!(looked_up_again(store, "cy", &not_found), Linked::Kept);
        let of_another = looked_up_again(store, "bob", &found("1234567"));
        assert_eq!(of_another, Linked::TrnOfAnother(user_id("ada")));
        let own = looked_up_again(store, "bob", &found("7654321"));
        assert_eq!(own, Linked::Linked);

        assert_eq!(link_of(store, "ada").status, TrnLookupStatus::Found);
        assert_eq!(link_of(store, "bob").status, TrnLookupStatus::Found);
    });
}

#[test]
fn status_and_trn_cannot_disagree() {
    on_both_databases(|store, _| {
        with_accounts(store);
        let without_trn = outcome(TrnLookupStatus::Found);
        let with_trn = TrnOutcome {
            trn: Some(trn("1234567")),
            ..outcome(TrnLookupStatus::None)
        };

        for contradictory in [without_trn, with_trn] {
            let link = sealed(&contradictory, "ada", None);
            let ended = store.write_blocking(move |tx| replace(tx, &user_id("ada"), &link));
            assert!(ended.is_err());
        }
    });
}

#[test]
fn a_look_up_that_got_no_answer_says_so_and_is_made_up_for() {
    on_both_databases(|store, clock| {
        with_accounts(store);
        let unanswered = TrnOutcome {
            is_unavailable: true,
            ..outcome(TrnLookupStatus::Pending)
        };
        let link = sealed(&unanswered, "ada", Some(START.plus(MINUTE)));
        write(store, move |tx| replace(tx, &user_id("ada"), &link));
        assert!(link_of(store, "ada").is_unavailable);
        let claimed = || write(store, |tx| claim(tx, MINUTE));

        assert_eq!(claimed(), None);
        clock.advance(MINUTE);
        let due = DueLookup {
            user_id: user_id("ada"),
            policy: MatchPolicy::Default,
        };
        assert_eq!(claimed(), Some(due));

        looked_up_again(store, "ada", &found("1234567"));
        clock.advance(DAY);
        assert_eq!(claimed(), None);
        assert!(!link_of(store, "ada").is_unavailable);
    });
}

#[test]
fn a_person_without_a_record_is_looked_for_again_once_a_day_at_most() {
    on_both_databases(|store, clock| {
        with_accounts(store);
        linked(store, "ada", &outcome(TrnLookupStatus::None));
        let soon = || write(store, |tx| look_up_soon(tx, &user_id("ada")));
        let claimed = || write(store, |tx| claim(tx, MINUTE)).is_some();

        clock.advance(23 * HOUR);
        assert!(!soon());
        clock.advance(HOUR);
        assert!(soon());
        assert!(!soon(), "it is planned already");
        assert!(claimed());
        assert!(!soon(), "it is under way");

        looked_up_again(store, "ada", &outcome(TrnLookupStatus::None));
        assert!(!claimed());
        assert!(!soon());
        clock.advance(DAY);
        assert!(soon());
    });
}

#[test]
fn nobody_is_looked_for_again_after_a_decision() {
    on_both_databases(|store, clock| {
        with_accounts(store);
        linked(store, "ada", &found("1234567"));
        linked(store, "bob", &by_staff(outcome(TrnLookupStatus::Failed)));
        clock.advance(2 * DAY);

        for user in ["ada", "bob", "cy"] {
            assert!(
                !write(store, move |tx| look_up_soon(tx, &user_id(user))),
                "{user}"
            );
        }
    });
}

#[test]
fn of_many_parallel_claimers_one_looks_an_account_up() {
    on_both_databases(|store, clock| {
        with_accounts(store);
        for user in USERS {
            let link = sealed(&outcome(TrnLookupStatus::None), user, Some(START));
            write(store, move |tx| replace(tx, &user_id(user), &link));
        }

        let claims = in_parallel(store, 16, |tx, _| claim(tx, MINUTE));

        let mut claimed: Vec<UserId> = claims
            .into_iter()
            .flatten()
            .map(|due| due.user_id)
            .collect();
        claimed.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        assert_eq!(claimed, USERS.map(user_id));

        clock.advance(MINUTE);
        let again = write(store, |tx| claim(tx, MINUTE));
        assert!(again.is_some(), "the node that claimed it died");
    });
}

#[test]
fn a_look_up_that_is_put_off_lets_the_next_one_have_its_turn_and_comes_back() {
    on_both_databases(|store, clock| {
        with_accounts(store);
        for (user, due_at) in [("ada", START), ("bob", START.plus(MINUTE))] {
            let link = sealed(&outcome(TrnLookupStatus::None), user, Some(due_at));
            write(store, move |tx| replace(tx, &user_id(user), &link));
        }
        clock.advance(HOUR);
        let claimed = || write(store, |tx| claim(tx, HOUR)).map(|due| due.user_id);

        assert_eq!(claimed(), Some(user_id("ada")));
        write(store, |tx| {
            let until = tx.now().plus(DAY);
            postpone(tx, &user_id("ada"), until)
        });
        assert_eq!(claimed(), Some(user_id("bob")));

        clock.advance(DAY.saturating_sub(MINUTE));
        assert_eq!(claimed(), Some(user_id("bob")), "its lease is over");
        clock.advance(MINUTE);
        assert_eq!(claimed(), Some(user_id("ada")));
    });
}

#[test]
fn who_waits_for_no_look_up_does_not_begin_to_when_one_is_put_off() {
    on_both_databases(|store, clock| {
        with_accounts(store);
        linked(store, "ada", &found("1234567"));

        write(store, |tx| {
            let until = tx.now().plus(DAY);
            postpone(tx, &user_id("ada"), until)
        });

        clock.advance(2 * DAY);
        assert_eq!(write(store, |tx| claim(tx, HOUR)), None);
    });
}
