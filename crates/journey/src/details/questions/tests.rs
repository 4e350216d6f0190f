use model::requirement::TrnRule;
use model::teacher_details::{PreviousNames, Provider};
use model::trn_lookup::{Attribute, TrnRequirement, VerificationLevel};
use model::{DateOfBirth, EmailAddress, NamePart, NationalInsuranceNumber, PersonName, Trn};

use super::DetailsPage::{
    CheckAnswers, DateOfBirth as Born, HasNationalInsuranceNumber, HasQts, HasTrn, Name,
    NationalInsuranceNumber as Number, PreferredName, PreviousNames as Previous, QtsProvider,
    Trn as TrnPage,
};
use super::*;
use crate::interaction_details::LastLookup;
use crate::teacher_records::RecordQuery;
use crate::trn_match::Match;

fn rule(policy: MatchPolicy) -> DetailsRule {
    DetailsRule {
        trn: Some(TrnRule {
            requirement: TrnRequirement::Required,
            policy,
            continue_while_pending: false,
        }),
        ..DetailsRule::default()
    }
}

fn profile() -> DetailsRule {
    DetailsRule {
        profile: true,
        ..DetailsRule::default()
    }
}

fn national_insurance() -> DetailsRule {
    DetailsRule {
        national_insurance: true,
        ..DetailsRule::default()
    }
}

fn part(text: &str) -> NamePart {
    NamePart::parse(text).unwrap()
}

fn number() -> Stated<NationalInsuranceNumber> {
    Stated::Value(NationalInsuranceNumber::parse("AB123456C").unwrap())
}

fn trn() -> Stated<Trn> {
    Stated::Value(Trn::parse("1234567").unwrap())
}

fn name() -> PersonName {
    PersonName {
        first: Some(part("Ada")),
        middle: None,
        last: part("Lovelace"),
    }
}

/// What a person of the profile rule has given.
fn profile_details() -> TeacherDetails {
    TeacherDetails {
        name: Some(name()),
        previous_names: Some(PreviousNames::Never),
        preferred_name: Some(part("Ada")),
        date_of_birth: DateOfBirth::from_iso("1990-03-27"),
        ..TeacherDetails::default()
    }
}

fn whole_details() -> TeacherDetails {
    TeacherDetails {
        national_insurance_number: Some(number()),
        trn: Some(trn()),
        qts: Some(Qts::Yes {
            provider: Some(Stated::Without),
        }),
        ..profile_details()
    }
}

fn questions(left: DetailsRule, given: TeacherDetails) -> Questions {
    let known = InteractionDetails {
        details: given.clone(),
        ..InteractionDetails::default()
    };
    Questions { left, given, known }
}

/// The same with other answers than before.
fn answered(left: DetailsRule, details: TeacherDetails) -> Questions {
    let mut questions = questions(left, TeacherDetails::default());
    questions.known.details = details;
    questions
}

fn find(known: &mut InteractionDetails) {
    let email = EmailAddress::parse("ada@example.test").unwrap();
    let query = RecordQuery::of(&known.details, &email, MatchPolicy::Default).unwrap();
    let found = Match::One {
        trn: Trn::parse("1234567").unwrap(),
        level: VerificationLevel::Low,
        agreed: vec![Attribute::Name],
    };
    known.lookup = Some(LastLookup {
        query,
        found: Some(found),
    });
}

/// Somebody who answers: which numbers they have, and the page after which their record is found.
#[derive(Clone, Copy, Debug)]
struct Somebody {
    has_number: bool,
    has_trn: bool,
    has_qts: bool,
    is_found_after: Option<DetailsPage>,
}

const WITH_EVERYTHING: Somebody = Somebody {
    has_number: true,
    has_trn: true,
    has_qts: true,
    is_found_after: None,
};
const WITH_NOTHING: Somebody = Somebody {
    has_number: false,
    has_trn: false,
    has_qts: false,
    is_found_after: None,
};

impl Somebody {
    fn found_after(self, page: DetailsPage) -> Self {
        Self {
            is_found_after: Some(page),
            ..self
        }
    }

    fn answers(self, page: DetailsPage, known: &mut InteractionDetails) {
        let InteractionDetails {
            details, claimed, ..
        } = known;
        let whole = whole_details();
        match page {
            Name => details.name = whole.name,
            Previous => details.previous_names = whole.previous_names,
            PreferredName => details.preferred_name = whole.preferred_name,
            Born => details.date_of_birth = whole.date_of_birth,
            HasNationalInsuranceNumber if self.has_number => {
                claimed.national_insurance_number = true;
            }
            HasNationalInsuranceNumber => details.national_insurance_number = Some(Stated::Without),
            Number => {
                details.national_insurance_number = Some(number());
                claimed.national_insurance_number = false;
            }
            HasTrn if self.has_trn => claimed.trn = true,
            HasTrn => details.trn = Some(Stated::Without),
            TrnPage => {
                details.trn = Some(trn());
                claimed.trn = false;
            }
            HasQts if self.has_qts => details.qts = Some(Qts::Yes { provider: None }),
            HasQts => details.qts = Some(Qts::No),
            QtsProvider => details.qts = whole.qts,
            other => panic!("{other:?} asks nothing"),
        }
        if self.is_found_after == Some(page) {
            find(known);
        }
    }

    /// Every page that they see until all answers can be checked.
    fn sees(self, mut questions: Questions) -> Vec<DetailsPage> {
        let mut seen = Vec::new();
        while questions.next() != CheckAnswers {
            let page = questions.next();
            let behind = seen.last().copied();
            assert_eq!(questions.back(page), behind, "behind {page:?} of {seen:?}");
            seen.push(page);
            self.answers(page, &mut questions.known);
        }
        assert_eq!(questions.back(CheckAnswers), seen.last().copied());
        seen
    }
}

#[test]
fn everybody_is_asked_what_the_rule_needs_and_no_more() {
    let default = || rule(MatchPolicy::Default);
    let strict = || rule(MatchPolicy::Strict);
    let both = || DetailsRule {
        national_insurance: true,
        ..default()
    };
    let all = DetailsPage::QUESTIONS;
    let about = [Name, Previous, PreferredName, Born];
    for (left, somebody, expected) in [
        (default(), WITH_EVERYTHING, all.to_vec()),
        (
            default(),
            WITH_NOTHING,
            [&about[..], &[HasNationalInsuranceNumber, HasTrn, HasQts]].concat(),
        ),
        // Strict never asks about QTS.
        (strict(), WITH_EVERYTHING, all[..8].to_vec()),
        (
            strict(),
            WITH_NOTHING,
            [&about[..], &[HasNationalInsuranceNumber, HasTrn]].concat(),
        ),
        (profile(), WITH_EVERYTHING, about.to_vec()),
        (
            national_insurance(),
            WITH_EVERYTHING,
            vec![HasNationalInsuranceNumber, Number],
        ),
        (
            national_insurance(),
            WITH_NOTHING,
            vec![HasNationalInsuranceNumber],
        ),
        // The first single match ends the search.
        (default(), WITH_EVERYTHING.found_after(Born), about.to_vec()),
        (
            default(),
            WITH_EVERYTHING.found_after(Number),
            all[..6].to_vec(),
        ),
        (
            default(),
            WITH_EVERYTHING.found_after(TrnPage),
            all[..8].to_vec(),
        ),
        // But not what the service asks for besides.
        (both(), WITH_EVERYTHING.found_after(Born), all[..6].to_vec()),
        (
            both(),
            WITH_NOTHING.found_after(Born),
            [&about[..], &[HasNationalInsuranceNumber]].concat(),
        ),
    ] {
        let seen = somebody.sees(questions(left.clone(), TeacherDetails::default()));

        assert_eq!(seen, expected, "{left:?} {somebody:?}");
    }
}

#[test]
fn what_was_given_before_is_not_asked_again() {
    let without_numbers = TeacherDetails {
        national_insurance_number: Some(Stated::Without),
        ..profile_details()
    };
    let default = rule(MatchPolicy::Default);
    let rest = DetailsPage::QUESTIONS;
    for (left, given, expected) in [
        (default.clone(), profile_details(), rest[4..].to_vec()),
        (default.clone(), without_numbers.clone(), rest[6..].to_vec()),
        (default, whole_details(), vec![]),
        (profile(), profile_details(), vec![]),
        (
            national_insurance(),
            profile_details(),
            vec![HasNationalInsuranceNumber, Number],
        ),
        (rule(MatchPolicy::Strict), whole_details(), vec![]),
        (
            rule(MatchPolicy::Strict),
            TeacherDetails {
                trn: None,
                ..whole_details()
            },
            vec![HasTrn, TrnPage],
        ),
    ] {
        let seen = WITH_EVERYTHING.sees(questions(left.clone(), given));

        assert_eq!(seen, expected, "{left:?}");
    }
}

#[test]
fn a_strict_client_asks_again_for_the_numbers_that_a_placed_person_went_on_without() {
    let stored = TeacherDetails {
        national_insurance_number: Some(Stated::Without),
        trn: Some(Stated::Without),
        ..profile_details()
    };
    let strict = rule(MatchPolicy::Strict);
    let asked = |left: &DetailsRule, is_placed| {
        let given = given_before(stored.clone(), left, is_placed);
        WITH_EVERYTHING.sees(questions(left.clone(), given))
    };

    let numbers = [HasNationalInsuranceNumber, Number, HasTrn, TrnPage];
    assert_eq!(asked(&strict, true), numbers);
    // Who was never looked for went on without them a moment ago, or for another service.
    assert_eq!(asked(&strict, false), []);
    assert_eq!(
        asked(&rule(MatchPolicy::Default), true),
        [HasQts, QtsProvider]
    );
    let kept = given_before(whole_details(), &strict, true);
    assert_eq!(kept, whole_details());
}

#[test]
fn only_the_next_page_and_the_ones_behind_it_open() {
    let mut details = profile_details();
    details.preferred_name = None;
    details.date_of_birth = None;
    let questions = answered(rule(MatchPolicy::Default), details);

    let opened: Vec<_> = every_page().filter(|page| questions.opens(*page)).collect();

    assert_eq!(opened, [Name, Previous, PreferredName]);
}

fn every_page() -> impl Iterator<Item = DetailsPage> {
    let others = [
        CheckAnswers,
        DetailsPage::TrnFound,
        DetailsPage::TrnNotFound,
    ];
    DetailsPage::QUESTIONS.into_iter().chain(others)
}

#[test]
fn every_answer_opens_once_all_can_be_checked_and_nothing_else_does() {
    let all = answered(rule(MatchPolicy::Default), whole_details());
    let mut without = whole_details();
    without.national_insurance_number = Some(Stated::Without);
    without.trn = Some(Stated::Without);
    without.qts = Some(Qts::No);
    let without = answered(rule(MatchPolicy::Default), without);
    let mut found = answered(rule(MatchPolicy::Default), profile_details());
    find(&mut found.known);
    let opened = |questions: &Questions| -> Vec<_> {
        every_page().filter(|page| questions.opens(*page)).collect()
    };

    let about = [Name, Previous, PreferredName, Born];
    assert_eq!(
        opened(&all),
        [&DetailsPage::QUESTIONS[..], &[CheckAnswers]].concat()
    );
    assert_eq!(
        opened(&without),
        [
            &about[..],
            &[HasNationalInsuranceNumber, HasTrn, HasQts, CheckAnswers]
        ]
        .concat()
    );
    assert_eq!(opened(&found), [&about[..], &[CheckAnswers]].concat());
}

#[test]
fn answers_of_earlier_sign_ins_open_only_to_be_changed() {
    let questions_left = questions(rule(MatchPolicy::Default), profile_details());
    let all_given = questions(rule(MatchPolicy::Default), whole_details());

    assert_eq!(questions_left.next(), HasNationalInsuranceNumber);
    assert!(!questions_left.opens(Name));
    assert_eq!(questions_left.back(HasNationalInsuranceNumber), None);
    assert_eq!(all_given.next(), CheckAnswers);
    assert!(all_given.opens(Name));
    assert_eq!(all_given.back(CheckAnswers), None);
}

#[test]
fn who_changes_no_to_yes_is_asked_for_the_number_even_when_found() {
    let mut details = profile_details();
    details.trn = Some(Stated::Without);
    let mut questions = answered(rule(MatchPolicy::Default), details);
    find(&mut questions.known);
    assert_eq!(questions.next(), CheckAnswers);

    questions.known.details.trn = None;
    questions.known.claimed.trn = true;

    assert_eq!(questions.next(), TrnPage);
    assert_eq!(questions.back(TrnPage), Some(HasTrn));
    assert!(questions.opens(HasTrn));
}

#[test]
fn a_changed_answer_of_an_earlier_sign_in_has_a_way_back_to_its_question() {
    let mut given = whole_details();
    given.trn = Some(Stated::Without);
    let mut questions = questions(rule(MatchPolicy::Default), given);

    questions.known.details.trn = None;
    questions.known.claimed.trn = true;

    assert_eq!(questions.next(), TrnPage);
    assert!(questions.opens(HasTrn));
    assert!(!questions.opens(Name));
}

#[test]
fn who_corrects_answers_may_change_each_and_goes_back_to_why() {
    let mut questions = questions(rule(MatchPolicy::Default), whole_details());
    questions.known.are_corrected = true;

    let opened: Vec<_> = every_page().filter(|page| questions.opens(*page)).collect();

    let pages = &DetailsPage::QUESTIONS[..];
    assert_eq!(
        opened,
        [pages, &[CheckAnswers, DetailsPage::TrnNotFound]].concat()
    );
    assert_eq!(questions.back(CheckAnswers), Some(DetailsPage::TrnNotFound));
    assert_eq!(questions.back(DetailsPage::TrnNotFound), None);
}

#[test]
fn only_what_the_rule_asks_is_there_to_check() {
    let given = TeacherDetails {
        qts: Some(Qts::Yes {
            provider: Some(Stated::Value(Provider {
                ukprn: None,
                name: "Hill".to_owned(),
            })),
        }),
        ..whole_details()
    };
    let answered = |left| -> Vec<_> { questions(left, given.clone()).answered().collect() };

    assert_eq!(answered(profile()), [Name, Previous, PreferredName, Born]);
    assert_eq!(
        answered(national_insurance()),
        [HasNationalInsuranceNumber, Number]
    );
    assert_eq!(
        answered(rule(MatchPolicy::Strict)),
        DetailsPage::QUESTIONS[..8]
    );
    assert_eq!(answered(rule(MatchPolicy::Default)), DetailsPage::QUESTIONS);
}
