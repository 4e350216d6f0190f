//! What comes of the answers: a record that is found, and the reasons why none is.

use model::event::EventKind;
use model::interaction::{Outcome, RefusalReason};
use model::trn_lookup::{Attribute, TrnLookupStatus, VerificationLevel};
use storage::trn_watchers;

use super::super::world::{World, on_both};
use super::*;
use crate::emails::News;
use crate::support;

async fn watchers(teacher: &Teacher<'_>) -> usize {
    let user_id = teacher.user_id.clone();
    let list = teacher
        .world
        .store
        .read(move |tx| trn_watchers::list(tx, &user_id));
    list.await.unwrap().len()
}

/// The number under which staff look for a person's record.
async fn open_case(teacher: &Teacher<'_>) -> Option<String> {
    let user_id = teacher.user_id.clone();
    let open = teacher
        .world
        .store
        .read(move |tx| support::open_for_record(tx, &user_id));
    open.await.unwrap().map(|reference| reference.to_string())
}

#[actix_web::test]
async fn the_first_single_match_ends_the_questions_wherever_it_comes() {
    for (forms, agreed) in [
        (
            &[HAS_NUMBER, NUMBER][..],
            [
                Attribute::Name,
                Attribute::DateOfBirth,
                Attribute::NationalInsuranceNumber,
            ],
        ),
        (
            &[NO_NUMBER, HAS_TRN, TRN],
            [Attribute::Name, Attribute::DateOfBirth, Attribute::Trn],
        ),
    ] {
        on_both(async |world| {
            world.records.add(ada());
            let teacher = Teacher::asked(&world, trn(REQUIRED)).await;
            teacher.answers(&ABOUT).await;

            teacher.answers(forms).await;

            teacher.is_at("check-answers").await;
            teacher.post(CHECK).await.goes_to(teacher.tab.return_to());
            let link = teacher.link().await.unwrap();
            assert_eq!(link.status, TrnLookupStatus::Found);
            assert_eq!(link.level, Some(VerificationLevel::Low));
            assert_eq!(link.agreed, agreed);
            assert!(!link.is_unavailable);
            assert_eq!(teacher.trn().await, Some(ada().trn));
            assert_eq!(watchers(&teacher).await, 0);
            assert_eq!(world.events(EventKind::TrnFound).await, 1);
            assert_eq!(world.events(EventKind::DetailsChanged).await, 1);
        })
        .await;
    }
}

#[actix_web::test]
async fn who_said_that_they_have_no_trn_is_told_theirs() {
    on_both(async |world| {
        // Found by what the person changes after they said no.
        world.records.add(ada());
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher.answers(&[NO_NUMBER, NO_TRN, NO_QTS]).await;
        teacher.post_change(HAS_NUMBER).await;
        teacher
            .post(NUMBER)
            .await
            .goes_to(teacher.url("check-answers"));

        teacher.post(CHECK).await.goes_to(teacher.url("trn-found"));

        let page = teacher.open("trn-found").await;
        page.shows(200, "<strong>1234567</strong>");
        page.shows(200, "You told us that you do not have one");
        assert!(!page.body.contains("govuk-back-link"));
        teacher
            .press("trn-found", "continue")
            .await
            .goes_to(teacher.tab.return_to());
        teacher.is_done().await;
    })
    .await;
}

/// Answers that no record agrees with.
async fn answers_without_match<'a>(world: &'a World, rule: TrnRule, qts: Form<'_>) -> Teacher<'a> {
    let teacher = Teacher::asked(world, trn(rule)).await;
    teacher.answers(&ABOUT).await;
    teacher.answers(&[NO_NUMBER, NO_TRN, qts]).await;
    if qts == HAS_QTS {
        teacher.answers(&[ABROAD]).await;
    }
    teacher
        .post(CHECK)
        .await
        .goes_to(teacher.url("trn-not-found"));
    teacher
}

#[actix_web::test]
async fn none_and_pending_are_explained_and_optional_goes_on() {
    for (qts, status, heading) in [
        (
            NO_QTS,
            TrnLookupStatus::None,
            "We have not found your teaching record yet",
        ),
        (
            HAS_QTS,
            TrnLookupStatus::Pending,
            "We have to check your teaching record",
        ),
    ] {
        on_both(async |world| {
            let teacher = answers_without_match(&world, OPTIONAL, qts).await;

            let page = teacher.open("trn-not-found").await;

            page.shows(200, heading);
            page.shows(200, "You can now go on to Demo service");
            assert!(!page.body.contains("govuk-back-link"));
            assert_eq!(teacher.link().await.unwrap().status, status);
            assert_eq!(watchers(&teacher).await, 1);
            teacher
                .press("trn-not-found", "continue")
                .await
                .goes_to(teacher.tab.return_to());
            teacher.is_done().await;
        })
        .await;
    }
}

#[actix_web::test]
async fn a_required_trn_that_is_not_found_leads_back_to_the_service_with_the_reason() {
    on_both(async |world| {
        let teacher = answers_without_match(&world, REQUIRED, HAS_QTS).await;
        let page = teacher.open("trn-not-found").await;
        page.shows(200, "You need a TRN to use Demo service");
        let open = open_case(&teacher).await.unwrap();
        page.shows(200, &format!(">{open}</strong>"));

        let left = teacher.press("trn-not-found", "continue").await;

        left.goes_to(teacher.tab.return_to());
        let outcome = world.interaction(&teacher.tab).await.outcome;
        let reason = RefusalReason::NoTrn;
        assert_eq!(outcome, Some(Outcome::Refused { reason }));
        // The answers are kept: another time nothing is asked again, and the page says why.
        let again = Teacher::asked(&world, trn(REQUIRED)).await;
        again.is_at("trn-not-found").await;
        again
            .open("trn-not-found")
            .await
            .shows(200, "We have to check your teaching record");
        for page in ["name", "check-answers", "has-qts"] {
            again.open(page).await.goes_to(again.url("trn-not-found"));
        }
        again
            .press("trn-not-found", "continue")
            .await
            .goes_to(again.tab.return_to());
        assert_eq!(world.signed_in(&again.tab).await, None);
    })
    .await;
}

#[actix_web::test]
async fn a_service_that_says_so_takes_people_while_they_wait() {
    on_both(async |world| {
        let rule = TrnRule {
            continue_while_pending: true,
            ..REQUIRED
        };

        let teacher = answers_without_match(&world, rule, HAS_QTS).await;

        teacher
            .press("trn-not-found", "continue")
            .await
            .goes_to(teacher.tab.return_to());
        teacher.is_done().await;
        // And does not bother them the next time.
        let again = Teacher::asked(&world, trn(rule)).await;
        world
            .open(&again.tab, "/sign-in/email")
            .await
            .goes_to(again.tab.return_to());
    })
    .await;
}

#[actix_web::test]
async fn a_national_insurance_number_that_contradicts_the_record_leaves_it_undecided() {
    on_both(async |world| {
        let record = TeacherRecord {
            national_insurance_number: Some("CE999999D".to_owned()),
            ..ada_by_address()
        };
        world.records.add(record);
        let rule = DetailsRule {
            national_insurance: true,
            ..trn(OPTIONAL)
        };
        let teacher = Teacher::asked(&world, rule).await;
        teacher.answers(&ABOUT).await;
        teacher.is_at("has-national-insurance-number").await;

        // It was found until the number said otherwise.
        teacher.answers(&[HAS_NUMBER, NUMBER]).await;
        teacher.answers(&[NO_TRN, NO_QTS]).await;
        teacher
            .post(CHECK)
            .await
            .goes_to(teacher.url("trn-not-found"));

        assert_eq!(
            teacher.link().await.unwrap().status,
            TrnLookupStatus::Pending
        );
        assert_eq!(teacher.trn().await, None);
    })
    .await;
}

#[actix_web::test]
async fn a_record_under_another_name_is_found_and_its_owner_is_mailed() {
    on_both(async |world| {
        let record = TeacherRecord {
            last_name: "King".to_owned(),
            ..ada_by_address()
        };
        world.records.add(record);
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher.answers(&[HAS_NUMBER, NUMBER]).await;

        teacher.post(CHECK).await.goes_to(teacher.tab.return_to());

        assert_eq!(teacher.trn().await, Some(ada().trn));
        world.deliver_mail().await;
        assert!(matches!(world.mailbox.news()[..], [News::DetailsDiffer(_)]));
    })
    .await;
}

#[actix_web::test]
async fn a_previous_name_finds_the_record() {
    on_both(async |world| {
        let record = TeacherRecord {
            last_name: "King".to_owned(),
            previous_names: vec![formerly("Ada", "Byron")],
            ..ada_by_address()
        };
        world.records.add(record);
        let teacher = Teacher::asked(&world, trn(REQUIRED)).await;
        let byron: Form<'_> = (
            "previous-names",
            &[("changed-name", "yes"), ("previous-last-name", "Byron")],
        );

        teacher.answers(&[NAME, byron, PREFERRED, BORN]).await;

        teacher.is_at("check-answers").await;
    })
    .await;
}

#[actix_web::test]
async fn records_that_cannot_be_asked_stop_nobody_and_are_asked_again() {
    for (forms, status) in [
        (&[NO_NUMBER, NO_TRN, NO_QTS][..], TrnLookupStatus::None),
        (&[NO_NUMBER, HAS_TRN, TRN, NO_QTS], TrnLookupStatus::Pending),
    ] {
        on_both(async |world| {
            world.records.add(ada());
            world.records.are_down(true);
            let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
            teacher.answers(&ABOUT).await;
            teacher.answers(forms).await;

            teacher
                .post(CHECK)
                .await
                .goes_to(teacher.url("trn-not-found"));

            let page = teacher.open("trn-not-found").await;
            page.shows(200, "We cannot check your teaching record now");
            let link = teacher.link().await.unwrap();
            assert_eq!((link.status, link.is_unavailable), (status, true));
            assert_eq!(watchers(&teacher).await, 1);
            teacher
                .press("trn-not-found", "continue")
                .await
                .goes_to(teacher.tab.return_to());
            teacher.is_done().await;
            assert_eq!(world.due_lookups().await, 0);
            world.clock.advance(super::super::world::HOUR);
            assert_eq!(world.due_lookups().await, 1);
        })
        .await;
    }
}

#[actix_web::test]
async fn a_look_up_that_never_ended_is_made_again_before_the_answers_are_kept() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher.forgets_what_was_found().await;
        teacher.is_at("has-national-insurance-number").await;
        teacher.answers(&[NO_NUMBER, NO_TRN, NO_QTS]).await;

        teacher.post(CHECK).await.goes_to(teacher.url("trn-found"));

        assert_eq!(teacher.trn().await, Some(ada().trn));
        assert_eq!(teacher.lookups(), 2);
    })
    .await;
}

#[actix_web::test]
async fn saving_twice_at_once_saves_once() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;

        let forms = std::iter::repeat_n(Vec::new(), 8);
        let answers = world
            .post_all(&teacher.tab, "/details/check-answers", forms)
            .await;

        for answer in answers {
            answer.goes_to(teacher.tab.return_to());
        }
        assert_eq!(world.events(EventKind::TrnFound).await, 1);
        assert_eq!(world.events(EventKind::DetailsChanged).await, 1);
        teacher.is_done().await;
    })
    .await;
}

#[actix_web::test]
async fn a_mail_about_a_difference_says_nothing_of_it() {
    on_both(async |world| {
        let record = TeacherRecord {
            last_name: "King".to_owned(),
            ..ada_by_address()
        };
        world.records.add(record);
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher.answers(&[HAS_NUMBER, NUMBER]).await;
        teacher.post(CHECK).await;

        world.deliver_mail().await;

        let mails = world.mailbox.mails();
        let [mail] = &mails[..] else {
            panic!("{mails:?}")
        };
        assert_eq!(mail.to.as_typed(), ADDRESS);
        for detail in ["King", "Lovelace", "1234567", "1990", "AB"] {
            assert!(!mail.content.text.contains(detail), "{detail}");
        }
    })
    .await;
}
