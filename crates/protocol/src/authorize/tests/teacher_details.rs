//! Requests of services that want to know teachers, from the first redirect to the last.

use std::time::Duration;

use model::client::{ClientSettings, ConsentPolicy, ProfileRequirement};
use model::interaction::{Outcome, RefusalReason};
use model::trn_lookup::{
    MatchPolicy, TrnLookupStatus, TrnOutcome, TrnRequirement, VerificationLevel,
};
use model::{ScopeSet, UserId};
use storage::testing::Kind;

use crate::testing::browser::{TestBrowser, signed_in};
use crate::testing::teacher::{details, found, not_found};
use crate::testing::{Answer, TestProvider};

const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);
const NEARLY_A_DAY: Duration = Duration::from_secs(47 * 30 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const LEASE: Duration = Duration::from_secs(60);
/// How a service is set up.
type Change = fn(&mut ClientSettings);

const TRN_SCOPE: (&str, &str) = ("scope", "openid trn");

/// A service that may ask for everything, and needs what `change` says.
fn service(app: &TestProvider, change: impl FnOnce(&mut ClientSettings)) {
    app.client("service", |settings| {
        settings.scope = ScopeSet::parse("openid profile trn national_insurance").unwrap();
        change(settings);
    });
}

fn requires_trn(settings: &mut ClientSettings) {
    settings.trn_requirement = TrnRequirement::Required;
}

async fn authorize(browser: &mut TestBrowser<'_>, scope: &str) -> Answer {
    browser.authorize("service", &[("scope", scope)]).await
}

async fn silently(browser: &mut TestBrowser<'_>, scope: &str) -> Answer {
    let parameters = [("scope", scope), ("prompt", "none")];
    browser.authorize("service", &parameters).await
}

/// What a service that needs this says to a person of whom that is known: whether they go straight
/// on; if not they are asked, and `prompt=none` says that they would be.
async fn goes_straight_on(
    scope: &str,
    change: impl FnOnce(&mut ClientSettings),
    know: impl FnOnce(&TestProvider, &UserId),
) -> bool {
    let app = TestProvider::on_sqlite();
    let ada = app.ada();
    service(&app, change);
    know(&app, &ada);
    let mut browser = app.browser();
    browser.sign_in(&ada).await;

    let answer = authorize(&mut browser, scope).await;
    let silent = silently(&mut browser, scope).await;

    let goes_on = answer.parameter("code").is_some();
    assert_ne!(goes_on, answer.is_question(), "{answer:?}");
    assert_eq!(silent.parameter("code").is_some(), goes_on, "{silent:?}");
    let error = (!goes_on).then(|| "interaction_required".to_owned());
    assert_eq!(silent.parameter("error"), error);
    goes_on
}

#[actix_web::test]
async fn only_who_lacks_what_this_request_needs_is_asked() {
    let nothing = |_: &TestProvider, _: &UserId| ();
    let everything = |app: &TestProvider, user: &UserId| app.said(user, &details());
    let profile = |settings: &mut ClientSettings| {
        settings.profile_requirement = ProfileRequirement::Required;
    };
    let optional = |settings: &mut ClientSettings| {
        settings.trn_requirement = TrnRequirement::Optional;
    };

    assert!(goes_straight_on("openid profile trn", |_| (), nothing).await);
    assert!(!goes_straight_on("openid profile", profile, nothing).await);
    assert!(goes_straight_on("openid profile", profile, everything).await);
    assert!(goes_straight_on("openid", profile, nothing).await);
    assert!(!goes_straight_on("openid national_insurance", |_| (), nothing).await);
    assert!(goes_straight_on("openid national_insurance", |_| (), everything).await);
    assert!(!goes_straight_on("openid trn", optional, everything).await);
    assert!(goes_straight_on("openid", optional, nothing).await);
}

#[actix_web::test]
async fn a_trn_is_needed_as_the_service_says() {
    use TrnLookupStatus::{Failed, None, Pending};
    use VerificationLevel::{Low, Medium};
    let optional = |settings: &mut ClientSettings| {
        settings.trn_requirement = TrnRequirement::Optional;
    };
    let strict = |settings: &mut ClientSettings| {
        requires_trn(settings);
        settings.match_policy = MatchPolicy::Strict;
    };
    let while_pending = |settings: &mut ClientSettings| {
        requires_trn(settings);
        settings.continue_while_pending = true;
    };
    let table: [(Change, TrnOutcome, bool); 14] = [
        (optional, not_found(None), true),
        (optional, not_found(Failed), true),
        (optional, found(Low), true),
        (requires_trn, not_found(None), false),
        (requires_trn, not_found(Pending), false),
        (requires_trn, not_found(Failed), false),
        (requires_trn, found(Low), true),
        (requires_trn, found(Medium), true),
        (strict, found(Low), false),
        (strict, found(Medium), true),
        (strict, not_found(Failed), false),
        (while_pending, not_found(None), true),
        (while_pending, not_found(Pending), true),
        (while_pending, not_found(Failed), false),
    ];

    for (at, (change, outcome, expected)) in table.into_iter().enumerate() {
        let known = |app: &TestProvider, user: &UserId| app.looked_for(user, &outcome);
        let goes_on = goes_straight_on("openid trn", change, known).await;
        assert_eq!(goes_on, expected, "row {at}");
    }
}

#[actix_web::test]
async fn whoever_answers_everything_comes_back_with_a_code() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        service(&app, requires_trn);
        let mut browser = app.browser();

        let asked = authorize(&mut browser, "openid trn").await;
        app.said(&ada, &details());
        app.looked_for(&ada, &found(VerificationLevel::Low));
        let back = browser.end(&asked, signed_in(&app, &ada)).await;

        assert!(back.parameter("code").is_some(), "{back:?}");
    }
}

/// The attack: a journey that ends before its questions were asked gets no code, however it came
/// to end.
#[actix_web::test]
async fn a_journey_that_ends_too_early_begins_again() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        service(&app, requires_trn);
        let mut browser = app.browser();

        let asked = authorize(&mut browser, "openid trn").await;
        let back = browser.end(&asked, signed_in(&app, &ada)).await;

        let location = back.header("location").unwrap().to_owned();
        assert!(back.begins_again(), "{location}");
        assert!(browser.open(&location).await.is_question());
    }
}

#[actix_web::test]
async fn a_service_is_told_why_nobody_comes_and_nothing_of_the_person_before_they_agreed() {
    let declined = "The person chose not to go on.";
    let no_trn = "No TRN of the person is known that this client may have.";
    for (consent, reason, description) in [
        (ConsentPolicy::FirstParty, RefusalReason::Declined, declined),
        (ConsentPolicy::FirstParty, RefusalReason::NoTrn, no_trn),
        (ConsentPolicy::Ask, RefusalReason::NoTrn, declined),
    ] {
        for kind in Kind::BOTH {
            let app = TestProvider::on(kind);
            service(&app, |settings| {
                requires_trn(settings);
                settings.consent = consent;
            });
            let mut browser = app.browser();
            let parameters = [TRN_SCOPE, ("state", "a state")];
            let asked = browser.authorize("service", &parameters).await;

            let back = browser.end(&asked, Outcome::Refused { reason }).await;

            assert_eq!(back.status, 303);
            for (name, value) in [
                ("error", "access_denied"),
                ("error_description", description),
                ("state", "a state"),
                ("iss", "https://identity.example"),
            ] {
                assert_eq!(back.parameter(name).as_deref(), Some(value));
            }
            assert_eq!(back.parameter("code"), None);
            assert!(back.header("set-cookie").is_none(), "nobody is signed in");
        }
    }
}

/// Whether the records are to be asked for Ada again; asks whoever is first, and leaves them for
/// the lease.
fn is_looked_for_again(app: &TestProvider) -> bool {
    app.write(|tx| storage::trn_links::claim(tx, LEASE))
        .is_some()
}

#[actix_web::test]
async fn signing_in_has_a_missing_record_looked_for_again_a_day_after_the_last_time() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        service(&app, requires_trn);
        app.looked_for(&ada, &not_found(TrnLookupStatus::None));

        app.browser().sign_in(&ada).await;
        assert!(!is_looked_for_again(&app));

        app.clock.advance(DAY);
        assert!(!is_looked_for_again(&app), "nobody came");
        let mut browser = app.browser();
        let asked = authorize(&mut browser, "openid").await;
        browser.end(&asked, signed_in(&app, &ada)).await;
        assert!(is_looked_for_again(&app));
    }
}

#[actix_web::test]
async fn coming_back_silently_has_it_looked_for_again_too() {
    for kind in Kind::BOTH {
        let app = TestProvider::on(kind);
        let ada = app.ada();
        service(&app, |settings| {
            requires_trn(settings);
            settings.continue_while_pending = true;
        });
        app.looked_for(&ada, &not_found(TrnLookupStatus::Pending));
        app.clock.advance(NEARLY_A_DAY);
        let mut browser = app.browser();
        browser.sign_in(&ada).await;
        assert!(
            !is_looked_for_again(&app),
            "it was looked for within the day"
        );
        app.clock.advance(HALF_AN_HOUR);

        let back = silently(&mut browser, "openid trn").await;

        assert!(back.parameter("code").is_some());
        assert!(is_looked_for_again(&app));
    }
}

#[actix_web::test]
async fn a_record_that_is_found_or_that_staff_decided_is_left_alone() {
    for outcome in [
        found(VerificationLevel::Low),
        not_found(TrnLookupStatus::Failed),
    ] {
        let app = TestProvider::on_sqlite();
        let ada = app.ada();
        app.looked_for(&ada, &outcome);
        app.clock.advance(DAY);

        app.browser().sign_in(&ada).await;

        assert!(!is_looked_for_again(&app));
    }
}
