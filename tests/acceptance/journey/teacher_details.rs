//! Teacher details: who people are, and their record among the sample records.

mod outage;
mod people;

use acceptance::answers::Said;
use acceptance::{Answers, App, Browser, Kind, RelyingParty, clients};
use serde_json::{Value, json};

/// A provider with services for teachers, and the sample records and training providers.
async fn app_with_records(kind: Kind, settings: &[(&str, &str)]) -> App {
    let all = [
        &[("limits.sends_per_client_address", "1000 per 1h")],
        settings,
    ]
    .concat();
    let app = App::start_with(kind, clients::for_teachers(), &all).await;
    app.import_samples();
    app
}

/// More than any service may have: each gets what it is registered for.
const EVERYTHING: &str = "openid email profile trn national_insurance";

/// Somebody who has proven their address to a service in a new browser.
async fn arrives(app: &App, client: &str, email: &str) -> (RelyingParty, Browser) {
    let service = app.relying_party(client).await;
    let service = service.asking_for(EVERYTHING);
    let mut browser = app.browser();
    browser.open(service.authorization_url()).await;
    browser.fill("Email address", email).press("Continue").await;
    let code = app.mailbox().last_code_for(email).await;
    browser.fill("Code", &code).press("Continue").await;
    (service, browser)
}

/// What the service is told of somebody who has answered everything.
async fn told(app: &App, service: &RelyingParty, browser: &mut Browser) -> Value {
    if !browser.has_landed() {
        assert_eq!(browser.heading(), "Account created");
        browser.press("Continue").await;
    }
    let tokens = service.redeem(browser.landed_on()).await;
    let told = app.wire().get_with_token("/userinfo", &tokens.access).await;
    told.json()
}

/// Ada Lovell of the sample records, who gives her National Insurance number.
fn ada() -> Answers {
    let words = |text: [&str; 3]| text.map(str::to_owned);
    Answers {
        name: words(["Ada", "", "Lovell"]),
        born: words(["14", "6", "1985"]),
        national_insurance_number: Said::Typed("MW123401A".to_owned()),
        ..Answers::default()
    }
}

#[tokio::test]
async fn what_somebody_said_once_no_service_asks_again() {
    on_both(async |app| {
        let (service, mut browser) = arrives(&app, "named", "ada@example.test").await;
        let pages = ada().give(&mut browser).await;
        assert_eq!(
            pages,
            [
                "name",
                "previous-names",
                "preferred-name",
                "date-of-birth",
                "check-answers"
            ]
        );
        assert_eq!(
            told(&app, &service, &mut browser).await["name"],
            "Ada Lovell"
        );

        let (service, mut browser) = arrives(&app, "optional", "ada@example.test").await;
        let pages = ada().give(&mut browser).await;
        assert_eq!(
            pages,
            [
                "has-national-insurance-number",
                "national-insurance-number",
                "check-answers"
            ]
        );
        let claims = told(&app, &service, &mut browser).await;
        assert_eq!(
            (&claims["trn"], &claims["name"]),
            (&json!("3000001"), &json!("Ada Lovell"))
        );

        for client in ["required", "waiting", "named", "optional"] {
            let service = app.relying_party(client).await.asking_for(EVERYTHING);
            let silent = service.authorization_url_with(&[("prompt", "none")]);
            let mut tab = browser.new_tab();
            tab.open(silent).await;
            told(&app, &service, &mut tab).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_strict_service_asks_a_person_who_was_placed_by_less_for_what_is_missing() {
    on_both(async |app| {
        let (service, mut browser) = arrives(&app, "required", "ada@example.test").await;
        ada().give(&mut browser).await;
        let claims = told(&app, &service, &mut browser).await;
        assert_eq!(claims["trn_verification_level"], "Low");

        let strict = app.relying_party("strict").await.asking_for(EVERYTHING);
        let mut tab = browser.new_tab();
        tab.open(strict.authorization_url_with(&[("prompt", "none")]))
            .await;
        assert_eq!(tab.landed_on().parameter("error"), "interaction_required");

        let (service, mut browser) = arrives(&app, "strict", "ada@example.test").await;
        let answers = Answers {
            trn: Said::Typed("3000001".to_owned()),
            ..ada()
        };
        let pages = answers.give(&mut browser).await;
        assert_eq!(pages, ["has-trn", "trn", "check-answers"]);
        let claims = told(&app, &service, &mut browser).await;
        assert_eq!(
            (&claims["trn"], &claims["trn_verification_level"]),
            (&json!("3000001"), &json!("Medium"))
        );
    })
    .await;
}

#[tokio::test]
async fn of_eight_people_who_claim_one_record_at_once_one_holds_it() {
    on_both(async |app| {
        let mut people = Vec::new();
        for number in 0..8 {
            let address = format!("claimant-{number}@example.test");
            let (service, mut browser) = arrives(&app, "required", &address).await;
            while browser.path() != "/details/check-answers" {
                ada().give_one(&mut browser).await;
            }
            people.push((service, browser));
        }

        let submitting = people
            .iter_mut()
            .map(|(_, browser)| browser.press("Save and continue"));
        futures::future::join_all(submitting).await;

        let (holders, others): (Vec<_>, Vec<_>) = people.iter_mut().partition(|(_, browser)| {
            browser.has_landed() || browser.heading() == "Account created"
        });
        assert_eq!(holders.len(), 1);
        for (service, browser) in holders {
            let claims = told(&app, service, browser).await;
            assert_eq!(claims["trn"], "3000001");
        }
        for (_, browser) in others {
            assert_eq!(
                (browser.status(), browser.path()),
                (200, "/details/trn-in-use"),
                "{}",
                browser.text()
            );
            assert!(!browser.page().body.contains("3000001"));
        }
    })
    .await;
}

/// Runs a test with the sample records on SQLite, then on PostgreSQL.
async fn on_both(test: impl AsyncFn(App)) {
    for kind in Kind::BOTH {
        println!("on {kind:?}:");
        test(app_with_records(kind, &[]).await).await;
    }
}
