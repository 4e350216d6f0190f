//! What a client may leave at `/par`, and who may.

use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use model::SigningAlgorithm;
use model::client::{AuthMethod, ClientSettings};
use serde_json::{Value, json};
use storage::testing::{Dumped, Kind, dump};

use crate::client_assertion::ASSERTION_TYPE;
use crate::keys::testing::{LooseKey, hmac_token};
use crate::testing::prover::Prover;
use crate::testing::{
    Answer, CHALLENGE, CODE_REQUEST, ISSUER, REDIRECT_URI, TestProvider, VERIFIER, posted,
};

/// The request with other values for some parameters, and those that it has not.
fn request_with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
    let kept = CODE_REQUEST
        .into_iter()
        .filter(|(name, _)| !is_changed(name));
    kept.chain(changes.iter().copied()).collect()
}

/// Asserts that a request is kept, and gives its `request_uri`.
#[track_caller]
fn kept(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let request_uri = answer.text("request_uri");
    assert_eq!(
        answer.json(),
        json!({ "request_uri": request_uri, "expires_in": 60 })
    );
    request_uri
}

#[actix_web::test]
async fn a_request_that_is_pushed_gets_a_name_that_nobody_guesses() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let secret = app.client("course", |_| ());

        let one = kept(
            &app.post_as("/par", ("course", &secret), &CODE_REQUEST)
                .await,
        );
        let other = kept(
            &app.post_as("/par", ("course", &secret), &CODE_REQUEST)
                .await,
        );

        for request_uri in [&one, &other] {
            let random = request_uri
                .strip_prefix("urn:ietf:params:oauth:request_uri:gai_pr_")
                .unwrap();
            // 256 bits as base64url.
            assert_eq!(random.len(), 43, "{request_uri}");
        }
        assert_ne!(one, other);
    }
}

/// The attack: somebody reads the database, or a copy of it.
#[actix_web::test]
async fn the_database_holds_neither_the_request_uri_nor_the_secrets_beside_the_request() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let secret = app.client("course", |settings| {
            settings.token_endpoint_auth_method = AuthMethod::ClientSecretPost;
        });
        let proof = [
            ("client_id", "course"),
            ("client_secret", &secret),
            ("nobody_reads", "this"),
        ];

        let request_uri = kept(&app.post("/par", &request_with(&proof)).await);

        let columns: Vec<Dumped> = app.write(dump);
        let values = columns.iter().flat_map(|column| &column.values);
        let dumped: String = values.map(|value| String::from_utf8_lossy(value)).collect();
        assert!(dumped.contains(CHALLENGE), "what is asked for is kept");
        let random = request_uri.rsplit_once(':').unwrap().1;
        for hidden in [random, secret.as_str(), "nobody_reads"] {
            assert!(!dumped.contains(hidden), "{hidden}");
        }
    }
}

#[actix_web::test]
async fn every_client_authenticates_as_at_the_token_endpoint() {
    let app = TestProvider::on_sqlite();
    let method =
        |method| move |settings: &mut ClientSettings| settings.token_endpoint_auth_method = method;
    let key = LooseKey::generate(SigningAlgorithm::ES256);
    let basic = app.client("basic", |_| ());
    let post = app.client("post", method(AuthMethod::ClientSecretPost));
    let shared = app.client("shares", method(AuthMethod::ClientSecretJwt));
    app.client("signs", |settings| {
        settings.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
        settings.jwks = Some(json!({ "keys": [key.jwk] }));
    });
    app.public_client("spa");
    let claims = |id: &str, aud: &str| {
        let now = app.now().seconds();
        json!({ "iss": id, "sub": id, "aud": aud, "exp": now + 60, "jti": format!("{id} {aud}") })
    };

    kept(&app.post_as("/par", ("basic", &basic), &CODE_REQUEST).await);
    let named = request_with(&[("client_id", "basic")]);
    kept(&app.post_as("/par", ("basic", &basic), &named).await);
    let in_form = request_with(&[("client_id", "post"), ("client_secret", &post)]);
    kept(&app.post("/par", &in_form).await);
    kept(
        &app.post("/par", &request_with(&[("client_id", "spa")]))
            .await,
    );
    // RFC 9126 §2 names these three, and nothing else is ours.
    for aud in [ISSUER, &format!("{ISSUER}/token"), &format!("{ISSUER}/par")] {
        let header = json!({ "alg": "HS256" });
        let with_secret = hmac_token(&header, &claims("shares", aud), shared.as_bytes());
        for assertion in [with_secret, key.token(&claims("signs", aud))] {
            let proof = [
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", assertion.as_str()),
            ];
            kept(&app.post("/par", &request_with(&proof)).await);
            app.post("/par", &request_with(&proof))
                .await
                .assert_refused(
                    401,
                    "invalid_client",
                    "The client assertion was used before.",
                );
        }
    }
    let foreign = key.token(&claims("signs", &format!("{ISSUER}/authorize")));
    let proof = [
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", foreign.as_str()),
    ];
    app.post("/par", &request_with(&proof))
        .await
        .assert_refused(
            401,
            "invalid_client",
            "The client assertion cannot be accepted: its aud is not ours.",
        );
}

#[actix_web::test]
async fn whoever_does_not_prove_a_client_leaves_nothing_in_its_name() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |_| ());
    app.public_client("spa");
    let with_id = |id| request_with(&[("client_id", id)]);

    for (answer, status, error, description) in [
        (
            app.post("/par", &CODE_REQUEST).await,
            401,
            "invalid_client",
            "The request does not authenticate a client.",
        ),
        (
            app.post("/par", &with_id("course")).await,
            401,
            "invalid_client",
            "The request does not authenticate a client.",
        ),
        (
            app.post("/par", &with_id("nobody")).await,
            401,
            "invalid_client",
            "The client is not known, or it is switched off.",
        ),
        (
            app.post_as("/par", ("course", "wrong"), &CODE_REQUEST)
                .await,
            401,
            "invalid_client",
            "The client secret is wrong.",
        ),
        (
            app.post_as("/par", ("spa", "x"), &CODE_REQUEST).await,
            401,
            "invalid_client",
            "The client is registered for another way to authenticate.",
        ),
        (
            app.post_as("/par", ("course", &secret), &with_id("spa"))
                .await,
            400,
            "invalid_request",
            "The parameter client_id is not the client that the request authenticates.",
        ),
    ] {
        answer.assert_refused(status, error, description);
    }
    assert_eq!(pushed(&app), 0);
}

fn pushed(app: &TestProvider) -> i64 {
    app.write(storage::testing::row_counts)["pushed_requests"]
}

#[actix_web::test]
async fn what_the_authorization_endpoint_would_refuse_is_refused_at_once_in_the_same_words() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |_| ());
    let elsewhere = "https://evil.example/";
    let (long, half) = ("a".repeat(9_000), "a".repeat(4_000));

    for (changes, error, description) in [
        (
            &[("redirect_uri", elsewhere)][..],
            "invalid_request",
            "this redirect_uri is not registered for the client course",
        ),
        (
            &[("redirect_uri", "")],
            "invalid_request",
            "the parameter redirect_uri is missing",
        ),
        (
            &[("redirect_uri", REDIRECT_URI), ("redirect_uri", elsewhere)],
            "invalid_request",
            "the parameter redirect_uri is repeated",
        ),
        (
            &[("response_type", "token")],
            "unsupported_response_type",
            "The response_type is none of those supported: code, id_token, id_token token, \
             code id_token, code token, code id_token token.",
        ),
        (
            &[("response_type", "id_token"), ("nonce", "n")],
            "unauthorized_client",
            "This client may not use the response_type id_token.",
        ),
        (
            &[("response_mode", "query.jwt")],
            "invalid_request",
            "The response_mode must be query, fragment or form_post.",
        ),
        (
            &[("scope", "email")],
            "invalid_scope",
            "The parameter scope must contain openid.",
        ),
        (
            &[("state", "one"), ("state", "other")],
            "invalid_request",
            "The parameter state is repeated.",
        ),
        (
            &[("code_challenge_method", "plain")],
            "invalid_request",
            "The parameter code_challenge_method must be S256.",
        ),
        (
            &[("prompt", "none login")],
            "invalid_request",
            "prompt=none goes with no other value.",
        ),
        (
            &[("resource", "https://api.example/")],
            "invalid_target",
            "This client may not ask for access to this resource.",
        ),
        (
            &[("registration", "{}")],
            "registration_not_supported",
            "The parameter registration is not supported.",
        ),
        (
            &[("claims", &long)],
            "invalid_request",
            "The parameters beside state are longer than 8192 bytes in all.",
        ),
        (
            &[
                ("claims", &half),
                ("login_hint", &half),
                ("acr_values", &half),
            ],
            "invalid_request",
            "The parameters beside state are longer than 8192 bytes in all.",
        ),
    ] {
        let form = request_with(changes);
        let answer = app.post_as("/par", ("course", &secret), &form).await;

        answer.assert_refused(400, error, description);
    }
    assert_eq!(pushed(&app), 0);
}

/// Who signs in shows when the browser comes.
#[actix_web::test]
async fn what_depends_on_the_person_is_no_fault_yet() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |_| ());

    for parameter in [
        ("prompt", "none"),
        ("max_age", "0"),
        ("acr_values", "Cl.Cm"),
    ] {
        let form = request_with(&[parameter]);
        kept(&app.post_as("/par", ("course", &secret), &form).await);
    }
}

#[actix_web::test]
async fn a_request_uri_is_not_pushed_whoever_gave_it() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |settings| {
        settings.request_uris = vec!["https://service.example/object".parse().unwrap()];
    });
    let ours = kept(
        &app.post_as("/par", ("course", &secret), &CODE_REQUEST)
            .await,
    );

    for request_uri in [&ours, "https://service.example/object"] {
        for form in [
            request_with(&[("request_uri", request_uri)]),
            vec![("request_uri", request_uri)],
            request_with(&[("request_uri", request_uri), ("request_uri", "")]),
        ] {
            let answer = app.post_as("/par", ("course", &secret), &form).await;

            answer.assert_refused(
                400,
                "invalid_request",
                "A request that is pushed must hold no request_uri.",
            );
        }
    }
}

fn object(app: &TestProvider) -> Value {
    json!({
        "iss": "course",
        "aud": ISSUER,
        "exp": app.now().seconds() + 60,
        "client_id": "course",
        "response_type": "code",
        "redirect_uri": REDIRECT_URI,
        "scope": "openid email",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    })
}

#[actix_web::test]
async fn a_signed_request_is_verified_when_it_is_pushed() {
    let app = TestProvider::on_sqlite();
    let key = LooseKey::generate(SigningAlgorithm::ES256);
    let stranger = LooseKey::generate(SigningAlgorithm::ES256);
    let secret = app.client("course", |settings| {
        settings.jwks = Some(json!({ "keys": [key.jwk] }));
    });
    app.public_client("another");
    let with = |name: &str, value: Value| {
        let mut object = object(&app);
        object[name] = value;
        key.token(&object)
    };
    let refused = |why: &str| format!("The request object is refused: {why}.");

    let good = [("request", key.token(&object(&app)))];
    let good = good.each_ref().map(|(name, value)| (*name, value.as_str()));
    kept(&app.post_as("/par", ("course", &secret), &good).await);

    for (request, error, description) in [
        (
            stranger.token_with_header(&key.header(), &object(&app)),
            "invalid_request_object",
            refused("its signature is wrong"),
        ),
        (
            with("client_id", json!("another")),
            "invalid_request_object",
            refused("its client_id is not that of the request"),
        ),
        (
            with("iss", json!("another")),
            "invalid_request_object",
            refused("its iss is not the client"),
        ),
        (
            with("request_uri", json!("https://service.example/object")),
            "invalid_request_object",
            refused("it holds another request object"),
        ),
        (
            with("redirect_uri", json!("https://evil.example/")),
            "invalid_request",
            "this redirect_uri is not registered for the client course".to_owned(),
        ),
        (
            with("scope", json!("email")),
            "invalid_scope",
            "The parameter scope must contain openid.".to_owned(),
        ),
        (
            "eyJhbGciOiJub25lIn0.e30.".to_owned(),
            "request_not_supported",
            "A request object has to be signed.".to_owned(),
        ),
    ] {
        let form = [("request", request.as_str())];
        let answer = app.post_as("/par", ("course", &secret), &form).await;

        answer.assert_refused(400, error, &description);
    }
    assert_eq!(pushed(&app), 1);
}

/// The attack: a stranger fills the database in the name of a public client.
#[actix_web::test]
async fn a_request_that_is_too_long_is_not_kept() {
    let app = TestProvider::on_sqlite();
    app.public_client("spa");
    let push = async |state: &str| {
        let form = request_with(&[("client_id", "spa"), ("state", state)]);
        app.post("/par", &form).await
    };

    kept(&push(&"a".repeat(16_000)).await);
    push(&"a".repeat(16_384)).await.assert_refused(
        413,
        "invalid_request",
        "The authorization request is longer than 16384 bytes in all.",
    );

    assert_eq!(pushed(&app), 1);
}

#[actix_web::test]
async fn nothing_but_a_posted_form_is_taken() {
    let app = TestProvider::on_sqlite();
    app.public_client("spa");
    let form = request_with(&[("client_id", "spa")]);

    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request = posted("/par", &form).method(method.clone());
        assert_eq!(app.send(request).await.status, 405, "{method}");
    }
    let untyped = posted("/par", &form).insert_header(("Content-Type", "application/json"));
    app.send(untyped).await.assert_refused(
        400,
        "invalid_request",
        "The body must be application/x-www-form-urlencoded.",
    );
    let in_query = TestRequest::post()
        .uri("/par?client_id=spa&response_type=code")
        .insert_header(("Content-Type", "application/x-www-form-urlencoded"));
    app.send(in_query).await.assert_refused(
        401,
        "invalid_client",
        "The request does not authenticate a client.",
    );
}

#[actix_web::test]
async fn a_page_of_another_origin_may_push_and_read_why_not() {
    let app = TestProvider::on_sqlite();
    app.public_client("spa");

    let pushed = app
        .post("/par", &request_with(&[("client_id", "spa")]))
        .await;
    let refused = app.post("/par", &[]).await;

    assert_eq!((pushed.status, refused.status), (201, 401));
    for answer in [pushed, refused] {
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
}

#[actix_web::test]
async fn why_a_request_was_not_kept_is_written_down_for_its_client() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |_| ());

    app.post_as("/par", ("course", "wrong"), &CODE_REQUEST)
        .await;
    app.clock.advance(Duration::from_secs(1));
    let form = request_with(&[("scope", "email")]);
    app.post_as("/par", ("course", &secret), &form).await;

    let client_id = model::ClientId::parse("course").unwrap();
    let refusals = app.write(move |tx| storage::refusals::list(tx, &client_id, 9));
    let told: Vec<(&str, &str, &str)> = refusals
        .iter()
        .map(|it| (&*it.endpoint, &*it.error, &*it.description))
        .collect();
    assert_eq!(
        told,
        [
            (
                "/par",
                "invalid_scope",
                "The parameter scope must contain openid."
            ),
            ("/par", "invalid_client", "The client secret is wrong."),
        ]
    );
}

/// RFC 9449 §10.1: a proof at `/par` binds the code as `dpop_jkt` does.
#[actix_web::test]
async fn a_code_is_bound_to_the_key_that_is_proven_when_its_request_is_pushed() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        app.public_client("spa");
        let (prover, other) = (Prover::new(), Prover::new());
        let proof = |prover: &Prover, path| prover.sign(&Prover::claims("POST", path, app.now()));
        let push = async |proof: &str, jkt: &str| {
            let form = request_with(&[("client_id", "spa"), ("dpop_jkt", jkt)]);
            app.send_proven(posted("/par", &form), &[proof]).await
        };

        let once = proof(&prover, "/par");
        let by_proof = kept(&push(&once, "").await);
        let jkt = prover.jkt();
        let by_both = kept(&push(&proof(&prover, "/par"), jkt.as_str()).await);
        for (refused, jkt, why) in [
            (once, "", "it was used before"),
            (
                proof(&prover, "/token"),
                "",
                "its htu is not the URL of the endpoint",
            ),
            (
                proof(&other, "/par"),
                prover.jkt().as_str(),
                "its key is not that of dpop_jkt",
            ),
        ] {
            push(&refused, jkt).await.assert_refused(
                400,
                "invalid_dpop_proof",
                &format!("The DPoP proof cannot be accepted: {why}."),
            );
        }

        let mut browser = app.browser();
        browser.sign_in(&app.ada()).await;
        let mut redeem = async |request_uri: &str, prover: &Prover| {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("client_id", "spa")
                .append_pair("request_uri", request_uri)
                .finish();
            let back = browser.open(&format!("/authorize?{query}")).await;
            let form = [
                ("grant_type", "authorization_code"),
                ("client_id", "spa"),
                ("code", &back.parameter("code").unwrap()),
                ("redirect_uri", REDIRECT_URI),
                ("code_verifier", VERIFIER),
            ];
            let proof = proof(prover, "/token");
            app.send_proven(posted("/token", &form), &[&proof])
                .await
                .json()
        };
        assert_eq!(redeem(&by_both, &other).await["error"], "invalid_grant");
        assert_eq!(redeem(&by_proof, &prover).await["token_type"], "DPoP");
    }
}
