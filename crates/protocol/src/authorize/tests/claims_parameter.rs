//! Claims that a client asks for by name, from the request to what it is told.

use model::client::{ClientSettings, ConsentPolicy};
use model::requirement::Consent;
use model::{ClientId, ScopeSet, UserId};
use serde_json::{Value, json};
use storage::testing::Kind;

use crate::jws::TokenType;
use crate::testing::browser::{TestBrowser, signed_in};
use crate::testing::teacher::details;
use crate::testing::{Answer, ISSUER, TestProvider};

const SCOPE: &str = "openid offline_access";

/// A service that may know nearly everything.
fn service(app: &TestProvider, change: impl FnOnce(&mut ClientSettings)) -> String {
    app.client("service", |settings| {
        settings.scope = ScopeSet::parse("openid profile email trn offline_access").unwrap();
        change(settings);
    })
}

async fn asking_for(browser: &mut TestBrowser<'_>, claims: &Value) -> Answer {
    let claims = claims.to_string();
    let parameters = [("scope", SCOPE), ("claims", claims.as_str())];
    browser.authorize("service", &parameters).await
}

/// What a service is told by userinfo and in its ID token, without what that always says.
async fn told(app: &TestProvider, tokens: &Answer) -> (Value, Value) {
    let userinfo = app.userinfo(&tokens.text("access_token")).await.json();
    let mut id_token = app.claims(&tokens.text("id_token"), TokenType::Jwt);
    let members = id_token.as_object_mut().unwrap();
    for always in [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "acr",
        "amr",
        "sid",
        "at_hash",
    ] {
        assert!(members.remove(always).is_some(), "{always}");
    }
    (userinfo, id_token)
}

#[actix_web::test]
async fn each_place_tells_what_was_asked_for_there_and_again_after_a_refresh() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        app.said(&ada, &details());
        let secret = service(&app, |_| ());
        let mut browser = app.browser();
        browser.sign_in(&ada).await;

        let claims = json!({
            "userinfo": { "name": { "essential": true }, "birthdate": null, "nickname": null },
            "id_token": {
                "email": { "value": "ada@example.test" },
                "given_name": { "values": ["Bob", "Eve"] },
                "trn_lookup_status": null,
                "auth_time": { "essential": true },
            },
        });
        let back = asking_for(&mut browser, &claims).await;
        let code = back.parameter("code").unwrap();
        let tokens = app.redeem(("service", &secret), &code).await;
        let refreshed = app
            .refresh(("service", &secret), &tokens.text("refresh_token"))
            .await;

        for tokens in [tokens, refreshed] {
            let (userinfo, id_token) = told(&app, &tokens).await;
            assert_eq!(
                userinfo,
                json!({ "sub": ada.as_str(), "name": "Ada O'Neill", "birthdate": "1990-03-07" })
            );
            assert_eq!(
                id_token,
                json!({ "email": "ada@example.test", "trn_lookup_status": "None" })
            );
        }
    }
}

/// The attack: a client names what it is not registered for.
#[actix_web::test]
async fn a_claim_that_the_client_may_not_have_is_told_nowhere() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    app.said(&ada, &details());
    let secret = service(&app, |settings| {
        settings.scope = ScopeSet::parse("openid offline_access").unwrap();
    });
    let mut browser = app.browser();
    browser.sign_in(&ada).await;

    let everything = json!({ "ni_number": { "essential": true }, "email": null, "name": null });
    let claims = json!({ "userinfo": everything, "id_token": everything });
    let back = asking_for(&mut browser, &claims).await;
    let code = back.parameter("code").unwrap();
    let tokens = app.redeem(("service", &secret), &code).await;

    let (userinfo, id_token) = told(&app, &tokens).await;
    assert_eq!(userinfo, json!({ "sub": ada.as_str() }));
    assert_eq!(id_token, json!({}));
}

/// The attack: naming claims gets round the consent page.
#[actix_web::test]
async fn what_is_asked_for_by_name_has_to_be_agreed_to_like_its_scope() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    service(&app, |settings| settings.consent = ConsentPolicy::Ask);
    let mut browser = app.browser();
    browser.sign_in(&ada).await;
    agree(&app, &ada, SCOPE);
    let by_name = json!({ "id_token": { "email": null } });

    assert!(
        asking_for(&mut browser, &json!({}))
            .await
            .parameter("code")
            .is_some()
    );
    let asked = asking_for(&mut browser, &by_name).await;
    assert!(asked.is_question(), "{asked:?}");
    agree(&app, &ada, "openid offline_access email");
    assert!(
        asking_for(&mut browser, &by_name)
            .await
            .parameter("code")
            .is_some()
    );
}

fn agree(app: &TestProvider, user: &UserId, scope: &str) {
    let (user, scope) = (user.clone(), ScopeSet::parse(scope).unwrap());
    let client = ClientId::parse("service").unwrap();
    let given: Option<Consent> = app.write(move |tx| {
        storage::consents::grant(tx, &user, &client, &scope)?;
        storage::consents::find(tx, &user, &client)
    });
    assert!(given.is_some());
}

#[actix_web::test]
async fn a_client_that_names_a_person_gets_that_person_or_nobody() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    service(&app, |_| ());
    let mut browser = app.browser();
    browser.sign_in(&ada).await;
    let named = |sub: &str| json!({ "id_token": { "sub": { "value": sub } } });

    let back = asking_for(&mut browser, &named(ada.as_str())).await;
    assert!(back.parameter("code").is_some());

    let back = asking_for(&mut browser, &named("somebody else")).await;
    back.assert_sent_back(&[
        ("error", "login_required"),
        (
            "error_description",
            "Another person than the one that the request names is signed in.",
        ),
        ("iss", ISSUER),
    ]);
}

#[actix_web::test]
async fn a_person_who_signs_in_anew_is_refused_where_another_one_is_named() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    service(&app, |_| ());
    let mut browser = app.browser();
    let claims = json!({ "id_token": { "sub": { "value": "somebody else" } } });

    let asked = asking_for(&mut browser, &claims).await;
    let back = browser.end(&asked, signed_in(&app, &ada)).await;

    assert_eq!(back.parameter("error").as_deref(), Some("login_required"));
    assert_eq!(back.parameter("code"), None);
}

#[actix_web::test]
async fn claims_that_do_not_read_are_refused_to_the_client() {
    let app = TestProvider::on_sqlite();
    service(&app, |_| ());
    let mut browser = app.browser();

    for malformed in ["{", "[]", r#"{"id_token":{"acr":"Cl"}}"#] {
        let parameters = [
            ("scope", "openid"),
            ("claims", malformed),
            ("state", "a b&c"),
        ];
        let back = browser.authorize("service", &parameters).await;

        back.assert_sent_back(&[
            ("error", "invalid_request"),
            (
                "error_description",
                "The parameter claims is not the JSON object of OpenID Connect Core 5.5.",
            ),
            ("state", "a b&c"),
            ("iss", ISSUER),
        ]);
    }
}

#[actix_web::test]
async fn a_class_that_nobody_reaches_is_refused_where_it_is_essential_only() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    service(&app, |_| ());
    let mut browser = app.browser();
    browser.sign_in(&ada).await;
    let gold = |essential: bool| json!({ "essential": essential, "values": ["gold", 2] });

    let back = asking_for(&mut browser, &json!({ "id_token": { "acr": gold(true) } })).await;
    back.assert_sent_back(&[
        ("error", "unmet_authentication_requirements"),
        (
            "error_description",
            "None of the acr values that the request cannot do without is served to this client.",
        ),
        ("iss", ISSUER),
    ]);

    for voluntary in [
        gold(false),
        json!({ "essential": true }),
        json!({ "essential": true, "values": ["gold", "Cl"] }),
    ] {
        let back = asking_for(&mut browser, &json!({ "id_token": { "acr": voluntary } })).await;
        assert!(back.parameter("code").is_some(), "{back:?}");
    }
}
