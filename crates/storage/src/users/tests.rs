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

/// Gives an account another address.
fn changed(store: &Store, id: &'static str, email: &str) -> Changed {
    let email = EmailAddress::parse(email).unwrap();
    write(store, move |tx| change_address(tx, &user_id(id), &email))
}

fn account_of(store: &Store, email: &str) -> Option<User> {
    let email = EmailAddress::parse(email).unwrap();
    write(store, move |tx| find_by_address(tx, &email))
}

#[test]
fn another_address_opens_the_account_and_the_one_before_is_free() {
    on_both_databases(|store, clock| {
        signed_in(store, "ada@school.test", "ada");
        clock.advance(DAY);

        assert_eq!(changed(store, "ada", "Ada@Home.test"), Changed::Changed);

        let user = account_of(store, "ada@home.test").unwrap();
        assert_eq!(user.id, user_id("ada"));
        assert_eq!(user.email.as_typed(), "Ada@Home.test");
        assert_eq!(user.email_verified_at, Some(START.plus(DAY)));
        assert_eq!((user.created_at, user.updated_at), (START, START.plus(DAY)));
        assert_eq!(account_of(store, "ada@school.test"), None);
        assert_eq!(
            signed_in(store, "ada@school.test", "bob"),
            SignedIn::Created(user_id("bob"))
        );
    });
}

#[test]
fn an_account_may_get_its_own_address_written_otherwise() {
    on_both_databases(|store, _| {
        signed_in(store, "ada@example.test", "ada");

        assert_eq!(changed(store, "ada", "Ada@Example.test"), Changed::Changed);

        let user = account_of(store, "ada@example.test").unwrap();
        assert_eq!(user.email.as_typed(), "Ada@Example.test");
    });
}

#[test]
fn the_address_of_another_account_cannot_be_taken_however_its_case_is_written() {
    on_both_databases(|store, _| {
        signed_in(store, "ada@example.test", "ada");
        signed_in(store, "eve@example.test", "eve");

        // The unit of work goes on and is kept.
        let ending = write(store, |tx| {
            let ada = EmailAddress::parse("ADA@example.test").unwrap();
            let ending = change_address(tx, &user_id("eve"), &ada)?;
            let zoe = EmailAddress::parse("zoe@example.test").unwrap();
            sign_in(tx, &zoe, &user_id("zoe"))?;
            Ok(ending)
        });

        assert_eq!(ending, Changed::AddressTaken);
        let owner = |email| account_of(store, email).unwrap().id;
        assert_eq!(owner("ada@example.test"), user_id("ada"));
        assert_eq!(owner("eve@example.test"), user_id("eve"));
        assert_eq!(owner("zoe@example.test"), user_id("zoe"));
    });
}

#[test]
fn an_address_that_many_accounts_are_given_at_once_opens_one_of_them() {
    on_both_databases(|store, _| {
        write(store, |tx| {
            (0..16).try_for_each(|number| {
                let email = EmailAddress::parse(&format!("{number}@example.test")).unwrap();
                sign_in(tx, &email, &user_id(&format!("user {number}"))).map(drop)
            })
        });

        let endings = in_parallel(store, 16, |tx, number| {
            let wanted = EmailAddress::parse("wanted@example.test").unwrap();
            let id = user_id(&format!("user {number}"));
            Ok((change_address(tx, &id, &wanted)?, id))
        });

        let mut got = endings
            .iter()
            .filter(|(ending, _)| *ending == Changed::Changed);
        let (_, id) = got.next().unwrap();
        assert_eq!(got.next(), None);
        assert_eq!(&account_of(store, "wanted@example.test").unwrap().id, id);
    });
}

#[test]
fn an_account_that_is_gone_gets_no_address() {
    on_both_databases(|store, _| {
        let ended = store.write_blocking(|tx| {
            let email = EmailAddress::parse("ada@example.test").unwrap();
            change_address(tx, &user_id("nobody"), &email)
        });

        assert!(ended.is_err());
        assert_eq!(account_of(store, "ada@example.test"), None);
    });
}

mod signing_out;
