//! Details are nobody else's business.

use super::super::world::{MINUTE, on_both};
use super::*;

#[actix_web::test]
async fn no_answer_is_in_any_url() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        let forms = [
            NAME,
            NO_OTHER_NAME,
            PREFERRED,
            BORN,
            HAS_NUMBER,
            NUMBER,
            HAS_TRN,
            TRN,
            HAS_QTS,
            ABROAD,
            CHECK,
        ];
        for form in forms {
            let posted = teacher.post(form).await;

            let location = posted.location.unwrap();
            let (path, query) = location.split_once('?').unwrap();
            assert!(path.starts_with("/details/"), "{location}");
            assert_eq!(query, format!("i={}", teacher.tab.id));
        }
    })
    .await;
}

#[actix_web::test]
async fn nothing_that_was_said_is_in_the_answers_that_are_stored_in_clear() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher
            .answers(&[HAS_NUMBER, NUMBER, HAS_TRN, TRN, NO_QTS])
            .await;
        teacher.post(CHECK).await;

        let interaction = world.interaction(&teacher.tab).await;

        let answers = serde_json::to_string(&interaction.answers).unwrap();
        let sealed = interaction.sealed_details.unwrap();
        let sealed = String::from_utf8_lossy(&sealed);
        for said in ["Lovelace", "Ada", "1990", "AB123456C", "1234567"] {
            assert!(!answers.contains(said) && !sealed.contains(said), "{said}");
        }
    })
    .await;
}

#[actix_web::test]
async fn answers_of_one_person_are_never_shown_to_another_in_the_same_browser() {
    on_both(async |world| {
        let ada = Teacher::asked(&world, trn(OPTIONAL)).await;
        ada.answers(&ABOUT).await;
        // On a shared computer somebody else signs in, in another tab.
        let (session, bob) = world.session_of("bob@example.test").await;
        let tab = Tab {
            session: Some(session),
            ..ada.tab.clone()
        };
        let bob = Teacher {
            tab,
            user_id: bob,
            ..ada
        };

        bob.is_at("name").await;
        let page = bob.open("name").await;

        assert!(!page.body.contains("Lovelace"), "{}", page.body);
        let other: Form<'_> = ("name", &[("first-name", "Bob"), ("last-name", "Byron")]);
        bob.post(other).await.goes_to(bob.url("previous-names"));
    })
    .await;
}

#[actix_web::test]
async fn another_browser_neither_sees_nor_answers() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        let thief = teacher.tab.copied_elsewhere();

        for page in ["name", "date-of-birth", "check-answers"] {
            let opened = world.open(&thief, &path(page)).await;
            let posted = world.post(&thief, &path(page), NAME.1).await;

            opened.shows(403, "We cannot continue your sign-in in this browser");
            assert_eq!(posted.status, 403);
            assert!(!opened.body.contains("Lovelace"));
        }
    })
    .await;
}

#[actix_web::test]
async fn a_form_from_another_site_changes_nothing() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        let before = world.interaction(&teacher.tab).await.sealed_details;

        for (page, fields) in [NAME, NO_NUMBER, CHECK] {
            let forged = world.post_bare(&teacher.tab, &path(page), fields).await;
            forged.shows(403, "This form can no longer be sent");
        }

        assert_eq!(world.interaction(&teacher.tab).await.sealed_details, before);
        assert_eq!(teacher.details().await, None);
    })
    .await;
}

#[actix_web::test]
async fn a_field_that_comes_twice_is_refused() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;

        let twice = [
            ("first-name", "Ada"),
            ("last-name", "Lovelace"),
            ("last-name", "King"),
        ];
        let refused = teacher.post(("name", &twice)).await;

        refused.shows(400, "We could not understand that request");
        teacher.is_at("name").await;
    })
    .await;
}

#[actix_web::test]
async fn what_is_typed_can_never_become_markup() {
    on_both(async |world| {
        let attack = r#""><script>alert(1)</script>"#;
        let teacher = Teacher::asked(&world, profile()).await;
        let name: Form<'_> = ("name", &[("first-name", attack), ("last-name", attack)]);
        let previous = [("previous-last-name", attack), ("action", "add")];
        teacher.answers(&[name]).await;
        teacher.post(("previous-names", &previous)).await;

        let pages = [
            teacher.open("name").await,
            teacher.open("previous-names").await,
            teacher.open("preferred-name").await,
        ];
        teacher.answers(&[PREFERRED, BORN]).await;
        let check = teacher.open("check-answers").await;

        for page in pages.iter().chain([&check]) {
            page.shows(200, "&lt;script&gt;");
            assert!(!page.body.contains("<script>alert"));
        }
    })
    .await;
}

#[actix_web::test]
async fn after_the_end_no_page_opens_again() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher.post(CHECK).await;

        for page in ["name", "check-answers", "trn-found", "trn-not-found"] {
            teacher.open(page).await.goes_to(teacher.tab.return_to());
            teacher
                .post((page, &[]))
                .await
                .goes_to(teacher.tab.return_to());
        }
    })
    .await;
}

#[actix_web::test]
async fn an_interaction_that_timed_out_leads_to_its_request_and_not_to_its_answers() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;

        world.clock.advance(26 * 60 * MINUTE);

        teacher.open("name").await.goes_to(teacher.tab.return_to());
    })
    .await;
}
