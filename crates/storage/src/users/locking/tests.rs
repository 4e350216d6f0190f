use std::sync::Arc;

use model::interaction::Answers;
use model::raw_pairs::RawPairs;
use model::requirement::Requirements;
use model::{EmailAddress, Interaction, InteractionId, ManualClock, Timestamp};

use super::*;
use crate::interactions::Found;
use crate::samples::{
    HOUR, authentication_of, client_id, digest, in_parallel, interleaved, sign_out_everywhere,
    user_id, with_account, write,
};
use crate::testing::{Kind, START, TestDatabase, on_both_databases};
use crate::unit_of_work::Store;

fn id(name: &str) -> InteractionId {
    InteractionId::new(name.to_owned())
}

/// A request under way; `signed_in` is who proved their address in it.
fn with_interaction(store: &Store, name: &'static str, signed_in: Option<&'static str>) {
    write(store, move |tx| {
        let interaction = Interaction {
            id: id(name),
            client_id: client_id("demo"),
            service_name: "Demo".to_owned(),
            raw_parameters: RawPairs::default(),
            requirements: Requirements::default(),
            return_to: String::new(),
            form_action: String::new(),
            login_hint: None,
            answers: answers(signed_in, tx.now()),
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

fn answers(signed_in: Option<&str>, now: Timestamp) -> Answers {
    Answers {
        authentication: signed_in.map(|name| authentication_of(name, now)),
        ..Answers::default()
    }
}

/// Opens an interaction as a page does that changes it.
fn change(tx: &mut Tx<'_>, name: &str) -> Result<bool, StorageError> {
    let found = interactions::find_to_change(tx, &id(name), Some(&digest("browser")))?;
    Ok(matches!(found, Found::Open(_)))
}

/// Signs in by the address of an account, as a page does where a code was typed.
fn sign_in(tx: &mut Tx<'_>, name: &str, account: &str) -> Result<(), StorageError> {
    change(tx, name)?;
    let address = EmailAddress::parse(&format!("{account}@example.test")).unwrap();
    super::super::sign_in(tx, &address, &user_id("not used"))?;
    let answers = answers(Some(account), tx.now());
    interactions::replace_answers(tx, &id(name), &answers)?;
    Ok(())
}

fn lock_both(tx: &mut Tx<'_>, one: &str, other: &str) -> Result<usize, StorageError> {
    lock(tx, &[&user_id(one), &user_id(other)])
}

#[test]
fn accounts_are_locked_as_far_as_they_are_there_and_never_twice() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_account(store, "bob");

        for (one, other, there) in [
            ("ada", "bob", 2),
            ("ada", "ada", 1),
            ("ada", "nobody", 1),
            ("nobody", "nobody", 0),
        ] {
            assert_eq!(write(store, move |tx| lock_both(tx, one, other)), there);
        }
        assert!(write(store, |tx| share(tx, &user_id("ada"))));
        assert!(!write(store, |tx| share(tx, &user_id("nobody"))));
    });
}

#[test]
fn nobody_waits_in_vain_however_two_accounts_are_named() {
    on_both_databases(|store, _| {
        with_account(store, "bob");
        with_account(store, "ada");

        let locked = in_parallel(store, 40, |tx, time| {
            if time % 2 == 0 {
                lock_both(tx, "ada", "bob")
            } else {
                lock_both(tx, "bob", "ada")
            }
        });

        assert_eq!(locked, [2; 40]);
    });
}

#[test]
fn a_page_that_is_being_answered_and_signing_its_person_out_do_not_wait_in_vain() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_interaction(store, "asked", Some("ada"));

        let (whole, went_on) = interleaved(
            store,
            |tx| lock_what_is_open(tx, &user_id("ada"), &[]),
            |tx| {
                let went_on = change(tx, "asked")?;
                lock(tx, &[&user_id("ada")])?;
                Ok(went_on)
            },
            |tx, whole| {
                sign_out_everywhere(tx, "ada")?;
                Ok(whole)
            },
        );

        assert_eq!(whole, Whole::Yes);
        assert!(!went_on);
    });
}

#[test]
fn a_page_that_was_being_answered_first_is_waited_for_and_ended() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_interaction(store, "asked", Some("ada"));

        let (_, whole) = interleaved(
            store,
            |tx| change(tx, "asked"),
            |tx| {
                let whole = lock_what_is_open(tx, &user_id("ada"), &[])?;
                sign_out_everywhere(tx, "ada")?;
                Ok(whole)
            },
            |tx, went_on| {
                assert!(went_on);
                lock(tx, &[&user_id("ada")])
            },
        );

        assert_eq!(whole, Whole::Yes);
        assert!(!write(store, |tx| change(tx, "asked")));
    });
}

/// The other unit of work has to see the sign-in committed between its two looks: SQLite has no
/// such moment.
#[test]
fn who_signs_in_while_everything_is_being_locked_is_seen() {
    let database = TestDatabase::create(Kind::Postgres);
    let store = database.open(Arc::new(ManualClock::starting_at(START)));
    with_account(&store, "ada");
    with_interaction(&store, "asked", None);

    let ((), whole) = interleaved(
        &store,
        |tx| sign_in(tx, "asked", "ada"),
        |tx| lock_what_is_open(tx, &user_id("ada"), &[]),
        |_, ()| Ok(()),
    );

    assert_eq!(whole, Whole::No);
    let again = write(&store, |tx| lock_what_is_open(tx, &user_id("ada"), &[]));
    assert_eq!(again, Whole::Yes);
}
