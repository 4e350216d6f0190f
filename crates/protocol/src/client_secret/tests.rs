//! Secrets of every kind, kept and checked.

use futures::future::join_all;
use model::client::{ClientSettings, Credential};
use model::{SlowHash, SystemEntropy};

use super::*;
use crate::keys::testing::keyring;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn client(id: &str, current: StoredSecret) -> Client {
    Client {
        id: ClientId::parse(id).unwrap(),
        settings: ClientSettings::named("Register for a course"),
        credential: Credential {
            current: Some(current),
            previous: None,
        },
        disabled_at: None,
        version: 1,
    }
}

fn generated(method: AuthMethod) -> (Secret<String>, Client) {
    let id = ClientId::parse("course").unwrap();
    let (secret, stored) = generate(&id, method, &keyring(), &SystemEntropy);
    (secret, client("course", stored))
}

fn chosen(secret: &str) -> Client {
    let id = ClientId::parse("course").unwrap();
    let secret = Secret::new(secret.to_owned());
    let method = AuthMethod::ClientSecretBasic;
    let stored = keep(&id, method, &secret, &keyring(), &SystemEntropy).unwrap();
    client("course", stored)
}

#[actix_web::test]
async fn a_generated_secret_is_known_again_and_no_other_is() {
    let checker = SecretChecker::new(keyring(), SlowHash::default());
    let (secret, client) = generated(AuthMethod::ClientSecretPost);
    let (other, _) = generated(AuthMethod::ClientSecretPost);

    assert_eq!(checker.check(&client, secret.reveal(), NOW).await, Ok(true));
    assert_eq!(checker.check(&client, other.reveal(), NOW).await, Ok(false));
    assert_eq!(checker.check(&client, "", NOW).await, Ok(false));
}

#[actix_web::test]
async fn the_secret_of_one_client_is_useless_to_another() {
    let (secret, client_of_the_secret) = generated(AuthMethod::ClientSecretBasic);
    let stored = client_of_the_secret.credential.current.unwrap();

    let other = client("other", stored);

    let checker = SecretChecker::new(keyring(), SlowHash::default());
    assert_eq!(checker.check(&other, secret.reveal(), NOW).await, Ok(false));
}

#[actix_web::test]
async fn the_secret_before_is_good_until_its_end() {
    let checker = SecretChecker::new(keyring(), SlowHash::default());
    let (before, previous) = generated(AuthMethod::ClientSecretBasic);
    let (_, mut client) = generated(AuthMethod::ClientSecretBasic);
    let end = Timestamp::from_seconds(NOW.seconds() + 10);
    client.credential.previous = Some((previous.credential.current.unwrap(), end));

    assert_eq!(checker.check(&client, before.reveal(), NOW).await, Ok(true));
    assert_eq!(
        checker.check(&client, before.reveal(), end).await,
        Ok(false)
    );
}

#[actix_web::test]
async fn a_chosen_secret_is_hashed_once_and_remembered() {
    let checker = SecretChecker::new(keyring(), SlowHash::default());
    let client = chosen("correct horse battery staple");

    let first = checker
        .check(&client, "correct horse battery staple", NOW)
        .await;

    assert_eq!(first, Ok(true));
    assert_eq!(checker.verified.read().unwrap().len(), 1);
    let wrong = checker
        .check(&client, "correct horse battery stapler", NOW)
        .await;
    assert_eq!(wrong, Ok(false));
    let again = checker
        .check(&client, "correct horse battery staple", NOW)
        .await;
    assert_eq!(again, Ok(true));
    assert_eq!(checker.verified.read().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_replaced_chosen_secret_is_not_remembered() {
    let checker = SecretChecker::new(keyring(), SlowHash::default());
    let before = chosen("correct horse battery staple");
    assert_eq!(
        checker
            .check(&before, "correct horse battery staple", NOW)
            .await,
        Ok(true)
    );

    let after = chosen("another horse, another staple");

    let outcome = checker
        .check(&after, "correct horse battery staple", NOW)
        .await;
    assert_eq!(outcome, Ok(false));
}

#[actix_web::test]
async fn a_flood_of_guesses_is_turned_away_while_known_secrets_pass() {
    let checker = SecretChecker::new(keyring(), SlowHash::default());
    let client = chosen("correct horse battery staple");
    assert_eq!(
        checker
            .check(&client, "correct horse battery staple", NOW)
            .await,
        Ok(true)
    );

    let guesses: Vec<String> = (0..100).map(|number| format!("guess {number}")).collect();
    let outcomes = join_all(
        guesses
            .iter()
            .map(|guess| checker.check(&client, guess, NOW)),
    )
    .await;

    assert!(outcomes.contains(&Err(Overloaded)));
    assert!(!outcomes.contains(&Ok(true)));
    let known = checker
        .check(&client, "correct horse battery staple", NOW)
        .await;
    assert_eq!(known, Ok(true));
}

#[actix_web::test]
async fn only_a_shared_secret_can_be_read_back() {
    let checker = SecretChecker::new(keyring(), SlowHash::default());
    let (secret, sealed) = generated(AuthMethod::ClientSecretJwt);
    let (_, hashed) = generated(AuthMethod::ClientSecretBasic);

    let shared = checker.shared(&sealed, NOW);

    assert_eq!(shared, [Secret::new(secret.reveal().as_bytes().to_vec())]);
    assert_eq!(checker.shared(&hashed, NOW), []);
    assert_eq!(checker.check(&sealed, secret.reveal(), NOW).await, Ok(true));
}

#[actix_web::test]
async fn an_overlong_secret_is_refused_unhashed() {
    let checker = SecretChecker::new(keyring(), SlowHash::default());
    let client = chosen("correct horse battery staple");

    let outcome = checker.check(&client, &"x".repeat(MAX_LEN + 1), NOW).await;

    assert_eq!(outcome, Ok(false));
}
