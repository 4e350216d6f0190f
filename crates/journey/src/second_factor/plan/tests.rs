use super::*;

const NOTHING: HeldFactors = HeldFactors {
    has_app: false,
    has_passkey: false,
    recovery_codes_left: 0,
};

const APP: HeldFactors = HeldFactors {
    has_app: true,
    recovery_codes_left: 10,
    ..NOTHING
};

const PASSKEY: HeldFactors = HeldFactors {
    has_passkey: true,
    recovery_codes_left: 10,
    ..NOTHING
};

const BOTH: HeldFactors = HeldFactors {
    has_passkey: true,
    ..APP
};

const ALL_PAGES: [FactorPage; 8] = [
    FactorPage::Choose,
    FactorPage::Code,
    FactorPage::Passkey,
    FactorPage::RecoveryCode,
    FactorPage::SetUpApp,
    FactorPage::SetUpPasskey,
    FactorPage::RecoveryCodes,
    FactorPage::Remove,
];

fn asked(ask: Ask, held: HeldFactors, way: Option<FactorWay>) -> FactorQuestion {
    FactorQuestion {
        ask,
        held,
        way,
        passkeys: Passkeys::Offered,
    }
}

fn at_an_ip_address(question: FactorQuestion) -> FactorQuestion {
    FactorQuestion {
        passkeys: Passkeys::Impossible,
        ..question
    }
}

fn opened(question: &FactorQuestion) -> Vec<FactorPage> {
    let pages = ALL_PAGES.into_iter();
    pages.filter(|page| question.opens(*page)).collect()
}

#[test]
fn who_has_one_factor_gives_it_and_who_has_several_chooses_first() {
    use FactorWay::{App, Passkey, Recovery};
    for (held, way, page) in [
        (APP, None, FactorPage::Code),
        (PASSKEY, None, FactorPage::Passkey),
        (BOTH, None, FactorPage::Choose),
        (BOTH, Some(App), FactorPage::Code),
        (BOTH, Some(Passkey), FactorPage::Passkey),
        (BOTH, Some(Recovery), FactorPage::RecoveryCode),
        (APP, Some(Recovery), FactorPage::RecoveryCode),
        // What was chosen is gone meanwhile.
        (APP, Some(Passkey), FactorPage::Code),
        (PASSKEY, Some(App), FactorPage::Passkey),
    ] {
        let question = asked(Ask::Give, held, way);

        assert_eq!(question.next(), page, "{held:?} {way:?}");
        assert!(question.opens(page));
    }
}

#[test]
fn recovery_codes_are_never_the_first_thing_to_be_asked_for() {
    assert_eq!(asked(Ask::Give, APP, None).next(), FactorPage::Code);
    assert_eq!(asked(Ask::Give, PASSKEY, None).next(), FactorPage::Passkey);
    let stranded = at_an_ip_address(asked(Ask::Give, PASSKEY, None));
    assert_eq!(stranded.next(), FactorPage::RecoveryCode);
}

#[test]
fn who_has_to_give_a_factor_may_give_any_that_they_have_and_do_nothing_else() {
    use FactorPage::{Choose, Code, Passkey, RecoveryCode};
    let without_codes = HeldFactors {
        recovery_codes_left: 0,
        ..BOTH
    };
    for (held, pages) in [
        (APP, vec![Code, RecoveryCode]),
        (PASSKEY, vec![Passkey, RecoveryCode]),
        (BOTH, vec![Choose, Code, Passkey, RecoveryCode]),
        (without_codes, vec![Choose, Code, Passkey]),
    ] {
        assert_eq!(opened(&asked(Ask::Give, held, None)), pages, "{held:?}");
    }
    let stranded = at_an_ip_address(asked(Ask::Give, BOTH, None));
    assert_eq!(opened(&stranded), [Code, RecoveryCode]);
}

#[test]
fn who_has_none_chooses_what_to_set_up() {
    for may_decline in [MayDecline::Yes, MayDecline::No] {
        for (way, page) in [
            (None, FactorPage::Choose),
            (Some(FactorWay::App), FactorPage::SetUpApp),
            (Some(FactorWay::Passkey), FactorPage::SetUpPasskey),
            (Some(FactorWay::Recovery), FactorPage::Choose),
        ] {
            let question = asked(Ask::SetUp(may_decline), NOTHING, way);

            assert_eq!(question.next(), page, "{way:?}");
            assert_eq!(
                opened(&question),
                [
                    FactorPage::Choose,
                    FactorPage::SetUpApp,
                    FactorPage::SetUpPasskey
                ]
            );
            assert_eq!(question.may_decline(), may_decline == MayDecline::Yes);
        }
    }
}

#[test]
fn where_there_can_be_no_passkeys_nobody_chooses() {
    for way in [None, Some(FactorWay::App), Some(FactorWay::Passkey)] {
        let question = at_an_ip_address(asked(Ask::SetUp(MayDecline::No), NOTHING, way));

        assert_eq!(question.next(), FactorPage::SetUpApp);
        assert_eq!(opened(&question), [FactorPage::SetUpApp]);
        assert_eq!(question.back(FactorPage::SetUpApp), None);
    }
}

#[test]
fn a_change_has_its_page_and_opens_no_other() {
    for (task, page) in [
        (FactorTask::SetUpApp, FactorPage::SetUpApp),
        (FactorTask::SetUpPasskey, FactorPage::SetUpPasskey),
        (FactorTask::RemoveApp, FactorPage::Remove),
        (
            FactorTask::RemovePasskey("1".to_owned()),
            FactorPage::Remove,
        ),
        (FactorTask::NewRecoveryCodes, FactorPage::RecoveryCodes),
    ] {
        let question = asked(Ask::Change(task), BOTH, Some(FactorWay::App));

        assert_eq!(question.next(), page);
        assert_eq!(opened(&question), [page]);
        assert_eq!(question.back(page), None);
        assert!(!question.may_decline());
    }
}

#[test]
fn back_leads_to_the_choice_and_from_a_recovery_code_to_what_it_stands_for() {
    let back = |ask, held, page| asked(ask, held, None).back(page);
    let set_up = || Ask::SetUp(MayDecline::Yes);

    assert_eq!(back(Ask::Give, APP, FactorPage::Code), None);
    assert_eq!(
        back(Ask::Give, APP, FactorPage::RecoveryCode),
        Some(FactorPage::Code)
    );
    assert_eq!(
        back(Ask::Give, PASSKEY, FactorPage::RecoveryCode),
        Some(FactorPage::Passkey)
    );
    for page in [
        FactorPage::Code,
        FactorPage::Passkey,
        FactorPage::RecoveryCode,
    ] {
        assert_eq!(back(Ask::Give, BOTH, page), Some(FactorPage::Choose));
    }
    assert_eq!(back(Ask::Give, BOTH, FactorPage::Choose), None);
    for page in [FactorPage::SetUpApp, FactorPage::SetUpPasskey] {
        assert_eq!(back(set_up(), NOTHING, page), Some(FactorPage::Choose));
    }
    assert_eq!(back(set_up(), NOTHING, FactorPage::Choose), None);
}

#[test]
fn only_who_is_to_give_a_factor_can_say_that_it_is_lost() {
    let lost = [FactorPage::Lost, FactorPage::LostDone];
    let opens = |ask| {
        let question = asked(ask, APP, None);
        lost.map(|page| question.opens(page))
    };

    assert_eq!(opens(Ask::Give), [true, true]);
    assert_eq!(opens(Ask::SetUp(MayDecline::No)), [false, false]);
    assert_eq!(opens(Ask::Change(FactorTask::RemoveApp)), [false, false]);
    let back = asked(Ask::Give, APP, None).back(FactorPage::Lost);
    assert_eq!(back, Some(FactorPage::Code));
}
