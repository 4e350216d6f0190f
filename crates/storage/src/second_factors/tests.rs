use std::sync::Arc;

use model::ManualClock;

use super::*;
use crate::samples::{DAY, in_parallel, keyring, seed, set_up_app, user_id, with_account, write};
use crate::testing::{Kind, START, TestDatabase, on_both_databases};
use crate::unit_of_work::Store;

const SALT: [u8; 16] = [7; 16];

fn with_app(store: &Store, user: &'static str) {
    with_account(store, user);
    write(store, move |tx| set_up_app(tx, &user_id(user), 100));
}

fn passkey(id: &str, credential_id: &str) -> NewPasskey {
    NewPasskey {
        id: id.to_owned(),
        credential_id: credential_id.as_bytes().to_vec(),
        name: format!("{id}, at home"),
        credential: "before".to_owned(),
    }
}

fn insert(
    store: &Store,
    user: &'static str,
    id: &'static str,
    credential: &'static str,
) -> Inserted {
    write(store, move |tx| {
        insert_passkey(tx, &user_id(user), &passkey(id, credential))
    })
}

fn hashes(of: &str, number: usize) -> Vec<Vec<u8>> {
    (0..number)
        .map(|one| format!("{of} {one}").into_bytes())
        .collect()
}

fn give_codes(store: &Store, user: &'static str, of: &'static str) -> bool {
    write(store, move |tx| {
        replace_recovery_codes(tx, &user_id(user), &SALT, &hashes(of, 10))
    })
}

fn redeem(store: &Store, user: &'static str, hash: &'static str) -> Option<u32> {
    write(store, move |tx| {
        redeem_recovery_code(tx, &user_id(user), hash.as_bytes())
    })
}

fn factors(store: &Store, user: &'static str) -> Factors {
    write(store, move |tx| standing(tx, &user_id(user)))
}

/// What the account itself says, which must never differ from what it has.
fn has_one(store: &Store, user: &'static str) -> bool {
    let found = write(store, move |tx| crate::users::find(tx, &user_id(user)));
    let says = found.unwrap().has_second_factor;
    assert_eq!(says, factors(store, user).has_any());
    says
}

#[test]
fn an_account_has_no_factor_at_first() {
    on_both_databases(|store, _| {
        with_account(store, "ada");

        assert!(!has_one(store, "ada"));
        assert_eq!(factors(store, "ada"), Factors::default());
        assert_eq!(write(store, |tx| recovery_salt(tx, &user_id("ada"))), None);
    });
}

#[test]
fn an_app_reads_back_for_its_account_alone() {
    on_both_databases(|store, _| {
        with_app(store, "ada");

        let totp = factors(store, "ada").totp.unwrap();

        assert!(has_one(store, "ada"));
        assert_eq!(totp.seed(&user_id("ada"), &keyring()), Ok(seed()));
        assert!(totp.seed(&user_id("bob"), &keyring()).is_err());
        assert_eq!(
            (totp.last_step, totp.created_at, totp.last_used_at),
            (100, START, None)
        );
    });
}

#[test]
fn of_a_hundred_uses_of_one_step_exactly_one_counts() {
    on_both_databases(|store, _| {
        with_app(store, "ada");

        let used = in_parallel(store, 100, |tx, _| use_totp_step(tx, &user_id("ada"), 101));

        assert_eq!(used.into_iter().filter(|used| *used).count(), 1);
        let totp = factors(store, "ada").totp.unwrap();
        assert_eq!((totp.last_step, totp.last_used_at), (101, Some(START)));
    });
}

#[test]
fn a_step_before_the_last_one_is_dead_and_so_is_the_one_that_proved_the_app() {
    on_both_databases(|store, _| {
        with_app(store, "ada");

        for (step, counts) in [
            (100, false),
            (99, false),
            (103, true),
            (102, false),
            (104, true),
        ] {
            let used = write(store, move |tx| use_totp_step(tx, &user_id("ada"), step));
            assert_eq!(used, counts, "{step}");
        }
        let of_nobody = write(store, |tx| use_totp_step(tx, &user_id("nobody"), 200));
        assert!(!of_nobody);
    });
}

#[test]
fn a_step_used_on_one_node_is_dead_on_another_that_shares_the_database() {
    for kind in Kind::BOTH {
        let database = TestDatabase::create(kind);
        let [here, there] =
            [(); 2].map(|()| database.open(Arc::new(ManualClock::starting_at(START))));
        with_app(&here, "ada");

        let first = write(&here, |tx| use_totp_step(tx, &user_id("ada"), 101));
        let second = write(&there, |tx| use_totp_step(tx, &user_id("ada"), 101));

        assert_eq!((first, second), (true, false), "{kind:?}");
    }
}

#[test]
fn another_app_takes_the_place_of_the_first() {
    on_both_databases(|store, clock| {
        with_app(store, "ada");
        write(store, |tx| use_totp_step(tx, &user_id("ada"), 105));
        clock.advance(DAY);

        write(store, |tx| set_up_app(tx, &user_id("ada"), 3_000));

        let totp = factors(store, "ada").totp.unwrap();
        assert_eq!((totp.last_step, totp.last_used_at), (3_000, None));
        assert_eq!(totp.created_at, START.plus(DAY));
    });
}

#[test]
fn passkeys_are_listed_named_and_removed_by_their_owner_alone() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_account(store, "bob");
        assert_eq!(insert(store, "ada", "phone", "one"), Inserted::Inserted);
        assert_eq!(insert(store, "ada", "laptop", "two"), Inserted::Inserted);

        let of_bob = write(store, |tx| {
            let (bob, ada) = (user_id("bob"), user_id("ada"));
            let renamed = rename_passkey(tx, &bob, "phone", "mine")?;
            let removed = remove_passkey(tx, &bob, "phone")?;
            let used = use_passkey(
                tx,
                &bob,
                "phone",
                CredentialUse {
                    before: "before",
                    after: "",
                },
            )?;
            assert!(rename_passkey(tx, &ada, "phone", "Work phone")?);
            Ok((renamed, removed, used))
        });

        assert_eq!(of_bob, (false, false, false));
        let mut names: Vec<_> = factors(store, "ada")
            .passkeys
            .into_iter()
            .map(|one| one.name)
            .collect();
        names.sort();
        assert_eq!(names, ["Work phone", "laptop, at home"]);
        assert!(has_one(store, "ada") && !has_one(store, "bob"));
    });
}

#[test]
fn a_credential_of_one_account_is_never_set_up_on_another() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        with_account(store, "bob");
        assert_eq!(insert(store, "ada", "phone", "one"), Inserted::Inserted);

        assert_eq!(insert(store, "bob", "stolen", "one"), Inserted::Taken);
        assert_eq!(insert(store, "ada", "again", "one"), Inserted::Taken);

        assert!(!has_one(store, "bob"));
        assert_eq!(factors(store, "ada").passkeys.len(), 1);
    });
}

#[test]
fn of_many_uses_of_one_reading_of_a_passkey_exactly_one_counts() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        let _ = insert(store, "ada", "phone", "one");

        let used = in_parallel(store, 20, |tx, time| {
            let after = format!("after {time}");
            let credential = CredentialUse {
                before: "before",
                after: &after,
            };
            use_passkey(tx, &user_id("ada"), "phone", credential)
        });

        assert_eq!(used.into_iter().filter(|used| *used).count(), 1);
        let passkeys = factors(store, "ada").passkeys;
        assert!(passkeys.iter().all(|one| one.last_used_at == Some(START)));
    });
}

#[test]
fn a_passkey_does_not_print_its_name() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        let _ = insert(store, "ada", "phone", "one");

        let printed = format!("{:?}", factors(store, "ada"));

        assert!(printed.contains("PasskeyRow(phone)") && !printed.contains("at home"));
    });
}

#[test]
fn of_a_hundred_uses_of_one_recovery_code_exactly_one_counts() {
    on_both_databases(|store, _| {
        with_app(store, "ada");
        assert!(give_codes(store, "ada", "code"));

        let ada = user_id("ada");
        let used = in_parallel(store, 100, move |tx, _| {
            redeem_recovery_code(tx, &ada, b"code 3")
        });

        let left: Vec<u32> = used.into_iter().flatten().collect();
        assert_eq!(left, [9]);
        assert_eq!(factors(store, "ada").recovery_codes_left, 9);
    });
}

#[test]
fn a_recovery_code_is_of_one_account_and_of_its_newest_set() {
    on_both_databases(|store, _| {
        with_app(store, "ada");
        with_app(store, "bob");
        assert!(give_codes(store, "ada", "first") && give_codes(store, "bob", "bob's"));
        assert_eq!(redeem(store, "bob", "first 1"), None);
        assert_eq!(redeem(store, "ada", "first 1"), Some(9));

        assert!(give_codes(store, "ada", "second"));

        assert_eq!(redeem(store, "ada", "first 2"), None);
        assert_eq!(redeem(store, "ada", "second 2"), Some(9));
        assert_eq!(factors(store, "bob").recovery_codes_left, 10);
        assert_eq!(
            write(store, |tx| recovery_salt(tx, &user_id("ada"))),
            Some(SALT)
        );
    });
}

#[test]
fn recovery_codes_alone_are_no_factor_and_are_not_given_to_who_has_none() {
    on_both_databases(|store, _| {
        with_account(store, "ada");

        assert!(!give_codes(store, "ada", "code"));

        assert_eq!(redeem(store, "ada", "code 1"), None);
        assert!(!has_one(store, "ada"));
    });
}

#[test]
fn with_the_last_factor_its_recovery_codes_go() {
    on_both_databases(|store, _| {
        with_app(store, "ada");
        let _ = insert(store, "ada", "phone", "one");
        assert!(give_codes(store, "ada", "code"));

        assert!(write(store, |tx| remove_totp(tx, &user_id("ada"))));
        assert!(has_one(store, "ada"));
        assert_eq!(factors(store, "ada").recovery_codes_left, 10);

        assert!(write(store, |tx| remove_passkey(
            tx,
            &user_id("ada"),
            "phone"
        )));
        assert!(!has_one(store, "ada"));
        assert_eq!(redeem(store, "ada", "code 1"), None);
        assert_eq!(factors(store, "ada"), Factors::default());
        assert!(!write(store, |tx| remove_totp(tx, &user_id("ada"))));
    });
}

#[test]
fn all_of_them_are_removed_at_once() {
    on_both_databases(|store, _| {
        with_app(store, "ada");
        let _ = insert(store, "ada", "phone", "one");
        assert!(give_codes(store, "ada", "code"));

        assert!(write(store, |tx| remove_all(tx, &user_id("ada"))));

        assert_eq!(factors(store, "ada"), Factors::default());
        assert!(!has_one(store, "ada"));
        assert!(!write(store, |tx| remove_all(tx, &user_id("ada"))));
    });
}

#[test]
fn an_account_says_what_it_has_whatever_happens_at_once() {
    on_both_databases(|store, _| {
        with_app(store, "ada");

        in_parallel(store, 40, |tx, time| {
            let ada = user_id("ada");
            match time % 4 {
                0 => remove_totp(tx, &ada).map(drop),
                1 => set_up_app(tx, &ada, 100),
                2 => {
                    let new = passkey(&format!("key {time}"), &format!("credential {time}"));
                    insert_passkey(tx, &ada, &new).map(drop)
                }
                _ => remove_passkey(tx, &ada, &format!("key {}", time - 1)).map(drop),
            }
        });

        has_one(store, "ada");
    });
}
