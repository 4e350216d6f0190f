//! How often the records may be asked: the details pages are no oracle.

use model::trn_lookup::TrnLookupStatus;

use super::super::world::on_both;
use super::*;

/// Types another year of birth, which is another question to the records.
async fn tries_year(teacher: &Teacher<'_>, year: u32) -> Seen {
    let year = year.to_string();
    let fields = [
        ("date-of-birth-day", "27"),
        ("date-of-birth-month", "3"),
        ("date-of-birth-year", year.as_str()),
    ];
    teacher.post(("date-of-birth", &fields)).await
}

#[actix_web::test]
async fn a_sixth_look_up_in_an_interaction_does_not_happen() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT[..3]).await;
        for year in 1980..1985 {
            tries_year(&teacher, year).await;
        }
        assert_eq!(teacher.lookups(), 5);

        // Not even with the right date.
        let sixth = tries_year(&teacher, 1990).await;

        sixth.goes_to(teacher.url("has-national-insurance-number"));
        assert_eq!(teacher.lookups(), 5);
        teacher.answers(&[NO_NUMBER, NO_TRN, NO_QTS]).await;
        teacher
            .post(CHECK)
            .await
            .goes_to(teacher.url("trn-not-found"));
        assert_eq!(teacher.lookups(), 5);
        assert_eq!(teacher.trn().await, None);
        assert_eq!(teacher.link().await.unwrap().status, TrnLookupStatus::None);
    })
    .await;
}

#[actix_web::test]
async fn the_same_answers_are_looked_up_once() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT[..3]).await;

        for _ in 0..3 {
            tries_year(&teacher, 1980).await;
        }
        teacher.answers(&[NO_NUMBER, NO_TRN, NO_QTS]).await;
        teacher.post(CHECK).await;

        assert_eq!(teacher.lookups(), 1);
    })
    .await;
}

#[actix_web::test]
async fn a_found_record_is_forgotten_with_the_answer_that_found_it() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher.is_at("check-answers").await;

        tries_year(&teacher, 1980).await;

        teacher.is_at("has-national-insurance-number").await;
        teacher
            .open("check-answers")
            .await
            .goes_to(teacher.url("has-national-insurance-number"));
    })
    .await;
}

#[actix_web::test]
async fn a_twenty_first_look_up_in_a_day_does_not_happen_in_however_many_interactions() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        for interaction in 0..4 {
            let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
            teacher.answers(&ABOUT[..3]).await;
            for year in 0..5 {
                tries_year(&teacher, 1950 + 5 * interaction + year).await;
            }
        }
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT[..3]).await;
        assert_eq!(teacher.lookups(), 20);

        tries_year(&teacher, 1990).await;

        assert_eq!(teacher.lookups(), 20);
        teacher.is_at("has-national-insurance-number").await;
        // A day later the same person may be looked for again.
        world.clock.advance(24 * super::super::world::HOUR);
        let later = Teacher::asked(&world, trn(OPTIONAL)).await;
        later.answers(&ABOUT).await;
        later.is_at("check-answers").await;
    })
    .await;
}

#[actix_web::test]
async fn parallel_answers_never_pass_the_limit_together() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT[..3]).await;

        let forms = (1950..1990).map(|year: u32| {
            vec![
                ("date-of-birth-day", "27".to_owned()),
                ("date-of-birth-month", "3".to_owned()),
                ("date-of-birth-year", year.to_string()),
            ]
        });
        let answers = world
            .post_all(&teacher.tab, "/details/date-of-birth", forms)
            .await;

        assert!(answers.iter().all(|answer| answer.status == 303));
        assert_eq!(teacher.lookups(), 5);
    })
    .await;
}
