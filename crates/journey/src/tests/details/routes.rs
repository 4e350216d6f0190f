//! Which pages people see, and that none opens before its step.

use model::interaction::{Outcome, RefusalReason};
use model::requirement::ConsentRule;
use model::{PersonName, ScopeSet};

use super::super::world::on_both;
use super::*;

const ALL: [&str; 13] = [
    "name",
    "previous-names",
    "preferred-name",
    "date-of-birth",
    "has-national-insurance-number",
    "national-insurance-number",
    "has-trn",
    "trn",
    "has-qts",
    "qts-provider",
    "check-answers",
    "trn-found",
    "trn-not-found",
];

#[actix_web::test]
async fn a_first_time_person_is_asked_everything_one_page_at_a_time() {
    on_both(async |world| {
        let tab = world
            .tab_asking(|requirements| requirements.details = trn(OPTIONAL))
            .await;
        world.enter_email(&tab, ADDRESS).await;
        let entered = world.enter_code(&tab, &world.mailbox.code()).await;
        entered.goes_to(tab.url("/details/name"));
        let user_id = world.account_of(ADDRESS).await;
        let teacher = Teacher {
            world: &world,
            tab,
            user_id,
        };

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
        ];
        for window in forms.windows(2) {
            let [form, (next, _)] = window else { panic!() };
            teacher.post(*form).await.goes_to(teacher.url(next));
        }
        teacher
            .post(ABROAD)
            .await
            .goes_to(teacher.url("check-answers"));
        let check = teacher.open("check-answers").await;
        for said in [
            "Ada Lovelace",
            "27 March 1990",
            "AB 12 34 56 C",
            "1234567",
            "Awarded another way",
        ] {
            check.shows(200, said);
        }
        assert_eq!(
            teacher.details().await,
            None,
            "nothing is kept before it is checked"
        );
        teacher
            .post(CHECK)
            .await
            .goes_to(teacher.url("trn-not-found"));
        teacher
            .press("trn-not-found", "continue")
            .await
            .goes_to(teacher.tab.url("/sign-in/account-created"));
        world
            .post(&teacher.tab, "/sign-in/account-created", &[])
            .await
            .goes_to(teacher.tab.return_to());
        teacher.is_done().await;
    })
    .await;
}

#[actix_web::test]
async fn a_live_session_is_asked_without_a_code_and_a_single_match_skips_the_rest() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        let teacher = Teacher::asked(&world, trn(REQUIRED)).await;

        teacher.answers(&ABOUT).await;
        teacher.is_at("check-answers").await;
        teacher.post(CHECK).await.goes_to(teacher.tab.return_to());

        teacher.is_done().await;
        assert_eq!(teacher.trn().await, Some(ada().trn));
        assert_eq!(world.mailbox.count(), 0);
        assert_eq!(teacher.lookups(), 1);
    })
    .await;
}

#[actix_web::test]
async fn a_strict_service_never_asks_about_qts() {
    on_both(async |world| {
        world.records.add(ada());
        let teacher = Teacher::asked(&world, trn(STRICT)).await;

        teacher.answers(&ABOUT).await;
        teacher.answers(&[HAS_NUMBER, NUMBER, HAS_TRN, TRN]).await;

        teacher.is_at("check-answers").await;
        teacher
            .open("has-qts")
            .await
            .goes_to(teacher.url("check-answers"));
        teacher.post(CHECK).await.goes_to(teacher.tab.return_to());
        let link = teacher.link().await.unwrap();
        assert_eq!(
            link.level,
            Some(model::trn_lookup::VerificationLevel::Medium)
        );
    })
    .await;
}

#[actix_web::test]
async fn a_service_that_asks_for_the_profile_or_the_number_alone_gets_only_that() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, profile()).await;
        teacher.answers(&ABOUT).await;
        teacher.is_at("check-answers").await;
        teacher.post(CHECK).await.goes_to(teacher.tab.return_to());

        let numbers = Teacher::asked(&world, national_insurance()).await;
        numbers.answers(&[HAS_NUMBER, NUMBER]).await;
        let check = numbers.open("check-answers").await;
        check.shows(200, "AB 12 34 56 C");
        assert!(!check.body.contains("Lovelace"), "it was not asked for");
        numbers.post(CHECK).await.goes_to(numbers.tab.return_to());

        let details = numbers.details().await.unwrap();
        assert!(details.name.is_some(), "what was given before stays");
        assert!(details.stated_national_insurance_number().is_some());
        assert_eq!(teacher.lookups(), 0);
        assert_eq!(numbers.link().await, None);
    })
    .await;
}

#[actix_web::test]
async fn a_service_that_shares_the_number_asks_for_it_though_the_record_is_found() {
    on_both(async |world| {
        world.records.add(ada_by_address());
        let rule = DetailsRule {
            national_insurance: true,
            ..trn(OPTIONAL)
        };
        let teacher = Teacher::asked(&world, rule).await;

        teacher.answers(&ABOUT).await;

        teacher.is_at("has-national-insurance-number").await;
        teacher
            .post(NO_NUMBER)
            .await
            .goes_to(teacher.url("check-answers"));
    })
    .await;
}

#[actix_web::test]
async fn no_page_opens_before_its_step() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        for page in ALL.into_iter().skip(1) {
            teacher.open(page).await.goes_to(teacher.url("name"));
            let posted = teacher.post((page, BORN.1)).await;
            posted.goes_to(teacher.url("name"));
        }
        assert_eq!(world.interaction(&teacher.tab).await.sealed_details, None);

        teacher.answers(&[NAME, NO_OTHER_NAME]).await;
        for page in ALL.into_iter().skip(3) {
            teacher
                .open(page)
                .await
                .goes_to(teacher.url("preferred-name"));
        }
        for page in ALL.into_iter().take(3) {
            teacher.open(page).await.shows(200, "<h1");
        }
    })
    .await;
}

#[actix_web::test]
async fn details_open_for_nobody_who_is_not_signed_in_or_whom_nobody_asks() {
    on_both(async |world| {
        let nobody = world
            .tab_asking(|requirements| requirements.details = trn(OPTIONAL))
            .await;
        let plain = Teacher::asked(&world, DetailsRule::default()).await;

        for page in ALL {
            let opened = world.open(&nobody, &path(page)).await;
            opened.goes_to(nobody.url("/sign-in/email"));
            let opened = plain.open(page).await;
            opened.goes_to(plain.tab.return_to());
        }
    })
    .await;
}

#[actix_web::test]
async fn back_leads_through_the_pages_that_were_answered_and_keeps_the_answers() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        assert!(!teacher.open("name").await.body.contains("govuk-back-link"));
        teacher.answers(&ABOUT).await;
        teacher.answers(&[HAS_NUMBER]).await;

        for (page, behind) in [
            ("previous-names", "name"),
            ("preferred-name", "previous-names"),
            ("date-of-birth", "preferred-name"),
            ("has-national-insurance-number", "date-of-birth"),
            ("national-insurance-number", "has-national-insurance-number"),
        ] {
            leads_back(&teacher.open(page).await, &teacher.url(behind));
        }
        teacher.open("name").await.shows(200, "value=\"Lovelace\"");
        teacher
            .open("date-of-birth")
            .await
            .shows(200, "value=\"1990\"");
        // An answer that is given again leads on to where the person was.
        teacher
            .post(NAME)
            .await
            .goes_to(teacher.url("national-insurance-number"));
    })
    .await;
}

/// Asserts where Back leads.
#[track_caller]
fn leads_back(seen: &Seen, url: &str) {
    let escaped = url
        .replace('=', "&#x3D;")
        .replace('&', "&amp;")
        .replace("&amp;#x3D;", "&#x3D;");
    let is_there = [url.to_owned(), url.replace('&', "&amp;"), escaped]
        .iter()
        .any(|url| {
            seen.body
                .contains(&format!("<a href=\"{url}\" class=\"govuk-back-link\">"))
        });
    assert!(is_there, "no way back to {url} in {}", seen.body);
}

#[actix_web::test]
async fn a_change_leads_back_to_the_answers() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher.answers(&[NO_NUMBER, NO_TRN, NO_QTS]).await;
        let check = teacher.open("check-answers").await;
        leads_back(&check, &teacher.url("has-qts"));

        let opened = teacher.open_to_change("date-of-birth").await;
        leads_back(&opened, &teacher.url("check-answers"));
        let born: Form<'_> = (
            "date-of-birth",
            &[
                ("date-of-birth-day", "1"),
                ("date-of-birth-month", "january"),
                ("date-of-birth-year", "1980"),
            ],
        );
        teacher
            .post_change(born)
            .await
            .goes_to(teacher.url("check-answers"));
        teacher
            .open("check-answers")
            .await
            .shows(200, "1 January 1980");

        // A change that opens a question asks it first.
        teacher
            .post_change(HAS_TRN)
            .await
            .goes_to(teacher.url("trn"));
        teacher
            .open("check-answers")
            .await
            .goes_to(teacher.url("trn"));
        leads_back(&teacher.open("trn").await, &teacher.url("has-trn"));
        teacher
            .post(TRN)
            .await
            .goes_to(teacher.url("check-answers"));
    })
    .await;
}

#[actix_web::test]
async fn a_refused_change_still_leads_back_to_the_answers() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, profile()).await;
        teacher.answers(&ABOUT).await;

        let refused = teacher.post_change(("name", &[])).await;

        refused.shows(400, "Enter your last name");
        leads_back(&refused, &teacher.url("check-answers"));
    })
    .await;
}

#[actix_web::test]
async fn numbers_may_be_left_out_on_their_own_page_too() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(STRICT)).await;
        teacher.answers(&ABOUT).await;

        teacher.answers(&[HAS_NUMBER]).await;
        teacher
            .press("national-insurance-number", "skip")
            .await
            .goes_to(teacher.url("has-trn"));
        teacher.answers(&[HAS_TRN]).await;
        teacher
            .press("trn", "skip")
            .await
            .goes_to(teacher.url("check-answers"));

        let check = teacher.open("check-answers").await;
        assert_eq!(check.body.matches("Not provided").count(), 2);
    })
    .await;
}

#[actix_web::test]
async fn another_name_makes_the_preferred_one_be_asked_again_unless_it_was_their_own() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, profile()).await;
        teacher.answers(&ABOUT).await;
        let married: Form<'_> = ("name", &[("first-name", "Ada"), ("last-name", "King")]);

        teacher
            .post_change(married)
            .await
            .goes_to(teacher.url("preferred-name"));
        teacher.open("preferred-name").await.shows(200, "Ada King");
        let own: Form<'_> = (
            "preferred-name",
            &[("preferred-name", "other"), ("other-name", "Countess")],
        );
        teacher
            .post(own)
            .await
            .goes_to(teacher.url("check-answers"));
        teacher
            .post_change(NAME)
            .await
            .goes_to(teacher.url("check-answers"));

        teacher.open("check-answers").await.shows(200, "Countess");
    })
    .await;
}

#[actix_web::test]
async fn previous_names_are_added_and_taken_away_one_at_a_time() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, profile()).await;
        teacher.answers(&[NAME]).await;
        let add = |last| {
            [
                ("changed-name", "yes"),
                ("previous-last-name", last),
                ("action", "add"),
            ]
        };
        let here = teacher.url("previous-names");

        for last in ["Byron", "Gordon", "Gordon"] {
            teacher
                .post(("previous-names", &add(last)))
                .await
                .goes_to(&here);
        }
        let page = teacher.open("previous-names").await;
        page.shows(200, "Ada Byron");
        page.shows(200, "Ada Gordon");
        assert_eq!(
            page.body.matches("Ada Gordon").count(),
            2,
            "added once, shown and spoken"
        );

        // A button that was pressed twice takes one name away.
        let remove = [("action", "remove-0"), ("number-of-names", "2")];
        for _ in 0..2 {
            teacher
                .post(("previous-names", &remove))
                .await
                .goes_to(&here);
        }
        let page = teacher.open("previous-names").await;
        assert!(!page.body.contains("Ada Byron"));
        page.shows(200, "Ada Gordon");

        // With a name added, none has to be typed.
        let go_on: Form<'_> = ("previous-names", &[("changed-name", "yes")]);
        teacher
            .post(go_on)
            .await
            .goes_to(teacher.url("preferred-name"));
        let first: Form<'_> = (
            "previous-names",
            &[
                ("changed-name", "yes"),
                ("previous-first-name", "Augusta"),
                ("previous-last-name", "Leigh"),
            ],
        );
        teacher
            .post(first)
            .await
            .goes_to(teacher.url("preferred-name"));
        teacher.answers(&[PREFERRED, BORN]).await;
        teacher.post(CHECK).await.goes_to(teacher.tab.return_to());

        let details = teacher.details().await.unwrap();
        let names: Vec<_> = details
            .former_names()
            .iter()
            .map(PersonName::full)
            .collect();
        assert_eq!(names, ["Ada Gordon", "Augusta Leigh"]);
    })
    .await;
}

#[actix_web::test]
async fn a_name_that_was_taken_away_last_has_to_be_answered_again() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, profile()).await;
        teacher.answers(&[NAME]).await;
        let one: Form<'_> = (
            "previous-names",
            &[("changed-name", "yes"), ("previous-last-name", "Byron")],
        );
        teacher.answers(&[one]).await;

        let remove = [("action", "remove-0"), ("number-of-names", "1")];
        teacher.post(("previous-names", &remove)).await;

        teacher.is_at("previous-names").await;
        let prefers_not: Form<'_> = ("previous-names", &[("changed-name", "prefer-not-to-say")]);
        teacher.answers(&[prefers_not, PREFERRED, BORN]).await;
        teacher
            .open("check-answers")
            .await
            .shows(200, "Prefer not to say");
    })
    .await;
}

#[actix_web::test]
async fn who_has_one_name_only_can_say_so() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, profile()).await;
        let one: Form<'_> = (
            "name",
            &[("last-name", "Sukarno"), ("only-one-name", "yes")],
        );

        teacher.answers(&[one, NO_OTHER_NAME]).await;
        teacher.open("preferred-name").await.shows(200, "Sukarno");
        let whole: Form<'_> = ("preferred-name", &[("preferred-name", "full")]);
        teacher.answers(&[whole, BORN]).await;
        teacher.post(CHECK).await.goes_to(teacher.tab.return_to());

        let name = teacher.details().await.unwrap().name.unwrap();
        assert_eq!((name.first, name.last.as_str()), (None, "Sukarno"));
        assert!(world.interaction(&teacher.tab).await.outcome.is_some());
    })
    .await;
}

#[actix_web::test]
async fn where_they_trained_is_found_by_a_part_of_its_name() {
    on_both(async |world| {
        let providers = [
            ("10000001", "University of Hill"),
            ("10000002", "Hill School SCITT"),
        ];
        world.has_providers(&providers).await;
        let typed = |name: &'static str| [("award", "university-or-school"), ("provider", name)];
        let trained = async |fields: &[(&str, &str)]| {
            let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
            teacher.answers(&ABOUT).await;
            teacher.answers(&[NO_NUMBER, NO_TRN, HAS_QTS]).await;
            let seen = teacher.post(("qts-provider", fields)).await;
            (teacher, seen)
        };
        let ends_at = async |fields: &[(&str, &str)], shown: &str| {
            let (teacher, seen) = trained(fields).await;
            seen.goes_to(teacher.url("check-answers"));
            teacher.open("check-answers").await.shows(200, shown);
        };

        // The whole name, however it is written, and what no list knows.
        ends_at(&typed("university  of HILL"), "University of Hill").await;
        ends_at(&typed("Academy of Nowhere"), "Academy of Nowhere").await;
        // A part of a name leads to a choice.
        let (teacher, choice) = trained(&typed("hill")).await;
        choice.shows(200, "Which of these is where you trained?");
        choice.shows(200, "University of Hill");
        choice.shows(200, "Hill School SCITT");
        teacher.is_at("qts-provider").await;
        let search = [&typed("hill")[..], &[("is-search", "yes")]].concat();
        let none_chosen = teacher.post(("qts-provider", &search)).await;
        none_chosen.shows(400, "Select where you trained, or that it is none of these");
        ends_at(
            &[&search[..], &[("choice", "10000002")]].concat(),
            "Hill School SCITT",
        )
        .await;
        ends_at(&[&search[..], &[("choice", "none")]].concat(), "hill").await;
        // A choice that was not offered is none.
        let (_, foreign) = trained(&[&search[..], &[("choice", "10000009")]].concat()).await;
        foreign.shows(400, "Select where you trained");
    })
    .await;
}

#[actix_web::test]
async fn a_part_of_many_names_says_that_there_are_more_than_are_shown() {
    on_both(async |world| {
        let names: Vec<_> = (10..31)
            .map(|number| {
                (
                    format!("100000{number}"),
                    format!("School {number} of Hill"),
                )
            })
            .collect();
        let providers = |count: usize| -> Vec<(&str, &str)> {
            let first = names.iter().take(count);
            first
                .map(|(ukprn, name)| (ukprn.as_str(), name.as_str()))
                .collect()
        };
        let typed = |name: &'static str| [("award", "university-or-school"), ("provider", name)];
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher.answers(&[NO_NUMBER, NO_TRN, HAS_QTS]).await;
        let more = "More than 20 names match ‘hill’. These are the first 20.";

        world.has_providers(&providers(20)).await;
        let all = teacher.post(("qts-provider", &typed("hill"))).await;
        world.has_providers(&providers(21)).await;
        let first = teacher.post(("qts-provider", &typed("hill"))).await;
        let narrowed = teacher.post(("qts-provider", &typed("hill 30"))).await;

        all.shows(200, "School 29 of Hill");
        assert!(!all.body.contains("More than 20"), "{}", all.body);
        first.shows(200, more);
        first.shows(200, "search again with one more word of its name");
        first.shows(200, "aria-describedby=\"choice-hint\"");
        assert!(!first.body.contains("School 30 of Hill"), "{}", first.body);
        narrowed.shows(200, "School 30 of Hill");
        assert!(!narrowed.body.contains("More than 20"));
        // What stands beyond the list cannot be chosen from it, and what is wrong does not hide why.
        let search = [
            &typed("hill")[..],
            &[("is-search", "yes"), ("choice", "10000030")],
        ]
        .concat();
        let beyond = teacher.post(("qts-provider", &search)).await;
        beyond.shows(400, NOT_CHOSEN);
        beyond.shows(400, more);
    })
    .await;
}

const NOT_CHOSEN: &str = "Select where you trained, or that it is none of these";

#[actix_web::test]
async fn the_list_of_providers_is_there_for_who_types() {
    on_both(async |world| {
        world
            .has_providers(&[("10000001", "University of Hill")])
            .await;
        let tab = world.tab().await;

        let list = world.open(&tab, "/details/training-providers").await;

        list.shows(200, r#"["University of Hill"]"#);
    })
    .await;
}

#[actix_web::test]
async fn details_come_before_consent_and_the_news_that_an_account_was_made() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        let scope = ScopeSet::parse("openid trn").unwrap();
        let browser = teacher.tab.browser.clone();
        let tab = world.tab_of(browser, teacher.tab.session.clone(), |interaction| {
            interaction.requirements.details = trn(OPTIONAL);
            interaction.requirements.consent = ConsentRule::Remembered(scope);
        });
        let teacher = Teacher {
            tab: tab.await,
            ..teacher
        };

        teacher.answers(&ABOUT).await;
        teacher.answers(&[NO_NUMBER, NO_TRN, NO_QTS]).await;
        teacher
            .post(CHECK)
            .await
            .goes_to(teacher.url("trn-not-found"));
        let told = teacher.press("trn-not-found", "continue").await;

        told.goes_to(teacher.tab.url("/sign-in/consent"));
    })
    .await;
}

#[actix_web::test]
async fn cancel_keeps_nothing_and_tells_the_service() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;

        let cancelled = teacher
            .press("has-national-insurance-number", "cancel")
            .await;

        cancelled.goes_to(teacher.tab.return_to());
        let outcome = world.interaction(&teacher.tab).await.outcome;
        let reason = RefusalReason::Declined;
        assert_eq!(outcome, Some(Outcome::Refused { reason }));
        assert_eq!(teacher.details().await, None);
    })
    .await;
}
