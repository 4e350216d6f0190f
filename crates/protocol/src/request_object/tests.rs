//! Attacks on request objects, each beside the honest object that it bends.

use model::client::{ClientSettings, Credential};
use model::{ClientId, SigningAlgorithm};
use serde_json::json;

use super::*;
use crate::keys::testing::{LooseKey, hmac_token, part};
use crate::outbound::Outbound;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const ISSUER: &str = "https://identity.example";

fn client_of(keys: &[&LooseKey]) -> Client {
    let keys: Vec<_> = keys.iter().map(|key| &key.jwk).collect();
    let mut settings = ClientSettings::named("Register for a course");
    settings.jwks = Some(json!({ "keys": keys }));
    Client {
        id: ClientId::parse("course").unwrap(),
        settings,
        credential: Credential::default(),
        disabled_at: None,
        version: 1,
    }
}

fn es256() -> LooseKey {
    LooseKey::generate(SigningAlgorithm::ES256)
}

fn claims() -> Value {
    json!({
        "iss": "course",
        "aud": ISSUER,
        "iat": NOW.seconds(),
        "nbf": NOW.seconds(),
        "exp": NOW.seconds() + 300,
        "client_id": "course",
        "scope": "openid",
    })
}

fn claims_with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

async fn read(object: &str, client: &Client) -> Result<RequestObject, InvalidRequestObject> {
    let keys = ClientKeys::new(Outbound::new(Vec::new()));
    verify(object, client, &keys, ISSUER, NOW).await
}

fn pairs(object: &RequestObject) -> Vec<(&str, &str)> {
    let pairs = object.parameters.iter();
    pairs
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

#[actix_web::test]
async fn what_a_client_signed_is_read_in_every_algorithm_that_discovery_lists() {
    for algorithm in SIGNING_ALGORITHMS {
        let key = LooseKey::generate(algorithm);

        let object = read(&key.token(&claims()), &client_of(&[&key])).await;

        assert_eq!(
            pairs(&object.unwrap()),
            [("client_id", "course"), ("scope", "openid")],
            "{algorithm}"
        );
    }
}

#[actix_web::test]
async fn an_object_need_not_say_of_itself_what_openid_connect_only_recommends() {
    let key = es256();

    let object = read(
        &key.token(&json!({ "scope": "openid" })),
        &client_of(&[&key]),
    )
    .await;

    assert_eq!(pairs(&object.unwrap()), [("scope", "openid")]);
}

#[actix_web::test]
async fn every_json_type_becomes_the_text_that_a_parameter_would_have() {
    let key = es256();
    let object = json!({
        "max_age": 86_400,
        "claims": { "id_token": { "acr": { "essential": true, "values": ["Cl.Cm"] } } },
        "state": "a \"b\" é\u{0}",
        "resource": ["https://a.example", "https://b.example"],
        "prompt": [],
        "nonce": null,
        "flag": true,
        "jti": "no parameter",
    });

    let object = read(&key.token(&object), &client_of(&[&key]))
        .await
        .unwrap();

    let mut read = pairs(&object);
    read.sort_unstable();
    assert_eq!(
        read,
        [
            (
                "claims",
                r#"{"id_token":{"acr":{"essential":true,"values":["Cl.Cm"]}}}"#
            ),
            ("flag", "true"),
            ("max_age", "86400"),
            ("nonce", ""),
            ("prompt", ""),
            ("resource", "https://a.example"),
            ("resource", "https://b.example"),
            ("state", "a \"b\" é\u{0}"),
        ]
    );
}

#[actix_web::test]
async fn an_object_of_the_type_of_rfc_9101_or_of_none_is_read_and_that_of_another_token_is_not() {
    let key = es256();
    let client = client_of(&[&key]);
    let typed = |typ: Option<&str>| {
        let mut header = key.header();
        header.as_object_mut().unwrap().remove("typ");
        if let Some(typ) = typ {
            header["typ"] = typ.into();
        }
        key.token_with_header(&header, &claims())
    };

    for typ in [
        None,
        Some("JWT"),
        Some("oauth-authz-req+jwt"),
        Some("application/oauth-authz-req+JWT"),
    ] {
        assert!(read(&typed(typ), &client).await.is_ok(), "{typ:?}");
    }
    for typ in ["at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt", ""] {
        assert_eq!(
            read(&typed(Some(typ)), &client).await,
            Err(JwsError::OtherType.into()),
            "{typ}"
        );
    }
}

#[actix_web::test]
async fn an_object_without_signature_is_known_as_such() {
    let client = client_of(&[&es256()]);

    for alg in ["none", "None", "NONE"] {
        let header = part(&json!({ "alg": alg }));
        for signature in ["", ".", ".AAAA"] {
            let object = format!("{header}.{}{signature}", part(&claims()));
            assert_eq!(
                read(&object, &client).await,
                Err(InvalidRequestObject::Unsigned),
                "{alg} {signature}"
            );
        }
    }
}

#[actix_web::test]
async fn an_object_that_another_client_signed_is_refused() {
    let (own, others) = (es256(), es256());
    let client = client_of(&[&own]);
    let mut header = others.header();

    assert_eq!(
        read(&others.token(&claims()), &client).await,
        Err(NoClientKey::Unknown.into())
    );
    header["kid"] = own.jwk["kid"].clone();
    assert_eq!(
        read(&others.token_with_header(&header, &claims()), &client).await,
        Err(JwsError::Signature.into())
    );
}

#[actix_web::test]
async fn a_changed_object_is_refused() {
    let key = es256();
    let token = key.token(&claims());
    let mut parts: Vec<&str> = token.split('.').collect();
    let wider = part(&claims_with("scope", json!("openid trn")));
    parts[1] = &wider;

    let changed = read(&parts.join("."), &client_of(&[&key])).await;

    assert_eq!(changed, Err(JwsError::Signature.into()));
}

/// The attack: the public key, which everybody has, as the secret of an HMAC.
#[actix_web::test]
async fn a_public_key_is_no_shared_secret() {
    let key = LooseKey::generate(SigningAlgorithm::RS256);
    let header = json!({ "alg": "HS256", "kid": key.kid() });

    let confused = hmac_token(&header, &claims(), key.jwk.to_string().as_bytes());

    assert_eq!(
        read(&confused, &client_of(&[&key])).await,
        Err(InvalidRequestObject::AlgorithmNotAllowed)
    );
}

#[actix_web::test]
async fn a_client_that_registered_one_algorithm_has_no_other() {
    let (es256, eddsa) = (es256(), LooseKey::generate(SigningAlgorithm::EdDsa));
    let mut client = client_of(&[&es256, &eddsa]);
    client.settings.request_object_signing_alg = Some(SigningAlgorithm::EdDsa);

    assert!(read(&eddsa.token(&claims()), &client).await.is_ok());
    assert_eq!(
        read(&es256.token(&claims()), &client).await,
        Err(InvalidRequestObject::AlgorithmNotAllowed)
    );
}

#[actix_web::test]
async fn an_object_that_is_not_for_us_from_this_client_and_now_is_refused() {
    let key = es256();
    let client = client_of(&[&key]);
    let at = |seconds: i64| json!(NOW.seconds() + seconds);

    for (name, value, refused) in [
        ("iss", json!("other"), InvalidRequestObject::Issuer),
        ("sub", json!("course"), InvalidRequestObject::Subject),
        (
            "aud",
            json!("https://other.example"),
            InvalidRequestObject::Audience,
        ),
        (
            "aud",
            json!(format!("{ISSUER}/")),
            InvalidRequestObject::Audience,
        ),
        ("aud", json!([]), InvalidRequestObject::Audience),
        ("exp", at(-60), Untimely::Expired.into()),
        ("nbf", at(61), Untimely::NotYetValid.into()),
        ("iat", at(61), Untimely::IssuedInFuture.into()),
        ("exp", json!("tomorrow"), InvalidRequestObject::Claims),
        ("aud", json!({}), InvalidRequestObject::Claims),
        ("iss", json!(["course"]), InvalidRequestObject::Claims),
        ("request", json!("x.y.z"), InvalidRequestObject::Nested),
        (
            "request_uri",
            json!("https://service.example/object"),
            InvalidRequestObject::Nested,
        ),
    ] {
        let object = key.token(&claims_with(name, value.clone()));
        assert_eq!(
            read(&object, &client).await,
            Err(refused),
            "{name}: {value}"
        );
    }
    for (name, value) in [
        ("aud", json!(["https://other.example", ISSUER])),
        ("exp", at(-59)),
        ("nbf", at(60)),
        ("iat", at(60)),
        ("sub", json!("ada")),
    ] {
        let object = key.token(&claims_with(name, value.clone()));
        assert!(read(&object, &client).await.is_ok(), "{name}: {value}");
    }
}

#[actix_web::test]
async fn what_is_no_object_at_all_is_refused() {
    let key = es256();
    let client = client_of(&[&key]);

    for malformed in ["", "x", "..", "a.b.c", "e30.e30.e30.e30.e30", "\u{0}"] {
        assert_eq!(
            read(malformed, &client).await,
            Err(JwsError::Malformed.into()),
            "{malformed}"
        );
    }
    for no_members in [json!([]), json!("scope"), json!(null)] {
        let refusal = read(&key.token(&no_members), &client).await;
        assert_eq!(refusal, Err(JwsError::Malformed.into()), "{no_members}");
    }
    let header = json!({ "alg": "ES256", "kid": key.kid(), "crit": ["exp"] });
    assert_eq!(
        read(&key.token_with_header(&header, &claims()), &client).await,
        Err(JwsError::CriticalExtension.into())
    );
}

#[actix_web::test]
async fn a_client_without_keys_has_no_objects() {
    let key = es256();
    let mut client = client_of(&[&key]);
    client.settings.jwks = None;

    let refusal = read(&key.token(&claims()), &client).await;

    assert_eq!(refusal, Err(NoClientKey::NoneRegistered.into()));
}
