//! What is left, for services, of an account that was merged into another one.

use model::{EmailAddress, UserId};
use serde_json::json;
use storage::testing::Kind;
use storage::users::Merged;

use crate::jws::TokenType;
use crate::testing::browser::signed_in;
use crate::testing::{TestCode, TestProvider};

const SCOPE: &str = "openid profile offline_access";

fn bob(app: &TestProvider) -> UserId {
    let email = EmailAddress::parse("bob@example.test").unwrap();
    let id = UserId::new("0190a5e0-0000-7cc3-8a6b-3f1f6c1f9a10".to_owned());
    app.write(move |tx| Ok(storage::users::sign_in(tx, &email, &id)?.user_id().clone()))
}

fn merge(app: &TestProvider, from: &UserId, into: &UserId) {
    let (from, into) = (from.clone(), into.clone());
    let (keyring, entropy) = (app.provider.keyring.clone(), &model::SystemEntropy);
    let merged = app.write(move |tx| storage::users::merge(tx, &keyring, entropy, &from, &into));
    assert_eq!(merged, Merged::Merged);
}

#[actix_web::test]
async fn its_tokens_and_codes_are_worth_nothing_and_its_name_is_told_of_the_other() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let (ada, bob) = (app.ada(), bob(&app));
        let secret = app.client("course", |_| ());
        let client = ("course", secret.as_str());
        let code_of = |user: &UserId| {
            app.code(&TestCode {
                scope: SCOPE,
                ..TestCode::of("course", user)
            })
        };
        let tokens = app.redeem(client, &code_of(&ada)).await;
        let unredeemed = code_of(&ada);

        merge(&app, &ada, &bob);

        let userinfo = app.userinfo(&tokens.text("access_token")).await;
        let refreshed = app.refresh(client, &tokens.text("refresh_token")).await;
        let redeemed = app.redeem(client, &unredeemed).await;
        assert_eq!(userinfo.status, 401);
        for refused in [refreshed, redeemed] {
            assert_eq!(
                (refused.status, refused.text("error")),
                (400, "invalid_grant".to_owned())
            );
        }
        let of_bob = app.redeem(client, &code_of(&bob)).await;
        let claims = app.userinfo(&of_bob.text("access_token")).await.json();
        assert_eq!(claims["sub"], bob.as_str());
        assert_eq!(claims["previous_user_id"], json!([ada.as_str()]));
    }
}

#[actix_web::test]
async fn a_sign_in_to_it_that_is_under_way_begins_again() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let (ada, bob) = (app.ada(), bob(&app));
        app.client("service", |_| ());
        let mut browser = app.browser();
        let asked = browser.authorize("service", &[("scope", "openid")]).await;
        let outcome = signed_in(&app, &ada);
        merge(&app, &ada, &bob);

        let back = browser.end(&asked, outcome).await;

        let location = back.header("location").unwrap().to_owned();
        assert!(
            location.starts_with("/authorize?client_id=service"),
            "{location}"
        );
        assert!(back.header("set-cookie").is_none(), "nobody is signed in");
        assert!(browser.open(&location).await.is_question());
    }
}

/// An ID token that the service got for a person.
fn id_token(app: &TestProvider, user: &UserId) -> String {
    let claims = json!({
        "iss": crate::testing::ISSUER, "sub": user.as_str(), "aud": "service", "iat": 1, "exp": 2,
    });
    let keys = app.provider.keys.current();
    keys.sign(model::SigningAlgorithm::RS256, TokenType::Jwt, &claims)
        .unwrap()
}

#[actix_web::test]
async fn a_hint_of_it_means_the_account_that_it_became() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let (ada, bob) = (app.ada(), bob(&app));
        app.client("service", |_| ());
        let (of_ada, of_bob) = (id_token(&app, &ada), id_token(&app, &bob));
        merge(&app, &ada, &bob);
        let mut browser = app.browser();
        browser.sign_in(&bob).await;

        for hint in [&of_ada, &of_bob] {
            let parameters = [("scope", "openid"), ("id_token_hint", hint)];
            let back = browser.authorize("service", &parameters).await;
            assert!(back.parameter("code").is_some(), "{back:?}");

            let login = [parameters[0], parameters[1], ("prompt", "login")];
            let asked = browser.authorize("service", &login).await;
            let back = browser.end(&asked, signed_in(&app, &bob)).await;
            assert!(back.parameter("code").is_some(), "{back:?}");
        }
    }
}

/// The attack: a hint of somebody else's account does not become theirs.
#[actix_web::test]
async fn a_hint_of_an_account_that_was_merged_elsewhere_means_nobody_here() {
    let app = TestProvider::on_sqlite();
    let (ada, bob) = (app.ada(), bob(&app));
    let email = EmailAddress::parse("eve@example.test").unwrap();
    let eve = UserId::new("eve".to_owned());
    let eve = app.write(move |tx| Ok(storage::users::sign_in(tx, &email, &eve)?.user_id().clone()));
    app.client("service", |_| ());
    let of_ada = id_token(&app, &ada);
    merge(&app, &ada, &bob);
    let mut browser = app.browser();
    browser.sign_in(&eve).await;

    let parameters = [("scope", "openid"), ("id_token_hint", of_ada.as_str())];
    let back = browser.authorize("service", &parameters).await;

    assert_eq!(back.parameter("error").as_deref(), Some("login_required"));
    assert_eq!(back.parameter("code"), None);
}
