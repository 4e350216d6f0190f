//! Requests that a service signed, from the browser's address bar to the tokens.

use acceptance::{App, ClientKey, ISSUER, Kind, clients};
use model::SigningAlgorithm;
use model::client::AuthMethod;
use serde_json::json;
use url::form_urlencoded::Serializer;

/// RFC 7636 appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[tokio::test]
async fn a_request_signed_in_every_algorithm_that_is_advertised_is_answered() {
    let advertised = ["RS256", "PS256", "ES256", "EdDSA"];
    let keys = advertised.map(ClientKey::generate);
    let services = keys.each_ref().map(|key| {
        let mut client = clients::web(&key.algorithm().to_lowercase(), key.algorithm());
        client.settings.jwks = Some(key.jwks());
        client.settings.request_object_signing_alg = SigningAlgorithm::from_name(key.algorithm());
        client
    });
    let app = App::start_with(Kind::Sqlite, services.to_vec(), &[]).await;
    let discovery = app.wire().get("/.well-known/openid-configuration").await;
    assert_eq!(
        discovery.json()["request_object_signing_alg_values_supported"],
        json!(advertised)
    );
    let mut browser = app.browser();

    for (key, service) in keys.iter().zip(&services) {
        let id = service.id.as_str();
        let callback = service.settings.redirect_uris[0].as_str();
        let request = key.signed(&json!({
            "iss": id,
            "aud": ISSUER,
            "exp": app.now() + 60,
            "client_id": id,
            "response_type": "code",
            "redirect_uri": callback,
            "scope": "openid email",
            "state": format!("of {id}"),
            "max_age": 3600,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }));
        let query = Serializer::new(String::new())
            .append_pair("client_id", id)
            .append_pair("request", &request)
            .finish();

        browser.open(format!("/authorize?{query}")).await;
        let landing = if browser.has_landed() {
            browser.landed_on()
        } else {
            browser.sign_in("ada@example.test", &app.mailbox()).await
        };

        assert_eq!(landing.uri, callback);
        assert_eq!(landing.parameter("state"), format!("of {id}"));
        assert!(!landing.parameter("code").is_empty());
    }
}

/// A service that authenticates by its key signs its requests with it too.
#[tokio::test]
async fn an_assertion_of_the_client_is_no_request_of_it() {
    let key = ClientKey::generate("ES256");
    let mut service = clients::web("signs", "Signs");
    service.settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
    service.settings.jwks = Some(key.jwks());
    service.secret = None;
    let app = App::start_with(Kind::Sqlite, vec![service], &[]).await;
    let assertion = key.assertion("signs", ISSUER, app.now(), "one");

    let query = Serializer::new(String::new())
        .append_pair("client_id", "signs")
        .append_pair("request", &assertion)
        .finish();
    let answer = app.wire().get(&format!("/authorize?{query}")).await;

    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("location"), "");
    for told in [
        ">invalid_request_object</dd>",
        ">The request object is refused: its sub is the client.</dd>",
    ] {
        assert!(answer.body.contains(told), "{}", answer.body);
    }
}
