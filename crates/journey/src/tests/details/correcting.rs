//! People who were not found come back, change what they said, and are looked for again; and what
//! they cannot do by it.

use model::interaction::{Outcome, RefusalReason};
use model::trn_lookup::{TrnLookupStatus, VerificationLevel};
use storage::support_tasks;

use super::super::world::{DAY, HOUR, MINUTE, World, on_both};
use super::*;
use crate::look_up_again::look_up_next;
use crate::mailer::MailKind;
use crate::support::{self, Case, Reference, Task};

const PATIENT: TrnRule = TrnRule {
    continue_while_pending: true,
    ..REQUIRED
};

const BORN_WRONGLY: Form<'_> = (
    "date-of-birth",
    &[
        ("date-of-birth-day", "27"),
        ("date-of-birth-month", "3"),
        ("date-of-birth-year", "1991"),
    ],
);

const CHANGE: &str = "Change your answers and try again";

/// Somebody whose record is there, and who gave a wrong date of birth and left.
async fn was_not_found(world: &World, qts: Form<'_>) {
    world.records.add(ada_by_address());
    let teacher = Teacher::asked(world, trn(OPTIONAL)).await;
    teacher
        .answers(&[NAME, NO_OTHER_NAME, PREFERRED, BORN_WRONGLY])
        .await;
    teacher.answers(&[NO_NUMBER, NO_TRN, qts]).await;
    if qts == HAS_QTS {
        teacher.answers(&[ABROAD]).await;
    }
    teacher.answers(&[CHECK]).await;
    teacher
        .press("trn-not-found", "continue")
        .await
        .goes_to(teacher.tab.return_to());
}

impl<'a> Teacher<'a> {
    /// The person signs in another time, by a code.
    async fn comes_back(world: &'a World, rule: TrnRule) -> Self {
        let tab = world
            .tab_asking(|requirements| requirements.details = trn(rule))
            .await;
        world.enter_email(&tab, ADDRESS).await;
        world.enter_code(&tab, &world.mailbox.code()).await;
        let user_id = world.account_of(ADDRESS).await;
        Self {
            world,
            tab,
            user_id,
        }
    }

    async fn corrects(&self) {
        self.press("trn-not-found", "change-answers")
            .await
            .goes_to(self.url("check-answers"));
    }

    /// Corrects nothing but the year of birth; where that leads.
    async fn tries_year(&self, year: u32) -> Seen {
        let year = year.to_string();
        let fields = [
            ("date-of-birth-day", "27"),
            ("date-of-birth-month", "3"),
            ("date-of-birth-year", year.as_str()),
        ];
        self.post_change(("date-of-birth", &fields)).await
    }

    async fn year_of_birth(&self) -> String {
        let details = self.details().await.unwrap();
        details.date_of_birth.unwrap().iso()[..4].to_owned()
    }
}

impl World {
    async fn open_tasks(&self) -> Vec<Task> {
        let journey = self.journey.clone();
        let list = self.store.read(move |tx| {
            let mut found = Vec::new();
            for task in support_tasks::list(tx, 10)? {
                let reference = Reference::parse(&task.reference).unwrap();
                found.extend(support::find(tx, &journey, &reference)?);
            }
            Ok(found)
        });
        list.await.unwrap()
    }
}

#[actix_web::test]
async fn who_gave_a_wrong_answer_changes_it_at_a_later_sign_in_and_is_found() {
    on_both(async |world| {
        was_not_found(&world, NO_QTS).await;
        let teacher = Teacher::comes_back(&world, REQUIRED).await;
        teacher.is_at("trn-not-found").await;
        teacher.open("trn-not-found").await.shows(200, CHANGE);

        teacher.corrects().await;
        let answers = teacher.open("check-answers").await;
        answers.shows(200, "27 March 1991");
        answers.shows(200, "/details/trn-not-found");
        teacher
            .open_to_change("date-of-birth")
            .await
            .shows(200, "1991");
        teacher
            .post_change(BORN)
            .await
            .goes_to(teacher.url("check-answers"));
        teacher.post(CHECK).await.goes_to(teacher.url("trn-found"));

        assert_eq!(teacher.trn().await, Some(ada().trn));
        let link = teacher.link().await.unwrap();
        assert_eq!(link.level, Some(VerificationLevel::Low));
        assert_eq!(teacher.year_of_birth().await, "1990");
        teacher
            .press("trn-found", "continue")
            .await
            .goes_to(teacher.tab.return_to());
        teacher.is_done().await;
    })
    .await;
}

#[actix_web::test]
async fn an_answer_can_be_changed_at_once_too() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher
            .answers(&[NAME, NO_OTHER_NAME, PREFERRED, BORN_WRONGLY])
            .await;
        teacher.answers(&[NO_NUMBER, NO_TRN, NO_QTS, CHECK]).await;
        teacher.open("trn-not-found").await.shows(200, CHANGE);

        teacher.corrects().await;
        teacher.post_change(BORN).await;
        teacher.post(CHECK).await.goes_to(teacher.url("trn-found"));

        assert_eq!(teacher.trn().await, Some(ada().trn));
        assert_eq!(teacher.lookups(), 2);
    })
    .await;
}

#[actix_web::test]
async fn who_comes_back_by_a_code_is_told_again_where_it_matters() {
    for (rule, qts, is_told) in [
        (PATIENT, NO_QTS, true),
        (PATIENT, HAS_QTS, true),
        (OPTIONAL, HAS_QTS, true),
        // They claim no record, and nobody requires one.
        (OPTIONAL, NO_QTS, false),
    ] {
        on_both(async |world| {
            was_not_found(&world, qts).await;

            let teacher = Teacher::comes_back(&world, rule).await;

            if is_told {
                teacher.is_at("trn-not-found").await;
                let page = teacher.open("trn-not-found").await;
                page.shows(200, "You can now go on to Demo service");
                page.shows(200, CHANGE);
                teacher.press("trn-not-found", "continue").await;
            }
            teacher.is_done().await;
            // A live session goes on in silence.
            let silent = Teacher::asked(&world, trn(rule)).await;
            silent.is_done_at_once().await;
        })
        .await;
    }
}

#[actix_web::test]
async fn who_changes_nothing_is_looked_for_once_more_and_told_where_they_stand() {
    on_both(async |world| {
        was_not_found(&world, NO_QTS).await;
        let teacher = Teacher::comes_back(&world, REQUIRED).await;
        let asked = teacher.lookups();

        teacher.corrects().await;
        teacher
            .post(CHECK)
            .await
            .goes_to(teacher.url("trn-not-found"));

        assert_eq!(teacher.lookups(), asked + 1);
        teacher
            .press("trn-not-found", "continue")
            .await
            .goes_to(teacher.tab.return_to());
        let outcome = world.interaction(&teacher.tab).await.outcome;
        let reason = RefusalReason::NoTrn;
        assert_eq!(outcome, Some(Outcome::Refused { reason }));
    })
    .await;
}

#[actix_web::test]
async fn who_goes_back_from_their_answers_keeps_those_they_gave() {
    on_both(async |world| {
        was_not_found(&world, NO_QTS).await;
        let teacher = Teacher::comes_back(&world, PATIENT).await;
        teacher.corrects().await;
        teacher.tries_year(1985).await;

        teacher.open("trn-not-found").await.shows(200, CHANGE);
        teacher
            .press("trn-not-found", "continue")
            .await
            .goes_to(teacher.tab.return_to());

        assert_eq!(teacher.year_of_birth().await, "1991");
        teacher.is_done().await;
    })
    .await;
}

#[actix_web::test]
async fn staff_who_look_for_a_record_look_by_the_changed_answers_under_the_same_number() {
    on_both(async |world| {
        was_not_found(&world, HAS_QTS).await;
        let before = world.open_tasks().await;
        let teacher = Teacher::comes_back(&world, REQUIRED).await;
        let number = before[0].reference.clone();
        teacher.open("trn-not-found").await.shows(200, &number);

        teacher.corrects().await;
        teacher.tries_year(1985).await;
        teacher
            .post(CHECK)
            .await
            .goes_to(teacher.url("trn-not-found"));

        let after = world.open_tasks().await;
        let [task] = &after[..] else {
            panic!("{after:?}")
        };
        assert_eq!(task.reference, number);
        assert_eq!(task.contact, before[0].contact);
        let Case::TrnLookup { details } = &task.case else {
            panic!("{task:?}")
        };
        assert_eq!(details.date_of_birth, DateOfBirth::from_iso("1985-03-27"));
        world.deliver_mail().await;
        let opened = |mail: &crate::mailer::Mail| {
            matches!(
                mail.kind,
                MailKind::News(crate::emails::News::SupportTaskOpened(_))
            )
        };
        assert_eq!(
            world
                .mailbox
                .mails()
                .iter()
                .filter(|mail| opened(mail))
                .count(),
            1
        );
    })
    .await;
}

#[actix_web::test]
async fn who_was_left_undecided_by_staff_can_give_them_other_answers() {
    on_both(async |world| {
        was_not_found(&world, HAS_QTS).await;
        let close = world.store.write(|tx| {
            let tasks = support_tasks::list(tx, 10)?;
            support_tasks::close(tx, &tasks[0].id, "no_change")
        });
        assert!(close.await.unwrap());
        let teacher = Teacher::comes_back(&world, REQUIRED).await;
        let page = teacher.open("trn-not-found").await;
        page.shows(200, "We could not be sure which teaching record is yours");
        page.shows(200, "Our support team has looked at your answers");

        teacher.corrects().await;
        teacher.tries_year(1985).await;
        teacher.post(CHECK).await;

        let tasks = world.open_tasks().await;
        assert_eq!(tasks.len(), 1);
        let page = teacher.open("trn-not-found").await;
        page.shows(200, "We have to check your teaching record");
        page.shows(200, &tasks[0].reference);
    })
    .await;
}

#[actix_web::test]
async fn who_is_found_while_they_read_that_they_are_not_goes_on() {
    on_both(async |world| {
        was_not_found(&world, HAS_QTS).await;
        let teacher = Teacher::comes_back(&world, PATIENT).await;
        teacher.is_at("trn-not-found").await;
        teacher.corrects().await;
        world.records.add(TeacherRecord {
            trn: Trn::parse("7654321").unwrap(),
            date_of_birth: DateOfBirth::from_iso("1991-03-27"),
            ..ada_by_address()
        });
        world.clock.advance(DAY);
        let user_id = teacher.user_id.clone();
        let soon = world
            .store
            .write(move |tx| trn_links::look_up_soon(tx, &user_id));
        assert!(soon.await.unwrap());
        look_up_next(&world.journey, MINUTE).await.unwrap();
        assert_eq!(teacher.link().await.unwrap().status, TrnLookupStatus::Found);

        for page in ["trn-not-found", "check-answers"] {
            let opened = teacher.open(page).await;
            opened.goes_to(teacher.tab.return_to());
        }
    })
    .await;
}

#[actix_web::test]
async fn a_sixth_look_up_in_an_interaction_does_not_happen_however_answers_are_changed() {
    on_both(async |world| {
        was_not_found(&world, NO_QTS).await;
        let teacher = Teacher::comes_back(&world, REQUIRED).await;
        let asked = teacher.lookups();
        for year in 1980..1983 {
            teacher.corrects().await;
            teacher.tries_year(year).await;
            teacher
                .post(CHECK)
                .await
                .goes_to(teacher.url("trn-not-found"));
        }
        teacher.corrects().await;
        teacher.tries_year(1983).await;
        teacher.tries_year(1984).await;
        assert_eq!(teacher.lookups(), asked + 5);

        // Not even with the right date, and pressing the button again gives no new ones.
        for _ in 0..2 {
            teacher.tries_year(1990).await;
            teacher
                .post(CHECK)
                .await
                .goes_to(teacher.url("trn-not-found"));
            let page = teacher.open("trn-not-found").await;
            page.shows(200, "You have changed your answers too many times");
            assert!(!page.body.contains(CHANGE), "{}", page.body);
            teacher.corrects().await;
        }

        assert_eq!(teacher.lookups(), asked + 5);
        assert_eq!(teacher.trn().await, None);
    })
    .await;
}

#[actix_web::test]
async fn who_has_asked_too_often_does_not_learn_it_from_the_job_before_the_next_day() {
    on_both(async |world| {
        was_not_found(&world, NO_QTS).await;
        let teacher = Teacher::comes_back(&world, REQUIRED).await;
        teacher.corrects().await;
        for year in 1980..1985 {
            teacher.tries_year(year).await;
        }
        teacher.tries_year(1990).await;
        teacher.post(CHECK).await;
        assert!(teacher.link().await.unwrap().is_unavailable);

        world.clock.advance(23 * HOUR);
        assert_eq!(world.due_lookups().await, 0);
        let user_id = teacher.user_id.clone();
        let soon = world
            .store
            .write(move |tx| trn_links::look_up_soon(tx, &user_id));
        assert!(!soon.await.unwrap(), "nor by signing in");
        world.clock.advance(HOUR);
        assert_eq!(world.due_lookups().await, 1);
    })
    .await;
}

#[actix_web::test]
async fn a_twenty_first_look_up_in_a_day_does_not_happen_however_often_answers_are_changed() {
    on_both(async |world| {
        was_not_found(&world, NO_QTS).await;
        for interaction in 0..6 {
            let teacher = Teacher::asked(&world, trn(REQUIRED)).await;
            teacher.corrects().await;
            for year in 0..5 {
                teacher.tries_year(1950 + 5 * interaction + year).await;
            }
            teacher.post(CHECK).await;
        }

        // The first time they were asked counts, too.
        assert_eq!(world.records.asked().len(), 20);
        let last = Teacher::asked(&world, trn(REQUIRED)).await;
        last.corrects().await;
        last.tries_year(1990).await;
        last.post(CHECK).await.goes_to(last.url("trn-not-found"));
        assert_eq!(last.lookups(), 20);
        assert_eq!(last.trn().await, None);
    })
    .await;
}

#[actix_web::test]
async fn parallel_corrections_never_pass_the_limit_together() {
    on_both(async |world| {
        was_not_found(&world, NO_QTS).await;
        let teacher = Teacher::comes_back(&world, REQUIRED).await;
        let asked = teacher.lookups();
        teacher.corrects().await;

        let forms = (1950..1980).map(|year: u32| {
            vec![
                ("date-of-birth-day", "27".to_owned()),
                ("date-of-birth-month", "3".to_owned()),
                ("date-of-birth-year", year.to_string()),
            ]
        });
        world
            .post_all(&teacher.tab, "/details/date-of-birth", forms)
            .await;

        assert_eq!(teacher.lookups(), asked + 5);
    })
    .await;
}

#[actix_web::test]
async fn neither_who_has_a_trn_nor_whom_staff_refused_changes_their_answers() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        let found = Teacher::asked(&world, trn(REQUIRED)).await;
        found.answers(&ABOUT).await;
        found.answers(&[CHECK]).await;
        let found = Teacher::asked(&world, trn(REQUIRED)).await;
        let pressed = found.press("trn-not-found", "change-answers").await;
        pressed.goes_to(found.tab.return_to());

        let refused = Teacher::asked(&world, trn(REQUIRED)).await;
        refused.is_refused_by_staff().await;
        let page = refused.open("trn-not-found").await;
        page.shows(200, "We cannot give you a TRN");
        assert!(!page.body.contains(CHANGE), "{}", page.body);
        let pressed = refused.press("trn-not-found", "change-answers").await;

        pressed.goes_to(refused.url("trn-not-found"));
        let opened = refused.open("check-answers").await;
        opened.goes_to(refused.url("trn-not-found"));
        assert_eq!(world.interaction(&refused.tab).await.sealed_details, None);
    })
    .await;
}

#[actix_web::test]
async fn changed_answers_never_reach_the_account_that_has_the_record() {
    on_both(async |world| {
        let record = TeacherRecord {
            email_addresses: vec![ADDRESS.to_owned(), "owner@example.test".to_owned()],
            ..ada()
        };
        was_not_found(&world, NO_QTS).await;
        world.records.add(TeacherRecord {
            trn: Trn::parse("7654321").unwrap(),
            date_of_birth: DateOfBirth::from_iso("1985-03-27"),
            ..record
        });
        let (_, owner) = world.session_of("owner@example.test").await;
        let holds = TrnOutcome {
            status: TrnLookupStatus::Found,
            trn: Some(Trn::parse("7654321").unwrap()),
            level: Some(VerificationLevel::Medium),
            policy: MatchPolicy::Strict,
            policy_version: POLICY_VERSION,
            agreed: Vec::new(),
            source: LookupSource::Support,
            is_unavailable: false,
        };
        let keyring = &world.journey.keyring;
        let link = NewLink::seal(&holds, &owner, None, keyring, &SystemEntropy);
        let holder = owner.clone();
        let linked = world
            .store
            .write(move |tx| trn_links::replace(tx, &holder, &link));
        assert_eq!(linked.await.unwrap(), Linked::Linked);
        let thief = Teacher::comes_back(&world, REQUIRED).await;

        thief.corrects().await;
        thief.tries_year(1985).await;
        thief
            .post(CHECK)
            .await
            .goes_to(thief.tab.url("/details/trn-in-use"));

        assert_eq!(thief.year_of_birth().await, "1991", "nothing is kept yet");
        assert_eq!(thief.trn().await, None);
        assert_eq!(world.signed_in(&thief.tab).await, None);
        // Staff get the case, and the way out of it does not lead round in a circle.
        thief.press("trn-in-use", "skip").await;
        thief
            .press("trn-in-use", "continue")
            .await
            .goes_to(thief.url("trn-not-found"));
        let tasks = world.open_tasks().await;
        assert!(matches!(tasks[0].case, Case::TrnInUse { .. }), "{tasks:?}");
        let page = thief.open("trn-not-found").await;
        page.shows(200, &tasks[0].reference);
        assert_eq!(thief.trn().await, None);
    })
    .await;
}

#[actix_web::test]
async fn answers_that_are_changed_stay_sealed_and_with_their_person() {
    on_both(async |world| {
        was_not_found(&world, NO_QTS).await;
        let ada = Teacher::comes_back(&world, REQUIRED).await;
        ada.corrects().await;
        let changed = ada.tries_year(1985).await;

        assert_eq!(changed.location, Some(ada.url("check-answers")));
        let interaction = world.interaction(&ada.tab).await;
        let answers = serde_json::to_string(&interaction.answers).unwrap();
        let sealed = interaction.sealed_details.unwrap();
        let sealed = String::from_utf8_lossy(&sealed);
        for said in ["Lovelace", "Ada", "1985", "1991"] {
            assert!(!answers.contains(said) && !sealed.contains(said), "{said}");
        }
        // Another browser sees nothing of them.
        let thief = ada.tab.copied_elsewhere();
        for page in ["check-answers", "date-of-birth", "trn-not-found"] {
            let opened = world.open(&thief, &path(page)).await;
            opened.shows(403, "We cannot continue your sign-in in this browser");
        }
        let pressed = [("action", "change-answers")];
        let pressed = world.post(&thief, "/details/trn-not-found", &pressed).await;
        assert_eq!(pressed.status, 403);
    })
    .await;
}

#[actix_web::test]
async fn a_form_from_another_site_begins_no_change() {
    on_both(async |world| {
        was_not_found(&world, NO_QTS).await;
        let teacher = Teacher::comes_back(&world, REQUIRED).await;

        let fields = [("action", "change-answers")];
        let forged = world
            .post_bare(&teacher.tab, "/details/trn-not-found", &fields)
            .await;

        forged.shows(403, "This form can no longer be sent");
        teacher.is_at("trn-not-found").await;
    })
    .await;
}
