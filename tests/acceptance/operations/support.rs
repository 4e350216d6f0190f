//! Staff at the command line: what people could not settle themselves.

use acceptance::{AuthenticatorApp, Browser, Deployment, Kind, MailCatcher, Mailbox, clients};
use model::ScopeSet;
use model::trn_lookup::TrnRequirement;
use server::config::clients::ClientEntry;

/// RFC 7636 appendix B.
const REQUEST: &str = "/authorize?client_id=course&response_type=code\
    &redirect_uri=https%3A%2F%2Fcourse.example%2Fcallback&scope=openid+email+trn\
    &code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn course() -> ClientEntry {
    let mut course = clients::course();
    course.settings.scope = ScopeSet::parse("openid email trn").unwrap();
    course.settings.trn_requirement = TrnRequirement::Optional;
    course
}

/// The number of the one task that is open.
fn open_task(deployment: &Deployment) -> String {
    let listed = deployment.succeed(&["support", "list"]);
    let rows: Vec<_> = listed.lines().skip(1).collect();
    assert_eq!(rows.len(), 1, "{listed}");
    rows[0].split_whitespace().next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_look_at_a_lost_address_and_give_the_account_the_proven_one() {
    for kind in Kind::BOTH {
        let catcher = MailCatcher::start().await;
        let mut deployment = Deployment::on(kind, &catcher);
        deployment.register(&[clients::course()]);
        let node = deployment.start();
        let mailbox = Mailbox::Caught(catcher.clone());
        let mut browser = node.browser();
        browser.open(REQUEST).await;
        browser.sign_in("ada@school.example", &mailbox).await;
        assert_eq!(
            deployment.succeed(&["support", "list"]),
            "No task is open.\n"
        );

        let mut browser = node.browser();
        browser.open(REQUEST).await;
        browser.fill("Email address", "ada@school.example");
        browser.press("Continue").await;
        browser
            .follow("I can no longer use this email address")
            .await;
        browser.fill("New email address", "ada@home.example");
        browser.press("Continue").await;
        let code = mailbox.last_code_for("ada@home.example").await;
        browser.fill("Code", &code).press("Continue").await;
        browser.press("I do not have either").await;
        assert_eq!(browser.heading(), "We have your request");

        let reference = open_task(&deployment);
        assert!(browser.text().contains(&reference));
        let typed = reference.to_lowercase().replace('-', "");
        let shown = deployment.succeed(&["support", "show", &typed]);
        for words in [
            &reference,
            "lost_address",
            "ada@school.example",
            "ada@home.example",
            "course",
        ] {
            assert!(shown.contains(words), "{words} in {shown}");
        }
        let close = ["support", "close", reference.as_str()];
        let refused = |outcome: &[&str]| deployment.refuse(&[&close[..], outcome].concat());
        assert_eq!(refused(&[]).0, Some(2), "an outcome is needed");
        assert_eq!(refused(&["--failed", "--no-change"]).0, Some(2));
        let (status, said) = refused(&["--failed"]);
        assert_eq!(status, Some(1));
        assert!(said.contains("the task is about something else"), "{said}");
        let closed = deployment.succeed(&[&close[..], &["--apply-address"]].concat());

        assert_eq!(closed, format!("{reference} is closed.\n"));
        let (_, said) = refused(&["--no-change"]);
        assert!(said.contains("it is closed already"), "{said}");
        assert_eq!(
            deployment.succeed(&["support", "list"]),
            "No task is open.\n"
        );
    }
}

/// Answers the page that is shown.
async fn answer(browser: &mut Browser, fields: &[(&str, &str)]) {
    let (_, url, form) = browser.filled_form("Continue");
    let csrf = form.iter().find(|(name, _)| name == "csrf").unwrap();
    let mut form = vec![("csrf", csrf.1.as_str())];
    form.extend(fields);
    browser.post(url.as_str(), &form).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_which_records_may_be_a_persons_and_give_them_the_right_one() {
    for kind in Kind::BOTH {
        let catcher = MailCatcher::start().await;
        let mut deployment = Deployment::on(kind, &catcher);
        deployment.register(&[course()]);
        deployment.succeed(&["records", "import", "config/teacher-records.sample.csv"]);
        let node = deployment.start();
        let mailbox = Mailbox::Caught(catcher.clone());
        let mut browser = node.browser();
        browser.open(REQUEST).await;
        browser
            .fill("Email address", "ada@home.example")
            .press("Continue")
            .await;
        let code = mailbox.last_code_for("ada@home.example").await;
        browser.fill("Code", &code).press("Continue").await;
        // The sample's first person, who has a record and gives another's TRN.
        for fields in [
            &[("first-name", "Ada"), ("last-name", "Lovell")][..],
            &[("changed-name", "no")],
            &[("preferred-name", "first-last")],
            &[
                ("date-of-birth-day", "14"),
                ("date-of-birth-month", "6"),
                ("date-of-birth-year", "1985"),
            ],
            &[("has-national-insurance-number", "no")],
            &[("has-trn", "yes")],
            &[("trn", "7654321")],
            &[("has-qts", "no")],
        ] {
            answer(&mut browser, fields).await;
        }
        browser.press("Save and continue").await;
        let reference = open_task(&deployment);
        let shown = deployment.succeed(&["support", "show", &reference]);
        for words in ["trn_lookup", "Ada Lovell", "14 June 1985", "7654321"] {
            assert!(shown.contains(words), "{words} in {shown}");
        }
        let suggested = shown.lines().last().unwrap();
        assert!(suggested.starts_with("3000001"), "{shown}");
        assert!(suggested.contains("name, date of birth"), "{shown}");

        let close = ["support", "close", reference.as_str(), "--trn"];
        let (status, said) = deployment.refuse(&[&close[..], &["7654321"]].concat());
        assert_eq!(status, Some(1));
        assert!(said.contains("no active record has that TRN"), "{said}");
        let closed = deployment.succeed(&[&close[..], &["3000001"]].concat());

        assert_eq!(closed, format!("{reference} is closed.\n"));
        let shown = deployment.succeed(&["support", "show", &reference]);
        assert!(shown.contains("trn_found on"), "{shown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_remove_a_second_factor_that_was_lost_and_its_person_sets_up_another() {
    for kind in Kind::BOTH {
        let catcher = MailCatcher::start().await;
        let mut deployment = Deployment::on(kind, &catcher);
        let mut course = clients::course();
        course.settings.minimum_acr = model::browser_session::Acr::ClCm;
        deployment.register(&[course]);
        let node = deployment.start();
        let mailbox = Mailbox::Caught(catcher.clone());
        let mut thief = node.browser();
        proves_address(&mut thief, &mailbox).await;
        thief.press("Set up an authenticator app").await;
        let mut app = AuthenticatorApp::with_key(&thief.text_of("key"));
        thief.fill("Code", &app.code()).press("Continue").await;
        thief.press("I have saved the codes").await;
        thief.press("Continue").await;
        assert_ne!(thief.landed_on().parameter("code"), "");

        let mut browser = node.browser();
        proves_address(&mut browser, &mailbox).await;
        browser.follow("I cannot use any of these").await;
        browser.press("Ask us to remove it").await;
        assert_eq!(browser.heading(), "We have your request");
        let reference = open_task(&deployment);
        assert!(browser.text().contains(&reference));
        let shown = deployment.succeed(&["support", "show", &reference]);
        for words in ["second_factor_lost", "ada@home.example", "course"] {
            assert!(shown.contains(words), "{words} in {shown}");
        }
        let close = ["support", "close", reference.as_str()];
        let (status, said) = deployment.refuse(&[&close[..], &["--apply-address"]].concat());
        assert_eq!(status, Some(1));
        assert!(said.contains("the task is about something else"), "{said}");
        browser.open(REQUEST).await;
        assert_eq!(
            browser.heading(),
            "Enter your email address",
            "nobody is signed in by having asked"
        );

        let closed = deployment.succeed(&[&close[..], &["--remove-second-factor"]].concat());

        assert_eq!(closed, format!("{reference} is closed.\n"));
        let (_, said) = deployment.refuse(&[&close[..], &["--remove-second-factor"]].concat());
        assert!(said.contains("it is closed already"), "{said}");
        thief.open("/account").await;
        assert_eq!(
            thief.heading(),
            "Enter your email address",
            "whoever had the app is signed out"
        );
        proves_address(&mut browser, &mailbox).await;
        assert_eq!(browser.heading(), "Add a second step to your sign-in");
        browser.press("Set up an authenticator app").await;
        let mut app = AuthenticatorApp::with_key(&browser.text_of("key"));
        browser.fill("Code", &app.code()).press("Continue").await;
        browser.press("I have saved the codes").await;
        assert_ne!(browser.landed_on().parameter("code"), "");
    }
}

/// Comes to the service, and as far as a code from their emails brings them.
async fn proves_address(browser: &mut Browser, mailbox: &Mailbox) {
    browser.open(REQUEST).await;
    browser.fill("Email address", "ada@home.example");
    browser.press("Continue").await;
    let code = mailbox.last_code_for("ada@home.example").await;
    browser.fill("Code", &code).press("Continue").await;
}
