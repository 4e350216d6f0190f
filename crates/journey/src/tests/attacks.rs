use actix_web::http::header::{HeaderName, SET_COOKIE};
use model::event::EventKind;
use model::secret::SecretKind;
use model::{Secret, SecretDigest, SystemEntropy};
use storage::{browser_sessions, interactions, users};

use super::world::{HOUR, Seen, Tab, World, on_both};
use crate::plan::Page;
use crate::stage::change;

const PAGES: [&str; 15] = [
    "/sign-in/email",
    "/sign-in/address-warning",
    "/sign-in/email-code",
    "/sign-in/consent",
    "/sign-in/select-account",
    "/sign-in/account-created",
    "/sign-in/lost-address",
    "/sign-in/lost-address-code",
    "/sign-in/lost-address-second-factor",
    "/sign-in/lost-address-done",
    "/details/trn-in-use",
    "/details/existing-account",
    "/details/account-code",
    "/details/account-second-factor",
    "/details/keep-address",
];

#[actix_web::test]
async fn a_form_from_another_site_changes_nothing() {
    on_both(async |world| {
        let tab = world.tab().await;
        let stranger = world.tab().await;
        let journey = &world.journey;
        let foreign = crate::csrf::token(&journey.keyring, &stranger.browser, &stranger.id);
        let of_another_tab = crate::csrf::token(&journey.keyring, &tab.browser, &stranger.id);

        for token in ["", "AAAA", "%", &foreign, &of_another_tab] {
            for path in PAGES {
                for action in ["continue", "cancel", "allow", "resend", "change-address"] {
                    let form = [
                        ("email", "ada@example.test"),
                        ("csrf", token),
                        ("action", action),
                    ];
                    let forged = world.post_bare(&tab, path, &form).await;
                    forged.shows(403, "This form can no longer be sent");
                    forged.shows(403, "Carry on signing in");
                }
            }
        }

        let interaction = world.interaction(&tab).await;
        assert_eq!(interaction.answers.email, None);
        world.assert_nothing_came_of(&tab, 0).await;
        // Nothing is lost: the person goes on.
        let entered = world.enter_email(&tab, "ada@example.test").await;
        entered.goes_to(tab.url("/sign-in/email-code"));
    })
    .await;
}

#[actix_web::test]
async fn another_browser_sees_nothing_of_an_interaction_and_changes_nothing() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let code = world.mailbox.code();
        let thief = tab.copied_elsewhere();

        for path in PAGES {
            let opened = world.open(&thief, path).await;
            let posted = world.post(&thief, path, &[("code", &code)]).await;
            let cancelled = world.post(&thief, path, &[("action", "cancel")]).await;

            opened.shows(403, "We cannot continue your sign-in in this browser");
            assert!(!opened.body.contains("ada@example.test"));
            assert!([400, 403].contains(&posted.status), "{path}");
            assert_eq!(cancelled.status, 403);
        }

        world.assert_nothing_came_of(&tab, 1).await;
    })
    .await;
}

#[actix_web::test]
async fn a_browser_without_cookies_is_told_to_turn_them_on() {
    on_both(async |world| {
        let tab = world.tab().await;
        let bare = tab.without_cookies();

        for path in PAGES {
            world
                .open(&bare, path)
                .await
                .shows(400, "Turn on cookies to sign in");
            world
                .post(&bare, path, &[])
                .await
                .shows(400, "Turn on cookies to sign in");
        }
        world.assert_nothing_came_of(&tab, 0).await;
    })
    .await;
}

#[actix_web::test]
async fn a_cookie_that_we_never_made_is_of_another_browser() {
    on_both(async |world| {
        let tab = Tab {
            browser: Secret::new("x".repeat(5_000)),
            ..world.tab().await
        };

        let page = world.open(&tab, "/sign-in/email").await;

        page.shows(403, "We cannot continue your sign-in in this browser");
    })
    .await;
}

#[actix_web::test]
async fn an_interaction_that_is_not_there_has_timed_out_kindly() {
    on_both(async |world| {
        let tab = world.tab().await;
        let gone = "0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10";

        for query in [
            String::new(),
            "?i=".to_owned(),
            "?i=x".to_owned(),
            format!("?i={gone}"),
            format!("?i={0}&i={0}", tab.id),
            format!("?i={}", "a".repeat(5_000)),
        ] {
            let path = format!("/sign-in/email?{}", query.trim_start_matches('?'));
            let page = world.open(&tab, &path).await;
            page.shows(400, "Go back to the service you want to use");
        }
    })
    .await;
}

#[actix_web::test]
async fn an_interaction_past_its_time_leads_to_where_it_begins_again() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let (code, link) = (world.mailbox.code(), world.mailbox.link());
        world.clock.advance(24 * HOUR);

        world
            .open(&tab, "/sign-in/email-code")
            .await
            .goes_to(tab.return_to());
        world.enter_code(&tab, &code).await.goes_to(tab.return_to());
        world
            .open(&tab, &link)
            .await
            .shows(410, "This link no longer works");

        world.assert_nothing_came_of(&tab, 1).await;
    })
    .await;
}

#[actix_web::test]
async fn a_code_of_one_interaction_is_useless_in_another() {
    on_both(async |world| {
        let mine = world.tab().await;
        world.enter_email(&mine, "ada@example.test").await;
        let code = world.mailbox.code();
        // The same browser and address, another tab.
        let other = world.tab_of(mine.browser.clone(), None, |_| {}).await;
        world.enter_email(&other, "ada@example.test").await;
        assert_ne!(code, world.mailbox.code(), "one in a million");

        let entered = world.enter_code(&other, &code).await;

        entered.shows(400, "is not correct");
        world.assert_nothing_came_of(&other, 2).await;
    })
    .await;
}

#[actix_web::test]
async fn tabs_do_not_disturb_each_other() {
    on_both(async |world| {
        let one = world.tab().await;
        let two = world.tab_of(one.browser.clone(), None, |_| {}).await;
        world.enter_email(&one, "ada@example.test").await;
        let code_of_one = world.mailbox.code();
        world.enter_email(&two, "bob@example.test").await;

        let two_done = world.enter_code(&two, &world.mailbox.code()).await;
        let one_done = world.enter_code(&one, &code_of_one).await;

        two_done.goes_to(two.url("/sign-in/account-created"));
        one_done.goes_to(one.url("/sign-in/account-created"));
        assert_eq!(world.events(EventKind::SignedIn).await, 2);
    })
    .await;
}

#[actix_web::test]
async fn an_address_cannot_carry_headers_or_a_second_recipient() {
    on_both(async |world| {
        let tab = world.tab().await;

        for typed in [
            "ada@example.test\r\nBcc: eve@example.test",
            "ada@example.test%0d%0aBcc:eve@example.test",
            "ada@example.test,eve@example.test",
            "ada@example.test;eve@example.test",
            "Ada <ada@example.test>",
            "ada@example.test\0",
        ] {
            let refused = world.enter_email(&tab, typed).await;
            refused.shows(400, "Enter an email address in the correct format");
        }

        world.assert_nothing_came_of(&tab, 0).await;
    })
    .await;
}

#[actix_web::test]
async fn what_was_typed_cannot_become_markup() {
    on_both(async |world| {
        let tab = world.tab().await;

        let page = world
            .enter_email(&tab, "\"><script>alert(1)</script>")
            .await;

        page.shows(400, "&lt;script&gt;");
        assert!(!page.body.contains("<script>alert"));
    })
    .await;
}

#[actix_web::test]
async fn no_query_sends_a_person_to_another_site() {
    on_both(async |world| {
        let tab = world.tab().await;
        let evil = "https://evil.example";

        for name in [
            "return_to",
            "redirect_uri",
            "next",
            "url",
            "sent",
            "continue",
        ] {
            let path = format!("/sign-in/email-code?i={}&{name}={evil}", tab.id);
            let sent = world.open(&tab, &path).await;
            sent.goes_to(tab.url("/sign-in/email"));
            let cancelled = world.tab().await;
            let path = format!("/sign-in/email?i={}&{name}={evil}", cancelled.id);
            let answer = world.post(&cancelled, &path, &[("action", "cancel")]).await;
            answer.goes_to(cancelled.return_to());
        }
    })
    .await;
}

#[actix_web::test]
async fn a_form_that_no_page_of_ours_sends_is_refused() {
    on_both(async |world| {
        let tab = world.tab().await;

        for (path, form) in [
            (
                "/sign-in/email",
                &[("email", "a@b.cd"), ("email", "c@d.ef")][..],
            ),
            ("/sign-in/email", &[("action", "delete")]),
            ("/sign-in/email", &[("action", "allow")]),
            ("/sign-in/email-code", &[("action", "allow")]),
            ("/sign-in/select-account", &[("action", "allow")]),
            ("/sign-in/address-warning", &[("action", "resend")]),
            ("/sign-in/account-created", &[("action", "allow")]),
        ] {
            let refused = world.post(&tab, path, form).await;
            refused.shows(400, "We could not understand that request");
        }

        world.assert_nothing_came_of(&tab, 0).await;
    })
    .await;
}

#[actix_web::test]
async fn nothing_tells_whether_an_address_has_an_account() {
    on_both(async |world| {
        let known = "known1@example.test";
        let ada = world.account_of(known).await;
        let before = world.store.read({
            let ada = ada.clone();
            move |tx| users::find(tx, &ada)
        });
        let before = before.await.unwrap();

        let of_known = everything_seen(&world, known).await;
        let of_unknown = everything_seen(&world, "nobody@example.test").await;

        assert_eq!(of_known, of_unknown);
        let after = world.store.read(move |tx| users::find(tx, &ada));
        assert_eq!(after.await.unwrap(), before);
    })
    .await;
}

/// Every answer that a stranger to an address can get for it, without what differs by nature.
async fn everything_seen(world: &World, address: &str) -> Vec<String> {
    let tab = world.tab().await;
    let mut seen = Vec::new();
    let mut note = |answer: Seen| {
        let mut headers: Vec<String> = answer
            .headers
            .iter()
            .map(|(name, value): (&HeaderName, _)| format!("{name}: {value:?}"))
            .collect();
        headers.sort();
        assert!(!answer.headers.contains_key(SET_COOKIE));
        let csrf = crate::csrf::token(&world.journey.keyring, &tab.browser, &tab.id);
        let whole = format!("{} {headers:?} {}", answer.status, answer.body);
        seen.push(
            whole
                .replace(address, "ADDRESS")
                .replace(tab.id.as_str(), "ID")
                .replace(&csrf, "CSRF"),
        );
    };
    note(world.enter_email(&tab, address).await);
    note(world.open(&tab, "/sign-in/email-code").await);
    note(world.open(&tab, "/sign-in/email").await);
    let wrong = world.wrong_code();
    note(world.enter_code(&tab, &wrong).await);
    for _ in 0..5 {
        note(
            world
                .post(&tab, "/sign-in/email-code", &[("action", "resend")])
                .await,
        );
    }
    for _ in 0..5 {
        note(world.enter_code(&tab, &wrong).await);
    }
    note(world.open(&tab, "/sign-in/email-code").await);
    let mails = world.mailbox.mails();
    let mail = mails.last().unwrap();
    let (code, link) = (world.mailbox.code(), world.mailbox.link());
    seen.push(
        mail.content
            .text
            .replace(&code, "CODE")
            .replace(&link, "LINK"),
    );
    seen.push(mail.content.subject.replace(&code, "CODE"));
    seen
}

#[actix_web::test]
async fn a_database_fault_shows_an_incident_and_sends_nothing() {
    on_both(async |world| {
        let tab = world.tab().await;

        world.store.revert_all().unwrap();

        for path in PAGES {
            let opened = world.open(&tab, path).await;
            let posted = world.enter_email(&tab, "ada@example.test").await;
            for page in [opened, posted] {
                page.shows(500, "There is a problem with the service");
                page.shows(500, "Reference: ");
                assert!(!page.body.contains("interactions"), "{}", page.body);
            }
        }
        assert_eq!(world.mailbox.count(), 0);
    })
    .await;
}

#[actix_web::test]
async fn two_tabs_that_change_one_interaction_at_once_both_count() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let link = world.mailbox.link();

        // The link of the first address races the change to another address.
        let email = [vec![("email", "bob@example.test".to_owned())]];
        let (pressed, changed) = futures::join!(
            world.post_all(&tab, &link, [vec![]]),
            world.post_all(&tab, "/sign-in/email", email),
        );

        assert!(
            pressed
                .iter()
                .chain(&changed)
                .all(|answer| answer.status < 500)
        );
        let answers = world.interaction(&tab).await.answers;
        if let Some(authentication) = answers.authentication {
            let ada = world.account_of("ada@example.test").await;
            assert_eq!(authentication.user_id, ada, "never as the other address");
        }
        let (id, digest) = (
            tab.id.clone(),
            model::SecretDigest::of(tab.browser.reveal()),
        );
        let find = world
            .store
            .read(move |tx| interactions::find(tx, &id, Some(&digest)));
        assert!(find.await.is_ok());
    })
    .await;
}

#[actix_web::test]
async fn a_session_that_is_ended_while_its_page_is_answered_signs_nobody_in() {
    on_both(async |world| {
        let (session, _) = world.session_of("ada@example.test").await;
        let digest = SecretDigest::of(session.reveal());
        let browser = SecretKind::Browser.mint(&SystemEntropy);
        let tab = world.tab_of(browser, Some(session), |interaction| {
            interaction.requirements.choose_account = true;
        });
        let tab = tab.await;
        let visitor = world.visitor(&tab);

        // The page has looked, and now the account is signed out everywhere.
        let page = Page::SelectAccount;
        let chosen = change(&world.journey, &visitor, page, move |tx, mut stage| {
            browser_sessions::end(tx, &digest)?;
            stage.interaction.answers.selected_at = Some(stage.now);
            Ok(Ok(stage.go_on(tx)?))
        });

        assert_eq!(chosen.await.unwrap(), tab.url("/sign-in/email"));
        assert_eq!(world.signed_in(&tab).await, None);
    })
    .await;
}
