//! Which claims each scope releases, of people of whom much and little is known.

use model::client::{ClientSettings, Credential};
use model::requirement::TrnStanding;
use model::sharing::Sharing;
use model::teacher_details::{Stated, TeacherDetails};
use model::trn_lookup::{MatchPolicy, VerificationLevel};
use model::{ClientId, EmailAddress, Timestamp, User, UserId};
use serde_json::{Value, json};

use super::*;
use crate::keys::testing::keyring;
use crate::person::Record;
use crate::subjects::testing::subjects;

const ADA: &str = "0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10";
const EVERY_SCOPE: &str = "openid profile email trn national_insurance offline_access";

fn account(email_verified_at: Option<Timestamp>) -> Person {
    Person::of(User {
        id: UserId::new(ADA.to_owned()),
        email: EmailAddress::parse("Ada@example.test").unwrap(),
        email_verified_at,
        has_second_factor: false,
        created_at: Timestamp::from_seconds(1),
        updated_at: Timestamp::from_millis(2_999),
    })
}

fn name(text: &str) -> NamePart {
    NamePart::parse(text).unwrap()
}

fn found(level: VerificationLevel) -> Record {
    Record {
        standing: TrnStanding {
            status: TrnLookupStatus::Found,
            level: Some(level),
            policy: MatchPolicy::Default,
        },
        trn: Trn::parse("0123456").ok(),
        decided_at: Timestamp::from_seconds(2),
    }
}

fn without_trn(status: TrnLookupStatus) -> Record {
    Record {
        standing: TrnStanding {
            status,
            level: None,
            policy: MatchPolicy::Default,
        },
        trn: None,
        decided_at: Timestamp::from_seconds(2),
    }
}

/// Somebody who was asked everything.
fn ada() -> Person {
    Person {
        details: TeacherDetails {
            name: Some(PersonName {
                first: Some(name("Ada")),
                middle: Some(name("Mary Ann")),
                last: name("O'Neill-Śmith"),
            }),
            preferred_name: Some(name("Addie")),
            date_of_birth: DateOfBirth::from_iso("1990-03-07"),
            national_insurance_number: NationalInsuranceNumber::parse("AB123456C")
                .ok()
                .map(Stated::Value),
            ..TeacherDetails::default()
        },
        record: Some(found(VerificationLevel::Low)),
        previous_ids: vec![UserId::new("one".to_owned()), UserId::new("two".to_owned())],
        ..account(Some(Timestamp::from_seconds(1)))
    }
}

/// What a client that may have every scope is told.
fn released(person: &Person, scope: &str) -> Value {
    released_to(person, scope, |_| ())
}

fn released_to(person: &Person, scope: &str, change: impl FnOnce(&mut ClientSettings)) -> Value {
    let client = client(change);
    let release = Release {
        client: &client,
        scope: &ScopeSet::parse(scope).unwrap(),
        named: &NamedClaims::new(),
    };
    told(person, release)
}

/// What a client is told of Ada that asks for claims by name.
fn named(claims: &[(&str, WantedValues)], change: impl FnOnce(&mut ClientSettings)) -> Value {
    let client = client(change);
    let claims = claims
        .iter()
        .map(|(name, wanted)| ((*name).to_owned(), wanted.clone()));
    let release = Release {
        client: &client,
        scope: &ScopeSet::parse("openid").unwrap(),
        named: &claims.collect(),
    };
    told(&ada(), release)
}

fn told(person: &Person, release: Release<'_>) -> Value {
    let sign_in = sign_in();
    let claims = ToldClaims::in_userinfo(&subject(person, &sign_in), release, &keyring());
    serde_json::to_value(claims).unwrap()
}

fn sign_in() -> Authentication {
    Authentication::by_email(UserId::new(ADA.to_owned()), Timestamp::from_seconds(7))
}

fn subject<'a>(person: &'a Person, authentication: &'a Authentication) -> Subject<'a> {
    Subject {
        person,
        authentication,
        sid: "01abc-sid",
        subjects: subjects(),
    }
}

fn client(change: impl FnOnce(&mut ClientSettings)) -> Client {
    let mut settings = ClientSettings::named("Register for a course");
    settings.scope = ScopeSet::parse(EVERY_SCOPE).unwrap();
    change(&mut settings);
    Client {
        id: ClientId::parse("course").unwrap(),
        settings,
        credential: Credential::default(),
        disabled_at: None,
        version: 1,
    }
}

#[test]
fn people_are_told_of_every_claim_in_the_words_of_its_scope() {
    for claim in Claim::ALL {
        let told = Sharing::of_claim(claim.as_str()).unwrap();

        let with_its_scope = (claim.scope().as_str(), told);
        assert!(Sharing::ALL.contains(&with_its_scope), "{with_its_scope:?}");
    }
    for scope in PersonalScope::ALL {
        let set: ScopeSet = [scope.as_str()].into_iter().collect();
        assert_eq!(Sharing::of(&set).len(), 1);
    }
}

#[test]
fn each_scope_releases_its_claims_in_their_json_types_and_no_others() {
    for (scope, claims) in [
        ("openid", json!({ "sub": ADA })),
        ("openid offline_access", json!({ "sub": ADA })),
        (
            "openid email",
            json!({ "sub": ADA, "email": "Ada@example.test", "email_verified": true }),
        ),
        (
            "openid profile",
            json!({
                "sub": ADA,
                "name": "Ada Mary Ann O'Neill-Śmith",
                "given_name": "Ada",
                "middle_name": "Mary Ann",
                "family_name": "O'Neill-Śmith",
                "preferred_name": "Addie",
                "birthdate": "1990-03-07",
                "updated_at": 2,
                "previous_user_id": ["one", "two"],
            }),
        ),
        (
            "openid trn",
            json!({
                "sub": ADA,
                "trn": "0123456",
                "trn_lookup_status": "Found",
                "trn_verification_level": "Low",
            }),
        ),
        (
            "openid national_insurance",
            json!({ "sub": ADA, "ni_number": "AB123456C" }),
        ),
    ] {
        assert_eq!(released(&ada(), scope), claims, "{scope}");
    }
}

#[test]
fn what_is_not_known_is_left_out() {
    let claims = released(&account(None), EVERY_SCOPE);

    assert_eq!(
        claims,
        json!({
            "sub": ADA,
            "updated_at": 2,
            "email": "Ada@example.test",
            "email_verified": false,
            "trn_lookup_status": "None",
        })
    );
}

#[test]
fn who_has_one_name_has_it_as_family_name() {
    let mut person = account(None);
    person.details.name = Some(PersonName {
        first: None,
        middle: None,
        last: name("Suharto"),
    });

    assert_eq!(
        released(&person, "openid profile"),
        json!({ "sub": ADA, "name": "Suharto", "family_name": "Suharto", "updated_at": 2 })
    );
}

#[test]
fn who_said_that_they_have_no_national_insurance_number_has_no_claim() {
    let mut person = account(None);
    person.details.national_insurance_number = Some(Stated::Without);

    assert_eq!(
        released(&person, "openid national_insurance"),
        json!({ "sub": ADA })
    );
}

/// The TRN that was stated is not the TRN that was found.
#[test]
fn a_trn_that_a_person_only_stated_is_never_told() {
    let mut person = account(None);
    person.details.trn = Trn::parse("7654321").ok().map(Stated::Value);
    person.record = Some(without_trn(TrnLookupStatus::Pending));

    assert_eq!(
        released(&person, "openid trn profile"),
        json!({ "sub": ADA, "trn_lookup_status": "Pending", "updated_at": 2 })
    );
}

#[test]
fn the_status_is_always_told_and_the_trn_only_where_it_is_found() {
    for status in [
        TrnLookupStatus::None,
        TrnLookupStatus::Pending,
        TrnLookupStatus::Failed,
    ] {
        let person = Person {
            record: Some(without_trn(status)),
            ..account(None)
        };

        assert_eq!(
            released(&person, "openid trn"),
            json!({ "sub": ADA, "trn_lookup_status": status.as_str() })
        );
    }
}

#[test]
fn a_strict_client_gets_no_trn_that_was_matched_loosely() {
    for (level, trn) in [
        (VerificationLevel::Low, Value::Null),
        (VerificationLevel::Medium, "0123456".into()),
    ] {
        let person = Person {
            record: Some(found(level)),
            ..account(None)
        };

        let claims = released_to(&person, "openid trn", |settings| {
            settings.match_policy = MatchPolicy::Strict;
        });

        assert_eq!(claims["trn"], trn);
        assert_eq!(claims["trn_lookup_status"], "Found");
        assert_eq!(claims["trn_verification_level"], level.as_str());
    }
}

#[test]
fn a_scope_that_was_taken_from_the_client_is_released_no_more() {
    let taken = |scope: &str| {
        released_to(&ada(), EVERY_SCOPE, |settings| {
            settings.scope = ScopeSet::parse(scope).unwrap();
        })
    };

    assert_eq!(taken("openid"), json!({ "sub": ADA }));
    assert_eq!(
        taken("openid national_insurance"),
        json!({ "sub": ADA, "ni_number": "AB123456C" })
    );
}

#[test]
fn a_change_of_the_record_counts_where_it_is_told() {
    let mut person = ada();
    person.record.as_mut().unwrap().decided_at = Timestamp::from_seconds(9);

    assert_eq!(released(&person, "openid profile trn")["updated_at"], 9);
}

#[test]
fn every_claim_of_userinfo_is_listed_under_its_scope() {
    let listed: Vec<_> = PersonalScope::ALL
        .iter()
        .flat_map(|scope| scope.claims())
        .map(Claim::as_str)
        .collect();

    let claims = released(&ada(), EVERY_SCOPE);

    for claim in claims.as_object().unwrap().keys() {
        assert!(listed.contains(&claim.as_str()), "{claim}");
    }
}

#[test]
fn a_claim_that_is_asked_for_by_name_comes_without_its_scope() {
    let any = WantedValues::Any;
    let claims = [
        ("email", any.clone()),
        ("birthdate", any.clone()),
        ("trn", any),
    ];

    assert_eq!(
        named(&claims, |_| ()),
        json!({
            "sub": ADA,
            "email": "Ada@example.test",
            "birthdate": "1990-03-07",
            "trn": "0123456",
        })
    );
}

#[test]
fn a_claim_of_a_scope_that_the_client_may_not_have_is_not_told_by_name() {
    let claims = [
        ("ni_number", WantedValues::Any),
        ("email", WantedValues::Any),
    ];

    let told = named(&claims, |settings| {
        settings.scope = ScopeSet::parse("openid email").unwrap();
    });

    assert_eq!(told, json!({ "sub": ADA, "email": "Ada@example.test" }));
}

#[test]
fn userinfo_tells_of_the_sign_in_where_it_is_asked_for_by_name_only() {
    let any = WantedValues::Any;
    let claims = [
        ("acr", any.clone()),
        ("amr", any.clone()),
        ("auth_time", any.clone()),
        ("sid", any),
    ];

    assert_eq!(
        named(&claims, |_| ()),
        json!({ "sub": ADA, "acr": "Cl", "amr": ["email"], "auth_time": 7, "sid": "01abc-sid" })
    );
}

#[test]
fn a_claim_that_has_none_of_the_wanted_values_is_left_out() {
    let wanted = |claim: Claim, values: &[Value]| {
        let digests = values
            .iter()
            .map(|value| wanted_digest(&keyring(), claim, value));
        (claim.as_str(), WantedValues::OneOf(digests.collect()))
    };

    let claims = [
        wanted(
            Claim::Email,
            &[json!("bob@example.test"), json!("Ada@example.test")],
        ),
        wanted(Claim::EmailVerified, &[json!(true)]),
        wanted(Claim::Name, &[json!("Bob")]),
        wanted(Claim::Trn, &[]),
    ];

    assert_eq!(
        named(&claims, |_| ()),
        json!({ "sub": ADA, "email": "Ada@example.test", "email_verified": true })
    );
}

#[test]
fn the_value_of_one_claim_is_not_the_value_of_another() {
    let text = json!("0123456");
    let of_trn = wanted_digest(&keyring(), Claim::Trn, &text);

    assert_ne!(of_trn, wanted_digest(&keyring(), Claim::NiNumber, &text));
    assert_ne!(
        of_trn,
        wanted_digest(&keyring(), Claim::Trn, &json!(123_456))
    );
}

/// It has them anyway, and JSON takes a member once.
#[test]
fn what_an_id_token_always_says_is_not_said_twice() {
    let client = client(|_| ());
    let claims = ["sub", "acr", "amr", "auth_time", "sid", "email"];
    let claims = claims.map(|name| (name.to_owned(), WantedValues::Any));
    let release = Release {
        client: &client,
        scope: &ScopeSet::default(),
        named: &claims.into(),
    };
    let (ada, sign_in) = (ada(), sign_in());

    let told = ToldClaims::in_id_token(&subject(&ada, &sign_in), release, &keyring());

    assert_eq!(
        serde_json::to_value(told).unwrap(),
        json!({ "email": "Ada@example.test" })
    );
}
