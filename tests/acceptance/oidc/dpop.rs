//! Tokens that are worth nothing without the key that they are bound to (RFC 9449), from the
//! browser's address bar to userinfo.

use acceptance::{Answer, App, ClientKey, ISSUER, Wire, clients, on_both};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::digest::sha256;
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};

const ADVERTISED: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

const REQUEST: &str = "/authorize?client_id=course&response_type=code\
    &redirect_uri=https%3A%2F%2Fcourse.example%2Fcallback&scope=openid+email\
    &code_challenge_method=S256&code_challenge=";

fn claims(app: &App, jti: &str, method: &str, path: &str) -> Value {
    json!({ "jti": jti, "htm": method, "htu": format!("{ISSUER}{path}"), "iat": app.now() })
}

async fn redeem(wire: &Wire, code: &str) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", "https://course.example/callback"),
        ("code_verifier", VERIFIER),
    ];
    let client = ("course", clients::SECRET);
    wire.post_as(client, "/token", &form).await
}

/// Userinfo with a token that is bound to a key, and a proof by this one.
async fn userinfo(app: &App, key: &ClientKey, jti: &str, token: &str) -> Answer {
    let mut claims = claims(app, jti, "GET", "/userinfo");
    claims["ath"] = URL_SAFE_NO_PAD.encode(sha256(token.as_bytes())).into();
    let authorization = format!("DPoP {token}");
    let headers = [(AUTHORIZATION, authorization.as_str())];
    app.wire()
        .with("dpop", &key.proof(&claims))
        .send(Method::GET, "/userinfo", &headers, None)
        .await
}

#[tokio::test]
async fn a_proof_in_every_algorithm_that_is_advertised_binds_a_token_and_opens_userinfo() {
    on_both(async |app| {
        let discovery = app.wire().get("/.well-known/openid-configuration").await;
        let algorithms = &discovery.json()["dpop_signing_alg_values_supported"];
        assert_eq!(*algorithms, json!(ADVERTISED));
        let thief = ClientKey::generate("ES256");
        let mut browser = app.browser();
        browser.open(format!("{REQUEST}{CHALLENGE}")).await;
        browser.sign_in("ada@example.test", &app.mailbox()).await;

        for algorithm in ADVERTISED {
            let key = ClientKey::generate(algorithm);
            browser.open(format!("{REQUEST}{CHALLENGE}")).await;
            let landing = browser.landed_on();
            let proof = key.proof(&claims(&app, "one", "POST", "/token"));
            let tokens = redeem(&app.wire().with("dpop", &proof), landing.parameter("code")).await;

            let token = tokens.json();
            let token = token["access_token"].as_str().unwrap();
            assert_eq!(tokens.json()["token_type"], "DPoP", "{algorithm}");
            let told = userinfo(&app, &key, "two", token).await;
            assert_eq!(told.json()["email"], "ada@example.test");
            let replayed = userinfo(&app, &key, "two", token).await;
            let stolen = userinfo(&app, &thief, algorithm, token).await;
            let borne = app.wire().get_with_token("/userinfo", token).await;
            assert_eq!(
                [&replayed, &stolen, &borne].map(|it| it.status.as_u16()),
                [401; 3]
            );
        }
    })
    .await;
}
