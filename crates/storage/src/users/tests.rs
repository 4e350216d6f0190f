use super::*;
use crate::samples::{DAY, in_parallel, user_id, write};
use crate::testing::{START, on_both_databases};
use crate::unit_of_work::Store;

fn signed_in(store: &Store, email: &str, new_id: &'static str) -> SignedIn {
    let email = EmailAddress::parse(email).unwrap();
    write(store, move |tx| sign_in(tx, &email, &user_id(new_id)))
}

#[test]
fn the_first_sign_in_makes_the_account_and_the_next_opens_it() {
    on_both_databases(|store, _| {
        let first = signed_in(store, "ada@example.test", "ada");
        let next = signed_in(store, "ada@example.test", "not used");

        assert_eq!(first, SignedIn::Created(user_id("ada")));
        assert_eq!(next, SignedIn::Existing(user_id("ada")));
    });
}

#[test]
fn an_address_is_one_account_however_its_case_is_written() {
    on_both_databases(|store, _| {
        signed_in(store, "Ada@Example.test", "ada");

        let next = signed_in(store, "aDA@eXAMPLE.TEST", "not used");

        assert_eq!(next, SignedIn::Existing(user_id("ada")));
        let user = write(store, |tx| find(tx, &user_id("ada"))).unwrap();
        assert_eq!(user.email.as_typed(), "Ada@Example.test");
    });
}

#[test]
fn concurrent_first_sign_ins_make_one_account() {
    on_both_databases(|store, _| {
        let endings = in_parallel(store, 16, |tx, time| {
            let email = EmailAddress::parse("ada@example.test").unwrap();
            sign_in(tx, &email, &user_id(&format!("candidate {time}")))
        });

        let is_created = |ending: &&SignedIn| matches!(ending, SignedIn::Created(_));
        assert_eq!(endings.iter().filter(is_created).count(), 1);
        let id = endings[0].user_id();
        assert!(endings.iter().all(|ending| ending.user_id() == id));
    });
}

#[test]
fn signing_in_again_proves_the_address_again_and_changes_nothing_that_clients_see() {
    on_both_databases(|store, clock| {
        signed_in(store, "ada@example.test", "ada");
        clock.advance(DAY);

        signed_in(store, "ada@example.test", "not used");

        let user = write(store, |tx| find(tx, &user_id("ada"))).unwrap();
        assert_eq!(user.email_verified_at, Some(START.plus(DAY)));
        assert_eq!((user.created_at, user.updated_at), (START, START));
    });
}

#[test]
fn nobody_has_an_id_that_was_never_given() {
    on_both_databases(|store, _| {
        assert_eq!(write(store, |tx| find(tx, &user_id("nobody"))), None);
    });
}
