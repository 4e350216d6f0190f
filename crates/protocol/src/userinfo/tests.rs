//! Userinfo in its three forms, its refusals, and what it never tells.

mod details;
mod dpop;

use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::test::TestRequest;
use model::{ScopeSet, SigningAlgorithm};
use serde_json::json;
use storage::testing::{Kind, START};

use crate::jws::TokenType;
use crate::testing::{Answer, ISSUER, TestCode, TestProvider, posted};

const ADA: &str = "0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10";
const INVALID: &str = r#"Bearer realm="userinfo", error="invalid_token", error_description="The access token is unknown, expired, revoked or not for this resource.""#;

/// The access token that a new client gets for a code.
async fn token_for(
    app: &TestProvider,
    scope: &'static str,
    change: impl FnOnce(&mut model::client::ClientSettings),
) -> String {
    let secret = app.client("course", change);
    let code = app.code(&TestCode {
        scope,
        ..TestCode::of("course", &app.ada())
    });
    app.redeem(("course", &secret), &code)
        .await
        .text("access_token")
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, challenge: &str) {
    assert_eq!(answer.status, status);
    assert_eq!(answer.header("www-authenticate"), Some(challenge));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    assert!(answer.body.is_empty());
}

#[actix_web::test]
async fn get_and_post_and_a_form_field_give_the_same_answer() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let token = token_for(&app, "openid email profile", |_| ()).await;
        let bearer = format!("Bearer {token}");

        let get = app.userinfo(&token).await;
        let post = TestRequest::post().uri("/userinfo");
        let post = app.send(post.insert_header((AUTHORIZATION, bearer))).await;
        let form = app.post("/userinfo", &[("access_token", &token)]).await;

        for answer in [get, post, form] {
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("content-type"), Some("application/json"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
            assert_eq!(
                answer.json(),
                json!({
                    "sub": ADA,
                    "email": "ada@example.test",
                    "email_verified": true,
                    "updated_at": START.seconds(),
                })
            );
        }
    }
}

#[actix_web::test]
async fn only_what_the_scope_released_is_told() {
    for (scope, claims) in [
        ("openid", json!({ "sub": ADA })),
        ("openid offline_access", json!({ "sub": ADA })),
        (
            "openid profile",
            json!({ "sub": ADA, "updated_at": START.seconds() }),
        ),
        (
            "openid email",
            json!({ "sub": ADA, "email": "ada@example.test", "email_verified": true }),
        ),
    ] {
        let app = TestProvider::on_sqlite();
        let token = token_for(&app, scope, |_| ()).await;

        assert_eq!(app.userinfo(&token).await.json(), claims, "{scope}");
    }
}

#[actix_web::test]
async fn a_client_that_registered_for_it_gets_a_signed_answer() {
    for algorithm in SigningAlgorithm::ALL {
        let app = TestProvider::on_sqlite();
        let token = token_for(&app, "openid email", |settings| {
            settings.userinfo_signed_response_alg = Some(algorithm);
        })
        .await;

        let answer = app.userinfo(&token).await;

        assert_eq!(answer.header("content-type"), Some("application/jwt"));
        let jwt = std::str::from_utf8(&answer.body).unwrap();
        let header = crate::jws::read_header(jwt).unwrap();
        assert_eq!(header.alg, crate::keys::jose_algorithm(algorithm));
        assert_eq!(
            app.claims(jwt, TokenType::Jwt),
            json!({
                "iss": ISSUER,
                "aud": "course",
                "iat": START.seconds(),
                "sub": ADA,
                "email": "ada@example.test",
                "email_verified": true,
            })
        );
        let keys = app.provider.keys.current();
        assert!(crate::id_token_hint::verify(jwt, &keys, ISSUER).is_err());
    }
}

#[actix_web::test]
async fn without_a_token_no_error_is_named() {
    let app = TestProvider::on_sqlite();
    let get = || TestRequest::get().uri("/userinfo");
    let missing = r#"Bearer realm="userinfo""#;

    let nothing = app.send(get()).await;
    let basic = app
        .send(get().insert_header((AUTHORIZATION, "Basic YTpi")))
        .await;
    let empty_form = app.post("/userinfo", &[("access_token", "")]).await;
    let other_body = posted("/userinfo", &[("access_token", "x")]);
    let other_body = app
        .send(other_body.insert_header((CONTENT_TYPE, "text/plain")))
        .await;

    let form_of_a_get = get()
        .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .set_payload("access_token=x");
    let form_of_a_get = app.send(form_of_a_get).await;

    for answer in [nothing, basic, empty_form, other_body, form_of_a_get] {
        assert_refused(&answer, 401, missing);
    }
}

#[actix_web::test]
async fn a_token_has_to_come_in_exactly_one_allowed_way() {
    let app = TestProvider::on_sqlite();
    let token = token_for(&app, "openid", |_| ()).await;
    let bearer = format!("Bearer {token}");
    let challenge = |what: &str| {
        format!(r#"Bearer realm="userinfo", error="invalid_request", error_description="{what}""#)
    };

    let in_url = TestRequest::get().uri(&format!("/userinfo?access_token={token}"));
    let in_url_and_header = TestRequest::get()
        .uri(&format!("/userinfo?access_token={token}"))
        .insert_header((AUTHORIZATION, bearer.as_str()));
    let in_form_and_header = posted("/userinfo", &[("access_token", &token)])
        .insert_header((AUTHORIZATION, bearer.as_str()));
    let twice_in_form = posted(
        "/userinfo",
        &[("access_token", &token), ("access_token", &token)],
    );
    let twice_in_header = TestRequest::get()
        .uri("/userinfo")
        .append_header((AUTHORIZATION, bearer.as_str()))
        .append_header((AUTHORIZATION, bearer.as_str()));

    for (request, what) in [
        (in_url, "The access token must not be in the URL."),
        (
            in_url_and_header,
            "The access token must not be in the URL.",
        ),
        (
            in_form_and_header,
            "The access token came in more than one way.",
        ),
        (twice_in_form, "The parameter access_token is repeated."),
        (
            twice_in_header,
            "There is more than one Authorization header.",
        ),
    ] {
        assert_refused(&app.send(request).await, 400, &challenge(what));
    }
    for malformed in [
        "Bearer",
        "Bearer ",
        "Bearer a b",
        "Bearer \"a\"",
        "Bearer é",
    ] {
        let request = TestRequest::get().uri("/userinfo");
        let answer = app
            .send(request.insert_header((AUTHORIZATION, malformed)))
            .await;
        let what = "The Authorization header must be Bearer and a token.";
        assert_refused(&answer, 400, &challenge(what));
    }
}

#[actix_web::test]
async fn a_foreign_overlong_or_expired_token_is_invalid() {
    let app = TestProvider::on_sqlite();
    let token = token_for(&app, "openid", |_| ()).await;
    let foreign = format!("gai_at_{}", "A".repeat(43));
    let overlong = "a".repeat(5_000);
    app.clock.advance(Duration::from_secs(900));

    for token in [&token, &foreign, &overlong, "x", "a.b.c"] {
        assert_refused(&app.userinfo(token).await, 401, INVALID);
    }
}

#[actix_web::test]
async fn a_token_without_openid_has_not_the_scope() {
    let app = TestProvider::on_sqlite();
    let (_, token) = app.machine_with_token().await;

    let answer = app.userinfo(&token).await;

    let challenge = r#"Bearer realm="userinfo", error="insufficient_scope", error_description="The access token lacks a scope.", scope="openid""#;
    assert_refused(&answer, 403, challenge);
}

#[actix_web::test]
async fn a_refresh_token_a_code_or_an_id_token_opens_nothing() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |_| ());
    let scope = "openid offline_access";
    let of_course = || TestCode {
        scope,
        ..TestCode::of("course", &app.ada())
    };
    let tokens = app
        .redeem(("course", &secret), &app.code(&of_course()))
        .await;
    let code = app.code(&of_course());

    for other in [tokens.text("refresh_token"), tokens.text("id_token"), code] {
        assert_refused(&app.userinfo(&other).await, 401, INVALID);
    }
}

#[actix_web::test]
async fn a_jwt_dies_with_its_grant_its_client_and_its_time() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let token = token_for(&app, "openid", |settings| {
            settings.resource = Some("https://api.example/".to_owned());
        })
        .await;
        assert_eq!(app.userinfo(&token).await.status, 200);

        let claims = app.claims(&token, TokenType::AccessToken);
        let (grant_id, _) = claims["jti"].as_str().unwrap().split_once('.').unwrap();
        let grant_id = grant_id.to_owned();
        app.write(move |tx| storage::grants::revoke(tx, &grant_id));

        assert_refused(&app.userinfo(&token).await, 401, INVALID);
    }
    for seconds in [900, 5] {
        let app = TestProvider::on_sqlite();
        let token = token_for(&app, "openid", |settings| {
            settings.resource = Some("https://api.example/".to_owned());
        })
        .await;
        app.write(|tx| {
            let id = model::ClientId::parse("course").unwrap();
            storage::clients::replace_disabled(tx, &id, true)
        });
        app.clock.advance(Duration::from_secs(seconds));

        assert_refused(&app.userinfo(&token).await, 401, INVALID);
    }
}

#[actix_web::test]
async fn a_jwt_of_another_issuer_is_refused_though_our_key_signed_it() {
    let app = TestProvider::on_sqlite();
    let token = token_for(&app, "openid", |settings| {
        settings.resource = Some("https://api.example/".to_owned());
    })
    .await;
    let mut claims = app.claims(&token, TokenType::AccessToken);
    let sign = |claims: &serde_json::Value| {
        let keys = app.provider.keys.current();
        keys.sign(SigningAlgorithm::RS256, TokenType::AccessToken, claims)
            .unwrap()
    };
    assert_eq!(app.userinfo(&sign(&claims)).await.status, 200);

    claims["aud"] = json!("https://api.example/");
    assert_refused(&app.userinfo(&sign(&claims)).await, 401, INVALID);
    claims["aud"] = json!([ISSUER]);
    claims["iss"] = json!("https://other.example");
    assert_refused(&app.userinfo(&sign(&claims)).await, 401, INVALID);
}

#[actix_web::test]
async fn a_page_of_another_origin_may_ask() {
    let app = TestProvider::on_sqlite();

    for path in [
        "/token",
        "/userinfo",
        "/revoke",
        "/par",
        "/jwks",
        "/.well-known/openid-configuration",
    ] {
        let request = TestRequest::default()
            .method(Method::OPTIONS)
            .uri(path)
            .insert_header(("Origin", "https://spa.example"))
            .insert_header(("Access-Control-Request-Method", "POST"));
        let answer = app.send(request).await;

        assert_eq!(answer.status, 204, "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(
            answer.header("access-control-allow-methods"),
            Some("GET, POST")
        );
        assert_eq!(
            answer.header("access-control-allow-headers"),
            Some("Authorization, Content-Type, DPoP")
        );
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
}

/// A browser goes to these, or the server of a client; no page reads their answers (RFC 9700 §2.6).
#[actix_web::test]
async fn a_page_of_another_origin_learns_nothing_where_it_need_not_ask() {
    let app = TestProvider::on_sqlite();

    for path in ["/authorize", "/end-session", "/introspect"] {
        for method in [Method::OPTIONS, Method::GET, Method::POST] {
            let request = TestRequest::default()
                .method(method.clone())
                .uri(path)
                .insert_header(("Origin", "https://spa.example"));
            let answer = app.send(request).await;

            let allowed = answer.header("access-control-allow-origin");
            assert_eq!(allowed, None, "{method} {path}");
        }
    }
}
