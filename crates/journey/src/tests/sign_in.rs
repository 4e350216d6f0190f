use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use model::ScopeSet;
use model::browser_session::{Acr, Amr};
use model::client::ClientSettings;
use model::event::EventKind;
use model::interaction::{Outcome, RefusalReason};
use model::requirement::ConsentRule;
use model::secret::SecretKind;
use model::{ClientId, SystemEntropy};
use storage::{consents, interactions};

use super::world::{MINUTE, on_both};

#[actix_web::test]
async fn a_first_time_person_sees_email_code_and_account_created() {
    on_both(async |world| {
        let tab = world.tab().await;

        let email = world.open(&tab, "/sign-in/email").await;
        email.shows(200, "Demo service uses Get an identity");
        world
            .enter_email(&tab, "Ada@example.test")
            .await
            .goes_to(tab.url("/sign-in/email-code"));
        let code = world.open(&tab, "/sign-in/email-code").await;
        code.shows(200, "Ada@example.test");
        world
            .enter_code(&tab, &world.mailbox.code())
            .await
            .goes_to(tab.url("/sign-in/account-created"));
        let created = world.open(&tab, "/sign-in/account-created").await;
        created.shows(200, "Account created");
        assert_eq!(world.interaction(&tab).await.outcome, None);
        world
            .post(&tab, "/sign-in/account-created", &[("action", "continue")])
            .await
            .goes_to(tab.return_to());

        let signed_in = world.signed_in(&tab).await.unwrap();
        assert_eq!(
            signed_in.user_id,
            world.account_of("ada@example.test").await
        );
        assert_eq!(signed_in.auth_time, world.store.clock().now());
        assert_eq!(signed_in.amr, [Amr::Email]);
        assert_eq!(signed_in.acr, Acr::Cl);
        assert_eq!(world.events(EventKind::AccountCreated).await, 1);
        assert_eq!(world.events(EventKind::SignedIn).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn a_returning_person_sees_two_pages() {
    on_both(async |world| {
        let ada = world.account_of("ada@example.test").await;
        let tab = world.tab().await;

        world.enter_email(&tab, "ada@example.test").await;
        world
            .enter_code(&tab, &world.mailbox.code())
            .await
            .goes_to(tab.return_to());

        assert_eq!(world.signed_in(&tab).await.unwrap().user_id, ada);
        assert_eq!(world.events(EventKind::AccountCreated).await, 0);
    })
    .await;
}

#[actix_web::test]
async fn a_page_names_the_service_lets_its_redirect_pass_and_is_never_kept() {
    on_both(async |world| {
        let tab = world.tab().await;

        let page = world.open(&tab, "/sign-in/email").await;

        page.shows(200, "Enter your email address – Demo service");
        page.shows(200, "Cancel and go back to Demo service");
        let policy = page.headers.get(CONTENT_SECURITY_POLICY).unwrap();
        let policy = policy.to_str().unwrap();
        assert!(policy.ends_with("form-action 'self' https://service.example"));
        assert_eq!(page.headers.get(CACHE_CONTROL).unwrap(), "no-store");
    })
    .await;
}

#[actix_web::test]
async fn the_form_on_the_page_carries_the_token_that_is_asked_for() {
    on_both(async |world| {
        let tab = world.tab().await;

        let page = world.open(&tab, "/sign-in/email").await;
        let after = page.body.split("name=\"csrf\" value=\"").nth(1).unwrap();
        let token = after.split('"').next().unwrap();
        let fields = [("email", "ada@example.test"), ("csrf", token)];
        let posted = world.post_bare(&tab, "/sign-in/email", &fields).await;

        posted.goes_to(tab.url("/sign-in/email-code"));
    })
    .await;
}

#[actix_web::test]
async fn a_login_hint_is_put_in_the_field_and_no_more() {
    on_both(async |world| {
        let browser = SecretKind::Browser.mint(&SystemEntropy);
        let tab = world
            .tab_of(browser, None, |interaction| {
                interaction.login_hint = Some("ada@example.test".to_owned());
            })
            .await;

        let page = world.open(&tab, "/sign-in/email").await;

        page.shows(200, "value=\"ada@example.test\"");
        world.assert_nothing_came_of(&tab, 0).await;
    })
    .await;
}

#[actix_web::test]
async fn an_unusable_address_is_shown_again_with_what_to_do() {
    on_both(async |world| {
        let tab = world.tab().await;

        for (typed, message) in [
            ("", "Enter your email address"),
            ("  ", "Enter your email address"),
            (
                "ada.example.test",
                "Enter an email address in the correct format",
            ),
        ] {
            let page = world.enter_email(&tab, typed).await;

            page.shows(400, message);
            page.shows(400, "Error: Enter your email address – Demo service");
        }
        let long = format!("{}@example.test", "a".repeat(300));
        let page = world.enter_email(&tab, &long).await;
        page.shows(400, &format!("value=\"{long}\""));
        world.assert_nothing_came_of(&tab, 0).await;
    })
    .await;
}

#[actix_web::test]
async fn a_page_opens_only_when_its_step_is_reached() {
    on_both(async |world| {
        let tab = world.tab().await;
        let later = [
            "/sign-in/select-account",
            "/sign-in/address-warning",
            "/sign-in/email-code",
            "/sign-in/consent",
            "/sign-in/account-created",
        ];

        for path in later {
            let email = tab.url("/sign-in/email");
            world.open(&tab, path).await.goes_to(&email);
            world.post(&tab, path, &[("code", "123456")]).await;
        }

        world.assert_nothing_came_of(&tab, 0).await;
        for path in later {
            let actions = [("code", "123456"), ("action", "continue")];
            let posted = world.post(&tab, path, &actions).await;
            assert!([303, 400].contains(&posted.status), "{path}");
        }
        world.assert_nothing_came_of(&tab, 0).await;
    })
    .await;
}

#[actix_web::test]
async fn back_leads_from_the_code_to_the_address_and_keeps_it() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;

        let code = world.open(&tab, "/sign-in/email-code").await;
        let email = world.open(&tab, "/sign-in/email").await;

        let back = format!("href=\"/sign-in/email?i&#x3D;{}\"", tab.id);
        assert!(
            code.body.contains(&back) || code.body.contains(&back.replace("&#x3D;", "=")),
            "{}",
            code.body
        );
        email.shows(200, "value=\"ada@example.test\"");
    })
    .await;
}

#[actix_web::test]
async fn a_school_or_shared_address_is_warned_of_and_may_be_kept() {
    on_both(async |world| {
        for address in [
            "ada@hill.sch.uk",
            "ada@mail.academy.example",
            "office@example.test",
        ] {
            let before = world.mailbox.count();
            let tab = world.tab().await;

            let warning = tab.url("/sign-in/address-warning");
            world.enter_email(&tab, address).await.goes_to(&warning);
            assert_eq!(
                world.mailbox.count(),
                before,
                "nothing is sent before the warning"
            );
            world.open(&tab, &warning).await.shows(200, address);
            world
                .open(&tab, "/sign-in/email-code")
                .await
                .goes_to(&warning);
            world
                .post(&tab, "/sign-in/address-warning", &[("action", "continue")])
                .await
                .goes_to(tab.url("/sign-in/email-code"));

            assert_eq!(world.mailbox.count(), before + 1);
            assert_eq!(world.mailbox.mails().last().unwrap().to.as_typed(), address);
            // The same address again is not warned of again.
            let again = world.enter_email(&tab, address).await;
            again.goes_to(tab.url("/sign-in/email-code"));
        }
    })
    .await;
}

#[actix_web::test]
async fn a_warned_person_may_use_another_address() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "office@example.test").await;

        let change = [("action", "change-address")];
        let changed = world.post(&tab, "/sign-in/address-warning", &change).await;

        changed.goes_to(tab.url("/sign-in/email"));
        assert_eq!(world.interaction(&tab).await.answers.email, None);
        world.assert_nothing_came_of(&tab, 0).await;
    })
    .await;
}

#[actix_web::test]
async fn cancel_tells_the_service_from_every_page() {
    on_both(async |world| {
        for path in [
            "/sign-in/email",
            "/sign-in/address-warning",
            "/sign-in/email-code",
            "/sign-in/consent",
            "/sign-in/select-account",
            "/sign-in/account-created",
        ] {
            let tab = world.tab().await;

            let cancelled = world.post(&tab, path, &[("action", "cancel")]).await;

            cancelled.goes_to(tab.return_to());
            let interaction = world.interaction(&tab).await;
            assert_eq!(
                interaction.outcome,
                Some(Outcome::Refused {
                    reason: RefusalReason::Declined
                })
            );
        }
        assert_eq!(world.mailbox.count(), 0);
    })
    .await;
}

#[actix_web::test]
async fn a_cancelled_sign_in_stays_cancelled() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let code = world.mailbox.code();
        world
            .post(&tab, "/sign-in/email-code", &[("action", "cancel")])
            .await;

        let late = world.enter_code(&tab, &code).await;

        late.goes_to(tab.return_to());
        assert_eq!(
            world.interaction(&tab).await.outcome,
            Some(Outcome::Refused {
                reason: RefusalReason::Declined
            })
        );
        assert_eq!(world.events(EventKind::SignedIn).await, 0);
    })
    .await;
}

#[actix_web::test]
async fn a_session_that_another_tab_opened_ends_the_wait_here() {
    on_both(async |world| {
        let mut tab = world.tab().await;
        let (session, ada) = world.session_of("ada@example.test").await;
        tab.session = Some(session);

        world
            .open(&tab, "/sign-in/email")
            .await
            .goes_to(tab.return_to());

        assert_eq!(world.signed_in(&tab).await.unwrap().user_id, ada);
        assert_eq!(world.mailbox.count(), 0);
    })
    .await;
}

#[actix_web::test]
async fn a_fresh_sign_in_is_not_met_by_a_session_from_before() {
    on_both(async |world| {
        let mut tab = world.tab_asking(|asked| asked.fresh_sign_in = true).await;
        let (session, _) = world.session_of("ada@example.test").await;
        tab.session = Some(session);

        world
            .open(&tab, "/sign-in/email")
            .await
            .shows(200, "Enter your email");
        world.enter_email(&tab, "ada@example.test").await;
        world
            .enter_code(&tab, &world.mailbox.code())
            .await
            .goes_to(tab.return_to());

        let signed_in = world.signed_in(&tab).await.unwrap();
        assert_eq!(signed_in.auth_time, world.store.clock().now());
    })
    .await;
}

#[actix_web::test]
async fn a_person_goes_on_with_the_account_they_choose() {
    on_both(async |world| {
        let mut tab = world.tab_asking(|asked| asked.choose_account = true).await;
        let (session, ada) = world.session_of("ada@example.test").await;
        tab.session = Some(session);
        world.clock.advance(MINUTE);

        let choose = tab.url("/sign-in/select-account");
        world.open(&tab, "/sign-in/email").await.goes_to(&choose);
        world
            .open(&tab, &choose)
            .await
            .shows(200, "ada@example.test");
        let chosen = world.post(&tab, "/sign-in/select-account", &[]).await;

        chosen.goes_to(tab.return_to());
        let interaction = world.interaction(&tab).await;
        let Some(Outcome::SignedIn {
            authentication,
            selected_at,
        }) = interaction.outcome
        else {
            panic!("not signed in");
        };
        assert_eq!(authentication.user_id, ada);
        assert_eq!(selected_at, world.store.clock().now());
    })
    .await;
}

#[actix_web::test]
async fn a_person_may_choose_another_account_and_come_back() {
    on_both(async |world| {
        let mut tab = world.tab_asking(|asked| asked.choose_account = true).await;
        let (session, ada) = world.session_of("ada@example.test").await;
        tab.session = Some(session);

        let other = [("action", "change-address")];
        let email = world.post(&tab, "/sign-in/select-account", &other).await;
        email.goes_to(tab.url("/sign-in/email"));
        world
            .open(&tab, "/sign-in/email")
            .await
            .shows(200, "/sign-in/select-account");
        world.enter_email(&tab, "bob@example.test").await;
        world
            .open(&tab, "/sign-in/select-account")
            .await
            .shows(200, "ada@example.test");
        world
            .enter_code(&tab, &world.mailbox.code())
            .await
            .goes_to(tab.url("/sign-in/account-created"));

        let answers = world.interaction(&tab).await.answers;
        assert_ne!(answers.authentication.unwrap().user_id, ada);
    })
    .await;
}

#[actix_web::test]
async fn a_service_of_others_gets_what_the_person_allows() {
    on_both(async |world| {
        let scope = ScopeSet::parse("openid email offline_access").unwrap();
        let asked = scope.clone();
        let tab = world
            .tab_asking(move |requirements| requirements.consent = ConsentRule::Remembered(asked))
            .await;
        let ada = world.account_of("ada@example.test").await;
        world.enter_email(&tab, "ada@example.test").await;

        let consent = tab.url("/sign-in/consent");
        let code = world.mailbox.code();
        world.enter_code(&tab, &code).await.goes_to(&consent);
        let page = world.open(&tab, &consent).await;
        page.shows(200, "see your email address");
        page.shows(200, "ada@example.test");
        assert!(!page.body.contains("National Insurance"));
        world
            .post(&tab, "/sign-in/consent", &[("action", "allow")])
            .await
            .goes_to(tab.return_to());

        assert_eq!(world.signed_in(&tab).await.unwrap().user_id, ada);
        assert_eq!(world.events(EventKind::ConsentGranted).await, 1);
        let client = ClientId::parse("demo").unwrap();
        let find = world
            .store
            .read(move |tx| consents::find(tx, &ada, &client));
        assert_eq!(find.await.unwrap().unwrap().scope, scope);
    })
    .await;
}

#[actix_web::test]
async fn a_service_shows_its_logo_its_privacy_notice_and_its_terms() {
    on_both(async |world| {
        let mut settings = ClientSettings::named("Demo service");
        let at = |path: &str| format!("https://service.example{path}").parse().ok();
        settings.logo_uri = at("/logo.png?v=2");
        settings.policy_uri = at("/privacy");
        settings.tos_uri = at("/terms");
        world.register(settings).await;
        let scope = ScopeSet::parse("openid").unwrap();
        let tab = world
            .tab_asking(move |requirements| requirements.consent = ConsentRule::EachTime(scope))
            .await;

        let email = world.open(&tab, "/sign-in/email").await;
        let refused = world.enter_email(&tab, "not an address").await;
        world.enter_email(&tab, "ada@example.test").await;
        world.enter_code(&tab, &world.mailbox.code()).await;
        let consent = world.open(&tab, "/sign-in/consent").await;

        for page in [email, refused, consent] {
            for shown in [
                r#"src="https://service.example/logo.png?v&#x3D;2" alt="""#,
                r#"href="https://service.example/privacy""#,
                r#"href="https://service.example/terms""#,
            ] {
                assert!(page.body.contains(shown), "{shown}: {}", page.body);
            }
            let policy = page.headers.get(CONTENT_SECURITY_POLICY).unwrap();
            let policy = policy.to_str().unwrap();
            assert!(policy.contains("img-src 'self' data: https://service.example;"));
        }
    })
    .await;
}

#[actix_web::test]
async fn a_person_who_does_not_allow_shares_nothing() {
    on_both(async |world| {
        let scope = ScopeSet::parse("openid email").unwrap();
        let mut tab = world
            .tab_asking(move |requirements| requirements.consent = ConsentRule::EachTime(scope))
            .await;
        let (session, ada) = world.session_of("ada@example.test").await;
        tab.session = Some(session);
        world
            .open(&tab, "/sign-in/email")
            .await
            .goes_to(tab.url("/sign-in/consent"));

        // Neither a form without a button nor anything but its own agrees.
        for action in ["continue", "resend"] {
            let posted = world
                .post(&tab, "/sign-in/consent", &[("action", action)])
                .await;
            assert_eq!(posted.status, 400);
        }
        let refused = world
            .post(&tab, "/sign-in/consent", &[("action", "cancel")])
            .await;

        refused.goes_to(tab.return_to());
        assert_eq!(
            world.interaction(&tab).await.outcome,
            Some(Outcome::Refused {
                reason: RefusalReason::Declined
            })
        );
        let client = ClientId::parse("demo").unwrap();
        let find = world
            .store
            .read(move |tx| consents::find(tx, &ada, &client));
        assert_eq!(find.await.unwrap(), None);
    })
    .await;
}

#[actix_web::test]
async fn back_after_completion_leads_to_where_the_request_begins_again() {
    on_both(async |world| {
        world.account_of("ada@example.test").await;
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let code = world.mailbox.code();
        world.enter_code(&tab, &code).await;

        let pages = ["/sign-in/email", "/sign-in/email-code"];
        for path in pages {
            world.open(&tab, path).await.goes_to(tab.return_to());
        }
        let (id, digest) = (
            tab.id.clone(),
            model::SecretDigest::of(tab.browser.reveal()),
        );
        let take = world
            .store
            .write(move |tx| interactions::take(tx, &id, &digest));
        assert!(take.await.unwrap().is_some());

        for path in pages {
            world.open(&tab, path).await.goes_to(tab.return_to());
            world
                .post(&tab, path, &[("code", &code)])
                .await
                .goes_to(tab.return_to());
        }
        assert_eq!(world.events(EventKind::SignedIn).await, 1);
    })
    .await;
}

#[actix_web::test]
async fn the_right_code_sent_twice_signs_in_once() {
    on_both(async |world| {
        let tab = world.tab().await;
        world.enter_email(&tab, "ada@example.test").await;
        let code = world.mailbox.code();

        let both = [vec![("code", code.clone())], vec![("code", code)]];
        let answers = world.post_all(&tab, "/sign-in/email-code", both).await;

        for answer in answers {
            answer.goes_to(tab.url("/sign-in/account-created"));
        }
        assert_eq!(world.events(EventKind::SignedIn).await, 1);
        assert_eq!(world.events(EventKind::AccountCreated).await, 1);
    })
    .await;
}
