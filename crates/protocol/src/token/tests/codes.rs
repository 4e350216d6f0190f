//! Codes: what they give, and to whom not.

use std::time::Duration;

use futures::future::join_all;
use model::client::{AuthMethod, GrantType};
use model::event::EventKind;
use model::{ScopeSet, SigningAlgorithm};
use serde_json::json;
use storage::testing::{Kind, START};

use crate::jws::{TokenType, token_hash};
use crate::testing::{AUTH_TIME, ISSUER, TestCode, TestProvider};

const REPLAYED: &str = "The authorization code was used before; what it gave is revoked.";
const UNKNOWN: &str = "The authorization code is not known, or not of this client.";

#[actix_web::test]
async fn a_code_gives_an_access_token_and_an_id_token() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let secret = app.client("course", |_| ());
        let ada = app.ada();
        let code = app.code(&TestCode::of("course", &ada));

        let answer = app.redeem(("course", &secret), &code).await;

        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("pragma"), Some("no-cache"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        let (access_token, id_token) = (answer.text("access_token"), answer.text("id_token"));
        assert!(access_token.starts_with("gai_at_"));
        assert_eq!(
            answer.json(),
            json!({
                "access_token": access_token,
                "token_type": "Bearer",
                "expires_in": 900,
                "scope": "email openid",
                "id_token": id_token,
            })
        );
        assert_eq!(
            app.claims(&id_token, TokenType::Jwt),
            json!({
                "iss": ISSUER,
                "sub": ada.as_str(),
                "aud": "course",
                "exp": START.seconds() + 300,
                "iat": START.seconds(),
                "auth_time": AUTH_TIME.seconds(),
                "nonce": "n-0S6_WzA2Mj",
                "acr": "Cl",
                "amr": ["email"],
                "sid": "01abc-sid",
                "at_hash": token_hash(SigningAlgorithm::RS256, &access_token),
            })
        );
        assert_eq!(app.userinfo(&access_token).await.status, 200);
    }
}

#[actix_web::test]
async fn an_id_token_is_signed_as_the_client_registered() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    for (id, algorithm) in [
        ("rs256", SigningAlgorithm::RS256),
        ("ps256", SigningAlgorithm::PS256),
        ("es256", SigningAlgorithm::ES256),
        ("eddsa", SigningAlgorithm::EdDsa),
    ] {
        let secret = app.client(id, |settings| {
            settings.id_token_signed_response_alg = algorithm;
        });
        let code = app.code(&TestCode::of(id, &ada));

        let answer = app.redeem((id, &secret), &code).await;

        let id_token = answer.text("id_token");
        let header = crate::jws::read_header(&id_token).unwrap();
        assert_eq!(
            format!("{:?}", header.alg).to_uppercase(),
            algorithm.as_str().to_uppercase()
        );
        assert!(header.kid.is_some());
        let at_hash = token_hash(algorithm, &answer.text("access_token"));
        assert_eq!(app.claims(&id_token, TokenType::Jwt)["at_hash"], at_hash);
    }
}

#[actix_web::test]
async fn without_a_nonce_the_id_token_has_none() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |_| ());
    let code = app.code(&TestCode {
        nonce: None,
        ..TestCode::of("course", &app.ada())
    });

    let answer = app.redeem(("course", &secret), &code).await;

    let claims = app.claims(&answer.text("id_token"), TokenType::Jwt);
    assert_eq!(claims.get("nonce"), None);
}

#[actix_web::test]
async fn a_client_with_a_resource_gets_a_jwt_of_rfc_9068() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |settings| {
        settings.resource = Some("https://api.example/".to_owned());
        settings.id_token_signed_response_alg = SigningAlgorithm::ES256;
    });
    let ada = app.ada();
    let code = app.code(&TestCode::of("course", &ada));

    let answer = app.redeem(("course", &secret), &code).await;

    let claims = app.claims(&answer.text("access_token"), TokenType::AccessToken);
    let jti = claims["jti"].as_str().unwrap();
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER,
            "sub": ada.as_str(),
            "aud": ["https://api.example/", ISSUER],
            "client_id": "course",
            "exp": START.seconds() + 900,
            "iat": START.seconds(),
            "jti": jti,
            "scope": "email openid",
            "auth_time": AUTH_TIME.seconds(),
            "acr": "Cl",
            "amr": ["email"],
        })
    );
    assert_eq!(app.userinfo(&answer.text("access_token")).await.status, 200);
}

#[actix_web::test]
async fn a_refresh_token_comes_with_offline_access_or_by_setting_and_with_the_grant_type_only() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let mut has_refresh_token = Vec::new();
    for (id, scope, always, grants) in [
        ("plain", "openid", false, GrantType::ALL.to_vec()),
        (
            "offline",
            "openid offline_access",
            false,
            GrantType::ALL.to_vec(),
        ),
        ("always", "openid", true, GrantType::ALL.to_vec()),
        (
            "no-grant",
            "openid offline_access",
            true,
            vec![GrantType::AuthorizationCode],
        ),
    ] {
        let secret = app.client(id, |settings| {
            settings.always_refresh_token = always;
            settings.grant_types = grants;
        });
        let code = app.code(&TestCode {
            scope,
            ..TestCode::of(id, &ada)
        });

        let answer = app.redeem((id, &secret), &code).await;

        assert_eq!(answer.status, 200);
        has_refresh_token.push(answer.json().get("refresh_token").is_some());
    }

    assert_eq!(has_refresh_token, [false, true, true, false]);
}

#[actix_web::test]
async fn a_public_client_redeems_with_its_id_alone() {
    let app = TestProvider::on_sqlite();
    app.public_client("spa");
    let code = app.code(&TestCode::of("spa", &app.ada()));
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "spa"),
        ("code", &code),
        ("redirect_uri", crate::testing::REDIRECT_URI),
        ("code_verifier", crate::testing::VERIFIER),
    ];

    assert_eq!(app.post("/token", &form).await.status, 200);
}

#[actix_web::test]
async fn a_confidential_client_without_pkce_redeems_without_a_verifier() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |settings| settings.require_pkce = false);
    let unbound = TestCode {
        code_challenge: None,
        ..TestCode::of("course", &app.ada())
    };
    let code = app.code(&unbound);
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", crate::testing::REDIRECT_URI),
    ];

    assert_eq!(
        app.post_as("/token", ("course", &secret), &form)
            .await
            .status,
        200
    );
}

#[actix_web::test]
async fn a_code_for_one_client_is_useless_to_another() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let secret = app.client("course", |_| ());
        let thief = app.client("thief", |_| ());
        let code = app.code(&TestCode::of("course", &app.ada()));

        let stolen = app.redeem(("thief", &thief), &code).await;

        stolen.assert_refused(400, "invalid_grant", UNKNOWN);
        let honest = app.redeem(("course", &secret), &code).await;
        assert_eq!(honest.status, 200, "the thief burnt nothing");
    }
}

#[actix_web::test]
async fn a_code_is_worth_nothing_after_60_seconds() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let secret = app.client("course", |_| ());
        let code = app.code(&TestCode::of("course", &app.ada()));
        app.clock.advance(Duration::from_secs(60));

        let answer = app.redeem(("course", &secret), &code).await;

        answer.assert_refused(400, "invalid_grant", "The authorization code has expired.");
    }
}

#[actix_web::test]
async fn of_16_parallel_redemptions_one_wins_and_then_everything_is_revoked() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let secret = app.client("course", |_| ());
        let scope = "openid offline_access";
        let code = app.code(&TestCode {
            scope,
            ..TestCode::of("course", &app.ada())
        });
        let client = ("course", secret.as_str());

        let answers = join_all((0..16).map(|_| app.redeem(client, &code))).await;

        let (won, lost): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 15), "{kind:?}");
        for answer in lost {
            answer.assert_refused(400, "invalid_grant", REPLAYED);
        }
        assert_eq!(app.userinfo(&won[0].text("access_token")).await.status, 401);
        let refreshed = app.refresh(client, &won[0].text("refresh_token")).await;
        assert_eq!(refreshed.status, 400);
        assert_eq!(app.events(EventKind::AuthorizationCodeReplayed), 15);
    }
}

#[actix_web::test]
async fn a_code_replayed_30_seconds_later_still_revokes_everything_it_gave() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let secret = app.client("course", |_| ());
        let client = ("course", secret.as_str());
        let scope = "openid offline_access";
        let code = app.code(&TestCode {
            scope,
            ..TestCode::of("course", &app.ada())
        });
        let first = app.redeem(client, &code).await;
        let refreshed = app.refresh(client, &first.text("refresh_token")).await;
        app.clock.advance(Duration::from_secs(30));

        app.redeem(client, &code)
            .await
            .assert_refused(400, "invalid_grant", REPLAYED);

        for answer in [&first, &refreshed] {
            assert_eq!(app.userinfo(&answer.text("access_token")).await.status, 401);
        }
        let next = app.refresh(client, &refreshed.text("refresh_token")).await;
        assert_eq!(next.status, 400);
        assert_eq!(app.events(EventKind::AuthorizationCodeReplayed), 1);
    }
}

#[actix_web::test]
async fn a_replayed_code_revokes_the_jwt_that_it_gave() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |settings| {
        settings.resource = Some("https://api.example/".to_owned());
    });
    let code = app.code(&TestCode::of("course", &app.ada()));
    let first = app.redeem(("course", &secret), &code).await;

    app.redeem(("course", &secret), &code).await;

    assert_eq!(app.userinfo(&first.text("access_token")).await.status, 401);
}

#[actix_web::test]
async fn a_replay_by_another_client_revokes_nothing() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("course", |_| ());
    let thief = app.client("thief", |_| ());
    let code = app.code(&TestCode::of("course", &app.ada()));
    let honest = app.redeem(("course", &secret), &code).await;

    app.redeem(("thief", &thief), &code)
        .await
        .assert_refused(400, "invalid_grant", UNKNOWN);

    assert_eq!(app.userinfo(&honest.text("access_token")).await.status, 200);
}

#[actix_web::test]
async fn a_client_that_is_not_registered_for_codes_may_not_redeem_one() {
    let app = TestProvider::on_sqlite();
    let secret = app.client("machine", |settings| {
        settings.grant_types = vec![GrantType::ClientCredentials];
        settings.scope = ScopeSet::parse("api").unwrap();
        settings.token_endpoint_auth_method = AuthMethod::ClientSecretBasic;
    });
    let code = app.code(&TestCode::of("machine", &app.ada()));

    app.redeem(("machine", &secret), &code)
        .await
        .assert_refused(
            400,
            "unauthorized_client",
            "The client is not registered for this grant_type.",
        );
}
