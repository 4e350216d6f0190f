//! A second factor, at nodes that share one database.

use acceptance::{AuthenticatorApp, Browser, Deployment, Kind, MailCatcher, Mailbox, clients};
use futures::future::join_all;
use server::config::clients::ClientEntry;

const ADDRESS: &str = "ada@example.test";

/// RFC 7636 appendix B.
const REQUEST: &str = "/authorize?client_id=careful&response_type=code\
    &redirect_uri=https%3A%2F%2Fcareful.example%2Fcallback&scope=openid+email\
    &code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A service that needs two factors of everybody.
fn careful() -> ClientEntry {
    let mut careful = clients::web("careful", "A careful service");
    careful.settings.minimum_acr = model::browser_session::Acr::ClCm;
    careful
}

async fn proves_the_address(browser: &mut Browser, mailbox: &Mailbox) {
    browser.open(REQUEST).await;
    browser
        .fill("Email address", ADDRESS)
        .press("Continue")
        .await;
    let code = mailbox.last_code_for(ADDRESS).await;
    browser.fill("Code", &code).press("Continue").await;
}

/// The attack: one code, read over a shoulder, at two nodes at once and one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn of_all_who_type_one_code_at_two_nodes_one_gets_in() {
    let catcher = MailCatcher::start().await;
    let mut deployment = Deployment::on(Kind::Postgres, &catcher);
    deployment.register(&[careful()]);
    let nodes = [deployment.start(), deployment.start()];
    let mailbox = Mailbox::Caught(catcher);
    let mut owner = nodes[0].browser();
    proves_the_address(&mut owner, &mailbox).await;
    owner.press("Set up an authenticator app").await;
    let mut app = AuthenticatorApp::with_key(&owner.text_of("key"));
    let first = app.code();
    owner.fill("Code", &first).press("Continue").await;
    owner.press("I have saved the codes").await;
    owner.press("Continue").await;
    assert_ne!(owner.landed_on().parameter("code"), "");

    let mut browsers: Vec<Browser> = [0, 1, 0, 1].map(|node| nodes[node].browser()).into();
    for browser in &mut browsers {
        proves_the_address(browser, &mailbox).await;
        assert_eq!(
            browser.heading(),
            "Enter the code from your authenticator app"
        );
    }
    let second = app.code();
    join_all(browsers.iter_mut().map(async |browser| {
        browser.fill("Code", &second).press("Continue").await;
    }))
    .await;

    let (inside, mut outside): (Vec<_>, Vec<_>) =
        browsers.into_iter().partition(Browser::has_landed);
    assert_eq!(inside.len(), 1);
    assert_ne!(inside[0].landed_on().parameter("code"), "");
    for browser in &outside {
        assert_is_told_that_it_was_used(browser);
    }
    let late = &mut outside[0];
    for node in &nodes {
        late.moves_to(node);
        late.fill("Code", &second).press("Continue").await;
        assert_is_told_that_it_was_used(late);
    }
}

#[track_caller]
fn assert_is_told_that_it_was_used(browser: &Browser) {
    let told = "You have used this code before, wait until your app shows a new one and enter that";
    assert_eq!(
        (browser.status(), browser.errors()),
        (400, vec![told.to_owned()])
    );
}
