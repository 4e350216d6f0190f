//! What was given once is not asked again, but where a service needs more.

use model::event::EventKind;
use model::trn_lookup::{TrnLookupStatus, VerificationLevel};

use super::super::world::on_both;
use super::*;
use crate::details::{DetailsPage, keep_now};
use crate::plan::Page;
use crate::stage::change;

#[actix_web::test]
async fn who_gave_everything_is_asked_nothing_again() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        let teacher = Teacher::asked(&world, trn(REQUIRED)).await;
        teacher.answers(&ABOUT).await;
        teacher.post(CHECK).await;

        for rule in [trn(REQUIRED), trn(OPTIONAL), profile()] {
            let again = Teacher::asked(&world, rule).await;
            let entry = world.open(&again.tab, "/sign-in/email").await;
            entry.goes_to(again.tab.return_to());
            again.is_done().await;
        }
        assert_eq!(teacher.lookups(), 1);
    })
    .await;
}

#[actix_web::test]
async fn who_came_first_without_trn_is_asked_only_what_is_missing() {
    on_both(async |world| {
        world.records.add(ada());
        let first = Teacher::asked(&world, profile()).await;
        first.answers(&ABOUT).await;
        first.post(CHECK).await;

        let teacher = Teacher::asked(&world, trn(REQUIRED)).await;
        teacher.is_at("has-national-insurance-number").await;
        teacher.answers(&[HAS_NUMBER, NUMBER]).await;
        let check = teacher.open("check-answers").await;
        check.shows(200, "Ada Lovelace");
        check.shows(200, "27 March 1990");
        teacher.post(CHECK).await.goes_to(teacher.tab.return_to());

        assert_eq!(teacher.trn().await, Some(ada().trn));
    })
    .await;
}

#[actix_web::test]
async fn what_was_given_before_can_be_changed_and_is_filled_in() {
    on_both(async |world| {
        let first = Teacher::asked(&world, profile()).await;
        first.answers(&ABOUT).await;
        first.post(CHECK).await;
        let teacher = Teacher::asked(&world, national_insurance()).await;
        teacher.answers(&[NO_NUMBER]).await;
        teacher.post(CHECK).await;

        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&[NO_TRN, NO_QTS]).await;
        teacher
            .open_to_change("name")
            .await
            .shows(200, "value=\"Lovelace\"");
        let married: Form<'_> = ("name", &[("first-name", "Ada"), ("last-name", "King")]);
        teacher
            .post_change(married)
            .await
            .goes_to(teacher.url("preferred-name"));
        teacher.answers(&[PREFERRED]).await;
        teacher.post(CHECK).await;

        let details = teacher.details().await.unwrap();
        assert_eq!(details.name.unwrap().full(), "Ada King");
        assert_eq!(details.preferred_name.unwrap().as_str(), "Ada King");
    })
    .await;
}

/// A person whom a default service placed by their address.
async fn placed(world: &World) -> Teacher<'_> {
    let teacher = Teacher::asked(world, trn(OPTIONAL)).await;
    teacher.answers(&ABOUT).await;
    teacher.post(CHECK).await;
    let link = teacher.link().await.unwrap();
    assert_eq!(link.level, Some(VerificationLevel::Low));
    teacher
}

#[actix_web::test]
async fn a_strict_service_asks_a_placed_person_for_the_numbers_and_is_sure() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        placed(&world).await;
        let rule = TrnRule {
            requirement: TrnRequirement::Required,
            ..STRICT
        };

        let teacher = Teacher::asked(&world, trn(rule)).await;
        teacher.answers(&[HAS_NUMBER, NUMBER, HAS_TRN, TRN]).await;
        teacher.post(CHECK).await.goes_to(teacher.tab.return_to());

        let link = teacher.link().await.unwrap();
        assert_eq!(link.level, Some(VerificationLevel::Medium));
        teacher.is_done().await;
        let again = Teacher::asked(&world, trn(rule)).await;
        let entry = world.open(&again.tab, "/sign-in/email").await;
        entry.goes_to(again.tab.return_to());
    })
    .await;
}

#[actix_web::test]
async fn a_trn_that_a_strict_service_could_not_confirm_stays_as_it_was() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        placed(&world).await;
        let rule = TrnRule {
            requirement: TrnRequirement::Required,
            ..STRICT
        };

        let teacher = Teacher::asked(&world, trn(rule)).await;
        teacher.answers(&[NO_NUMBER, NO_TRN]).await;
        teacher
            .post(CHECK)
            .await
            .goes_to(teacher.url("trn-not-found"));

        let page = teacher.open("trn-not-found").await;
        page.shows(200, "We could not confirm your TRN");
        let link = teacher.link().await.unwrap();
        assert_eq!(link.status, TrnLookupStatus::Found);
        assert_eq!(link.level, Some(VerificationLevel::Low));
        assert_eq!(teacher.trn().await, Some(ada().trn));
        // It is asked once.
        let again = Teacher::asked(&world, trn(rule)).await;
        again.is_at("trn-not-found").await;
        let default = Teacher::asked(&world, trn(REQUIRED)).await;
        let entry = world.open(&default.tab, "/sign-in/email").await;
        entry.goes_to(default.tab.return_to());
    })
    .await;
}

#[actix_web::test]
async fn a_strict_service_asks_only_for_the_number_that_is_missing() {
    on_both(async |world| {
        world.records.add(ada());
        let first = Teacher::asked(&world, trn(OPTIONAL)).await;
        first.answers(&ABOUT).await;
        first.answers(&[NO_NUMBER, HAS_TRN, TRN]).await;
        first.post(CHECK).await;

        let teacher = Teacher::asked(&world, trn(STRICT)).await;
        teacher.answers(&[HAS_NUMBER, NUMBER]).await;
        teacher.post(CHECK).await.goes_to(teacher.tab.return_to());

        let link = teacher.link().await.unwrap();
        assert_eq!(link.level, Some(VerificationLevel::Medium));
    })
    .await;
}

#[actix_web::test]
async fn what_staff_decided_is_told_and_stays() {
    on_both(async |world| {
        let first = Teacher::asked(&world, trn(OPTIONAL)).await;
        first.answers(&ABOUT).await;
        first.answers(&[NO_NUMBER, NO_TRN, NO_QTS]).await;
        first.post(CHECK).await;
        first.is_refused_by_staff().await;

        let teacher = Teacher::asked(&world, trn(REQUIRED)).await;
        let page = teacher.open("trn-not-found").await;
        page.shows(200, "We cannot give you a TRN");
        page.shows(200, "You need a TRN to use Demo service");
        let optional = Teacher::asked(&world, trn(OPTIONAL)).await;
        optional.is_done_at_once().await;
        let strict = Teacher::asked(&world, trn(STRICT)).await;
        strict.is_done_at_once().await;
    })
    .await;
}

#[actix_web::test]
async fn what_staff_decide_while_the_answers_are_sent_stands_and_nobody_is_told_otherwise() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        let (link, user_id) = (teacher.refused_by_staff(), teacher.user_id.clone());
        let visitor = world.visitor(&teacher.tab);

        let page = Page::Details(DetailsPage::CheckAnswers);
        let sent = change(&world.journey, &visitor, page, move |tx, stage| {
            trn_links::replace(tx, &user_id, &link)?;
            keep_now(tx, stage)
        });
        sent.await.unwrap();

        assert_eq!(
            teacher.link().await.unwrap().status,
            TrnLookupStatus::Failed
        );
        assert_eq!(world.events(EventKind::TrnFound).await, 0);
    })
    .await;
}
