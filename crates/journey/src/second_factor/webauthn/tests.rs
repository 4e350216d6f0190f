//! Answers of honest devices and of others.

use model::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::tests::authenticator::Authenticator;

const ADA: &str = "0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10";
const EVE: &str = "0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a11";

fn party() -> RelyingParty {
    RelyingParty::of("https://identity.example", "Get an identity").unwrap()
}

fn user(id: &str) -> UserId {
    UserId::new(id.to_owned())
}

fn options(ceremony: &Ceremony) -> Value {
    serde_json::from_str(&ceremony.options).unwrap()
}

fn ask_for_new(held: &[PasskeyRow]) -> Ceremony {
    let owner = Owner {
        id: &user(ADA),
        address: "ada@example.test",
    };
    party().ask_for_new(&owner, held).unwrap()
}

fn made(device: &mut Authenticator) -> Result<MadePasskey, Refused> {
    let ceremony = ask_for_new(&[]);
    let answer = device.create(&options(&ceremony));
    party().made(&ceremony, &answer).unwrap()
}

/// A passkey as it is stored when it was made by that device.
fn row_of(device: &mut Authenticator) -> PasskeyRow {
    let made = made(device).unwrap();
    PasskeyRow {
        id: "passkey-1".to_owned(),
        credential_id: made.credential_id,
        name: "Key".to_owned(),
        credential: made.credential,
        created_at: Timestamp::from_seconds(0),
        last_used_at: None,
    }
}

fn given(device: &mut Authenticator, row: &PasskeyRow) -> Result<(String, Amr), Refused> {
    let held = [row.clone()];
    let ceremony = party().ask_for_one_of(&held).unwrap();
    let answer = device.get(&options(&ceremony));
    check(&ceremony, &answer, &held)
}

fn check(ceremony: &Ceremony, answer: &str, held: &[PasskeyRow]) -> Result<(String, Amr), Refused> {
    let given = party().given(ceremony, answer, &user(ADA), held).unwrap();
    given.map(|given| (given.credential, given.amr))
}

#[test]
fn a_passkey_that_stays_on_its_device_is_hardware_and_one_that_is_shared_is_software() {
    for (mut device, amr) in [
        (Authenticator::new(), Amr::Hwk),
        (Authenticator::synced(), Amr::Swk),
    ] {
        assert_eq!(made(&mut device).unwrap().amr, amr);
        let row = row_of(&mut device);

        let (_, given_by) = given(&mut device, &row).unwrap();

        assert_eq!(given_by, amr);
    }
}

#[test]
fn a_new_passkey_is_asked_to_verify_its_holder_and_to_say_nothing_of_its_maker() {
    let held = row_of(&mut Authenticator::new());

    let options = options(&ask_for_new(std::slice::from_ref(&held)));

    assert_eq!(
        options["rp"],
        json!({ "id": "identity.example", "name": "Get an identity" })
    );
    assert_eq!(options["user"]["name"], "ada@example.test");
    assert_eq!(options["attestation"], "none");
    let selection = &options["authenticatorSelection"];
    assert_eq!(selection["userVerification"], "required");
    assert_eq!(selection["residentKey"], "preferred");
    assert_eq!(selection["requireResidentKey"], false);
    let excluded = options["excludeCredentials"].as_array().unwrap();
    assert_eq!(excluded.len(), 1);
}

#[test]
fn a_passkey_is_asked_to_verify_its_holder() {
    let ceremony = party()
        .ask_for_one_of(&[row_of(&mut Authenticator::new())])
        .unwrap();

    let options = options(&ceremony);

    assert_eq!(options["userVerification"], "required");
    assert_eq!(options["rpId"], "identity.example");
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
}

#[test]
fn an_issuer_without_a_domain_name_has_no_passkeys() {
    for issuer in [
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "identity.example",
    ] {
        assert!(
            RelyingParty::of(issuer, "Get an identity").is_none(),
            "{issuer}"
        );
    }
    assert!(RelyingParty::of("http://localhost:8080", "Get an identity").is_some());
}

#[test]
fn an_answer_from_another_origin_is_refused() {
    for origin in [
        "https://evil.example",
        "https://identity.example.evil.example",
        "https://login.identity.example",
        "https://identity.example:8443",
        "http://identity.example",
        "",
    ] {
        let mut device = Authenticator::new();
        let row = row_of(&mut device);
        device.origin = origin.to_owned();

        assert_eq!(made(&mut device).unwrap_err(), Refused::Wrong, "{origin}");
        assert_eq!(given(&mut device, &row), Err(Refused::Wrong), "{origin}");
    }
}

#[test]
fn a_passkey_for_another_domain_is_refused() {
    for rp_id in ["evil.example", "example", "login.identity.example"] {
        let mut device = Authenticator::new();
        let row = row_of(&mut device);
        device.rp_id = rp_id.to_owned();

        assert_eq!(made(&mut device).unwrap_err(), Refused::Wrong, "{rp_id}");
        assert_eq!(given(&mut device, &row), Err(Refused::Wrong), "{rp_id}");
    }
}

#[test]
fn a_device_that_does_not_verify_its_holder_is_refused() {
    let mut device = Authenticator::new();
    let row = row_of(&mut device);
    device.verifies = false;

    assert_eq!(made(&mut device).unwrap_err(), Refused::NotVerified);
    assert_eq!(given(&mut device, &row), Err(Refused::NotVerified));
}

#[test]
fn an_answer_to_another_challenge_is_refused() {
    let mut device = Authenticator::new();
    let held = [row_of(&mut device)];
    let (earlier, later) = (ask_for_new(&[]), ask_for_new(&[]));
    let answer = device.create(&options(&earlier));
    assert_eq!(
        party().made(&later, &answer).unwrap().unwrap_err(),
        Refused::Wrong
    );

    let earlier = party().ask_for_one_of(&held).unwrap();
    let later = party().ask_for_one_of(&held).unwrap();
    let answer = device.get(&options(&earlier));
    assert_eq!(check(&later, &answer, &held), Err(Refused::Wrong));
}

#[test]
fn what_is_no_answer_is_refused() {
    let mut device = Authenticator::new();
    let held = [row_of(&mut device)];
    let registration = ask_for_new(&[]);
    let assertion = party().ask_for_one_of(&held).unwrap();
    let given_instead = device.get(&options(&registration));
    let made_instead = Authenticator::new().create(&json!({
        "challenge": options(&assertion)["challenge"],
        "user": { "id": "AAAA" },
    }));

    for answer in ["", "null", "{}", "[]", "\u{0}", given_instead.as_str()] {
        let made = party().made(&registration, answer).unwrap();
        assert_eq!(made.unwrap_err(), Refused::Wrong, "{answer}");
    }
    for answer in ["", "null", "{}", "[]", "\u{0}", made_instead.as_str()] {
        assert_eq!(
            check(&assertion, answer, &held),
            Err(Refused::Wrong),
            "{answer}"
        );
    }
}

#[test]
fn a_passkey_that_the_account_has_is_not_made_once_more() {
    let mut device = Authenticator::new();
    let held = [row_of(&mut device)];
    let ceremony = ask_for_new(&held);

    let answer = device.create(&options(&ceremony));

    let made = party().made(&ceremony, &answer).unwrap();
    assert_eq!(made.unwrap_err(), Refused::Wrong);
}

#[test]
fn a_passkey_of_another_account_is_refused() {
    let held = [row_of(&mut Authenticator::new())];
    let mut eves = Authenticator::new();
    row_of(&mut eves);
    let ceremony = party().ask_for_one_of(&held).unwrap();

    let answer = eves.get(&options(&ceremony));

    assert_eq!(check(&ceremony, &answer, &held), Err(Refused::NotHeld));
}

#[test]
fn a_passkey_that_names_another_account_is_refused() {
    let mut device = Authenticator::new();
    let row = row_of(&mut device);
    device.user_handle = Some(Uuid::try_parse(EVE).unwrap().as_bytes().to_vec());

    assert_eq!(given(&mut device, &row), Err(Refused::NotHeld));
    device.user_handle = None;
    assert!(given(&mut device, &row).is_ok());
}

#[test]
fn another_key_under_the_id_of_a_passkey_is_refused() {
    let mut honest = Authenticator::new();
    let row = row_of(&mut honest);
    let mut forger = Authenticator::new();
    forger.credential_id.clone_from(&honest.credential_id);
    forger.counter = Some(100);

    assert_eq!(given(&mut forger, &row), Err(Refused::Wrong));
}

#[test]
fn a_passkey_that_was_removed_while_it_was_asked_for_is_refused() {
    let mut device = Authenticator::new();
    let held = [row_of(&mut device)];
    let ceremony = party().ask_for_one_of(&held).unwrap();

    let answer = device.get(&options(&ceremony));

    assert_eq!(check(&ceremony, &answer, &[]), Err(Refused::NotHeld));
}

#[test]
fn a_counter_that_does_not_go_on_is_refused() {
    let mut device = Authenticator::new();
    let mut row = row_of(&mut device);
    device.counter = Some(10);
    let (credential, _) = given(&mut device, &row).unwrap();
    row.credential = credential;

    for copied in [0, 3, 10] {
        device.counter = Some(copied);

        let refused = given(&mut device, &row);

        assert_eq!(
            refused,
            Err(Refused::MayBeCopied(row.id.clone())),
            "{copied}"
        );
    }
    device.counter = Some(11);
    assert!(given(&mut device, &row).is_ok());
}

#[test]
fn the_counter_is_that_of_now_and_not_that_of_when_the_passkey_was_asked_for() {
    let mut device = Authenticator::new();
    let before = row_of(&mut device);
    let ceremony = party()
        .ask_for_one_of(std::slice::from_ref(&before))
        .unwrap();
    device.counter = Some(20);
    let (credential, _) = given(&mut device, &before).unwrap();
    let now = PasskeyRow {
        credential,
        ..before
    };

    device.counter = Some(10);
    let answer = device.get(&options(&ceremony));

    let refused = check(&ceremony, &answer, std::slice::from_ref(&now));
    assert_eq!(refused, Err(Refused::MayBeCopied(now.id)));
}

#[test]
fn a_passkey_that_devices_share_counts_nothing() {
    let mut device = Authenticator::synced();
    let row = row_of(&mut device);

    let (first, _) = given(&mut device, &row).unwrap();
    let (second, _) = given(&mut device, &row).unwrap();

    assert_eq!(
        (first.as_str(), second.as_str()),
        (row.credential.as_str(), row.credential.as_str())
    );
}

#[test]
fn a_passkey_that_says_it_can_no_longer_leave_its_device_is_refused() {
    let mut device = Authenticator::synced();
    let row = row_of(&mut device);
    device.is_synced = false;

    assert_eq!(given(&mut device, &row), Err(Refused::Wrong));
}

#[test]
fn what_was_asked_fits_until_the_account_has_other_passkeys() {
    let held = [row_of(&mut Authenticator::new())];

    let ceremony = party().ask_for_one_of(&held).unwrap();

    assert!(ceremony.still_fits(&held));
    assert!(!ceremony.still_fits(&[]));
}

#[test]
fn a_passkey_is_named_by_its_keeper() {
    let mut device = Authenticator::synced();
    device.aaguid = 0xfbfc_3007_154e_4ecc_8c0b_6e02_0557_d7bd;

    assert_eq!(made(&mut device).unwrap().keeper, Some("Apple Passwords"));
}
