use model::trn_lookup::{
    LookupSource, MatchPolicy, POLICY_VERSION, TrnLookupStatus, TrnOutcome, VerificationLevel,
};
use model::{DateOfBirth, NamePart, PersonName, SystemEntropy, UserId};

use super::*;
use crate::outbox;
use crate::samples::{seed, user_id, with_account, write};
use crate::second_factors::{self, NewTotp};
use crate::testing::{on_both_databases, schema_of};
use crate::trn_links::NewLink;
use crate::user_details::{self, NewDetails};

const OLD: [u8; 1] = [1];
const BOTH: [u8; 2] = [2, 1];
const NEW: [u8; 1] = [2];

fn keyring(ids: &[u8]) -> Keyring {
    let keys: Vec<_> = ids.iter().map(|id| (*id, Secret::new([*id; 32]))).collect();
    Keyring::new(&keys).unwrap()
}

fn rewrapped(store: &Store, ids: &[u8], table: &str) -> Rewrapped {
    let tables = rewrap(store, &keyring(ids), &SystemEntropy).unwrap();
    tables.into_iter().find(|one| one.table == table).unwrap()
}

fn name() -> PersonName {
    PersonName {
        first: None,
        middle: None,
        last: NamePart::parse("Lovelace").unwrap(),
    }
}

fn born() -> DateOfBirth {
    DateOfBirth::from_iso("1990-03-27").unwrap()
}

fn trn() -> Trn {
    Trn::parse("1234567").unwrap()
}

/// An account with details and a TRN, stored under the old key.
fn with_teacher(store: &Store, user: &'static str) {
    with_account(store, user);
    write(store, move |tx| {
        let (keyring, id) = (keyring(&OLD), user_id(user));
        let details = TeacherDetails {
            name: Some(name()),
            date_of_birth: Some(born()),
            ..TeacherDetails::default()
        };
        let json = serde_json::to_vec(&details).unwrap();
        let new = NewDetails {
            sealed: keyring.seal(Purpose::Details, id.as_str(), &json, &SystemEntropy),
            has_profile: true,
            national_insurance_asked: false,
            person_digest: person_digests(&keyring, &name(), born()).into_iter().next(),
        };
        user_details::replace(tx, &id, &new)?;
        let outcome = TrnOutcome {
            status: TrnLookupStatus::Found,
            trn: Some(trn()),
            level: Some(VerificationLevel::Low),
            policy: MatchPolicy::Default,
            policy_version: POLICY_VERSION,
            agreed: Vec::new(),
            source: LookupSource::Lookup,
            is_unavailable: false,
        };
        let link = NewLink::seal(&outcome, &id, None, &keyring, &SystemEntropy);
        trn_links::replace(tx, &id, &link)?;
        Ok(())
    });
}

#[test]
fn a_teacher_is_read_and_found_under_the_new_key_alone() {
    on_both_databases(|store, _| {
        with_teacher(store, "ada");
        let links = rewrapped(store, &BOTH, "trn_links");
        assert_eq!((links.rows, links.unopenable), (1, 0));

        let (details, link, owner, same) = write(store, |tx| {
            let (keyring, ada) = (keyring(&NEW), user_id("ada"));
            let digests = trn_links::digests(&keyring, &trn());
            let person = person_digests(&keyring, &name(), born());
            Ok((
                user_details::find(tx, &ada)?.unwrap(),
                trn_links::find(tx, &ada)?.unwrap(),
                trn_links::find_owner(tx, &digests)?,
                user_details::same_person(tx, &person, &user_id("bob"))?,
            ))
        });

        let opened = keyring(&NEW).open(Purpose::Details, "ada", &details.sealed);
        let details: TeacherDetails = serde_json::from_slice(opened.unwrap().reveal()).unwrap();
        assert_eq!(details.name, Some(name()));
        assert_eq!(link.trn(&user_id("ada"), &keyring(&NEW)), Ok(Some(trn())));
        assert_eq!(owner, Some(user_id("ada")));
        let same: Vec<UserId> = same.into_iter().map(|(id, _)| id).collect();
        assert_eq!(same, [user_id("ada")]);
    });
}

/// Whom a node with these keys finds by the TRN.
fn owner(store: &Store, ids: &'static [u8]) -> Option<UserId> {
    let digests = trn_links::digests(&keyring(ids), &trn());
    write(store, move |tx| trn_links::find_owner(tx, &digests))
}

#[test]
fn digests_under_a_key_that_is_gone_are_forgotten() {
    on_both_databases(|store, _| {
        with_teacher(store, "ada");
        rewrapped(store, &BOTH, "trn_links");
        assert_eq!(forget_removed_keys(store, &keyring(&BOTH)).unwrap(), 0);
        assert_eq!(owner(store, &OLD), Some(user_id("ada")));

        assert_eq!(forget_removed_keys(store, &keyring(&NEW)).unwrap(), 1);

        assert_eq!(owner(store, &OLD), None);
        assert_eq!(owner(store, &NEW), Some(user_id("ada")));
        assert_eq!(forget_removed_keys(store, &keyring(&NEW)).unwrap(), 0);
    });
}

#[test]
fn an_account_whose_trn_no_key_opens_keeps_it() {
    on_both_databases(|store, _| {
        with_teacher(store, "ada");

        assert_eq!(forget_removed_keys(store, &keyring(&NEW)).unwrap(), 0);

        assert_eq!(owner(store, &OLD), Some(user_id("ada")));
    });
}

#[test]
fn a_second_factor_is_read_under_the_new_key_alone() {
    on_both_databases(|store, _| {
        with_account(store, "ada");
        write(store, |tx| {
            let ada = user_id("ada");
            let new = NewTotp::seal(&seed(), 1, &ada, &keyring(&OLD), &SystemEntropy);
            second_factors::set_totp(tx, &ada, &new)
        });

        assert_eq!(rewrapped(store, &BOTH, "totp_factors").rows, 1);

        let factors = write(store, |tx| second_factors::standing(tx, &user_id("ada")));
        let read = factors.totp.unwrap().seed(&user_id("ada"), &keyring(&NEW));
        assert_eq!(read, Ok(seed()));
    });
}

#[test]
fn more_rows_than_a_batch_are_all_sealed_anew_and_once() {
    on_both_databases(|store, _| {
        write(store, |tx| {
            for number in 0..=BATCH {
                let id = format!("message {number:04}");
                let sealed = keyring(&OLD).seal(Purpose::Outbox, &id, b"mail", &SystemEntropy);
                outbox::enqueue(tx, &id, "account_created", &sealed)?;
            }
            outbox::complete(tx, "message 0000")
        });

        let outbox = |ids: &[u8]| rewrapped(store, ids, "outbox");
        assert_eq!(outbox(&OLD).rows, 0);
        assert_eq!(outbox(&BOTH).rows, BATCH);
        assert_eq!(outbox(&BOTH).rows, 0);
        assert_eq!(outbox(&NEW).unopenable, 0);
    });
}

#[test]
fn what_no_key_opens_stays_and_is_told() {
    on_both_databases(|store, _| {
        with_teacher(store, "ada");

        let links = rewrapped(store, &NEW, "trn_links");

        assert_eq!((links.rows, links.unopenable), (0, 1));
        let link = write(store, |tx| trn_links::find(tx, &user_id("ada"))).unwrap();
        assert_eq!(link.trn(&user_id("ada"), &keyring(&OLD)), Ok(Some(trn())));
    });
}

#[test]
fn what_changed_since_it_was_read_is_not_undone() {
    on_both_databases(|store, _| {
        with_teacher(store, "ada");
        let column = COLUMNS.iter().find(|one| one.table == "user_details");
        let column = column.unwrap();

        let replaced = write(store, move |tx| {
            let mut outdated = list(tx, column, NEW[0], "")?;
            let anew = Anew {
                row: outdated.remove(0),
                sealed: b"stale".to_vec(),
                digests: Vec::new(),
            };
            let later = NewDetails {
                sealed: b"later".to_vec(),
                has_profile: true,
                national_insurance_asked: true,
                person_digest: None,
            };
            user_details::replace(tx, &user_id("ada"), &later)?;
            replace_all(tx, column, &[anew])
        });

        assert_eq!(replaced, 0);
        let row = write(store, |tx| user_details::find(tx, &user_id("ada"))).unwrap();
        assert_eq!(row.sealed, b"later");
    });
}

#[test]
fn every_sealed_column_is_sealed_anew() {
    on_both_databases(|store, _| {
        let live = store.read_blocking(schema_of).unwrap();

        for (table, columns) in live {
            // An import seals these.
            if table == "teacher_records" {
                continue;
            }
            for column in columns.iter().filter(|column| column.starts_with("sealed")) {
                let name = column.split(' ').next().unwrap();
                let is_known = |one: &SealedColumn| one.table == table && one.column == name;
                assert!(COLUMNS.iter().any(is_known), "{table}.{name}");
            }
        }
    });
}
