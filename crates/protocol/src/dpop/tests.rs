//! What a proof proves, and every proof that proves nothing.

use serde_json::{Value, json};

use super::*;
use crate::keys::testing::{LooseKey, hmac_token, part};
use crate::testing::prover::{Prover, ath};

const NOW: Timestamp = Timestamp::from_seconds(1_795_000_000);
const TOKEN: ProvenRequest<'_> = ProvenRequest {
    method: "POST",
    url: "https://identity.example/token",
    access_token: None,
};

fn claims() -> Value {
    Prover::claims("POST", "/token", NOW)
}

fn with(mut json: Value, member: &str, value: Value) -> Value {
    json[member] = value;
    json
}

fn without(mut json: Value, member: &str) -> Value {
    json.as_object_mut().unwrap().remove(member);
    json
}

fn verified(proof: &str) -> Result<KeyThumbprint, InvalidProof> {
    verify(proof, TOKEN, NOW).map(|proof| proof.jkt)
}

fn refusal(claims: &Value) -> Option<InvalidProof> {
    verified(&Prover::new().sign(claims)).err()
}

fn refusal_of_header(change: impl FnOnce(Value) -> Value) -> Option<InvalidProof> {
    let prover = Prover::new();
    let header = change(prover.header());
    verified(&prover.0.token_with_header(&header, &claims())).err()
}

#[test]
fn a_proof_in_every_algorithm_that_discovery_lists_names_its_key() {
    for algorithm in SIGNING_ALGORITHMS {
        let prover = Prover::with(algorithm);

        assert_eq!(verified(&prover.sign(&claims())), Ok(prover.jkt()));
    }
}

/// RFC 9449 §4.1, with its access token of §7.1 and the thumbprint of §6.1.
#[test]
fn the_examples_of_rfc_9449_verify() {
    let resource = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
    let token = Secret::new("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU".to_owned());
    let request = ProvenRequest {
        method: "GET",
        url: "https://resource.example.org/protectedresource",
        access_token: Some(&token),
    };

    let proof = verify(resource, request, Timestamp::from_seconds(1_562_262_618));

    let thumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    assert_eq!(proof.unwrap().jkt.as_str(), thumbprint);
}

#[test]
fn a_proof_for_another_method_or_url_is_refused() {
    let other = |member, value: &str| refusal(&with(claims(), member, json!(value)));

    for method in ["GET", "post", ""] {
        assert_eq!(other("htm", method), Some(InvalidProof::Method));
    }
    for url in [
        "https://identity.example/userinfo",
        "https://resource.example/token",
        "/token",
    ] {
        assert_eq!(other("htu", url), Some(InvalidProof::Target), "{url}");
    }
    for (member, why) in [
        ("htm", InvalidProof::Method),
        ("htu", InvalidProof::Target),
        ("iat", InvalidProof::NoTime),
        ("jti", InvalidProof::Jti),
    ] {
        assert_eq!(refusal(&without(claims(), member)), Some(why));
    }
    assert_eq!(
        other("htu", "https://IDENTITY.example:443/token?a=b#c"),
        None
    );
}

#[test]
fn a_proof_is_good_for_five_minutes_and_a_clock_may_be_a_minute_fast() {
    let at = |seconds| refusal(&with(claims(), "iat", json!(NOW.seconds() + seconds)));

    assert_eq!([at(-299), at(0), at(60)], [None; 3]);
    assert_eq!(at(-300), Some(InvalidProof::Stale));
    assert_eq!(at(61), Some(InvalidProof::MadeInFuture));
}

#[test]
fn a_jti_has_1_to_255_bytes() {
    let of = |length| refusal(&with(claims(), "jti", json!("a".repeat(length))));

    assert_eq!([of(1), of(255)], [None; 2]);
    assert_eq!([of(0), of(256)], [Some(InvalidProof::Jti); 2]);
}

/// The attack: a proof that was made for one token is sent with another, or one without any.
#[test]
fn a_proof_for_another_access_token_is_refused() {
    let token = Secret::new("gai_at_token".to_owned());
    let request = ProvenRequest {
        access_token: Some(&token),
        ..TOKEN
    };
    let refusal = |claims: &Value| verify(&Prover::new().sign(claims), request, NOW).err();

    assert_eq!(refusal(&with(claims(), "ath", ath("gai_at_token"))), None);
    for claims in [claims(), with(claims(), "ath", ath("gai_at_other"))] {
        assert_eq!(refusal(&claims), Some(InvalidProof::TokenHash));
    }
}

/// The attack: some other JWT that the client signed is passed off as a proof.
#[test]
fn another_type_of_token_is_no_proof() {
    let other_type = Some(InvalidProof::Signature(JwsError::OtherType));

    for typ in ["JWT", "at+jwt", "dpop"] {
        assert_eq!(
            refusal_of_header(|it| with(it, "typ", json!(typ))),
            other_type
        );
    }
    assert_eq!(refusal_of_header(|it| without(it, "typ")), other_type);
    let full = json!("application/dpop+jwt");
    assert_eq!(refusal_of_header(|it| with(it, "typ", full)), None);
}

#[test]
fn a_proof_without_signature_or_with_a_shared_secret_is_refused() {
    let prover = Prover::new();
    let none = with(prover.header(), "alg", json!("none"));
    let unsigned = format!("{}.{}.", part(&none), part(&claims()));
    let shared = with(prover.header(), "alg", json!("HS256"));

    let malformed = Err(InvalidProof::Signature(JwsError::Malformed));
    assert_eq!(verified(&unsigned), malformed);
    assert_eq!(
        verified(&hmac_token(&shared, &claims(), b"secret")),
        Err(InvalidProof::AlgorithmNotAllowed)
    );
    let other = |it| with(it, "alg", json!("RS256"));
    let not_the_keys = InvalidProof::Signature(JwsError::OtherAlgorithm);
    assert_eq!(refusal_of_header(other), Some(not_the_keys));
    let demanding = |it| with(it, "crit", json!(["b64"]));
    let critical = InvalidProof::Signature(JwsError::CriticalExtension);
    assert_eq!(refusal_of_header(demanding), Some(critical));
    for text in ["", "a.b.c", "a, b"] {
        assert_eq!(verified(text), malformed, "{text}");
    }
}

/// Whoever reads a private key in a proof could make the next one.
#[test]
fn a_proof_with_a_private_key_a_secret_or_no_key_is_refused() {
    let private = |it: Value| {
        let jwk = with(it["jwk"].clone(), "d", json!("AAAA"));
        with(it, "jwk", jwk)
    };
    let secret = |it| with(it, "jwk", json!({ "kty": "oct", "k": "c2VjcmV0" }));

    let refused = Some(InvalidProof::Key(UnfitKey::Private));
    assert_eq!(refusal_of_header(private), refused);
    assert_eq!(refusal_of_header(secret), refused);
    assert_eq!(
        refusal_of_header(|it| without(it, "jwk")),
        Some(InvalidProof::NoKey)
    );
}

/// The attack: the thief signs with a key of their own and names the victim's.
#[test]
fn a_proof_that_another_key_signed_is_refused() {
    let thief = LooseKey::generate(SigningAlgorithm::ES256);

    let forged = thief.token_with_header(&Prover::new().header(), &claims());

    let wrong = InvalidProof::Signature(JwsError::Signature);
    assert_eq!(verified(&forged), Err(wrong));
}
