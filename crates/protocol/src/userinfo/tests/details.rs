//! What userinfo tells of what is sealed.

use model::keyring::Purpose;
use model::trn_lookup::VerificationLevel;
use serde_json::Value;
use storage::user_details::NewDetails;

use super::*;
use crate::testing::teacher::{details, found};

const EVERY_SCOPE: &str = "openid profile email trn national_insurance offline_access";

fn may_have_everything(settings: &mut model::client::ClientSettings) {
    settings.scope = ScopeSet::parse(EVERY_SCOPE).unwrap();
}

fn everything() -> Value {
    json!({
        "sub": ADA,
        "name": "Ada O'Neill",
        "given_name": "Ada",
        "family_name": "O'Neill",
        "preferred_name": "Addie",
        "birthdate": "1990-03-07",
        "updated_at": START.seconds(),
        "email": "ada@example.test",
        "email_verified": true,
        "trn": "0123456",
        "trn_lookup_status": "Found",
        "trn_verification_level": "Low",
        "ni_number": "AB123456C",
    })
}

#[actix_web::test]
async fn everything_that_was_released_is_opened_and_told() {
    for kind in Kind::BOTH {
        for resource in [None, Some("https://api.example/".to_owned())] {
            let app = TestProvider::on(kind);
            let ada = app.ada();
            app.said(&ada, &details());
            app.looked_for(&ada, &found(VerificationLevel::Low));
            let token = token_for(&app, EVERY_SCOPE, |settings| {
                may_have_everything(settings);
                settings.resource = resource;
            })
            .await;

            assert_eq!(app.userinfo(&token).await.json(), everything());
        }
    }
}

#[actix_web::test]
async fn a_signed_answer_tells_the_same() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    app.said(&ada, &details());
    app.looked_for(&ada, &found(VerificationLevel::Low));
    let token = token_for(&app, EVERY_SCOPE, |settings| {
        may_have_everything(settings);
        settings.userinfo_signed_response_alg = Some(SigningAlgorithm::ES256);
    })
    .await;

    let answer = app.userinfo(&token).await;

    let jwt = std::str::from_utf8(&answer.body).unwrap();
    let mut claims = app.claims(jwt, TokenType::Jwt);
    for claim in ["iss", "aud", "iat"] {
        claims.as_object_mut().unwrap().remove(claim);
    }
    assert_eq!(claims, everything());
}

#[actix_web::test]
async fn a_refresh_for_less_releases_less() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    app.said(&ada, &details());
    app.looked_for(&ada, &found(VerificationLevel::Low));
    let secret = app.client("course", may_have_everything);
    let code = app.code(&TestCode {
        scope: EVERY_SCOPE,
        ..TestCode::of("course", &ada)
    });
    let tokens = app.redeem(("course", &secret), &code).await;

    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", &tokens.text("refresh_token")),
        ("scope", "openid trn"),
    ];
    let refreshed = app.post_as("/token", ("course", &secret), &form).await;

    assert_eq!(
        app.userinfo(&refreshed.text("access_token")).await.json(),
        json!({
            "sub": ADA,
            "trn": "0123456",
            "trn_lookup_status": "Found",
            "trn_verification_level": "Low",
        })
    );
}

/// Stores what does not open as Ada's: what Bob said, under his own id.
fn with_the_details_of_another(app: &TestProvider) {
    let provider = &app.provider;
    let plaintext = serde_json::to_vec(&details()).unwrap();
    let entropy = &*provider.entropy;
    let details = NewDetails {
        sealed: provider
            .keyring
            .seal(Purpose::Details, "bob", &plaintext, entropy),
        has_profile: true,
        national_insurance_asked: true,
        person_digest: None,
    };
    let ada = app.ada();
    app.write(move |tx| storage::user_details::replace(tx, &ada, &details));
}

/// The attack: whoever can write to the database moves one person's row to another's account.
#[actix_web::test]
async fn what_another_person_said_is_not_told_of_this_one() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        with_the_details_of_another(&app);
        for scope in ["openid profile", "openid national_insurance"] {
            let (_, client) = scope.split_once(' ').unwrap();
            let secret = app.client(client, may_have_everything);
            let code = app.code(&TestCode {
                scope,
                ..TestCode::of(client, &app.ada())
            });
            let tokens = app.redeem((client, &secret), &code).await;

            let answer = app.userinfo(&tokens.text("access_token")).await;

            assert_eq!(answer.status, 500, "{scope}");
            assert_eq!(answer.text("error"), "server_error");
            let body = String::from_utf8(answer.body.to_vec()).unwrap();
            for value in ["Neill", "1990", "AB123456C"] {
                assert!(!body.contains(value), "{body}");
            }
        }
    }
}

#[actix_web::test]
async fn what_the_scope_does_not_need_is_not_even_opened() {
    let app = TestProvider::on_sqlite();
    with_the_details_of_another(&app);
    let token = token_for(&app, "openid email trn", may_have_everything).await;

    assert_eq!(
        app.userinfo(&token).await.json(),
        json!({
            "sub": ADA,
            "email": "ada@example.test",
            "email_verified": true,
            "trn_lookup_status": "None",
        })
    );
}
