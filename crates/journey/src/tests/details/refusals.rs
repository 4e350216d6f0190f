//! What cannot be an answer is shown again with what to do, and changes nothing.

use super::super::world::on_both;
use super::*;

/// What is asked of a form that is refused.
struct Refusal<'a> {
    /// What was answered before.
    after: &'a [Form<'a>],
    form: Form<'a>,
    /// What the page says.
    says: &'a [&'a str],
}

const fn refusal<'a>(after: &'a [Form<'a>], form: Form<'a>, says: &'a [&'a str]) -> Refusal<'a> {
    Refusal { after, form, says }
}

/// Each refusal is made by a person who has answered what comes before.
async fn are_refused(refusals: &[Refusal<'_>]) {
    on_both(async |world| {
        for Refusal { after, form, says } in refusals {
            let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
            teacher.answers(after).await;
            let before = world.interaction(&teacher.tab).await.sealed_details;

            let refused = teacher.post(*form).await;

            for message in *says {
                refused.shows(400, message);
                let is_value = message.starts_with("value=");
                let count = refused.body.matches(message).count();
                assert!(
                    is_value || count == 2,
                    "{message} stands at the top and at its field"
                );
            }
            refused.shows(400, "<title>Error: ");
            refused.shows(400, "There is a problem");
            let after = world.interaction(&teacher.tab).await.sealed_details;
            assert_eq!(after, before, "{form:?}");
        }
        assert_eq!(world.records.asked(), []);
    })
    .await;
}

#[actix_web::test]
async fn a_name_needs_a_first_and_a_last_name() {
    let long = "a".repeat(201);
    are_refused(&[
        refusal(
            &[],
            ("name", &[]),
            &["Enter your first name", "Enter your last name"],
        ),
        refusal(
            &[],
            ("name", &[("first-name", "Ada"), ("last-name", " ")]),
            &["Enter your last name", "value=\"Ada\""],
        ),
        refusal(
            &[],
            ("name", &[("last-name", "Lovelace")]),
            &["Enter your first name", "value=\"Lovelace\""],
        ),
        refusal(
            &[],
            (
                "name",
                &[
                    ("first-name", &long),
                    ("middle-name", &long),
                    ("last-name", &long),
                ],
            ),
            &[
                "First name must be 200 characters or less",
                "Middle names must be 200 characters or less",
                "Last name must be 200 characters or less",
                &format!("value=\"{long}\""),
            ],
        ),
        refusal(
            &[],
            (
                "name",
                &[("first-name", "A\u{7}da"), ("last-name", "Lovelace")],
            ),
            &["First name must not include characters that cannot be printed"],
        ),
        refusal(
            &[],
            (
                "name",
                &[
                    ("first-name", "Ada"),
                    ("last-name", "Lovelace"),
                    ("only-one-name", "yes"),
                ],
            ),
            &["Leave this empty if you only have one name"],
        ),
        refusal(
            &[],
            ("name", &[("only-one-name", "yes")]),
            &["Enter your last name"],
        ),
    ])
    .await;
}

#[actix_web::test]
async fn a_previous_name_needs_an_answer_and_a_last_name() {
    let choose = "Select yes if you have ever changed your name";
    let last_name = "Enter your previous last name";
    are_refused(&[
        refusal(&[NAME], ("previous-names", &[]), &[choose]),
        refusal(
            &[NAME],
            ("previous-names", &[("changed-name", "perhaps")]),
            &[choose],
        ),
        refusal(
            &[NAME],
            ("previous-names", &[("previous-last-name", "Byron")]),
            &[choose, "value=\"Byron\""],
        ),
        refusal(
            &[NAME],
            ("previous-names", &[("changed-name", "yes")]),
            &[last_name],
        ),
        refusal(
            &[NAME],
            ("previous-names", &[("action", "add")]),
            &[last_name],
        ),
        refusal(
            &[NAME],
            (
                "previous-names",
                &[("changed-name", "yes"), ("previous-first-name", "Augusta")],
            ),
            &[last_name, "value=\"Augusta\""],
        ),
    ])
    .await;
}

#[actix_web::test]
async fn a_preferred_name_is_chosen_or_typed() {
    let before = [NAME, NO_OTHER_NAME];
    let choose = "Select the name you want services to use";
    let long = "a".repeat(201);
    are_refused(&[
        refusal(&before, ("preferred-name", &[]), &[choose]),
        // There is no middle name to choose with.
        refusal(
            &before,
            ("preferred-name", &[("preferred-name", "full")]),
            &[choose],
        ),
        refusal(
            &before,
            ("preferred-name", &[("preferred-name", "other")]),
            &["Enter the name you want services to use"],
        ),
        refusal(
            &before,
            (
                "preferred-name",
                &[("preferred-name", "other"), ("other-name", &long)],
            ),
            &["The name you prefer must be 200 characters or less"],
        ),
    ])
    .await;
}

#[actix_web::test]
async fn a_date_of_birth_is_a_day_that_was() {
    let before = [NAME, NO_OTHER_NAME, PREFERRED];
    let typed = [
        (["", "", ""], "Enter your date of birth"),
        (["27", "3", ""], "Date of birth must include a year"),
        (
            ["", "", "1990"],
            "Date of birth must include a day and month",
        ),
        (["31", "2", "1990"], "Date of birth must be a real date"),
        (["27", "3", "90"], "Year must include 4 numbers"),
        (
            ["27", "3", "2090"],
            "Date of birth must be today or in the past",
        ),
    ];
    let parts = [
        "date-of-birth-day",
        "date-of-birth-month",
        "date-of-birth-year",
    ];
    let forms = typed.map(|(values, says)| {
        let fields = [0, 1, 2].map(|at| (parts[at], values[at]));
        (fields, [says])
    });
    let refusals = forms
        .each_ref()
        .map(|(fields, says)| refusal(&before, ("date-of-birth", fields), says));
    are_refused(&refusals).await;
}

#[actix_web::test]
async fn a_wrong_part_of_a_date_is_where_the_summary_leads() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, profile()).await;
        teacher.answers(&[NAME, NO_OTHER_NAME, PREFERRED]).await;

        let fields = [("date-of-birth-day", "27"), ("date-of-birth-month", "13")];
        let fields = [&fields[..], &[("date-of-birth-year", "1990")]].concat();
        let refused = teacher.post(("date-of-birth", &fields)).await;

        refused.shows(
            400,
            "<a href=\"#date-of-birth-month\">Date of birth must be a real date</a>",
        );
        assert_eq!(refused.body.matches("govuk-input--error").count(), 1);
    })
    .await;
}

#[actix_web::test]
async fn numbers_and_choices_say_what_they_must_be() {
    let numbers = [ABOUT[0], ABOUT[1], ABOUT[2], ABOUT[3], HAS_NUMBER];
    let trns = [ABOUT[0], ABOUT[1], ABOUT[2], ABOUT[3], NO_NUMBER, HAS_TRN];
    on_both(async |world| {
        for (before, page, typed, says) in [
            (
                &ABOUT[..],
                "has-national-insurance-number",
                "",
                "Select yes if you have a National Insurance number",
            ),
            (
                &numbers,
                "national-insurance-number",
                "",
                "Enter your National Insurance number",
            ),
            (
                &numbers,
                "national-insurance-number",
                "QQ 12 34 56 C",
                "Enter a National Insurance number in the correct format",
            ),
            (
                &numbers,
                "national-insurance-number",
                "AB 12 34 56",
                "Enter a National Insurance number in the correct format",
            ),
            (
                &trns[..5],
                "has-trn",
                "perhaps",
                "Select yes if you have a TRN",
            ),
            (&trns, "trn", "", "Enter your TRN"),
            (&trns, "trn", "123456", "Your TRN should contain 7 digits"),
            (
                &trns,
                "trn",
                "AB123456C",
                "Your TRN should contain 7 digits and no letters",
            ),
            (&trns, "trn", "0000000", "Your TRN cannot be 0000000"),
        ] {
            let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
            teacher.answers(before).await;

            let refused = teacher.post((page, &[(page, typed)])).await;

            refused.shows(400, says);
            if !page.starts_with("has-") {
                refused.shows(400, &format!("value=\"{typed}\""));
            }
            teacher.is_at(page).await;
        }
    })
    .await;
}

#[actix_web::test]
async fn qts_and_where_it_comes_from_are_chosen() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        teacher.answers(&ABOUT).await;
        teacher.answers(&[NO_NUMBER, NO_TRN]).await;
        let refused = teacher.post(("has-qts", &[])).await;
        refused.shows(
            400,
            "Select yes if you have been awarded qualified teacher status (QTS)",
        );
        teacher.answers(&[HAS_QTS]).await;

        let long = "a".repeat(201);
        for (fields, says) in [
            (&[][..], "Select how you were awarded QTS"),
            (
                &[("award", "university-or-school")],
                "Enter where you trained",
            ),
            (
                &[("award", "university-or-school"), ("provider", &long)],
                "Where you trained must be 200 characters or less",
            ),
        ] {
            teacher
                .post(("qts-provider", fields))
                .await
                .shows(400, says);
        }
        teacher.is_at("qts-provider").await;
    })
    .await;
}

#[actix_web::test]
async fn an_eleventh_previous_name_is_refused() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, profile()).await;
        teacher.answers(&[NAME]).await;
        let name = |number| format!("Byron {}", char::from(b'A' + number));
        let add = async |last: &str| {
            let fields = [("previous-last-name", last), ("action", "add")];
            teacher.post(("previous-names", &fields)).await
        };
        for number in 0..10 {
            assert_eq!(add(&name(number)).await.status, 303);
        }

        let refused = add(&name(10)).await;

        refused.shows(400, "You have given as many previous names as we can keep");
    })
    .await;
}

#[actix_web::test]
async fn a_button_that_a_page_does_not_have_is_not_understood() {
    on_both(async |world| {
        let teacher = Teacher::asked(&world, trn(OPTIONAL)).await;
        let actions = [
            "add",
            "remove-0",
            "allow",
            "resend",
            "change-address",
            "skip",
        ];
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
        for form @ (page, _) in forms {
            for action in actions {
                let has_it = match page {
                    "previous-names" => ["add", "remove-0"].contains(&action),
                    "national-insurance-number" | "trn" => action == "skip",
                    _ => false,
                };
                let pressed = teacher.press(page, action).await;
                assert_eq!(
                    pressed.status == 400,
                    !has_it || action == "add",
                    "{page} {action}"
                );
            }
            teacher.post(form).await;
        }
    })
    .await;
}
