//! What is refused, each as a whole answer.

use super::*;

/// Refuses a registration, and asserts that no client came of it.
async fn refuse(provider: &TestProvider, body: &Value, error: &str, description: &str) {
    let before = provider.write(clients::list).len();

    let answer = post(provider, body).await;

    answer.assert_refused(400, error, description);
    assert_eq!(provider.write(clients::list).len(), before);
}

#[actix_web::test]
async fn a_body_that_is_no_json_object_is_refused() {
    let provider = open();
    let not_json = "The body must be a JSON object, sent as application/json.";
    for body in [
        "",
        "{",
        "[]",
        "\"x\"",
        "redirect_uris=https://service.example/",
    ] {
        let request = sent(TestRequest::post().uri("/register"), None, body);
        let answer = provider.send(request).await;
        answer.assert_refused(400, "invalid_client_metadata", not_json);
    }

    let form = plain().to_string();
    let request = TestRequest::post()
        .uri("/register")
        .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .set_payload(form);
    let answer = provider.send(request).await;
    answer.assert_refused(400, "invalid_client_metadata", not_json);
}

#[actix_web::test]
async fn a_member_that_comes_twice_is_refused() {
    let provider = open();
    let body = r#"{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}"#;

    let request = sent(TestRequest::post().uri("/register"), None, body);

    provider.send(request).await.assert_refused(
        400,
        "invalid_client_metadata",
        "A member of the JSON object is repeated.",
    );
}

#[actix_web::test]
async fn redirect_uris_that_may_not_be_registered_are_refused() {
    let provider = open();
    for (uris, problem) in [
        (
            json!(["https://service.example/cb#part"]),
            "it must not have a fragment (#)",
        ),
        (
            json!(["https://service.example/cb#"]),
            "it must not have a fragment (#)",
        ),
        (
            json!(["/cb"]),
            "it must be an absolute URI of at most 2,000 characters",
        ),
        (
            json!(["https://service.example/cb", "https://x@service.example/"]),
            "it must not hold a user name or password",
        ),
        (
            json!(["http://service.example/cb"]),
            "it must be https, http on localhost, 127.0.0.1 or [::1], or a private-use scheme with a dot in its name",
        ),
        (
            json!(["javascript:alert(1)"]),
            "it must be https, http on localhost, 127.0.0.1 or [::1], or a private-use scheme with a dot in its name",
        ),
        (
            json!(["uk.example.app:/cb"]),
            "a web client needs https, or http on localhost",
        ),
        (
            json!([]),
            "the grants authorization_code and implicit need at least one redirect URI",
        ),
    ] {
        let body = json!({ "redirect_uris": uris });
        let description = format!("The member redirect_uris cannot be accepted: {problem}.");
        refuse(&provider, &body, "invalid_redirect_uri", &description).await;
    }
    refuse(
        &provider,
        &json!({}),
        "invalid_redirect_uri",
        "The member redirect_uris cannot be accepted: the grants authorization_code and implicit need at least one redirect URI.",
    )
    .await;
}

#[actix_web::test]
async fn a_native_client_comes_back_to_its_device_only() {
    let provider = open();
    let body = with(json!({ "application_type": "native" }));

    refuse(
        &provider,
        &body,
        "invalid_redirect_uri",
        "The member redirect_uris cannot be accepted: a native client needs a loopback address or a private-use scheme.",
    )
    .await;
    let body = json!({
        "application_type": "native",
        "redirect_uris": ["uk.example.app:/cb"],
        "post_logout_redirect_uris": ["https://service.example/signed-out"],
    });
    Registered::at(&provider, &body).await;
}

/// OpenID Connect Registration §2: whoever else listens there would get the tokens.
#[actix_web::test]
async fn a_web_client_gets_tokens_at_once_on_localhost_only_where_the_operator_trusts_it() {
    let provider = open();
    let on = |host: &str| {
        json!({
            "redirect_uris": [format!("https://{host}/cb")],
            "response_types": ["id_token"],
            "grant_types": ["implicit"],
        })
    };

    refuse(
        &provider,
        &on("localhost:8443"),
        "invalid_redirect_uri",
        "The member redirect_uris cannot be accepted: a web client with the implicit grant must not be on localhost.",
    )
    .await;
    assert_eq!(post(&provider, &on("127.0.0.1:8443")).await.status, 201);
}

#[actix_web::test]
async fn what_is_not_served_is_refused() {
    let provider = open();
    for (member, value) in [
        ("redirect_uris", json!("https://service.example/cb")),
        ("grant_types", json!(["password"])),
        ("response_types", json!(["token"])),
        ("application_type", json!("desktop")),
        ("subject_type", json!("secret")),
        ("scope", json!("openid \"")),
        ("contacts", json!("ada@service.example")),
        ("client_name", json!(7)),
        ("default_max_age", json!(-1)),
        ("require_auth_time", json!("yes")),
        ("require_pushed_authorization_requests", json!("yes")),
        ("jwks_uri", json!("nowhere")),
        ("token_endpoint_auth_method", json!("tls_client_auth")),
        ("token_endpoint_auth_signing_alg", json!("none")),
        ("id_token_signed_response_alg", json!("none")),
        ("id_token_signed_response_alg", json!("HS256")),
        ("userinfo_signed_response_alg", json!("RS512")),
        ("request_object_signing_alg", json!("none")),
        ("id_token_encrypted_response_alg", json!("RSA-OAEP")),
        ("id_token_encrypted_response_enc", json!("A256GCM")),
        ("userinfo_encrypted_response_alg", json!("RSA-OAEP")),
        ("userinfo_encrypted_response_enc", json!("A256GCM")),
        ("request_object_encryption_alg", json!("RSA-OAEP")),
        ("request_object_encryption_enc", json!("A256GCM")),
        ("require_signed_request_object", json!(true)),
    ] {
        let description =
            format!("The member {member} is not of a type or a value that is supported.");
        let body = with(json!({ member: value }));
        refuse(&provider, &body, "invalid_client_metadata", &description).await;
    }
}

#[actix_web::test]
async fn contradictions_are_refused() {
    let provider = open();
    let keys = json!({ "keys": [] });
    let many: Vec<String> = (0..51).map(|n| format!("{n}@service.example")).collect();
    for (members, member, problem) in [
        (
            json!({ "jwks": keys, "jwks_uri": "https://service.example/jwks" }),
            "jwks",
            "give jwks or jwks_uri, not both",
        ),
        (
            json!({
                "dpop_bound_access_tokens": true,
                "response_types": ["code token"],
                "grant_types": ["authorization_code", "implicit"],
            }),
            "dpop_bound_access_tokens",
            "leave out the response types with token: such access tokens are bound to no key",
        ),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": keys }),
            "jwks",
            "private_key_jwt needs jwks or jwks_uri",
        ),
        (
            json!({ "token_endpoint_auth_method": "private_key_jwt" }),
            "jwks",
            "private_key_jwt needs jwks or jwks_uri",
        ),
        (
            json!({ "jwks": { "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] } }),
            "jwks",
            "give public keys only",
        ),
        (
            json!({ "jwks": { "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": "", "d": "" }] } }),
            "jwks",
            "give public keys only",
        ),
        (
            json!({ "grant_types": ["authorization_code", "client_credentials"] }),
            "grant_types",
            "client_credentials is for clients that an operator registers",
        ),
        (
            json!({ "scope": "email" }),
            "scope",
            "the grants authorization_code and implicit need the scope openid",
        ),
        (
            json!({ "initiate_login_uri": "http://localhost/start" }),
            "initiate_login_uri",
            "give an https URL",
        ),
        (
            json!({ "logo_uri": "http://localhost/logo.png" }),
            "logo_uri",
            "give an https URL",
        ),
        (
            json!({ "post_logout_redirect_uris": ["https://service.example/#out"] }),
            "post_logout_redirect_uris",
            "it must not have a fragment (#)",
        ),
        (
            json!({ "contacts": many }),
            "contacts",
            "give at most 50 items of at most 2,000 characters",
        ),
        (
            json!({ "client_name": "x".repeat(101) }),
            "client_name",
            "give the service's name in 1 to 100 characters that can be seen",
        ),
        (
            json!({ "client_name": "Register\u{202e}for" }),
            "client_name",
            "give the service's name in 1 to 100 characters that can be seen",
        ),
    ] {
        let description = format!("The member {member} cannot be accepted: {problem}.");
        let body = with(members);
        refuse(&provider, &body, "invalid_client_metadata", &description).await;
    }
}

#[actix_web::test]
async fn statements_that_nobody_here_can_judge_are_refused() {
    let provider = open();

    refuse(
        &provider,
        &with(json!({ "software_statement": "e30.e30.c2ln" })),
        "unapproved_software_statement",
        "No issuer of software statements is approved here.",
    )
    .await;
    for statement in [json!("statement"), json!({})] {
        refuse(
            &provider,
            &with(json!({ "software_statement": statement })),
            "invalid_software_statement",
            "The member software_statement is not a JSON Web Signature.",
        )
        .await;
    }
}
