//! Whom services that know people by pairwise subjects are told of, and may name.

use model::client::{ClientSettings, SubjectType};
use model::{EmailAddress, RedirectUri, UserId};
use serde_json::{Value, json};
use storage::testing::Kind;
use storage::users::Merged;

use crate::jws::TokenType;
use crate::testing::browser::signed_in;
use crate::testing::{REDIRECT_URI, TestCode, TestProvider};

/// Settings of a client in a sector of its own.
fn pairwise(sector: &'static str) -> impl Fn(&mut ClientSettings) {
    move |settings| {
        settings.subject_type = SubjectType::Pairwise;
        settings.redirect_uris = vec![RedirectUri::parse(REDIRECT_URI).unwrap()];
        settings.sector_identifier_uri = sector.parse().ok();
    }
}

const HERE: &str = "https://here.example/uris.json";
const THERE: &str = "https://there.example/uris.json";

/// What a client has of a person after a sign-in.
struct Told {
    sub: String,
    id_token: String,
    access_token: String,
    refresh_token: String,
}

async fn told(app: &TestProvider, client: (&'static str, &str), user: &UserId) -> Told {
    let code = app.code(&TestCode {
        scope: "openid profile offline_access",
        ..TestCode::of(client.0, user)
    });
    let tokens = app.redeem(client, &code).await;
    let id_token = tokens.text("id_token");
    let claims = app.claims(&id_token, TokenType::Jwt);
    Told {
        sub: claims["sub"].as_str().unwrap().to_owned(),
        id_token,
        access_token: tokens.text("access_token"),
        refresh_token: tokens.text("refresh_token"),
    }
}

async fn introspected(app: &TestProvider, client: (&str, &str), token: &str) -> Value {
    let answer = app
        .post_as("/introspect", client, &[("token", token)])
        .await;
    answer.json()["sub"].clone()
}

#[actix_web::test]
async fn a_client_hears_one_name_of_a_person_everywhere_and_another_client_another() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        let mut subs = Vec::new();
        for (id, sector) in [("here", HERE), ("there", THERE)] {
            let secret = app.client(id, pairwise(sector));
            let client = (id, secret.as_str());

            let told = told(&app, client, &ada).await;

            assert_ne!(told.sub, ada.as_str());
            let userinfo = app.userinfo(&told.access_token).await.json();
            assert_eq!(userinfo["sub"], told.sub);
            for token in [&told.access_token, &told.refresh_token] {
                assert_eq!(introspected(&app, client, token).await, told.sub);
            }
            let refreshed = app.refresh(client, &told.refresh_token).await;
            let refreshed = app.claims(&refreshed.text("id_token"), TokenType::Jwt);
            assert_eq!(refreshed["sub"], told.sub);
            subs.push(told.sub);
        }
        assert_ne!(subs[0], subs[1]);
    }
}

#[actix_web::test]
async fn a_resource_server_hears_the_name_that_the_client_knows() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let secret = app.client("here", |settings| {
        pairwise(HERE)(settings);
        settings.resource = Some("https://api.example/".to_owned());
    });
    let api = app.client("api", |settings| {
        settings.serves_resources = vec!["https://api.example/".to_owned()];
    });

    let told = told(&app, ("here", &secret), &ada).await;

    let claims = app.claims(&told.access_token, TokenType::AccessToken);
    assert_eq!(claims["sub"], told.sub);
    let seen = introspected(&app, ("api", &api), &told.access_token).await;
    assert_eq!(seen, told.sub);
    let userinfo = app.userinfo(&told.access_token).await.json();
    assert_eq!(userinfo["sub"], told.sub);
}

#[actix_web::test]
async fn a_client_names_people_by_the_names_that_it_knows() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let secret = app.client("here", pairwise(HERE));
    let known = told(&app, ("here", &secret), &ada).await;
    let mut browser = app.browser();
    browser.sign_in(&ada).await;

    let claims = json!({ "id_token": { "sub": { "value": known.sub } } }).to_string();
    for named in [
        ("id_token_hint", known.id_token.as_str()),
        ("claims", &claims),
    ] {
        let back = browser
            .authorize("here", &[("scope", "openid"), named])
            .await;
        assert!(back.parameter("code").is_some(), "{back:?}");
    }
}

/// The attack: two services compare whom they know by asking us.
#[actix_web::test]
async fn the_names_of_another_client_and_of_the_account_mean_nobody() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    app.client("here", pairwise(HERE));
    app.client("public", |_| ());
    let secret = app.client("there", pairwise(THERE));
    let there = told(&app, ("there", &secret), &ada).await;
    let mut browser = app.browser();
    browser.sign_in(&ada).await;

    for (client, name) in [
        ("here", there.sub.as_str()),
        ("here", ada.as_str()),
        ("public", there.sub.as_str()),
    ] {
        let claims = json!({ "id_token": { "sub": { "value": name } } }).to_string();
        let parameters = [("scope", "openid"), ("claims", &claims)];
        let back = browser.authorize(client, &parameters).await;

        assert_eq!(back.parameter("error").as_deref(), Some("login_required"));
        assert_eq!(back.parameter("code"), None);
    }
    let parameters = [("scope", "openid"), ("id_token_hint", &there.id_token)];
    let back = browser.authorize("here", &parameters).await;
    assert_eq!(back.parameter("error").as_deref(), Some("invalid_request"));
}

#[actix_web::test]
async fn after_a_merge_the_name_of_who_stays_stays_and_the_other_means_them() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        let email = EmailAddress::parse("bob@example.test").unwrap();
        let bob = UserId::new("0190a5e0-0000-7cc3-8a6b-3f1f6c1f9a10".to_owned());
        let bob =
            app.write(move |tx| Ok(storage::users::sign_in(tx, &email, &bob)?.user_id().clone()));
        let secret = app.client("here", pairwise(HERE));
        let client = ("here", secret.as_str());
        let (of_ada, of_bob) = (
            told(&app, client, &ada).await,
            told(&app, client, &bob).await,
        );

        let (from, into) = (ada.clone(), bob.clone());
        let keyring = app.provider.keyring.clone();
        let merged = app.write(move |tx| {
            storage::users::merge(tx, &keyring, &model::SystemEntropy, &from, &into)
        });
        assert_eq!(merged, Merged::Merged);

        let after = told(&app, client, &bob).await;
        assert_eq!(after.sub, of_bob.sub);
        let userinfo = app.userinfo(&after.access_token).await.json();
        assert_eq!(userinfo["previous_user_id"], json!([of_ada.sub]));
        let mut browser = app.browser();
        browser.sign_in(&bob).await;
        for hint in [&of_ada.id_token, &of_bob.id_token] {
            let parameters = [("scope", "openid"), ("id_token_hint", hint)];
            let back = browser.authorize("here", &parameters).await;
            assert!(back.parameter("code").is_some(), "{back:?}");
        }
    }
}

#[actix_web::test]
async fn a_client_signs_out_whom_it_knows_without_a_question() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let secret = app.client("here", pairwise(HERE));
    let mut browser = app.browser();
    let asked = browser.authorize("here", &[("scope", "openid")]).await;
    let back = browser.end(&asked, signed_in(&app, &ada)).await;
    let code = back.parameter("code").unwrap();
    let tokens = app.redeem(("here", &secret), &code).await;

    let hint = tokens.text("id_token");
    let answer = browser
        .open(&format!("/end-session?id_token_hint={hint}"))
        .await;

    assert_eq!(answer.status, 303, "{answer:?}");
    let silent = [("scope", "openid"), ("prompt", "none")];
    let back = browser.authorize("here", &silent).await;
    assert_eq!(back.parameter("error").as_deref(), Some("login_required"));
}
