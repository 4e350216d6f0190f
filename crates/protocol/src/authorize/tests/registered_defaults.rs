//! What a client registered for requests that do not say it themselves (OpenID Connect
//! Registration §2), and what may be said and changes nothing.

use std::time::Duration;

use model::requirement::SecondFactorRule;
use serde_json::json;

use super::{client, parse_as};
use crate::jws::TokenType;
use crate::testing::TestProvider;

const PLAIN: &str = "response_type=code&scope=openid";

#[test]
fn max_age_is_what_was_registered_where_the_request_names_none() {
    let service = client(|s| s.default_max_age = Some(600));
    let max_age = |rest: &str| {
        let request = parse_as(&service, &format!("{PLAIN}{rest}")).unwrap();
        request.requirements.max_age
    };

    assert_eq!(max_age(""), Some(600));
    assert_eq!(max_age("&max_age="), Some(600));
    assert_eq!(max_age("&max_age=0"), Some(0));
    assert_eq!(max_age("&max_age=86400"), Some(86_400));
}

#[test]
fn acr_values_are_what_was_registered_where_the_request_names_none() {
    let service = client(|s| s.default_acr_values = vec!["gold".to_owned(), "Cl.Cm".to_owned()]);
    let rule = |rest: &str| {
        let request = parse_as(&service, &format!("{PLAIN}{rest}")).unwrap();
        request.requirements.second_factor
    };
    let claims = |acr: serde_json::Value| {
        let claims = json!({ "id_token": { "acr": acr } }).to_string();
        let encoded: String = form_urlencoded::byte_serialize(claims.as_bytes()).collect();
        format!("&claims={encoded}")
    };

    assert_eq!(rule(""), SecondFactorRule::Preferred);
    assert_eq!(rule("&acr_values=Cl"), SecondFactorRule::IfChosen);
    assert_eq!(rule("&acr_values=silver"), SecondFactorRule::IfChosen);
    let one_factor = json!({ "value": "Cl" });
    assert_eq!(rule(&claims(one_factor)), SecondFactorRule::IfChosen);
    let any = json!({ "essential": true });
    assert_eq!(rule(&claims(any)), SecondFactorRule::Preferred);
    let silver = json!({ "value": "silver" });
    assert_eq!(rule(&claims(silver)), SecondFactorRule::IfChosen);
}

#[actix_web::test]
async fn who_signed_in_longer_ago_than_was_registered_signs_in_again_and_auth_time_tells() {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    let secret = app.client("service", |settings| {
        settings.default_max_age = Some(600);
        settings.require_auth_time = true;
    });
    let mut browser = app.browser();
    browser.sign_in(&ada).await;
    let signed_in_at = app.now().seconds();
    let scope = [("scope", "openid")];

    app.clock.advance(Duration::from_secs(599));
    let back = browser.authorize("service", &scope).await;
    app.clock.advance(Duration::from_secs(2));
    let asked = browser.authorize("service", &scope).await;

    let code = back.parameter("code").unwrap();
    let tokens = app.redeem(("service", &secret), &code).await;
    let id_token = app.claims(&tokens.text("id_token"), TokenType::Jwt);
    assert_eq!(id_token["auth_time"], signed_in_at);
    assert!(asked.is_question());
}

#[actix_web::test]
async fn every_display_and_any_language_leads_to_the_same_pages() {
    let app = TestProvider::on_sqlite();
    app.client("service", |_| ());
    let mut browser = app.browser();

    for (name, value) in [
        ("display", "page"),
        ("display", "popup"),
        ("display", "touch"),
        ("display", "wap"),
        ("display", "hologram"),
        ("ui_locales", "en"),
        ("ui_locales", "cy fr-CA en"),
        ("claims_locales", "cy en"),
    ] {
        let asked = browser
            .authorize("service", &[("scope", "openid"), (name, value)])
            .await;
        assert!(asked.is_question(), "{name}={value}");
    }
}
