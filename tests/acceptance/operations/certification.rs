//! Driven by a program: nothing but an HTTP client, https, and the names of form fields.

use acceptance::{Authority, Browser, Deployment, Kind, Landing, Wire, clients};
use model::client::ConsentPolicy;
use scraper::{Html, Selector};
use server::config::clients::ClientEntry;

const CODE: &str = "135790";

/// A provider for certification: https of its own, a fixed code, and no limit that is in the way.
fn deployment(kind: Kind, clients: &[ClientEntry]) -> (Deployment, Authority) {
    let mut deployment = Deployment::without_mail(kind);
    deployment.set("environment", "development");
    deployment.set("development.fixed_email_code", CODE);
    deployment.set("development.reserved_address_limit", "100000 per 1h");
    deployment.register(clients);
    let authority = Authority::new();
    deployment.serve_only_https(&authority);
    (deployment, authority)
}

/// A service that asks people, and needs no code challenge.
fn conformance() -> ClientEntry {
    let mut client = clients::web("conformance", "Conformance");
    client.settings.require_pkce = false;
    client.settings.consent = ConsentPolicy::Ask;
    client
}

fn request(parameters: &str) -> String {
    let redirect_uri = "https%3A%2F%2Fconformance.example%2Fcallback";
    format!(
        "/authorize?client_id=conformance&response_type=code&scope=openid&redirect_uri={redirect_uri}&{parameters}"
    )
}

/// Fills in whichever page is shown, by the names of its fields, until the service is reached.
async fn drive(browser: &mut Browser, address: &str) -> Landing {
    for _ in 0..6 {
        if browser.has_landed() {
            break;
        }
        let names = field_names(&browser.page().body);
        let has = |name: &str| names.iter().any(|known| known == name);
        let csrf = hidden(&browser.page().body, "csrf");
        let mut form = vec![("csrf", csrf.as_str())];
        if has("email") {
            form.push(("email", address));
        }
        if has("code") {
            form.push(("code", CODE));
        }
        let action = if browser.path() == "/sign-in/consent" {
            "allow"
        } else {
            "continue"
        };
        form.push(("action", action));
        let url = browser.page().url.to_string();
        browser.post(&url, &form).await;
    }
    browser.landed_on()
}

fn field_names(page: &str) -> Vec<String> {
    let inputs = Selector::parse("main form input").unwrap();
    let page = Html::parse_document(page);
    let names = page.select(&inputs).filter_map(|input| input.attr("name"));
    names.map(str::to_owned).collect()
}

fn hidden(page: &str, name: &str) -> String {
    let input = Selector::parse(&format!("main form input[type=hidden][name={name}]")).unwrap();
    let page = Html::parse_document(page);
    let found = page.select(&input).next().expect("the form has it");
    found.attr("value").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_signs_in_a_dozen_times_in_a_row_by_plain_forms() {
    for kind in Kind::BOTH {
        let (deployment, authority) = deployment(kind, &[conformance()]);
        let node = deployment.start();
        let wire = Wire::by_tls(node.address(), &authority);

        for number in 0..12 {
            let mut browser = Browser::new(wire.clone());
            browser.open(request(&format!("state={number}"))).await;
            let landing = drive(&mut browser, "certification@example.test").await;

            assert_eq!(landing.uri, "https://conformance.example/callback");
            assert_eq!(landing.parameter("state"), number.to_string());
            assert!(landing.parameter("code").starts_with("gai_"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_sign_in_has_one_cancel_button_that_goes_back_with_access_denied() {
    let (deployment, authority) = deployment(Kind::Sqlite, &[conformance()]);
    let node = deployment.start();
    let wire = Wire::by_tls(node.address(), &authority);
    // The page after these, that an account was made, has nothing to give up.
    let answered_before = ["", "email", "email code"];
    for (stop, fields) in answered_before.into_iter().enumerate() {
        let mut browser = Browser::new(wire.clone());
        browser.open(request("state=kept")).await;
        for field in fields.split_whitespace() {
            let csrf = hidden(&browser.page().body, "csrf");
            let address = format!("cancels{stop}@example.test");
            let mut form = vec![("csrf", csrf.as_str()), ("action", "continue")];
            form.push((field, if field == "email" { &address } else { CODE }));
            let url = browser.page().url.to_string();
            browser.post(&url, &form).await;
        }

        let cancels = Selector::parse("button[name=action][value=cancel]").unwrap();
        let count = Html::parse_document(&browser.page().body)
            .select(&cancels)
            .count();
        assert_eq!(count, 1, "{}", browser.path());
        let csrf = hidden(&browser.page().body, "csrf");
        let url = browser.page().url.to_string();
        browser
            .post(&url, &[("csrf", &csrf), ("action", "cancel")])
            .await;

        let landing = browser.landed_on();
        assert_eq!(landing.parameter("error"), "access_denied");
        assert_eq!(landing.parameter("state"), "kept");
        assert_eq!(landing.parameter("iss"), acceptance::ISSUER);
    }
}

#[test]
fn a_production_server_with_a_fixed_code_does_not_start() {
    let mut deployment = Deployment::without_mail(Kind::Sqlite);
    for environment in ["production", "test"] {
        deployment.set("environment", environment);
        deployment.set("development.fixed_email_code", CODE);

        let (code, words) = deployment.refuse(&["serve"]);

        assert_eq!(code, Some(2), "{words}");
        assert!(
            words.contains(
                "development.fixed_email_code: must not be set unless the environment is \
                 \"development\""
            ),
            "{words}"
        );
        assert!(!words.contains(CODE), "{words}");
    }
}
