use std::time::Duration;

use model::browser_session::Amr;
use model::trn_lookup::{LookupSource, MatchPolicy, POLICY_VERSION, TrnLookupStatus, TrnOutcome};
use model::{EmailAddress, Keyring, Secret, SystemEntropy, Trn};

use super::*;
use crate::browser_sessions::{self, NewSession, SessionLifetimes};
use crate::samples::{
    self, DAY, HOUR, authentication_of, client_id, digest, grant, in_parallel, scope, set_up_app,
    user_id, with_account, write,
};
use crate::support_tasks::{NewSupportTask, Opened};
use crate::testing::{START, on_both_databases};
use crate::trn_links::{self, NewLink};
use crate::unit_of_work::Store;
use crate::user_details::{self, NewDetails};
use crate::{consents, grants, people, second_factors, support_tasks, trn_watchers};

fn merged(store: &Store, from: &'static str, into: &'static str) -> Merged {
    write(store, move |tx| {
        samples::merge(tx, &user_id(from), &user_id(into))
    })
}

fn is_there(store: &Store, id: &'static str) -> bool {
    write(store, move |tx| crate::users::find(tx, &user_id(id))).is_some()
}

fn earlier_names(store: &Store, id: &'static str) -> Vec<UserId> {
    write(store, move |tx| people::find(tx, &user_id(id))).previous_ids
}

/// Makes an account that has some of everything, each made up of its id.
fn with_a_full_account(store: &Store, id: &'static str, trn: &'static str) {
    with_account(store, id);
    write(store, move |tx| {
        let user_id = user_id(id);
        let details = NewDetails {
            sealed: format!("details of {id}").into_bytes(),
            has_profile: true,
            national_insurance_asked: true,
            person_digest: Some(id.as_bytes().to_vec()),
        };
        user_details::replace(tx, &user_id, &details)?;
        let keyring = Keyring::new(&[(1, Secret::new([1; 32]))]).unwrap();
        let outcome = TrnOutcome {
            status: TrnLookupStatus::Found,
            trn: Trn::parse(trn).ok(),
            level: None,
            policy: MatchPolicy::Default,
            policy_version: POLICY_VERSION,
            agreed: Vec::new(),
            source: LookupSource::Lookup,
            is_unavailable: false,
        };
        let link = NewLink::seal(&outcome, &user_id, None, &keyring, &SystemEntropy);
        trn_links::replace(tx, &user_id, &link)?;
        set_up_app(tx, &user_id, 1)?;
        let hash = id.as_bytes().to_vec();
        second_factors::replace_recovery_codes(tx, &user_id, &[7; 16], &[hash])?;
        trn_watchers::watch(tx, &user_id, &client_id(id))?;
        consents::grant(tx, &user_id, &client_id(id), &scope("openid"))?;
        let authentication = authentication_of(id, tx.now());
        let session = NewSession {
            secret: digest(id),
            sid: format!("sid of {id}"),
            authentication: authentication.with_second_factor(Amr::Otp, tx.now()),
            selected_at: tx.now(),
        };
        let lifetimes = SessionLifetimes {
            idle: DAY,
            absolute: DAY,
        };
        assert!(browser_sessions::open(tx, &session, None, lifetimes)?.is_some());
        let mut granted = grant(&format!("grant of {id}"), tx.now());
        granted.authentication = authentication_of(id, tx.now());
        grants::insert(tx, &granted, tx.now().plus(DAY))?;
        let task = NewSupportTask {
            id: format!("task of {id}"),
            reference: format!("reference of {id}"),
            kind: "lost_address".to_owned(),
            user_id: Some(user_id),
            client_id: None,
            sealed: b"sealed".to_vec(),
        };
        assert_eq!(support_tasks::open(tx, &task)?, Opened::Opened);
        Ok(())
    });
}

/// All that belongs to an account, as far as it is there, in words.
fn belongings(store: &Store, id: &'static str) -> Vec<String> {
    write(store, move |tx| {
        let user_id = user_id(id);
        let mut there = Vec::new();
        if let Some(details) = user_details::find(tx, &user_id)? {
            there.push(String::from_utf8(details.sealed).unwrap());
        }
        let digests = {
            let keyring = Keyring::new(&[(1, Secret::new([1; 32]))]).unwrap();
            let digests = |trn| trn_links::digests(&keyring, &Trn::parse(trn).unwrap());
            ["1111111", "2222222"].map(|trn| (trn, digests(trn)))
        };
        for (trn, digests) in digests {
            if trn_links::find_owner(tx, &digests)? == Some(user_id.clone()) {
                there.push(format!("TRN {trn}"));
            }
        }
        let factors = second_factors::standing(tx, &user_id)?;
        if factors.has_any() {
            there.push(format!(
                "a factor and {} codes",
                factors.recovery_codes_left
            ));
        }
        for client in trn_watchers::list(tx, &user_id)? {
            there.push(format!("watched by {}", client.as_str()));
        }
        for client in ["ada", "bob"] {
            if consents::find(tx, &user_id, &client_id(client))?.is_some() {
                there.push(format!("consent to {client}"));
            }
        }
        for secret in ["ada", "bob"] {
            let session = browser_sessions::find(tx, &digest(secret))?;
            if session.is_some_and(|session| session.authentication.user_id == user_id) {
                there.push(format!("session of {secret}"));
            }
        }
        for name in ["grant of ada", "grant of bob"] {
            let grant = grants::find(tx, name)?;
            if grant.is_some_and(|grant| grant.authentication.user_id == user_id) {
                there.push(name.to_owned());
            }
        }
        for task in support_tasks::list(tx, 10)? {
            if task.user_id.as_ref() == Some(&user_id) {
                there.push(task.reference);
            }
        }
        Ok(there)
    })
}

#[test]
fn nothing_moves_to_the_survivor_but_the_name() {
    on_both_databases(|store, clock| {
        with_a_full_account(store, "ada", "1111111");
        with_a_full_account(store, "bob", "2222222");
        let of_bob = belongings(store, "bob");
        clock.advance(HOUR);

        assert_eq!(merged(store, "ada", "bob"), Merged::Merged);

        assert_eq!(of_bob.len(), 8, "{of_bob:?}");
        assert_eq!(belongings(store, "bob"), of_bob);
        assert_eq!(earlier_names(store, "bob"), [user_id("ada")]);
        let bob = write(store, |tx| crate::users::find(tx, &user_id("bob"))).unwrap();
        assert_eq!(bob.email.as_typed(), "bob@example.test");
        assert_eq!((bob.created_at, bob.updated_at), (START, START.plus(HOUR)));
    });
}

#[test]
fn nothing_is_left_of_the_account_that_is_merged_and_its_address_and_trn_are_free() {
    on_both_databases(|store, _| {
        with_a_full_account(store, "ada", "1111111");
        with_a_full_account(store, "bob", "2222222");

        assert_eq!(merged(store, "ada", "bob"), Merged::Merged);

        assert!(!is_there(store, "ada"));
        assert_eq!(belongings(store, "ada"), [""; 0]);
        let grant = write(store, |tx| grants::find(tx, "grant of ada"));
        assert_eq!(grant, None);
        let opened = write(store, |tx| {
            let address = EmailAddress::parse("ada@example.test").unwrap();
            crate::users::find_by_address(tx, &address)
        });
        assert_eq!(opened, None);
    });
}

#[test]
fn a_report_about_the_merged_account_stays_with_staff_and_is_about_no_other() {
    on_both_databases(|store, _| {
        with_a_full_account(store, "eve", "1111111");
        with_account(store, "bob");

        assert_eq!(merged(store, "eve", "bob"), Merged::Merged);

        let tasks = write(store, |tx| support_tasks::list(tx, 10));
        let [task] = tasks.as_slice() else {
            panic!("{tasks:?}");
        };
        assert_eq!(task.reference, "reference of eve");
        assert_eq!((&task.user_id, &task.closing), (&None, &None));
    });
}

#[test]
fn a_survivor_that_is_merged_in_turn_takes_its_earlier_names_along() {
    on_both_databases(|store, clock| {
        for id in ["a", "b", "c", "other"] {
            with_account(store, id);
        }

        assert_eq!(merged(store, "a", "b"), Merged::Merged);
        clock.advance(Duration::from_secs(1));
        assert_eq!(merged(store, "b", "c"), Merged::Merged);

        assert_eq!(earlier_names(store, "c"), [user_id("a"), user_id("b")]);
        assert_eq!(earlier_names(store, "other"), []);
    });
}

#[test]
fn an_account_is_not_merged_into_itself_nor_with_one_that_is_not_there() {
    on_both_databases(|store, _| {
        with_account(store, "ada");

        for (from, into) in [("ada", "ada"), ("ada", "nobody"), ("nobody", "ada")] {
            assert_eq!(merged(store, from, into), Merged::NotTwoAccounts);
        }

        let ada = write(store, |tx| crate::users::find(tx, &user_id("ada")));
        assert_eq!(ada.unwrap().updated_at, START);
        assert_eq!(earlier_names(store, "ada"), []);
    });
}

#[test]
fn of_many_merges_of_two_accounts_either_way_round_one_happens() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_account(store, "bob");

        let endings = in_parallel(store, 16, |tx, time| {
            let (ada, bob) = (user_id("ada"), user_id("bob"));
            if time % 2 == 0 {
                samples::merge(tx, &ada, &bob)
            } else {
                samples::merge(tx, &bob, &ada)
            }
        });

        let is_merged = |ending: &&Merged| **ending == Merged::Merged;
        assert_eq!(endings.iter().filter(is_merged).count(), 1);
        assert!(is_there(store, "ada") != is_there(store, "bob"));
    });
}
