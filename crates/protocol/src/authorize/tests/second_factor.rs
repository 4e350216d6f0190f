//! Requests of services that ask how strongly people are authenticated.

use std::time::Duration;

use model::browser_session::{Acr, Amr, Authentication};
use model::client::ClientSettings;
use model::{Timestamp, UserId};
use serde_json::{Value, json};
use storage::testing::Kind;

use crate::jws::TokenType;
use crate::testing::browser::{TestBrowser, signed_in};
use crate::testing::second_factor::stepped_up;
use crate::testing::{Answer, ISSUER, TestProvider};

const SCOPE: (&str, &str) = ("scope", "openid offline_access");
const SILENT: (&str, &str) = ("prompt", "none");
const TEN_MINUTES: Duration = Duration::from_secs(600);

fn needs_two(settings: &mut ClientSettings) {
    settings.minimum_acr = Acr::ClCm;
}

/// A `claims` parameter that cannot do without two factors.
fn essential() -> String {
    json!({ "id_token": { "acr": { "essential": true, "value": "Cl.Cm" } } }).to_string()
}

/// A browser in which somebody is signed in with one factor.
async fn with_one_factor<'a>(app: &'a TestProvider, user: &UserId) -> TestBrowser<'a> {
    let mut browser = app.browser();
    browser.sign_in(user).await;
    browser
}

fn by_email(user: &UserId, at: Timestamp) -> Authentication {
    Authentication::by_email(user.clone(), at)
}

async fn id_token(app: &TestProvider, secret: &str, back: &Answer) -> Value {
    let code = back.parameter("code").unwrap();
    let tokens = app.redeem(("service", secret), &code).await;
    app.claims(&tokens.text("id_token"), TokenType::Jwt)
}

#[track_caller]
fn assert_needs_interaction(back: &Answer) {
    back.assert_sent_back(&[
        ("error", "interaction_required"),
        (
            "error_description",
            "The person would have to give a second factor.",
        ),
        ("iss", ISSUER),
    ]);
}

#[actix_web::test]
async fn a_live_session_is_stepped_up_and_neither_its_sid_nor_auth_time_moves() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        let secret = app.client("service", |_| ());
        let began = app.now();
        let mut browser = with_one_factor(&app, &ada).await;
        let before = browser.authorize("service", &[SCOPE]).await;
        let before = id_token(&app, &secret, &before).await;
        app.clock.advance(TEN_MINUTES);
        app.has_an_app(&ada);

        let asked = browser.authorize("service", &[SCOPE]).await;
        assert!(asked.is_question(), "{asked:?}");
        let outcome = stepped_up(&app, &by_email(&ada, began));
        let back = browser.end(&asked, outcome).await;

        let claims = id_token(&app, &secret, &back).await;
        assert_eq!(before["acr"], "Cl");
        assert_eq!(
            (&claims["acr"], &claims["amr"]),
            (&json!("Cl.Cm"), &json!(["email", "otp", "mfa"]))
        );
        assert_eq!(claims["auth_time"], began.seconds());
        assert_eq!(claims["sid"], before["sid"]);
        let silent = browser.authorize("service", &[SCOPE, SILENT]).await;
        assert!(silent.parameter("code").is_some(), "{silent:?}");
    }
}

/// What a client is registered with.
type Change = fn(&mut ClientSettings);

/// The attacks: prompt=none, and a journey that ends with one factor.
#[actix_web::test]
async fn one_factor_never_gets_to_a_service_that_needs_two() {
    let claims = essential();
    let by_setting: (Change, Vec<(&str, &str)>) = (needs_two, vec![SCOPE]);
    let by_request: (Change, Vec<(&str, &str)>) = (|_| (), vec![SCOPE, ("claims", &claims)]);
    for (change, parameters) in [by_setting, by_request] {
        let app = TestProvider::on_sqlite();
        let ada = app.ada();
        app.client("service", change);
        let mut browser = with_one_factor(&app, &ada).await;

        let silent = [&parameters[..], &[SILENT]].concat();
        assert_needs_interaction(&browser.authorize("service", &silent).await);

        let asked = browser.authorize("service", &parameters).await;
        assert!(asked.is_question(), "{asked:?}");
        let back = browser.end(&asked, signed_in(&app, &ada)).await;
        assert!(back.begins_again(), "{back:?}");

        let asked = browser.authorize("service", &parameters).await;
        let back = browser.decline(&asked, signed_in(&app, &ada)).await;
        assert!(back.begins_again(), "{back:?}");
    }
}

/// The attack: a session that began before the account had a second factor.
#[actix_web::test]
async fn who_has_a_second_factor_gives_it_to_every_service() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    app.client("service", |_| ());
    let mut browser = with_one_factor(&app, &ada).await;
    app.has_an_app(&ada);

    for acr_values in ["Cl", "Cl.Cm", "gold"] {
        let parameters = [SCOPE, SILENT, ("acr_values", acr_values)];
        assert_needs_interaction(&browser.authorize("service", &parameters).await);
    }
}

#[actix_web::test]
async fn acr_values_offer_a_second_factor_and_take_no_for_an_answer() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let secret = app.client("service", |_| ());
    let mut browser = with_one_factor(&app, &ada).await;
    let prefers_two = [SCOPE, ("acr_values", "gold Cl.Cm Cl")];

    let asked = browser.authorize("service", &prefers_two).await;
    assert!(asked.is_question(), "{asked:?}");
    let back = browser.decline(&asked, signed_in(&app, &ada)).await;
    assert_eq!(id_token(&app, &secret, &back).await["acr"], "Cl");

    let silent = [prefers_two[0], prefers_two[1], SILENT];
    let back = browser.authorize("service", &silent).await;
    assert_eq!(id_token(&app, &secret, &back).await["acr"], "Cl");
    let prefers_one = [SCOPE, ("acr_values", "Cl Cl.Cm")];
    let back = browser.authorize("service", &prefers_one).await;
    assert!(back.parameter("code").is_some(), "{back:?}");
}

#[actix_web::test]
async fn a_request_that_accepts_one_factor_only_is_told_of_one() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    app.has_an_app(&ada);
    let secret = app.client("service", |_| ());
    let mut browser = app.browser();
    let claims = json!({ "id_token": { "acr": { "essential": true, "value": "Cl" } } }).to_string();

    let asked = browser
        .authorize("service", &[SCOPE, ("claims", &claims)])
        .await;
    let outcome = stepped_up(&app, &by_email(&ada, app.now()));
    let back = browser.end(&asked, outcome).await;

    assert_eq!(id_token(&app, &secret, &back).await["acr"], "Cl");
}

#[actix_web::test]
async fn what_the_client_would_refuse_is_refused_before_anybody_is_asked() {
    let app = TestProvider::on_sqlite();
    app.client("service", needs_two);
    let mut browser = app.browser();
    let claims = json!({ "id_token": { "acr": { "essential": true, "value": "Cl" } } }).to_string();

    let back = browser
        .authorize("service", &[SCOPE, ("claims", &claims)])
        .await;

    back.assert_sent_back(&[
        ("error", "unmet_authentication_requirements"),
        (
            "error_description",
            "None of the acr values that the request cannot do without is served to this client.",
        ),
        ("iss", ISSUER),
    ]);
}

/// The attacks: a code, a refresh token and an access token of one factor, after the client's
/// setting was raised.
#[actix_web::test]
async fn what_one_factor_gave_is_worth_no_more_than_that() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        let secret = app.client("service", |_| ());
        let client = ("service", secret.as_str());
        let mut browser = with_one_factor(&app, &ada).await;
        let code = async |browser: &mut TestBrowser<'_>| {
            let back = browser.authorize("service", &[SCOPE]).await;
            back.parameter("code").unwrap()
        };
        let tokens = app.redeem(client, &code(&mut browser).await).await;
        let unredeemed = code(&mut browser).await;
        let refused = "The person authenticated less strongly than this client demands now.";

        app.change_client("service", needs_two);
        let redeemed = app.redeem(client, &unredeemed).await;
        let refreshed = app.refresh(client, &tokens.text("refresh_token")).await;
        let userinfo = app.userinfo(&tokens.text("access_token")).await;

        redeemed.assert_refused(400, "invalid_grant", refused);
        refreshed.assert_refused(400, "invalid_grant", refused);
        assert_eq!(userinfo.status, 401);
        assert_eq!(
            userinfo.header("www-authenticate"),
            Some(
                r#"Bearer realm="userinfo", error="insufficient_user_authentication", error_description="The person authenticated less strongly than this client demands.", acr_values="Cl.Cm""#
            )
        );
        assert!(userinfo.body.is_empty());

        app.change_client("service", |settings| settings.minimum_acr = Acr::Cl);
        let again = app.refresh(client, &tokens.text("refresh_token")).await;
        assert_eq!(again.status, 200, "the refusal lost nothing");
    }
}

#[actix_web::test]
async fn introspection_and_jwt_access_tokens_tell_how_strongly_and_when() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let secret = app.client("service", |settings| {
        settings.resource = Some("https://api.example/".to_owned());
    });
    let began = app.now();
    let mut browser = app.browser();
    let asked = browser.authorize("service", &[SCOPE]).await;
    app.clock.advance(TEN_MINUTES);
    let outcome = stepped_up(&app, &by_email(&ada, began));
    let back = browser.end(&asked, outcome).await;
    let code = back.parameter("code").unwrap();
    let token = app.redeem(("service", &secret), &code).await;
    let token = token.text("access_token");

    let told = app
        .post_as("/introspect", ("service", &secret), &[("token", &token)])
        .await
        .json();
    let claims = app.claims(&token, TokenType::AccessToken);

    for told in [&told, &claims] {
        assert_eq!(told["acr"], "Cl.Cm");
        assert_eq!(told["auth_time"], began.seconds());
    }
    assert_eq!(claims["amr"], json!(["email", "otp", "mfa"]));
}

/// The attack: another service makes people change their second factor.
#[actix_web::test]
async fn only_the_account_area_asks_for_an_action() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    app.client("service", |_| ());
    app.client("account", |_| ());
    let mut browser = with_one_factor(&app, &ada).await;
    let action = |action| [("scope", "openid"), ("action", action)];

    let back = browser.authorize("service", &action("remove_app")).await;
    back.assert_sent_back(&[
        ("error", "invalid_request"),
        (
            "error_description",
            "This client may not send the parameter action.",
        ),
        ("iss", ISSUER),
    ]);
    let back = browser
        .authorize("account", &action("remove_everything"))
        .await;
    back.assert_sent_back(&[
        ("error", "invalid_request"),
        ("error_description", "The parameter action names no action."),
        ("iss", ISSUER),
    ]);
    let asked = browser.authorize("account", &action("set_up_app")).await;
    assert!(asked.is_question(), "{asked:?}");
}

/// The attack: a factor that was given before the change was asked for, and a change that was not
/// done.
#[actix_web::test]
async fn a_change_needs_a_factor_given_anew_and_is_done_before_anybody_goes_back() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    app.has_an_app(&ada);
    app.client("account", |_| ());
    let mut browser = app.browser();
    let earlier = by_email(&ada, app.now()).with_second_factor(Amr::Otp, app.now());
    app.clock.advance(TEN_MINUTES);

    let parameters = [("scope", "openid"), ("action", "remove_app")];
    let asked = browser.authorize("account", &parameters).await;
    let outcome = model::interaction::Outcome::SignedIn {
        authentication: earlier,
        selected_at: app.now(),
    };
    let back = browser.end(&asked, outcome).await;

    assert!(back.begins_again(), "{back:?}");
}
