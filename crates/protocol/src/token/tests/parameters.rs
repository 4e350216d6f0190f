//! Every parameter: missing, repeated, malformed, too long and foreign.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::TestRequest;

use crate::testing::{Answer, REDIRECT_URI, TestCode, TestProvider, VERIFIER, posted};

/// A public client that redeems a code.
struct Scene {
    app: TestProvider,
    code: String,
}

impl Scene {
    fn set() -> Self {
        let app = TestProvider::on_sqlite();
        app.public_client("spa");
        let code = app.code(&TestCode::of("spa", &app.ada()));
        Self { app, code }
    }

    /// The honest request with one parameter replaced, or left out.
    async fn with(&self, name: &str, value: Option<&str>) -> Answer {
        let honest = [
            ("grant_type", "authorization_code"),
            ("client_id", "spa"),
            ("code", &self.code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        let mut form: Vec<_> = honest.into_iter().filter(|(it, _)| *it != name).collect();
        form.extend(value.map(|value| (name, value)));
        self.app.post("/token", &form).await
    }
}

#[actix_web::test]
async fn a_parameter_that_is_missing_or_empty_is_named() {
    let scene = Scene::set();

    for name in ["grant_type", "code", "redirect_uri"] {
        for value in [None, Some("")] {
            let description = format!("The parameter {name} is missing.");
            scene
                .with(name, value)
                .await
                .assert_refused(400, "invalid_request", &description);
        }
    }
    scene.with("client_id", None).await.assert_refused(
        401,
        "invalid_client",
        "The request does not authenticate a client.",
    );
    assert_eq!(
        scene.with("x", None).await.status,
        200,
        "the code was not burnt"
    );
}

#[actix_web::test]
async fn a_repeated_parameter_is_refused_and_burns_nothing() {
    let scene = Scene::set();

    for name in [
        "grant_type",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "code",
        "redirect_uri",
        "code_verifier",
    ] {
        let honest = [
            ("grant_type", "authorization_code"),
            ("client_id", "spa"),
            ("code", scene.code.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
            (name, "again"),
        ];
        let mut form = honest.to_vec();
        if !honest[..5].iter().any(|(it, _)| *it == name) {
            form.push((name, "again"));
        }
        let answer = scene.app.post("/token", &form).await;

        let description = format!("The parameter {name} is repeated.");
        answer.assert_refused(400, "invalid_request", &description);
    }
    assert_eq!(
        scene.with("x", None).await.status,
        200,
        "the code was not burnt"
    );
}

#[actix_web::test]
async fn refresh_parameters_are_refused_when_missing_or_repeated() {
    let scene = Scene::set();
    let base = [("grant_type", "refresh_token"), ("client_id", "spa")];

    let missing = scene.app.post("/token", &base).await;
    let token_twice = [
        base[0],
        base[1],
        ("refresh_token", "a"),
        ("refresh_token", "a"),
    ];
    let scope_twice = [
        base[0],
        base[1],
        ("refresh_token", "a"),
        ("scope", "openid"),
        ("scope", "openid"),
    ];

    missing.assert_refused(
        400,
        "invalid_request",
        "The parameter refresh_token is missing.",
    );
    scene.app.post("/token", &token_twice).await.assert_refused(
        400,
        "invalid_request",
        "The parameter refresh_token is repeated.",
    );
    scene.app.post("/token", &scope_twice).await.assert_refused(
        400,
        "invalid_request",
        "The parameter scope is repeated.",
    );
}

#[actix_web::test]
async fn an_unknown_parameter_is_ignored_even_repeated() {
    let scene = Scene::set();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "spa"),
        ("code", scene.code.as_str()),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
        ("utm_source", "a"),
        ("utm_source", "b"),
    ];

    let answer = scene.app.post("/token", &form).await;

    assert_eq!(answer.status, 200);
}

#[actix_web::test]
async fn a_foreign_grant_type_is_unsupported() {
    let scene = Scene::set();

    for foreign in [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "AUTHORIZATION_CODE",
        "authorization_code ",
        "\u{0}",
    ] {
        scene
            .with("grant_type", Some(foreign))
            .await
            .assert_refused(
                400,
                "unsupported_grant_type",
                "The grant_type is not supported.",
            );
    }
}

#[actix_web::test]
async fn a_malformed_overlong_or_foreign_code_is_unknown() {
    let scene = Scene::set();
    let foreign = format!("gai_ac_{}", "A".repeat(43));
    let refresh = scene.code.replace("gai_ac_", "gai_rt_");
    let overlong = format!("{}{}", scene.code, "A".repeat(5_000));

    for code in [
        "x",
        &foreign,
        &refresh,
        &overlong,
        &format!("{} ", scene.code),
        "é\n",
    ] {
        scene.with("code", Some(code)).await.assert_refused(
            400,
            "invalid_grant",
            "The authorization code is not known, or not of this client.",
        );
    }
    assert_eq!(
        scene.with("x", None).await.status,
        200,
        "the code was not burnt"
    );
}

#[actix_web::test]
async fn another_redirect_uri_is_refused_and_burns_the_code() {
    let overlong = format!("{REDIRECT_URI}?{}", "a".repeat(5_000));
    for other in [
        "https://service.example/cb/",
        "https://service.example/CB",
        "https://evil.example/cb",
        "not a uri",
        &overlong,
    ] {
        let scene = Scene::set();

        scene
            .with("redirect_uri", Some(other))
            .await
            .assert_refused(
                400,
                "invalid_grant",
                "The redirect_uri is not that of the authorization request.",
            );
        scene.with("x", None).await.assert_refused(
            400,
            "invalid_grant",
            "The authorization code was used before; what it gave is revoked.",
        );
    }
}

#[actix_web::test]
async fn a_wrong_code_verifier_burns_the_code() {
    let overlong = "a".repeat(5_000);
    let wrong = VERIFIER.replace('d', "e");
    for verifier in ["short", &wrong, crate::testing::CHALLENGE, &overlong, "ü"] {
        let scene = Scene::set();

        scene
            .with("code_verifier", Some(verifier))
            .await
            .assert_refused(
                400,
                "invalid_grant",
                "The code_verifier does not match the code_challenge.",
            );
        scene.with("x", None).await.assert_refused(
            400,
            "invalid_grant",
            "The authorization code was used before; what it gave is revoked.",
        );
    }
}

#[actix_web::test]
async fn a_challenge_needs_its_verifier_and_a_verifier_its_challenge() {
    let scene = Scene::set();

    scene.with("code_verifier", None).await.assert_refused(
        400,
        "invalid_grant",
        "The authorization request had a code_challenge, so a code_verifier is needed.",
    );

    let without_challenge = TestCode {
        code_challenge: None,
        ..TestCode::of("spa", &scene.app.ada())
    };
    let code = scene.app.code(&without_challenge);
    scene.with("code", Some(&code)).await.assert_refused(
        400,
        "invalid_grant",
        "There is a code_verifier, but the authorization request had no code_challenge.",
    );
}

#[actix_web::test]
async fn a_malformed_overlong_or_foreign_client_id_is_unknown() {
    let scene = Scene::set();
    let overlong = "a".repeat(5_000);

    for client_id in ["nobody", "with space", "\"", "SPA", &overlong, "é\u{0}"] {
        scene
            .with("client_id", Some(client_id))
            .await
            .assert_refused(
                401,
                "invalid_client",
                "The client is not known, or it is switched off.",
            );
    }
}

#[actix_web::test]
async fn a_malformed_or_overlong_scope_is_invalid() {
    let scene = Scene::set();
    let overlong = "a".repeat(2_001);

    for scope in ["a\"b", "a\\b", "é", "a\nb", &overlong] {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "spa"),
            ("refresh_token", "a"),
            ("scope", scope),
        ];
        scene.app.post("/token", &form).await.assert_refused(
            400,
            "invalid_scope",
            "The parameter scope must be words of printable ASCII parted by spaces.",
        );
    }
}

#[actix_web::test]
async fn a_resource_that_the_client_is_not_registered_for_is_refused() {
    let scene = Scene::set();

    let one = scene.with("resource", Some("https://api.example/")).await;
    let twice = [
        ("grant_type", "refresh_token"),
        ("client_id", "spa"),
        ("refresh_token", "any"),
        ("resource", "https://api.example/"),
        ("resource", "https://api.example/"),
    ];
    let several = scene.app.post("/token", &twice).await;

    for refused in [one, several] {
        refused.assert_refused(
            400,
            "invalid_target",
            "The client may not ask for access to this resource.",
        );
    }
    assert_eq!(
        scene.with("x", None).await.status,
        200,
        "the code was not burnt"
    );
}

#[actix_web::test]
async fn a_body_that_is_no_form_is_refused() {
    let scene = Scene::set();
    let body = r#"{"grant_type":"authorization_code"}"#;
    let refused = "The body must be application/x-www-form-urlencoded.";

    let json = TestRequest::post()
        .uri("/token")
        .insert_header((CONTENT_TYPE, "application/json"));
    let untyped = TestRequest::post().uri("/token");

    for request in [json, untyped] {
        let answer = scene.app.send(request.set_payload(body)).await;
        answer.assert_refused(400, "invalid_request", refused);
    }
}

#[actix_web::test]
async fn the_media_type_may_carry_a_charset_and_any_case() {
    let scene = Scene::set();
    let form = [("grant_type", "password"), ("client_id", "spa")];
    let media_type = "Application/X-WWW-Form-URLEncoded; charset=UTF-8";

    let answer = scene
        .app
        .send(posted("/token", &form).insert_header((CONTENT_TYPE, media_type)))
        .await;

    assert_eq!(answer.json()["error"], "unsupported_grant_type");
}

#[actix_web::test]
async fn parameters_in_the_url_are_not_read() {
    let scene = Scene::set();
    let uri = format!(
        "/token?grant_type=authorization_code&client_id=spa&code={}",
        scene.code
    );

    let answer = scene.app.send(posted(&uri, &[])).await;

    answer.assert_refused(
        401,
        "invalid_client",
        "The request does not authenticate a client.",
    );
}

#[actix_web::test]
async fn nothing_but_post_is_answered() {
    let scene = Scene::set();

    let answer = scene
        .app
        .send(TestRequest::get().uri("/token?grant_type=password"))
        .await;

    assert_eq!(answer.status, 405);
}
