//! The published documents, whole.

use actix_web::http::header::IF_NONE_MATCH;
use actix_web::test::TestRequest;
use serde_json::json;

use crate::testing::TestProvider;

#[actix_web::test]
async fn both_well_known_paths_give_this_document() {
    let app = TestProvider::on_sqlite();
    let auth_methods = json!([
        "client_secret_basic",
        "client_secret_post",
        "client_secret_jwt",
        "private_key_jwt",
        "none",
    ]);
    let assertion_algorithms = json!(["RS256", "PS256", "ES256", "EdDSA", "HS256"]);

    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let answer = app.send(TestRequest::get().uri(path)).await;

        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            answer.json(),
            json!({
                "issuer": "https://identity.example",
                "authorization_endpoint": "https://identity.example/authorize",
                "token_endpoint": "https://identity.example/token",
                "userinfo_endpoint": "https://identity.example/userinfo",
                "jwks_uri": "https://identity.example/jwks",
                "revocation_endpoint": "https://identity.example/revoke",
                "introspection_endpoint": "https://identity.example/introspect",
                "pushed_authorization_request_endpoint": "https://identity.example/par",
                "require_pushed_authorization_requests": false,
                "end_session_endpoint": "https://identity.example/end-session",
                "check_session_iframe": "https://identity.example/session/check",
                "backchannel_logout_supported": true,
                "backchannel_logout_session_supported": true,
                "frontchannel_logout_supported": true,
                "frontchannel_logout_session_supported": true,
                "op_policy_uri": "https://identity.example/privacy",
                "service_documentation": "https://identity.example/developers",
                "scopes_supported": [
                    "openid", "profile", "email", "trn", "national_insurance", "offline_access",
                ],
                "claims_supported": [
                    "sub", "sid", "auth_time", "acr", "amr", "name", "given_name", "middle_name",
                    "family_name", "preferred_name", "birthdate", "updated_at", "previous_user_id",
                    "email", "email_verified", "trn", "trn_lookup_status",
                    "trn_verification_level", "ni_number", "iss", "aud", "exp", "iat", "nonce",
                    "at_hash", "c_hash",
                ],
                "claim_types_supported": ["normal"],
                "response_types_supported": [
                    "code", "id_token", "id_token token", "code id_token", "code token",
                    "code id_token token",
                ],
                "response_modes_supported": ["query", "fragment", "form_post"],
                "grant_types_supported": [
                    "authorization_code", "implicit", "refresh_token", "client_credentials",
                ],
                "prompt_values_supported": ["none", "login", "consent", "select_account"],
                "acr_values_supported": ["Cl", "Cl.Cm"],
                "subject_types_supported": ["public", "pairwise"],
                "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
                "userinfo_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
                "token_endpoint_auth_methods_supported": auth_methods,
                "token_endpoint_auth_signing_alg_values_supported": assertion_algorithms,
                "revocation_endpoint_auth_methods_supported": auth_methods,
                "revocation_endpoint_auth_signing_alg_values_supported": assertion_algorithms,
                "introspection_endpoint_auth_methods_supported": [
                    "client_secret_basic", "client_secret_post", "client_secret_jwt",
                    "private_key_jwt",
                ],
                "introspection_endpoint_auth_signing_alg_values_supported": assertion_algorithms,
                "code_challenge_methods_supported": ["S256"],
                "dpop_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
                "authorization_response_iss_parameter_supported": true,
                "claims_parameter_supported": true,
                "request_parameter_supported": true,
                "request_uri_parameter_supported": true,
                "require_request_uri_registration": true,
                "request_object_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
                "display_values_supported": ["page", "popup", "touch"],
                "ui_locales_supported": ["en"],
            })
        );
    }
}

#[actix_web::test]
async fn every_endpoint_of_the_document_is_routed() {
    let app = TestProvider::on_sqlite();
    let document = app
        .send(TestRequest::get().uri("/.well-known/openid-configuration"))
        .await
        .json();

    for (name, url) in document.as_object().unwrap() {
        let Some(path) = url
            .as_str()
            .and_then(|url| url.strip_prefix("https://identity.example/"))
            // A page, which is not of this crate.
            .filter(|_| name != "op_policy_uri")
        else {
            continue;
        };
        let path = format!("/{path}");
        let get = app.send(TestRequest::get().uri(&path)).await;

        assert_ne!(get.status, 404, "{name}");
    }
}

#[actix_web::test]
async fn the_keys_are_those_that_tokens_verify_with() {
    let app = TestProvider::on_sqlite();

    let answer = app.send(TestRequest::get().uri("/jwks")).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert_eq!(answer.body, app.provider.keys.current().jwks());
    assert_eq!(answer.json()["keys"].as_array().unwrap().len(), 4);
}

#[actix_web::test]
async fn whoever_has_a_document_is_not_sent_it_again() {
    let app = TestProvider::on_sqlite();
    for path in ["/jwks", "/.well-known/openid-configuration"] {
        let first = app.send(TestRequest::get().uri(path)).await;
        let etag = first.header("etag").unwrap();

        let request = |etag: &str| {
            TestRequest::get()
                .uri(path)
                .insert_header((IF_NONE_MATCH, etag))
        };
        let again = app.send(request(etag)).await;
        let among_others = app.send(request(&format!("\"a\", W/{etag}"))).await;
        let changed = app.send(request("\"another\"")).await;

        for known in [again, among_others] {
            assert_eq!((known.status, known.body.len()), (304, 0));
            assert_eq!(known.header("etag"), Some(etag));
        }
        assert_eq!((changed.status, changed.body), (200, first.body.clone()));
    }
}
