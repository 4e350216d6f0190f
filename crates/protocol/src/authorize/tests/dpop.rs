//! Codes that are bound to a key from the request on (RFC 9449 §10), and clients whose access
//! tokens all are.

use model::ResponseType;
use model::client::GrantType;
use storage::testing::Kind;

use super::{client, parse_as, refused};
use crate::testing::browser::signed_in;
use crate::testing::prover::Prover;
use crate::testing::{REDIRECT_URI, TestProvider, VERIFIER, basic, posted};

#[test]
fn dpop_jkt_is_a_thumbprint() {
    let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let plain = "response_type=code&scope=openid";

    let request = super::parse(&format!("{plain}&dpop_jkt={jkt}")).unwrap();

    assert_eq!(request.dpop_jkt.unwrap().as_str(), jkt);
    let told = "The parameter dpop_jkt must be the SHA-256 thumbprint of a key, in base64url.";
    for other in ["a", &format!("{jkt}%3D")] {
        assert_eq!(
            refused(&format!("{plain}&dpop_jkt={other}")),
            ("invalid_request", told.to_owned())
        );
    }
}

/// The attack: whoever sees the answer redeems the code, with a key of their own.
#[actix_web::test]
async fn a_code_is_redeemed_with_the_key_that_its_request_named_and_no_other() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        let secret = app.client("service", |_| ());
        let (prover, thief) = (Prover::new(), Prover::new());
        let jkt = prover.jkt();
        let mut browser = app.browser();

        for (key, status) in [(&thief, 400), (&prover, 200)] {
            let parameters = [("scope", "openid"), ("dpop_jkt", jkt.as_str())];
            let mut answer = browser.authorize("service", &parameters).await;
            if answer.is_question() {
                answer = browser.end(&answer, signed_in(&app, &ada)).await;
            }
            let form = [
                ("grant_type", "authorization_code"),
                ("code", &answer.parameter("code").unwrap()),
                ("redirect_uri", REDIRECT_URI),
                ("code_verifier", VERIFIER),
            ];
            let request =
                posted("/token", &form).insert_header(("Authorization", basic("service", &secret)));
            let proof = key.for_token(app.clock_now());
            let redeemed = app.send_proven(request, &[&proof]).await;

            assert_eq!(redeemed.status, status);
        }
    }
}

/// What comes from the authorization endpoint is bound to no key.
#[test]
fn a_client_whose_access_tokens_are_all_bound_gets_none_at_once() {
    for (bound, error) in [(false, None), (true, Some("unauthorized_client"))] {
        let service = client(|settings| {
            settings.response_types = ResponseType::ALL.to_vec();
            settings.grant_types = vec![GrantType::AuthorizationCode, GrantType::Implicit];
            settings.dpop_bound_access_tokens = bound;
        });
        for response_type in ["code token", "id_token token", "code id_token token"] {
            let query = format!("response_type={response_type}&scope=openid&nonce=n");
            let refusal = parse_as(&service, &query).err();
            assert_eq!(refusal.map(|refusal| refusal.error), error);
        }
        let query = "response_type=code id_token&scope=openid&nonce=n";
        assert!(parse_as(&service, query).is_ok());
    }
}
