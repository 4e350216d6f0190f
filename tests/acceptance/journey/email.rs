//! The address, the code and the link.

use std::time::Duration;

use acceptance::{App, ISSUER, Kind, MailCatcher, Mailbox, clients, on_both};

const ADA: &str = "ada@example.test";

#[tokio::test]
async fn the_link_in_the_email_signs_in_by_a_button_in_the_browser_that_asked() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        browser.fill("Email address", ADA).press("Continue").await;
        let link = app.mailbox().last_link_for(ADA).await;

        // A scanner that opens links spends nothing.
        for _ in 0..3 {
            assert_eq!(app.wire().get(&link).await.status, 403);
        }
        let mut tab = browser.new_tab();
        tab.open(&link).await;
        assert_eq!(tab.heading(), "Sign in to Register for a course");
        assert!(tab.text().contains(ADA));
        tab.press("Sign in").await;
        assert_eq!(tab.heading(), "Account created");
        tab.press("Continue").await;
        course.redeem(tab.landed_on()).await;

        let code = app.mailbox().last_code_for(ADA).await;
        browser.fill("Code", &code).press("Continue").await;
        assert!(!browser.has_landed() || browser.landed_on().parameter("code").is_empty());
        tab.open(&link).await;
        assert_eq!(
            (tab.status(), tab.heading().as_str()),
            (410, "This link no longer works")
        );
    })
    .await;
}

#[tokio::test]
async fn the_link_signs_nobody_in_in_another_browser() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        browser.fill("Email address", ADA).press("Continue").await;
        let link = app.mailbox().last_link_for(ADA).await;
        let before = app.rows().await;

        let mut stranger = app.browser();
        stranger.open(&link).await;
        assert_eq!(
            (stranger.status(), stranger.heading().as_str()),
            (403, "Go back to where you started")
        );
        assert_eq!(stranger.buttons(), [""; 0]);
        stranger
            .post(&link, &[("action", "continue"), ("csrf", "")])
            .await;
        assert_eq!(stranger.status(), 403);
        assert!(stranger.cookies.is_empty());
        assert_eq!(app.rows().await, before);

        let code = app.mailbox().last_code_for(ADA).await;
        browser.fill("Code", &code).press("Continue").await;
        assert_eq!(
            browser.heading(),
            "Account created",
            "the code is as good as before"
        );
    })
    .await;
}

#[tokio::test]
async fn an_expired_code_says_so_and_another_is_sent() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        browser.fill("Email address", ADA).press("Continue").await;
        let late = app.mailbox().last_code_for(ADA).await;

        app.advance(Duration::from_secs(15 * 60));
        browser.fill("Code", &late).press("Continue").await;

        assert_eq!(browser.heading(), "Check your email");
        assert!(
            browser
                .text()
                .contains("That code had expired. We have sent you another code")
        );
        assert_eq!(app.mailbox().to(ADA).await.len(), 2);
        let code = app.mailbox().last_code_for(ADA).await;
        browser.fill("Code", &code).press("Continue").await;
        assert_eq!(browser.heading(), "Account created");
    })
    .await;
}

#[tokio::test]
async fn an_earlier_code_is_good_until_one_is_used() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        browser.fill("Email address", ADA).press("Continue").await;
        let first = app.mailbox().last_code_for(ADA).await;

        browser.press("Send another code").await;
        assert!(
            browser.text().contains("We have sent you another code"),
            "{}",
            browser.text()
        );
        browser.fill("Code", &first).press("Continue").await;

        assert_eq!(browser.heading(), "Account created");
    })
    .await;
}

#[tokio::test]
async fn five_wrong_codes_are_tried_and_not_a_sixth() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        browser.fill("Email address", ADA).press("Continue").await;
        let right = app.mailbox().last_code_for(ADA).await;
        let wrong = if right == "000000" {
            "000001"
        } else {
            "000000"
        };

        for left in (1..5).rev() {
            browser.fill("Code", wrong).press("Continue").await;
            assert_eq!(browser.status(), 400);
            let tries = if left == 1 {
                "1 try"
            } else {
                &format!("{left} tries")
            };
            assert_eq!(
                browser.errors(),
                [format!(
                    "The code you entered is not correct, check the email and enter it again. \
                     You have {tries} left"
                )]
            );
        }
        let page = browser.clone();
        browser.fill("Code", wrong).press("Continue").await;
        assert_eq!(browser.heading(), "You need a new code");
        let mut again = page;
        again.fill("Code", &right).press("Continue").await;
        assert_eq!(
            again.heading(),
            "You need a new code",
            "not even the right one"
        );
        assert_eq!(app.rows().await["users"], 0);

        browser.press("Send another code").await;
        let code = app.mailbox().last_code_for(ADA).await;
        browser.fill("Code", &code).press("Continue").await;
        assert_eq!(browser.heading(), "Account created");
    })
    .await;
}

#[tokio::test]
async fn of_a_thousand_parallel_guesses_five_are_tried() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        browser.fill("Email address", ADA).press("Continue").await;
        let right = app.mailbox().last_code_for(ADA).await;
        let (method, url, form) = browser.filled_form("Continue");

        let guesses = (0..1_000).map(|number| {
            let guess = format!("{number:06}");
            let guess = if guess == right {
                "999999".to_owned()
            } else {
                guess
            };
            let mut form = form.clone();
            form.retain(|(name, _)| name != "code");
            form.push(("code".to_owned(), guess));
            let (mut tab, method, url) = (browser.new_tab(), method.clone(), url.clone());
            async move { tab.ask(method, &url, &form).await }
        });
        let answers: Vec<_> = futures::StreamExt::collect(futures::StreamExt::buffer_unordered(
            futures::stream::iter(guesses),
            50,
        ))
        .await;

        let wrong = answers
            .iter()
            .filter(|answer| answer.body.contains("is not correct"))
            .count();
        assert_eq!(
            wrong, 4,
            "the fifth wrong one is told that a new code is needed"
        );
        assert!(
            answers.iter().all(|answer| answer.status == 400),
            "all are refused"
        );
        browser.fill("Code", &right).press("Continue").await;
        assert_eq!(browser.heading(), "You need a new code");
        assert_eq!(app.rows().await["users"], 0);
    })
    .await;
}

#[tokio::test]
async fn what_is_no_code_is_told_apart_from_a_wrong_one() {
    let app = App::start().await;
    let course = app.relying_party("course").await;
    let mut browser = app.browser();
    browser.open(course.authorization_url()).await;
    browser.fill("Email address", ADA).press("Continue").await;

    for (typed, problem) in [
        ("", "Enter the code from the email"),
        ("12345x", "The code must only include numbers"),
        (
            "12345",
            "You have not entered enough numbers, the code must be 6 numbers",
        ),
        (
            "1234567",
            "You have entered too many numbers, the code must be 6 numbers",
        ),
    ] {
        browser.fill("Code", typed).press("Continue").await;
        assert_eq!(
            (browser.status(), browser.errors()),
            (400, vec![problem.to_owned()])
        );
    }
    for (typed, problem) in [
        ("", "Enter your email address"),
        (
            "ada",
            "Enter an email address in the correct format, like name@example.com",
        ),
    ] {
        browser.open(course.authorization_url()).await;
        browser.fill("Email address", typed).press("Continue").await;
        assert_eq!(
            (browser.status(), browser.errors()),
            (400, vec![problem.to_owned()])
        );
        assert_eq!(browser.value_of("Email address"), typed);
    }
    assert_eq!(app.mailbox().all().await.len(), 1);
}

#[tokio::test]
async fn a_school_or_shared_address_is_warned_about_and_can_be_used() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        for (address, heading) in [
            (
                "ada@hill.kent.sch.uk",
                "Are you sure you want to use a work or school email address?",
            ),
            (
                "office@example.test",
                "Are you sure you want to use a shared email address?",
            ),
        ] {
            let mut browser = app.browser();
            browser.open(course.authorization_url()).await;
            browser
                .fill("Email address", address)
                .press("Continue")
                .await;
            assert_eq!(browser.heading(), heading);
            assert_eq!(
                app.mailbox().to(address).await,
                [],
                "no mail before the person decides"
            );

            browser.press("Use another email address").await;
            assert_eq!(browser.heading(), "Enter your email address");
            browser
                .fill("Email address", address)
                .press("Continue")
                .await;
            browser.press("Use this one anyway").await;
            assert_eq!(browser.heading(), "Check your email");
            let code = app.mailbox().last_code_for(address).await;
            browser.fill("Code", &code).press("Continue").await;
            assert_eq!(browser.heading(), "Account created");
        }
    })
    .await;
}

#[tokio::test]
async fn a_code_for_one_address_does_not_prove_another() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;
        browser
            .fill("Email address", "eve@example.test")
            .press("Continue")
            .await;
        let eves = app.mailbox().last_code_for("eve@example.test").await;
        let eves_link = app.mailbox().last_link_for("eve@example.test").await;

        browser.press("Use another email address").await;
        browser.fill("Email address", ADA).press("Continue").await;
        browser.fill("Code", &eves).press("Continue").await;
        assert_eq!(browser.status(), 400);
        browser.open(eves_link).await;

        assert_eq!(browser.heading(), "This link no longer works");
        assert_eq!(app.rows().await["users"], 0);
    })
    .await;
}

#[tokio::test]
async fn cancel_tells_the_service_that_the_person_does_not_want_to() {
    on_both(async |app| {
        let course = app.relying_party("course").await;
        for pages in 0..2 {
            let mut browser = app.browser();
            let url = course.authorization_url();
            browser.open(&url).await;
            if pages == 1 {
                browser.fill("Email address", ADA).press("Continue").await;
            }
            let before = app.rows().await;
            browser
                .press("Cancel and go back to Register for a course")
                .await;

            let landing = browser.landed_on();
            let asked: url::Url = url.parse().unwrap();
            let state = asked
                .query_pairs()
                .find(|(name, _)| name == "state")
                .unwrap()
                .1;
            let expected = [
                ("error", "access_denied"),
                ("error_description", "The person chose not to go on."),
                ("state", &state),
                ("iss", ISSUER),
            ];
            let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(landing.parameters, expected);
            assert_eq!(landing.uri, "https://course.example/callback");
            let after = app.rows().await;
            assert_eq!(after["authorization_codes"], before["authorization_codes"]);
            assert_eq!(after["browser_sessions"], 0);
        }
    })
    .await;
}

#[tokio::test]
async fn a_failed_mail_is_told_and_sent_again_without_losing_the_place() {
    for kind in Kind::BOTH {
        let closed = MailCatcher::start().await;
        let address = closed.address();
        closed.stop().await;
        let port = address.port().to_string();
        let settings = [
            ("mail.adapter", "smtp"),
            ("mail.smtp.host", "127.0.0.1"),
            ("mail.smtp.port", &port),
            ("mail.smtp.tls", "none"),
            ("mail.smtp.from", "no-reply@identity.example"),
        ];
        let app = App::start_with(kind, clients::everyday(), &settings).await;
        let course = app.relying_party("course").await;
        let mut browser = app.browser();
        browser.open(course.authorization_url()).await;

        // Failed sends do not count: there are more of them than may be sent.
        browser.fill("Email address", ADA).press("Continue").await;
        for _ in 0..6 {
            assert_eq!(
                (browser.status(), browser.heading().as_str()),
                (503, "We could not send your email")
            );
            browser.press("Try again").await;
        }
        let mailbox = Mailbox::Caught(MailCatcher::start_at(address).await);
        browser.press("Try again").await;
        assert_eq!(browser.heading(), "Check your email");
        let code = mailbox.last_code_for(ADA).await;
        browser
            .fill("Code", &code)
            .press("Continue")
            .await
            .press("Continue")
            .await;

        course.redeem(browser.landed_on()).await;
    }
}
