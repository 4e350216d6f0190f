use std::time::Duration;

use model::browser_session::Authentication;
use model::interaction::{InCommon, LostAddress, OtherAccount};
use model::raw_pairs::RawPairs;
use model::requirement::{Consent, ConsentRule, Requirements};
use model::{ClientId, EmailAddress, ScopeSet, UserId};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(10_000);

fn at(seconds_ago: u64) -> Timestamp {
    NOW.minus(Duration::from_secs(seconds_ago))
}

/// An interaction that began 100 seconds ago.
fn interaction(requirements: Requirements, answers: Answers) -> Interaction {
    Interaction {
        id: InteractionId::new("0190a5e0-7d1c-7cc3-8a6b-3f1f6c1f9a10".to_owned()),
        client_id: ClientId::parse("demo").unwrap(),
        service_name: "Demo".to_owned(),
        raw_parameters: RawPairs::default(),
        requirements,
        return_to: "/authorize/resume/1".to_owned(),
        form_action: "https://service.example".to_owned(),
        login_hint: None,
        answers,
        sealed_details: None,
        sealed_factor: None,
        outcome: None,
        wrong_codes: 0,
        created_at: at(100),
        expires_at: NOW.plus(Duration::from_secs(1)),
    }
}

fn authentication(seconds_ago: u64) -> Authentication {
    Authentication::by_email(UserId::new("ada".to_owned()), at(seconds_ago))
}

fn session(seconds_ago: u64) -> BrowserSession {
    BrowserSession {
        sid: "sid".to_owned(),
        authentication: authentication(seconds_ago),
        has_second_factor: false,
        selected_at: at(seconds_ago),
        last_seen_at: NOW,
    }
}

fn answers(change: impl FnOnce(&mut Answers)) -> Answers {
    let mut answers = Answers::default();
    change(&mut answers);
    answers
}

fn asks(change: impl FnOnce(&mut Requirements)) -> Requirements {
    let mut requirements = Requirements::default();
    change(&mut requirements);
    requirements
}

fn planned(
    requirements: &Requirements,
    answers: &Answers,
    session: Option<&BrowserSession>,
) -> Option<Page> {
    let interaction = interaction(requirements.clone(), answers.clone());
    plan(
        &interaction,
        &standing(answers, session),
        None,
        None,
        None,
        NOW,
    )
}

fn with_email(change: impl FnOnce(&mut Answers)) -> Answers {
    answers(|answers| {
        answers.email = Some(EmailAddress::parse("ada@example.test").unwrap());
        change(answers);
    })
}

#[test]
fn an_address_is_asked_then_warned_of_then_proven() {
    let concern = Some(AddressConcern::Workplace);
    let sent = |answers: &mut Answers| answers.code_sent_at = Some(NOW);
    for (answers, concern, page) in [
        (Answers::default(), None, Page::Email),
        (with_email(|_| {}), None, Page::Email),
        (with_email(sent), None, Page::EmailCode),
        (with_email(|_| {}), concern, Page::AddressWarning),
        (with_email(sent), concern, Page::AddressWarning),
        (
            with_email(|answers| answers.keeps_address = true),
            concern,
            Page::Email,
        ),
        (
            with_email(|answers| {
                sent(answers);
                answers.keeps_address = true;
            }),
            concern,
            Page::EmailCode,
        ),
    ] {
        let interaction = interaction(Requirements::default(), answers.clone());

        let planned = plan(
            &interaction,
            &standing(&answers, None),
            concern,
            None,
            None,
            NOW,
        );

        assert_eq!(planned, Some(page), "{answers:?} {concern:?}");
    }
}

#[test]
fn who_proved_an_address_here_is_done_unless_the_account_is_new() {
    let proven = with_email(|answers| answers.authentication = Some(authentication(10)));
    let new = answers(|answers| {
        answers.authentication = Some(authentication(10));
        answers.account_created = true;
    });

    assert_eq!(planned(&Requirements::default(), &proven, None), None);
    assert_eq!(
        planned(&Requirements::default(), &new, None),
        Some(Page::AccountCreated)
    );
}

#[test]
fn a_live_session_needs_no_page_unless_a_fresh_sign_in_is_asked() {
    let nothing = Answers::default();
    let fresh = asks(|requirements| requirements.fresh_sign_in = true);
    let young = asks(|requirements| requirements.max_age = Some(300));
    for (requirements, session, page) in [
        (Requirements::default(), session(500), None),
        (fresh.clone(), session(500), Some(Page::Email)),
        (fresh, session(99), None),
        (young.clone(), session(500), Some(Page::Email)),
        (young, session(200), None),
    ] {
        let planned = planned(&requirements, &nothing, Some(&session));

        assert_eq!(planned, page, "{requirements:?} {session:?}");
    }
}

#[test]
fn an_account_is_chosen_before_anything_else() {
    let requirements = asks(|requirements| {
        requirements.choose_account = true;
        requirements.fresh_sign_in = true;
    });
    let session = session(500);
    for (answers, page) in [
        (Answers::default(), Some(Page::SelectAccount)),
        (
            answers(|answers| answers.selected_at = Some(at(5))),
            Some(Page::Email),
        ),
        (
            answers(|answers| answers.another_account = true),
            Some(Page::Email),
        ),
        (
            answers(|answers| answers.authentication = Some(authentication(5))),
            None,
        ),
    ] {
        assert_eq!(
            planned(&requirements, &answers, Some(&session)),
            page,
            "{answers:?}"
        );
    }
    assert_eq!(
        planned(&requirements, &Answers::default(), None),
        Some(Page::Email)
    );
}

#[test]
fn another_account_is_never_the_one_of_the_session() {
    let elsewhere = answers(|answers| answers.another_account = true);

    assert_eq!(standing(&elsewhere, Some(&session(5))), Standing::default());
}

#[test]
fn who_proved_an_address_here_counts_before_the_session() {
    let proven = answers(|answers| answers.authentication = Some(authentication(5)));

    let standing = standing(&proven, Some(&session(500)));

    assert_eq!(standing.authentication, Some(authentication(5)));
    assert_eq!(standing.selected_at, Some(at(5)));
}

#[test]
fn consent_is_asked_after_sign_in_and_before_the_account_is_announced() {
    let scope = ScopeSet::parse("openid email").unwrap();
    let requirements =
        asks(|requirements| requirements.consent = ConsentRule::Remembered(scope.clone()));
    let new = answers(|answers| {
        answers.authentication = Some(authentication(5));
        answers.account_created = true;
    });
    let mut standing = standing(&new, None);
    let interaction = interaction(requirements.clone(), new);

    let before = plan(&interaction, &standing, None, None, None, NOW);
    standing.consent = Some(Consent {
        scope,
        granted_at: NOW,
    });
    let after = plan(&interaction, &standing, None, None, None, NOW);

    assert_eq!(
        planned(&requirements, &Answers::default(), None),
        Some(Page::Email)
    );
    assert_eq!(before, Some(Page::Consent));
    assert_eq!(after, Some(Page::AccountCreated));
}

#[test]
fn who_was_not_found_is_told_until_they_correct_their_answers_or_are_found() {
    use model::trn_lookup::{MatchPolicy, TrnLookupStatus, TrnRequirement, VerificationLevel};
    let rule = |requirement| {
        asks(|requirements| {
            requirements.details.trn = Some(model::requirement::TrnRule {
                requirement,
                policy: MatchPolicy::Default,
                continue_while_pending: false,
            });
        })
    };
    let (required, optional) = (TrnRequirement::Required, TrnRequirement::Optional);
    let told = |news| {
        with_email(|answers| {
            answers.authentication = Some(authentication(5));
            answers.trn_news = news;
        })
    };
    let not_found = Page::Details(DetailsPage::TrnNotFound);
    let check = DetailsPage::CheckAnswers;
    let not_found_yet = Some(TrnNews::NotFound);
    for (requirement, news, status, asked, page) in [
        (required, None, TrnLookupStatus::None, None, Some(not_found)),
        (
            required,
            not_found_yet,
            TrnLookupStatus::None,
            Some(check),
            Some(Page::Details(check)),
        ),
        (
            optional,
            not_found_yet,
            TrnLookupStatus::None,
            None,
            Some(not_found),
        ),
        (
            optional,
            Some(TrnNews::NotAsked),
            TrnLookupStatus::None,
            None,
            Some(not_found),
        ),
        (
            optional,
            not_found_yet,
            TrnLookupStatus::Pending,
            Some(check),
            Some(Page::Details(check)),
        ),
        // Whoever left that page corrects nothing any more.
        (optional, None, TrnLookupStatus::None, Some(check), None),
        // Found without them meanwhile.
        (optional, not_found_yet, TrnLookupStatus::Found, None, None),
    ] {
        let answers = told(news);
        let mut standing = standing(&answers, None);
        standing.details.trn = Some(model::requirement::TrnStanding {
            status,
            level: (status == TrnLookupStatus::Found).then_some(VerificationLevel::Low),
            policy: MatchPolicy::Default,
        });
        let interaction = interaction(rule(requirement), answers);

        let planned = plan(&interaction, &standing, None, None, asked, NOW);

        assert_eq!(
            planned, page,
            "{requirement:?} {news:?} {status:?} {asked:?}"
        );
    }
}

fn other_account(
    in_common: InCommon,
    code_sent_at: Option<Timestamp>,
    progress: OtherAccountProgress,
) -> OtherAccount {
    OtherAccount {
        user_id: UserId::new("old".to_owned()),
        offered_to: UserId::new("ada".to_owned()),
        in_common,
        code_sent_at,
        progress,
        factor: None,
    }
}

#[test]
fn another_account_comes_after_signing_in_and_before_everything_else() {
    use OtherAccountProgress::{LeftAlone, Offered, Proven, Referred};
    let scope = ScopeSet::parse("openid email").unwrap();
    let requirements = asks(|requirements| {
        requirements.consent = ConsentRule::Remembered(scope);
        requirements.details.profile = true;
    });
    let referred = || Referred("GAI-7K3M-Q2X9".to_owned());
    let name = Page::Details(DetailsPage::Name);
    for (other, page) in [
        (other_account(InCommon::Trn, None, Offered), Page::TrnInUse),
        (
            other_account(InCommon::Person, None, Offered),
            Page::ExistingAccount,
        ),
        (
            other_account(InCommon::Trn, Some(NOW), Offered),
            Page::AccountCode,
        ),
        (
            other_account(InCommon::Person, Some(NOW), Offered),
            Page::AccountCode,
        ),
        (
            other_account(InCommon::Person, Some(NOW), Proven),
            Page::KeepAddress,
        ),
        (
            other_account(InCommon::Trn, Some(NOW), referred()),
            Page::TrnInUse,
        ),
        (other_account(InCommon::Trn, None, LeftAlone), name),
    ] {
        let signed_out = answers(|answers| answers.other_account = Some(other.clone()));
        let signed_in = answers(|answers| {
            answers.authentication = Some(authentication(5));
            answers.other_account = Some(other.clone());
        });

        assert_eq!(planned(&requirements, &signed_out, None), Some(Page::Email));
        assert_eq!(
            planned(&requirements, &signed_in, None),
            Some(page),
            "{other:?}"
        );
    }
}

#[test]
fn a_lost_address_leads_to_the_new_ones_code_and_then_nowhere_else() {
    use LostAddressProgress::{Claimed, Planned, Proven, Referred};

    let lost = |code_sent_at, progress| {
        with_email(|answers| {
            answers.code_sent_at = Some(at(60));
            answers.lost_address = Some(LostAddress {
                new: EmailAddress::parse("new@example.test").unwrap(),
                code_sent_at,
                progress,
            });
        })
    };
    let referred = Referred("GAI-7K3M-Q2X9".to_owned());
    for (answers, page) in [
        (lost(None, Claimed), Page::EmailCode),
        (lost(Some(NOW), Claimed), Page::LostAddressCode),
        (lost(Some(NOW), Proven), Page::LostAddressFactor),
        (lost(Some(NOW), Planned), Page::LostAddressDone),
        (lost(Some(NOW), referred), Page::LostAddressDone),
    ] {
        let planned = planned(&Requirements::default(), &answers, None);

        assert_eq!(planned, Some(page), "{answers:?}");
    }
}

#[test]
fn only_the_next_page_and_the_ones_behind_it_open() {
    use Page::{
        AccountCode, AccountCreated, AddressWarning, Consent, Email, EmailCode, ExistingAccount,
        KeepAddress, LostAddress, LostAddressCode, LostAddressDone, SelectAccount, TrnInUse,
    };
    let all = [
        SelectAccount,
        Email,
        AddressWarning,
        EmailCode,
        LostAddress,
        LostAddressCode,
        LostAddressDone,
        TrnInUse,
        ExistingAccount,
        AccountCode,
        KeepAddress,
        Consent,
        AccountCreated,
    ];
    for (next, may_choose, open) in [
        (SelectAccount, MayChoose::Yes, &[SelectAccount][..]),
        (Email, MayChoose::No, &[Email]),
        (Email, MayChoose::Yes, &[SelectAccount, Email]),
        (AddressWarning, MayChoose::No, &[Email, AddressWarning]),
        (EmailCode, MayChoose::No, &[Email, EmailCode, LostAddress]),
        (
            EmailCode,
            MayChoose::Yes,
            &[SelectAccount, Email, EmailCode, LostAddress],
        ),
        (
            LostAddressCode,
            MayChoose::No,
            &[Email, EmailCode, LostAddress, LostAddressCode],
        ),
        (LostAddressDone, MayChoose::Yes, &[LostAddressDone]),
        (TrnInUse, MayChoose::Yes, &[TrnInUse]),
        (ExistingAccount, MayChoose::Yes, &[ExistingAccount]),
        (AccountCode, MayChoose::Yes, &[AccountCode]),
        (KeepAddress, MayChoose::Yes, &[KeepAddress]),
        (Consent, MayChoose::Yes, &[Consent]),
        (AccountCreated, MayChoose::Yes, &[AccountCreated]),
    ] {
        let opened: Vec<_> = all
            .into_iter()
            .filter(|page| next.opens(*page, may_choose))
            .collect();

        assert_eq!(opened, open, "{next:?} {may_choose:?}");
    }
}

#[test]
fn the_second_factor_comes_after_the_sign_in_and_before_everything_else() {
    let proven = with_email(|answers| {
        answers.authentication = Some(authentication(10));
        answers.account_created = true;
        answers.trn_news = Some(TrnNews::NotFound);
    });
    let factor = Some(FactorPage::Code);
    let asks = asks(|requirements| {
        requirements.details.profile = true;
        requirements.consent = ConsentRule::EachTime(ScopeSet::parse("openid").unwrap());
    });
    for (answers, page) in [
        (proven, Page::SecondFactor(FactorPage::Code)),
        (Answers::default(), Page::Email),
    ] {
        let standing = standing(&answers, None);
        let interaction = interaction(asks.clone(), answers);

        let planned = plan(&interaction, &standing, None, factor, None, NOW);

        assert_eq!(planned, Some(page));
    }
}
