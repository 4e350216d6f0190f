use model::client::{ClientSettings, Credential};
use model::{ClientId, RedirectUri, Secret, SystemEntropy};
use storage::testing::on_both_databases;

use super::testing::subjects;
use super::*;
use crate::keys::testing::keyring;

fn client(id: &str, redirect_uris: &[&str]) -> Client {
    let mut settings = ClientSettings::named("Service");
    settings.subject_type = SubjectType::Pairwise;
    settings.redirect_uris = redirect_uris
        .iter()
        .map(|uri| RedirectUri::parse(uri).unwrap())
        .collect();
    Client {
        id: ClientId::parse(id).unwrap(),
        settings,
        credential: Credential::default(),
        disabled_at: None,
        version: 1,
    }
}

fn ada() -> UserId {
    UserId::new("ada".to_owned())
}

#[test]
fn a_public_client_knows_people_by_the_ids_of_their_accounts() {
    let mut public = client("public", &["https://service.example/"]);
    public.settings.subject_type = SubjectType::Public;

    assert_eq!(subjects().of(&public, &ada()), "ada");
}

#[test]
fn clients_of_one_sector_know_a_person_by_one_name_that_tells_nothing() {
    let one = client("one", &["https://service.example/a"]);
    let other = client("other", &["https://service.example:8443/b"]);

    let ada = ada();
    let sub = subjects().of(&one, &ada);

    assert_eq!(sub, subjects().of(&other, &ada));
    assert_eq!(sub.len(), 43);
    assert!(!sub.contains("ada"));
    assert_ne!(sub, subjects().of(&one, &UserId::new("bob".to_owned())));
}

#[test]
fn clients_of_different_sectors_cannot_compare_whom_they_know() {
    let one = client("one", &["https://one.example/"]);
    let other = client("other", &["https://other.example/"]);
    let mut named = client("named", &["https://one.example/", "https://two.example/"]);
    named.settings.sector_identifier_uri = "https://named.example/".parse().ok();
    // No such client can be registered; if there is one, it is alone.
    let nowhere = client("one.example", &[]);

    let ada = ada();
    let subs = [&one, &other, &named, &nowhere].map(|client| subjects().of(client, &ada));

    for (index, sub) in subs.iter().enumerate() {
        assert!(!subs[..index].contains(sub), "{sub}");
    }
}

#[test]
fn a_subject_is_the_same_on_every_node_and_after_the_keys_were_rotated() {
    on_both_databases(|store, _| {
        let one = client("one", &["https://one.example/"]);
        let sub_under = |keyring: &Keyring| {
            let subjects = Subjects::open(store, keyring, &SystemEntropy).unwrap();
            subjects.of(&one, &ada()).into_owned()
        };
        let key = |id: u8| (id, Secret::new([id; 32]));
        let old = Keyring::new(&[key(8)]).unwrap();
        let both = Keyring::new(&[key(9), key(8)]).unwrap();
        let new = Keyring::new(&[key(9)]).unwrap();

        let first = sub_under(&old);
        assert_eq!(sub_under(&old), first);
        assert_eq!(sub_under(&both), first);
        storage::rewrap::rewrap(store, &both, &SystemEntropy).unwrap();
        assert_eq!(sub_under(&new), first);
    });
}

#[test]
fn a_salt_that_no_key_opens_is_not_replaced() {
    on_both_databases(|store, _| {
        Subjects::open(store, &keyring(), &SystemEntropy).unwrap();
        let other = Keyring::new(&[(200, Secret::new([200; 32]))]).unwrap();

        let refused = Subjects::open(store, &other, &SystemEntropy);

        assert!(matches!(refused, Err(UnusableSalt::Unopenable(_))));
    });
}
