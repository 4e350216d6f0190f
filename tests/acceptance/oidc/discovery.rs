//! Discovery cannot lie: every value that it advertises is used.

use acceptance::{App, ClientKey, ISSUER, Kind, clients, on_both};
use model::client::AuthMethod;
use model::{ScopeSet, SigningAlgorithm};
use reqwest::Method;
use serde_json::{Value, json};

/// Every service compares it byte for byte.
#[test]
fn the_issuer_is_an_origin_without_a_trailing_slash() {
    assert_eq!(ISSUER, "https://identity.example");
}

#[tokio::test]
async fn the_document_is_this_and_nothing_else() {
    let app = App::start().await;
    let algorithms = ["RS256", "PS256", "ES256", "EdDSA"];
    let methods = [
        "client_secret_basic",
        "client_secret_post",
        "client_secret_jwt",
        "private_key_jwt",
        "none",
    ];
    let assertion_algorithms = ["RS256", "PS256", "ES256", "EdDSA", "HS256"];

    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
    ] {
        let answer = app.wire().get(path).await;

        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        let expected = json!({
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
            "id_token_signing_alg_values_supported": algorithms,
            "userinfo_signing_alg_values_supported": algorithms,
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": assertion_algorithms,
            "revocation_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_signing_alg_values_supported": assertion_algorithms,
            "introspection_endpoint_auth_methods_supported": methods[..4],
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
        });
        assert_eq!(answer.json(), expected);
    }
}

#[tokio::test]
async fn every_endpoint_takes_its_methods_and_no_others() {
    let app = App::start().await;
    for (path, taken) in [
        ("/.well-known/openid-configuration", &["GET"][..]),
        ("/jwks", &["GET"]),
        ("/authorize", &["GET", "POST"]),
        ("/token", &["POST"]),
        ("/userinfo", &["GET", "POST"]),
        ("/revoke", &["POST"]),
        ("/introspect", &["POST"]),
        ("/par", &["POST"]),
        ("/end-session", &["GET", "POST"]),
        ("/session/check", &["GET"]),
        ("/privacy", &["GET"]),
        ("/developers", &["GET"]),
        ("/developers/check", &["GET", "POST"]),
    ] {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH"] {
            let verb: Method = method.parse().unwrap();
            let answer = app.wire().send(verb, path, &[], None).await;
            let is_taken = taken.contains(&method);
            assert_eq!(
                answer.status != 405 && answer.status != 404,
                is_taken,
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn an_id_token_and_userinfo_in_every_algorithm_verify_with_the_published_keys() {
    for kind in Kind::BOTH {
        let all = SigningAlgorithm::ALL.map(|algorithm| {
            let mut client = clients::web(&algorithm.as_str().to_lowercase(), algorithm.as_str());
            client.settings.id_token_signed_response_alg = algorithm;
            client.settings.userinfo_signed_response_alg = Some(algorithm);
            client
        });
        let app = App::start_with(kind, all.to_vec(), &[]).await;
        let mut browser = app.browser();
        for client in all {
            let algorithm = client.settings.client_name.clone();
            let service = app.relying_party(client.id.as_str()).await;
            browser.open(service.authorization_url()).await;
            let landing = if browser.has_landed() {
                browser.landed_on()
            } else {
                browser.sign_in("ada@example.test", &app.mailbox()).await
            };

            // The openidconnect crate verifies the signature.
            let tokens = service.redeem(landing).await;

            assert_eq!(tokens.header["alg"], algorithm);
            let userinfo = app.wire().get_with_token("/userinfo", &tokens.access).await;
            assert_eq!(userinfo.header("content-type"), "application/jwt");
            let jwks = app.wire().get("/jwks").await.json();
            let keys = jwks["keys"].as_array().unwrap();
            let of_token = keys
                .iter()
                .find(|key| key["kid"] == tokens.header["kid"])
                .unwrap();
            assert_eq!(
                (&of_token["alg"], &of_token["use"]),
                (&json!(algorithm), &json!("sig"))
            );
            for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                assert!(
                    keys.iter().all(|key| key.get(private).is_none()),
                    "{private}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_way_to_authenticate_works_at_every_endpoint_that_advertises_it() {
    for kind in Kind::BOTH {
        let mut registered = Vec::new();
        let mut keys = Vec::new();
        for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
            let key = ClientKey::generate(algorithm);
            let mut client = clients::machine(&format!("signs-{}", algorithm.to_lowercase()));
            client.settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
            client.settings.jwks = Some(key.jwks());
            client.secret = None;
            keys.push((client.id.to_string(), key));
            registered.push(client);
        }
        let mut shared = clients::machine("shares");
        shared.settings.token_endpoint_auth_method = AuthMethod::ClientSecretJwt;
        keys.push((
            "shares".to_owned(),
            ClientKey::Shared(clients::SECRET.to_owned()),
        ));
        let mut posts = clients::machine("posts");
        posts.settings.token_endpoint_auth_method = AuthMethod::ClientSecretPost;
        registered.extend([shared, posts, clients::machine("basic")]);
        let app = App::start_with(kind, registered, &[]).await;
        let wire = app.wire();
        let grant = ("grant_type", "client_credentials");

        let mut number = 0;
        let mut assertion = |id: &str, key: &ClientKey, audience: &str| {
            number += 1;
            key.assertion(id, audience, app.now(), &number.to_string())
        };
        let kind_of_assertion = (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        );
        for (id, key) in &keys {
            for audience in [ISSUER, &format!("{ISSUER}/token")] {
                let proof = assertion(id, key, audience);
                let form = [
                    grant,
                    kind_of_assertion,
                    ("client_assertion", proof.as_str()),
                ];
                let granted = wire.post("/token", &form).await;
                assert_is_granted(&granted.json());
                let token = granted.json()["access_token"].as_str().unwrap().to_owned();

                wire.post("/token", &form).await.assert_refuses(
                    401,
                    "invalid_client",
                    "The client assertion was used before.",
                );
                let proof = assertion(id, key, audience);
                let form = [
                    kind_of_assertion,
                    ("client_assertion", &proof),
                    ("token", &token),
                ];
                let told = wire.post("/introspect", &form).await;
                assert_eq!(
                    (told.status.as_u16(), &told.json()["active"]),
                    (200, &json!(true))
                );
                let proof = assertion(id, key, audience);
                let form = [
                    kind_of_assertion,
                    ("client_assertion", &proof),
                    ("token", &token),
                ];
                assert_eq!(wire.post("/revoke", &form).await.status, 200);
            }
            let foreign = assertion(id, key, "https://other.example");
            let form = [grant, kind_of_assertion, ("client_assertion", &foreign)];
            wire.post("/token", &form).await.assert_refuses(
                401,
                "invalid_client",
                "The client assertion cannot be accepted: its aud is not ours.",
            );
        }

        let basic = ("basic", clients::SECRET);
        assert_is_granted(&wire.post_as(basic, "/token", &[grant]).await.json());
        let post = [
            grant,
            ("client_id", "posts"),
            ("client_secret", clients::SECRET),
        ];
        let granted = wire.post("/token", &post).await.json();
        assert_is_granted(&granted);
        let token = granted["access_token"].as_str().unwrap();
        let told = wire
            .post_as(basic, "/introspect", &[("token", token)])
            .await
            .json();
        assert_eq!(told, json!({ "active": false }), "it is another client's");
        wire.post_as(("posts", clients::SECRET), "/token", &[grant])
            .await
            .assert_refuses(
                401,
                "invalid_client",
                "The client is registered for another way to authenticate.",
            );
    }
}

#[track_caller]
fn assert_is_granted(granted: &Value) {
    let mut rest = granted.clone();
    rest.as_object_mut()
        .unwrap()
        .remove("access_token")
        .expect("there is an access token");
    assert_eq!(
        rest,
        json!({ "token_type": "Bearer", "expires_in": 3600, "scope": "report:read report:write" })
    );
}

#[tokio::test]
async fn every_scope_releases_its_claims_and_offline_access_a_refresh_token() {
    on_both(async |app| {
        let mut browser = app.browser();
        let first = app.relying_party("course").await;
        browser.open(first.authorization_url()).await;
        browser.sign_in("ada@example.test", &app.mailbox()).await;
        for (scope, claims) in [
            ("openid", &["sub"][..]),
            ("openid profile", &["sub", "updated_at"]),
            ("openid email", &["email", "email_verified", "sub"]),
            ("openid offline_access", &["sub"]),
        ] {
            let course = app.relying_party("course").await.asking_for(scope);
            browser.open(course.authorization_url()).await;
            let tokens = course.redeem(browser.landed_on()).await;

            let userinfo = course.userinfo(&tokens).await;

            let mut names: Vec<&String> = userinfo.as_object().unwrap().keys().collect();
            names.sort();
            assert_eq!(names, claims, "{scope}");
            assert_eq!(tokens.refresh.is_some(), scope.contains("offline_access"));
            assert_eq!(
                ScopeSet::parse(&tokens.scope).unwrap(),
                ScopeSet::parse(scope).unwrap()
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_id_token_says_this_and_nothing_else() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        let landing = browser.sign_in("ada@example.test", &app.mailbox()).await;

        let tokens = course.redeem(landing).await;

        let claims = &tokens.claims;
        let expected = json!({
            "iss": ISSUER,
            "sub": claims["sub"],
            "aud": "course",
            "exp": app.now() + 3600,
            "iat": app.now(),
            "auth_time": app.now(),
            "nonce": claims["nonce"],
            "acr": "Cl",
            "amr": ["email"],
            "sid": claims["sid"],
            "at_hash": claims["at_hash"],
        });
        assert_eq!(*claims, expected);
        assert_eq!(
            tokens.header,
            json!({ "alg": "RS256", "kid": tokens.header["kid"], "typ": "JWT" })
        );
    })
    .await;
}

#[tokio::test]
async fn userinfo_answers_in_its_three_forms_and_refuses_by_the_book() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        let landing = browser.sign_in("ada@example.test", &app.mailbox()).await;
        let tokens = course.redeem(landing).await;
        let wire = app.wire();
        let bearer = format!("Bearer {}", tokens.access);
        let header = [(reqwest::header::AUTHORIZATION, bearer.as_str())];

        let by_get = wire.get_with_token("/userinfo", &tokens.access).await;
        let by_header = wire.send(Method::POST, "/userinfo", &header, None).await;
        let by_form = wire
            .post("/userinfo", &[("access_token", &tokens.access)])
            .await;
        assert_eq!(by_get.json()["email"], "ada@example.test");
        assert_eq!(
            (by_get.json(), by_get.json()),
            (by_header.json(), by_form.json())
        );

        let invalid = "Bearer realm=\"userinfo\", error=\"invalid_token\", error_description=\"The \
                       access token is unknown, expired, revoked or not for this resource.\"";
        let asked = |token: &str| {
            let token = token.to_owned();
            async move { wire.get_with_token("/userinfo", &token).await }
        };
        for (answer, status, challenge) in [
            (
                wire.get("/userinfo").await,
                401,
                "Bearer realm=\"userinfo\"",
            ),
            (asked("gai_at_unknown").await, 401, invalid),
            (asked(&tokens.id_token).await, 401, invalid),
            (
                wire.get(&format!("/userinfo?access_token={}", tokens.access))
                    .await,
                400,
                "Bearer realm=\"userinfo\", error=\"invalid_request\", error_description=\"The \
                 access token must not be in the URL.\"",
            ),
        ] {
            assert_eq!(
                (
                    answer.status.as_u16(),
                    answer.header("www-authenticate"),
                    answer.body.as_str()
                ),
                (status, challenge, "")
            );
            assert_eq!(answer.header("cache-control"), "no-store");
        }

        app.advance(std::time::Duration::from_secs(3600));
        let late = wire.get_with_token("/userinfo", &tokens.access).await;
        assert_eq!(
            (late.status.as_u16(), late.header("www-authenticate")),
            (401, invalid)
        );
    })
    .await;
}
