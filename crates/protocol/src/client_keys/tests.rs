//! What a client can, and cannot, make us fetch.

use std::time::Duration;

use actix_web::HttpResponse;
use model::SigningAlgorithm;
use model::client::{ClientSettings, Credential};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::client_assertion::InvalidAssertion;
use crate::keys::testing::LooseKey;
use crate::outbound::{FetchError, OutboundError};
use crate::testing::client_site::{ClientSite, jwks};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn client_of(site: &ClientSite) -> Client {
    client_at(&site.url("/jwks"))
}

fn client_at(jwks_uri: &str) -> Client {
    let mut client = client();
    client.settings.jwks_uri = Some(Url::parse(jwks_uri).unwrap());
    client
}

/// Another one that names the same URL.
fn namesake_of(client: &Client) -> Client {
    Client {
        id: ClientId::parse("another").unwrap(),
        ..client.clone()
    }
}

fn client() -> Client {
    Client {
        id: ClientId::parse("course").unwrap(),
        settings: ClientSettings::named("Register for a course"),
        credential: Credential::default(),
        disabled_at: None,
        version: 1,
    }
}

fn allowing_this_machine() -> ClientKeys {
    ClientKeys::new(Outbound::new(vec!["127.0.0.1".to_owned()]))
}

fn es256() -> LooseKey {
    LooseKey::generate(SigningAlgorithm::ES256)
}

async fn find(
    keys: &ClientKeys,
    client: &Client,
    kid: &str,
    now: Timestamp,
) -> Result<(), NoClientKey> {
    keys.find(client, Some(kid), Algorithm::ES256, now)
        .await
        .map(|key| {
            assert_eq!(key.kid(), Some(kid));
        })
}

/// Why nothing is fetched from a URL that is not to be fetched.
async fn refusal_of(jwks_uri: &str, keys: &ClientKeys) -> OutboundError {
    match find(keys, &client_at(jwks_uri), "any", NOW).await {
        Err(NoClientKey::Unavailable(NoKeySet::Fetch(FetchError::NoAnswer(cause)))) => cause,
        other => panic!("{jwks_uri}: {other:?}"),
    }
}

#[actix_web::test]
async fn a_published_key_is_fetched_once_and_kept_for_five_minutes() {
    let key = es256();
    let site = ClientSite::publishing(&[&key]);
    let keys = allowing_this_machine();
    let client = client_of(&site);

    for seconds in [0, 1, 299] {
        let now = NOW.plus(Duration::from_secs(seconds));
        assert_eq!(find(&keys, &client, key.kid(), now).await, Ok(()));
    }
    assert_eq!(site.times_asked(), 1);

    let later = NOW.plus(Duration::from_secs(300));
    assert_eq!(find(&keys, &client, key.kid(), later).await, Ok(()));
    assert_eq!(site.times_asked(), 2);
}

#[actix_web::test]
async fn a_new_key_is_found_by_one_more_fetch_and_guessing_kids_makes_no_others() {
    let (old, new) = (es256(), es256());
    let site = ClientSite::publishing(&[&old]);
    let keys = allowing_this_machine();
    let client = client_of(&site);
    find(&keys, &client, old.kid(), NOW).await.unwrap();
    site.now_publishes(&[&old, &new]);

    let at_once = find(&keys, &client, new.kid(), NOW).await;
    let half_a_minute_later = NOW.plus(Duration::from_secs(30));
    let later = find(&keys, &client, new.kid(), half_a_minute_later).await;
    for kid in ["guess-1", "guess-2", "guess-3"] {
        let guessed = find(&keys, &client, kid, half_a_minute_later).await;
        assert_eq!(guessed, Err(NoClientKey::Unknown));
    }

    assert_eq!(at_once, Err(NoClientKey::Unknown));
    assert_eq!(later, Ok(()));
    assert_eq!(site.times_asked(), 2);
}

/// The attack: somebody registers with the URL of another client and uses its fetches up.
#[actix_web::test]
async fn what_others_ask_of_the_same_url_keeps_no_client_from_its_new_key() {
    let (old, new) = (es256(), es256());
    let site = ClientSite::publishing(&[&old]);
    let keys = allowing_this_machine();
    let client = client_of(&site);
    let mallory = namesake_of(&client);
    for kid in [old.kid(), "guess-1"] {
        let _found = find(&keys, &mallory, kid, NOW).await;
    }
    site.now_publishes(&[&new]);

    assert_eq!(find(&keys, &client, new.kid(), NOW).await, Ok(()));
}

#[actix_web::test]
async fn a_key_in_the_place_of_another_is_found_by_its_signature_no_sooner_than_a_new_kid() {
    for header in [
        json!({ "alg": "ES256" }),
        json!({ "alg": "ES256", "kid": "1" }),
    ] {
        let called_the_same = || {
            let mut key = es256();
            key.jwk["kid"] = json!("1");
            key
        };
        let (old, new) = (called_the_same(), called_the_same());
        let site = ClientSite::publishing(&[&old]);
        let keys = allowing_this_machine();
        let client = client_of(&site);
        let verify = async |key: &LooseKey, now| {
            let token = key.token_with_header(&header, &json!({}));
            let header = jws::read_header(&token).unwrap();
            let verified: Result<Value, InvalidAssertion> =
                keys.verify(&client, &token, &header, now).await;
            verified.map(drop)
        };
        let wrong = || Err(InvalidAssertion::Signature(JwsError::Signature));
        let half_a_minute_later = NOW.plus(Duration::from_secs(30));
        verify(&old, NOW).await.unwrap();
        site.now_publishes(&[&new]);

        assert_eq!(verify(&new, NOW).await, wrong());
        assert_eq!(site.times_asked(), 1);
        assert_eq!(verify(&new, half_a_minute_later).await, Ok(()));
        assert_eq!(verify(&old, half_a_minute_later).await, wrong());
        assert_eq!(site.times_asked(), 2);
    }
}

/// The attack: a client names one URL after another.
#[actix_web::test]
async fn no_more_than_a_thousand_sets_are_kept() {
    let keys = allowing_this_machine();
    for number in 0..1_100 {
        let url = format!("http://127.0.0.1:1/{number}").parse().unwrap();
        let set = keys.kept_set(&client(), &url, NOW);
        let empty =
            || async { ClientKeySet::read(&json!({ "keys": [] })).ok_or(NoKeySet::NotKeySet) };
        let found = set.find(None, Algorithm::RS256, NOW, empty).await;
        assert!(found.is_err());
    }
    assert_eq!(keys.kept.lock().unwrap().len(), 1_000);
}

#[actix_web::test]
async fn many_requests_at_once_make_one_fetch() {
    let key = es256();
    let site = ClientSite::publishing(&[&key]);
    let keys = allowing_this_machine();
    let client = client_of(&site);

    let requests = (0..20).map(|_| find(&keys, &client, key.kid(), NOW));
    let found = futures::future::join_all(requests).await;

    assert!(found.iter().all(Result::is_ok));
    assert_eq!(site.times_asked(), 1);
}

#[actix_web::test]
async fn a_failed_fetch_is_not_tried_again_at_once_and_leaves_kept_keys_in_use() {
    let key = es256();
    let site = ClientSite::publishing(&[&key]);
    let keys = allowing_this_machine();
    let client = client_of(&site);
    find(&keys, &client, key.kid(), NOW).await.unwrap();
    site.now_fails();
    let later = NOW.plus(Duration::from_secs(60));

    for _ in 0..3 {
        let unknown = find(&keys, &client, "unknown", later).await;
        assert_eq!(
            unknown,
            Err(NoClientKey::Unavailable(NoKeySet::Fetch(
                FetchError::Status(500)
            )))
        );
    }

    assert_eq!(find(&keys, &client, key.kid(), later).await, Ok(()));
    assert_eq!(site.times_asked(), 2);
}

#[actix_web::test]
async fn a_redirect_is_not_followed() {
    let key = es256();
    let elsewhere = ClientSite::publishing(&[&key]);
    let target = elsewhere.url("/jwks");
    let site = ClientSite::start(move |_| {
        HttpResponse::Found()
            .insert_header(("location", target.clone()))
            .finish()
    });

    let found = find(&allowing_this_machine(), &client_of(&site), key.kid(), NOW).await;

    assert_eq!(
        found,
        Err(NoClientKey::Unavailable(NoKeySet::Fetch(
            FetchError::Status(302)
        )))
    );
    assert_eq!(elsewhere.times_asked(), 0);
}

#[actix_web::test]
async fn an_answer_is_waited_for_five_seconds_to_its_last_byte() {
    for begun in ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = client_at(&format!("http://127.0.0.1:{port}/jwks"));
        let asking = actix_web::rt::spawn(async move {
            find(&allowing_this_machine(), &client, "any", NOW).await
        });
        let (mut connection, _) = listener.accept().await.unwrap();
        connection.read_u8().await.unwrap();
        connection.write_all(begun.as_bytes()).await.unwrap();

        let asked = tokio::time::Instant::now();
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(4)).await;
        assert!(!asking.is_finished(), "{begun:?}");
        tokio::time::advance(Duration::from_secs(1)).await;

        let expected = Err(NoClientKey::Unavailable(
            FetchError::from(OutboundError::TooSlow).into(),
        ));
        assert_eq!(asking.await.unwrap(), expected, "{begun:?}");
        assert!(asked.elapsed() < Duration::from_secs(6), "{begun:?}");
        tokio::time::resume();
    }
}

#[actix_web::test]
async fn an_answer_of_more_than_64_kib_is_refused() {
    let site = ClientSite::start(|_| HttpResponse::Ok().body(" ".repeat(64 * 1024 + 1)));

    let found = find(&allowing_this_machine(), &client_of(&site), "any", NOW).await;

    assert_eq!(
        found,
        Err(NoClientKey::Unavailable(NoKeySet::Fetch(
            FetchError::TooLarge
        )))
    );
}

#[actix_web::test]
async fn an_answer_that_is_no_key_set_is_refused() {
    let site = ClientSite::start(|_| HttpResponse::Ok().body("<!doctype html>"));

    let found = find(&allowing_this_machine(), &client_of(&site), "any", NOW).await;

    assert_eq!(found, Err(NoClientKey::Unavailable(NoKeySet::NotKeySet)));
}

#[actix_web::test]
async fn we_say_who_asks() {
    let key = es256();
    let body = jwks(&[&key]);
    let site = ClientSite::start(move |request| {
        let agent = request
            .headers()
            .get("user-agent")
            .map(|agent| agent.to_str().unwrap());
        match agent {
            Some(agent) if agent.starts_with("get-an-identity/") => {
                HttpResponse::Ok().body(body.clone())
            }
            _ => HttpResponse::BadRequest().finish(),
        }
    });

    assert_eq!(
        find(&allowing_this_machine(), &client_of(&site), key.kid(), NOW).await,
        Ok(())
    );
}

#[actix_web::test]
async fn private_addresses_are_refused_in_every_spelling() {
    let keys = ClientKeys::new(Outbound::new(Vec::new()));

    for url in [
        "https://127.0.0.1/jwks",
        "https://127.1/jwks",
        "https://0x7f000001/jwks",
        "https://2130706433/jwks",
        "https://10.0.0.1/jwks",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/jwks",
        "https://[::ffff:192.168.0.1]/jwks",
        "https://localhost/jwks",
        "https://LOCALHOST:8443/jwks",
    ] {
        assert_eq!(
            refusal_of(url, &keys).await,
            OutboundError::PrivateAddress,
            "{url}"
        );
    }
}

#[actix_web::test]
async fn plain_http_and_credentials_are_refused() {
    let keys = ClientKeys::new(Outbound::new(Vec::new()));

    assert_eq!(
        refusal_of("http://service.example/jwks", &keys).await,
        OutboundError::NotHttps
    );
    assert_eq!(
        refusal_of("file:///etc/passwd", &keys).await,
        OutboundError::NotHttps
    );
    assert_eq!(
        refusal_of("https://user:word@service.example/jwks", &keys).await,
        OutboundError::Credentials
    );
}

#[actix_web::test]
async fn an_allowed_host_does_not_allow_its_neighbours() {
    let keys = allowing_this_machine();

    assert_eq!(
        refusal_of("https://127.0.0.2/jwks", &keys).await,
        OutboundError::PrivateAddress
    );
    assert_eq!(
        refusal_of("https://localhost/jwks", &keys).await,
        OutboundError::PrivateAddress
    );
}

#[actix_web::test]
async fn a_host_that_nobody_answers_at_is_unreachable() {
    let closed = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);

    let url = format!("http://127.0.0.1:{port}/jwks");

    assert_eq!(
        refusal_of(&url, &allowing_this_machine()).await,
        OutboundError::Unreachable
    );
}

#[actix_web::test]
async fn keys_by_value_are_never_fetched() {
    let key = es256();
    let mut client = client();
    client.settings.jwks = Some(json!({ "keys": [key.jwk] }));
    let keys = ClientKeys::new(Outbound::new(Vec::new()));

    assert_eq!(find(&keys, &client, key.kid(), NOW).await, Ok(()));
    assert_eq!(
        find(&keys, &client, "other", NOW).await,
        Err(NoClientKey::Unknown)
    );
}

#[actix_web::test]
async fn a_client_without_keys_has_none() {
    let client = client();

    let found = find(
        &ClientKeys::new(Outbound::new(Vec::new())),
        &client,
        "any",
        NOW,
    )
    .await;

    assert_eq!(found, Err(NoClientKey::NoneRegistered));
}

#[actix_web::test]
async fn one_unusable_key_does_not_spoil_the_set() {
    let key = es256();
    let mut client = client();
    client.settings.jwks = Some(json!({ "keys": [{ "kty": "new" }, 7, { "kid": 1 }, key.jwk] }));

    assert_eq!(
        find(
            &ClientKeys::new(Outbound::new(Vec::new())),
            &client,
            key.kid(),
            NOW
        )
        .await,
        Ok(())
    );
}
