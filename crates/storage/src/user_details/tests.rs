use model::trn_lookup::{LookupSource, MatchPolicy, POLICY_VERSION, TrnLookupStatus, TrnOutcome};
use model::{NamePart, Secret, SystemEntropy};

use super::*;
use crate::samples::{HOUR, user_id, with_account, write};
use crate::testing::{START, on_both_databases};
use crate::trn_links::{self, NewLink};
use crate::unit_of_work::Store;
use crate::users;

fn details(sealed: &[u8]) -> NewDetails {
    NewDetails {
        sealed: sealed.to_vec(),
        has_profile: true,
        national_insurance_asked: false,
        person_digest: None,
    }
}

fn given(store: &Store, user: &'static str, details: NewDetails) {
    write(store, move |tx| replace(tx, &user_id(user), &details));
}

fn keyring(ids: &[u8]) -> Keyring {
    let keys: Vec<_> = ids.iter().map(|id| (*id, Secret::new([*id; 32]))).collect();
    Keyring::new(&keys).unwrap()
}

fn person(last: &str, born: &str) -> (PersonName, DateOfBirth) {
    let name = PersonName {
        first: None,
        middle: None,
        last: NamePart::parse(last).unwrap(),
    };
    (name, DateOfBirth::from_iso(born).unwrap())
}

fn digests(ids: &[u8], last: &str, born: &str) -> Vec<Vec<u8>> {
    let (name, born) = person(last, born);
    person_digests(&keyring(ids), &name, born)
}

#[test]
fn details_are_kept_with_the_account_and_later_ones_stand_over_earlier_ones() {
    on_both_databases(|store, clock| {
        with_account(store, "ada");
        given(store, "ada", details(b"earlier"));
        clock.advance(HOUR);

        let later = NewDetails {
            national_insurance_asked: true,
            ..details(b"later")
        };
        given(store, "ada", later);

        let row = write(store, |tx| find(tx, &user_id("ada")));
        let expected = Row {
            sealed: b"later".to_vec(),
            has_profile: true,
            national_insurance_asked: true,
            updated_at: START.plus(HOUR),
        };
        assert_eq!(row, Some(expected));
        let user = write(store, |tx| users::find(tx, &user_id("ada"))).unwrap();
        assert_eq!(user.updated_at, START.plus(HOUR));
        assert_eq!(write(store, |tx| find(tx, &user_id("bob"))), None);
    });
}

#[test]
fn nothing_is_kept_of_an_account_that_is_not_there() {
    on_both_databases(|store, _| {
        let ended = store.write_blocking(|tx| replace(tx, &user_id("nobody"), &details(b"sealed")));

        assert!(ended.is_err());
    });
}

#[test]
fn the_standing_joins_what_was_asked_with_how_the_record_was_found() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        let standing = || write(store, |tx| standing(tx, &user_id("ada")));
        assert_eq!(standing(), DetailsStanding::default());

        given(store, "ada", details(b"sealed"));
        let asked = DetailsStanding {
            has_profile: true,
            ..DetailsStanding::default()
        };
        assert_eq!(standing(), asked);

        let outcome = TrnOutcome {
            status: TrnLookupStatus::Pending,
            trn: None,
            level: None,
            policy: MatchPolicy::Strict,
            policy_version: POLICY_VERSION,
            agreed: Vec::new(),
            source: LookupSource::Lookup,
            is_unavailable: false,
        };
        let ada = user_id("ada");
        let link = NewLink::seal(&outcome, &ada, None, &keyring(&[1]), &SystemEntropy);
        write(store, move |tx| trn_links::replace(tx, &ada, &link));

        let trn = standing().trn.unwrap();
        assert_eq!(trn.status, TrnLookupStatus::Pending);
        assert_eq!((trn.level, trn.policy), (None, MatchPolicy::Strict));
        assert!(standing().has_profile);
    });
}

#[test]
fn nobody_has_a_standing_without_an_account() {
    on_both_databases(|store, _| {
        let standing = write(store, |tx| standing(tx, &user_id("nobody")));

        assert_eq!(standing, DetailsStanding::default());
    });
}

#[test]
fn accounts_of_one_last_name_and_date_of_birth_find_each_other() {
    on_both_databases(|store, _| {
        for (user, last, born) in [
            ("ada", "Lovelace", "1990-03-27"),
            ("bob", "LOVELACE", "1990-03-27"),
            ("cy", "Lovelace", "1990-03-28"),
            ("dot", "Byron", "1990-03-27"),
        ] {
            with_account(store, user);
            let with_digest = NewDetails {
                person_digest: digests(&[1], last, born).into_iter().next(),
                ..details(user.as_bytes())
            };
            given(store, user, with_digest);
        }
        with_account(store, "eve");
        given(store, "eve", details(b"no name yet"));

        // After a key change the earlier digest is looked for too.
        let found = write(store, |tx| {
            let digests = digests(&[2, 1], "lovelace", "1990-03-27");
            same_person(tx, &digests, &user_id("ada"))
        });

        assert_eq!(found, [(user_id("bob"), b"bob".to_vec())]);
    });
}
