//! Attacks on client assertions, each beside the honest assertion that it bends.

use model::client::{AuthMethod, ClientSettings, Credential};
use model::{SigningAlgorithm, Timestamp};
use serde_json::{Value, json};

use super::*;
use crate::keys::testing::{LooseKey, hmac_token, part};
use crate::outbound::Outbound;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const ISSUER: &str = "https://identity.example";
const TOKEN_ENDPOINT: &str = "https://identity.example/token";
const PUSH_ENDPOINT: &str = "https://identity.example/par";
const SECRET: &[u8] = b"gai_cs_a secret of forty-three characters or so";

fn client_with(jwks: &Value) -> Client {
    let mut settings = ClientSettings::named("Register for a course");
    settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
    settings.jwks = Some(jwks.clone());
    Client {
        id: ClientId::parse("course").unwrap(),
        settings,
        credential: Credential::default(),
        disabled_at: None,
        version: 1,
    }
}

fn client_of(key: &LooseKey) -> Client {
    client_with(&json!({ "keys": [key.jwk] }))
}

fn claims() -> Value {
    json!({
        "iss": "course",
        "sub": "course",
        "aud": TOKEN_ENDPOINT,
        "iat": NOW.seconds(),
        "exp": NOW.seconds() + 60,
        "jti": "once",
    })
}

/// The honest claims with one changed; `null` removes it.
fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    match value {
        Value::Null => members.remove(name),
        value => members.insert(name.to_owned(), value),
    };
    claims
}

async fn check(assertion: &str, client: &Client) -> Result<VerifiedAssertion, InvalidAssertion> {
    let keys = ClientKeys::new(Outbound::new(Vec::new()));
    verify(
        assertion,
        client,
        AssertionKeys::Registered(&keys),
        addressee(),
        NOW,
    )
    .await
}

async fn check_shared(assertion: &str) -> Result<VerifiedAssertion, InvalidAssertion> {
    let client = client_with(&json!({ "keys": [] }));
    let secrets = [
        Secret::new(b"the one before".to_vec()),
        Secret::new(SECRET.to_vec()),
    ];
    verify(
        assertion,
        &client,
        AssertionKeys::Secrets(&secrets),
        addressee(),
        NOW,
    )
    .await
}

fn addressee() -> Addressee<'static> {
    Addressee {
        issuer: ISSUER,
        endpoints: [TOKEN_ENDPOINT, PUSH_ENDPOINT],
    }
}

async fn outcome_of(claims: &Value) -> Result<VerifiedAssertion, InvalidAssertion> {
    let key = LooseKey::generate(SigningAlgorithm::ES256);
    check(&key.token(claims), &client_of(&key)).await
}

#[actix_web::test]
async fn an_honest_assertion_proves_the_client_in_every_algorithm() {
    for algorithm in SigningAlgorithm::ALL {
        let key = LooseKey::generate(algorithm);

        let verified = check(&key.token(&claims()), &client_of(&key)).await;

        let jti = "once".to_owned();
        let forget_after = NOW.plus(Duration::from_secs(120));
        assert_eq!(
            verified,
            Ok(VerifiedAssertion { jti, forget_after }),
            "{algorithm}"
        );
    }
}

#[actix_web::test]
async fn an_assertion_says_whose_it_is_before_it_is_proven() {
    let key = LooseKey::generate(SigningAlgorithm::ES256);

    assert_eq!(
        claimed_client(&key.token(&claims())),
        ClientId::parse("course").ok()
    );
    assert_eq!(claimed_client("no token"), None);
    assert_eq!(
        claimed_client(&key.token(&claims_with("sub", json!(7)))),
        None
    );
}

#[actix_web::test]
async fn an_unsigned_assertion_is_refused() {
    let key = LooseKey::generate(SigningAlgorithm::ES256);
    for alg in ["none", "None", "NONE"] {
        let header = json!({ "alg": alg, "kid": key.kid() });
        let unsigned = format!("{}.{}.", part(&header), part(&claims()));

        let refusal = check(&unsigned, &client_of(&key)).await;

        assert_eq!(
            refusal,
            Err(InvalidAssertion::Signature(JwsError::Malformed))
        );
    }
}

#[actix_web::test]
async fn a_client_that_registered_an_algorithm_is_held_to_it() {
    use model::client::AssertionAlgorithm::Private;

    let key = LooseKey::generate(SigningAlgorithm::ES256);
    let mut client = client_of(&key);
    client.settings.token_endpoint_auth_signing_alg = Some(Private(SigningAlgorithm::ES256));
    assert!(check(&key.token(&claims()), &client).await.is_ok());

    client.settings.token_endpoint_auth_signing_alg = Some(Private(SigningAlgorithm::EdDsa));
    let refusal = check(&key.token(&claims()), &client).await;
    assert_eq!(refusal, Err(InvalidAssertion::AlgorithmNotAllowed));
}

#[actix_web::test]
async fn the_public_key_does_not_serve_as_a_shared_secret() {
    let key = LooseKey::generate(SigningAlgorithm::RS256);
    let header = json!({ "alg": "HS256", "kid": key.kid() });
    let confused = hmac_token(
        &header,
        &claims(),
        key.jwk["n"].as_str().unwrap().as_bytes(),
    );

    let refusal = check(&confused, &client_of(&key)).await;

    assert_eq!(refusal, Err(InvalidAssertion::AlgorithmNotAllowed));
}

#[actix_web::test]
async fn a_key_for_one_algorithm_does_not_verify_another() {
    let key = LooseKey::generate(SigningAlgorithm::PS256);
    let header = json!({ "alg": "RS256", "kid": key.kid() });

    let refusal = check(&key.token_with_header(&header, &claims()), &client_of(&key)).await;

    assert_eq!(refusal, Err(InvalidAssertion::NoKey(NoClientKey::Unknown)));
}

#[actix_web::test]
async fn algorithms_that_we_do_not_offer_are_refused() {
    let key = LooseKey::generate(SigningAlgorithm::RS256);
    for alg in ["RS384", "RS512", "PS512", "ES384", "HS512"] {
        let header = json!({ "alg": alg, "kid": key.kid() });

        let refusal = check(&key.token_with_header(&header, &claims()), &client_of(&key)).await;

        assert_eq!(refusal, Err(InvalidAssertion::AlgorithmNotAllowed), "{alg}");
    }
}

#[actix_web::test]
async fn the_key_of_another_client_proves_nothing() {
    let own = LooseKey::generate(SigningAlgorithm::ES256);
    let other = LooseKey::generate(SigningAlgorithm::ES256);

    let unknown = check(&other.token(&claims()), &client_of(&own)).await;
    let forged = check(
        &other.token_with_header(&own.header(), &claims()),
        &client_of(&own),
    )
    .await;

    assert_eq!(unknown, Err(InvalidAssertion::NoKey(NoClientKey::Unknown)));
    assert_eq!(
        forged,
        Err(InvalidAssertion::Signature(JwsError::Signature))
    );
}

#[actix_web::test]
async fn a_key_carried_in_the_header_is_not_trusted() {
    let own = LooseKey::generate(SigningAlgorithm::ES256);
    let forger = LooseKey::generate(SigningAlgorithm::ES256);
    let mut header = own.header();
    header["jwk"] = forger.jwk.clone();
    header["jku"] = json!("https://forger.example/jwks");

    let refusal = check(
        &forger.token_with_header(&header, &claims()),
        &client_of(&own),
    )
    .await;

    assert_eq!(
        refusal,
        Err(InvalidAssertion::Signature(JwsError::Signature))
    );
}

#[actix_web::test]
async fn a_kid_may_be_left_out_where_one_key_fits_and_not_where_several_do() {
    let key = LooseKey::generate(SigningAlgorithm::ES256);
    let second = LooseKey::generate(SigningAlgorithm::ES256);
    let other = LooseKey::generate(SigningAlgorithm::EdDsa);
    let assertion = key.token_with_header(&json!({ "alg": "ES256" }), &claims());

    let one_fits = client_with(&json!({ "keys": [other.jwk, key.jwk] }));
    let two_fit = client_with(&json!({ "keys": [second.jwk, key.jwk] }));

    assert!(check(&assertion, &one_fits).await.is_ok());
    assert_eq!(
        check(&assertion, &two_fit).await,
        Err(InvalidAssertion::NoKey(NoClientKey::Ambiguous))
    );
}

#[actix_web::test]
async fn an_assertion_about_another_client_is_refused() {
    assert_eq!(
        outcome_of(&claims_with("iss", json!("other"))).await,
        Err(InvalidAssertion::Issuer)
    );
    assert_eq!(
        outcome_of(&claims_with("sub", json!("other"))).await,
        Err(InvalidAssertion::Subject)
    );
}

#[actix_web::test]
async fn the_issuer_and_the_endpoints_that_take_assertions_are_ours_and_nothing_else_is() {
    for aud in [
        json!(ISSUER),
        json!(TOKEN_ENDPOINT),
        json!(PUSH_ENDPOINT),
        json!(["https://other.example", ISSUER]),
    ] {
        assert!(outcome_of(&claims_with("aud", aud)).await.is_ok());
    }
    for aud in [
        json!("https://other.example"),
        json!("https://identity.example/"),
        json!("https://identity.example/token?x=1"),
        json!("https://identity.example/authorize"),
        json!([]),
    ] {
        assert_eq!(
            outcome_of(&claims_with("aud", aud)).await,
            Err(InvalidAssertion::Audience)
        );
    }
}

#[actix_web::test]
async fn a_high_assurance_client_addresses_the_issuer_as_one_string() {
    let key = LooseKey::generate(SigningAlgorithm::ES256);
    let mut client = client_of(&key);
    client.settings.assertion_audience = AssertionAudience::Issuer;
    let assertion = |aud| key.token(&claims_with("aud", aud));

    assert!(check(&assertion(json!(ISSUER)), &client).await.is_ok());
    for aud in [
        json!(TOKEN_ENDPOINT),
        json!(PUSH_ENDPOINT),
        json!([ISSUER]),
        json!([ISSUER, TOKEN_ENDPOINT]),
    ] {
        let refusal = check(&assertion(aud), &client).await;

        assert_eq!(refusal, Err(InvalidAssertion::Audience));
    }
}

#[actix_web::test]
async fn a_required_claim_that_is_missing_or_misshapen_is_refused() {
    let malformed = Err(InvalidAssertion::Signature(JwsError::Malformed));

    assert_eq!(
        outcome_of(&claims_with("iss", Value::Null)).await,
        malformed
    );
    assert_eq!(
        outcome_of(&claims_with("sub", Value::Null)).await,
        malformed
    );
    assert_eq!(
        outcome_of(&claims_with("aud", Value::Null)).await,
        malformed
    );
    assert_eq!(
        outcome_of(&claims_with("exp", json!("soon"))).await,
        malformed
    );
    assert_eq!(
        outcome_of(&claims_with("exp", Value::Null)).await,
        Err(InvalidAssertion::NoExpiry)
    );
    assert_eq!(
        outcome_of(&claims_with("jti", Value::Null)).await,
        Err(InvalidAssertion::Jti)
    );
    assert_eq!(
        outcome_of(&claims_with("jti", json!(""))).await,
        Err(InvalidAssertion::Jti)
    );
    assert_eq!(
        outcome_of(&claims_with("jti", json!("x".repeat(256)))).await,
        Err(InvalidAssertion::Jti)
    );
}

#[actix_web::test]
async fn an_assertion_counts_within_its_time_and_a_minute_of_skew() {
    let at = |name: &'static str, seconds: i64| {
        let claims = claims_with(name, json!(NOW.seconds() + seconds));
        async move { outcome_of(&claims).await.err() }
    };

    assert_eq!(at("exp", -59).await, None);
    assert_eq!(at("exp", -60).await, Some(Untimely::Expired.into()));
    assert_eq!(at("exp", 3_660).await, None);
    assert_eq!(at("exp", 3_661).await, Some(InvalidAssertion::TooLongLived));
    assert_eq!(at("nbf", 60).await, None);
    assert_eq!(at("nbf", 61).await, Some(Untimely::NotYetValid.into()));
    assert_eq!(at("iat", 60).await, None);
    assert_eq!(at("iat", 61).await, Some(Untimely::IssuedInFuture.into()));
    assert_eq!(at("iat", -100_000).await, None);
}

#[actix_web::test]
async fn an_assertion_under_the_shared_secret_proves_the_client() {
    let header = json!({ "alg": "HS256" });

    let honest = check_shared(&hmac_token(&header, &claims(), SECRET)).await;
    let forged = check_shared(&hmac_token(&header, &claims(), b"a guess")).await;

    assert!(honest.is_ok());
    assert_eq!(
        forged,
        Err(InvalidAssertion::Signature(JwsError::Signature))
    );
}

#[actix_web::test]
async fn a_client_with_a_shared_secret_cannot_switch_to_a_key_pair() {
    let key = LooseKey::generate(SigningAlgorithm::ES256);

    let refusal = check_shared(&key.token(&claims())).await;

    assert_eq!(refusal, Err(InvalidAssertion::AlgorithmNotAllowed));
}

#[test]
fn every_algorithm_that_discovery_lists_is_one_that_is_verified() {
    let listed = SIGNING_ALGORITHMS.map(|name| name.parse::<Algorithm>().unwrap());

    assert_eq!(listed[..4], PUBLIC_KEY_ALGORITHMS);
    assert_eq!(listed[4], Algorithm::HS256);
}
