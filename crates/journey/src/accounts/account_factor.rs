//! An account is proven by its second factor, to who is not signed in to it: a code of its
//! authenticator app, or one of its recovery codes.
//!
//! Whoever lost their address is asked, account or not, and learns nothing from a wrong answer.
//! Another account that has a factor is joined only by it: a code to its address is not enough.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::browser_session::Amr;
use model::email_code::{self, EmailCode};
use model::event::EventKind;
use model::slow_hash::Salt;
use model::{RecoveryCode, User, UserId};
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::limits::Counter;
use storage::{StorageError, Tx, second_factors, users};

use super::{lost_address, other_account, redacted};
use crate::emails::{News, RecoveryCodeUsedEmail};
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::outbox;
use crate::plan::Page;
use crate::rate_limit;
use crate::second_factor::{Try, tries_left};
use crate::sign_in::record;
use crate::stage::{Stage, change, enter};
use crate::visitor::Visitor;

/// Whose factor is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorUse {
    /// That of the account whose address the person lost, if it has an account.
    LostAddress,
    /// That of another account that may be the same person's.
    OtherAccount,
}

/// The page where it is given.
///
/// Posts `code` and `action`: `continue`, `skip` (they have none) or `cancel`.
#[derive(Debug, Serialize)]
pub struct AccountFactorPage {
    csrf: String,
    service_name: String,
    heading: &'static str,
    /// The other account's address, redacted; the lost one, as it was typed.
    address: String,
    is_lost_address: bool,
    code: Field,
}

/// Why a code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CodeProblem {
    Missing,
    /// It is neither the code of an app nor a recovery code.
    Neither,
    /// It is none of the account's, or there is no account.
    Wrong {
        /// How often one may still be typed.
        left: u32,
    },
}

impl CodeProblem {
    fn message(self) -> String {
        match self {
            Self::Missing => {
                "Enter a code from your authenticator app or a recovery code".to_owned()
            }
            Self::Neither => "The code must be the 6 numbers that your app shows, or the 12 \
                              letters and numbers of a recovery code"
                .to_owned(),
            Self::Wrong { left } => format!(
                "The code you entered is not correct or you have used it before, check it or enter \
                 another one. {}",
                tries_left(left)
            ),
        }
    }
}

impl AccountFactorPage {
    fn new(factor_use: FactorUse, csrf: String, service_name: String, address: String) -> Self {
        Self {
            csrf,
            service_name,
            heading: factor_use.heading(),
            address,
            is_lost_address: factor_use == FactorUse::LostAddress,
            code: Field::default(),
        }
    }
}

impl View for AccountFactorPage {
    const TEMPLATE: &'static str = "accounts/account_factor";

    fn title(&self) -> String {
        self.heading.to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.code.error_at("code").into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        let sample = |factor_use, address: &str, code| Self {
            code,
            ..Self::new(
                factor_use,
                "csrf".to_owned(),
                "Apply for a qualification".to_owned(),
                address.to_owned(),
            )
        };
        vec![
            sample(
                FactorUse::LostAddress,
                "a.lovelace@st-marys.sch.uk",
                Field::default(),
            ),
            sample(
                FactorUse::LostAddress,
                "a.lovelace@st-marys.sch.uk",
                Field::refused("12", CodeProblem::Neither.message()),
            ),
            sample(
                FactorUse::OtherAccount,
                "j****@****.gov.uk",
                Field::refused("", CodeProblem::Wrong { left: 4 }.message()),
            ),
        ]
    }
}

impl FactorUse {
    /// The page where it is given.
    pub(crate) const fn page(self) -> Page {
        match self {
            Self::LostAddress => Page::LostAddressFactor,
            Self::OtherAccount => Page::AccountFactor,
        }
    }

    const fn heading(self) -> &'static str {
        match self {
            Self::LostAddress => {
                "Do you have an authenticator app or recovery codes for this account?"
            }
            Self::OtherAccount => "Show that the other account is yours",
        }
    }

    fn address(self, stage: &Stage) -> String {
        match self {
            Self::LostAddress => crate::stage::typed_address(&stage.interaction),
            Self::OtherAccount => {
                let offered = stage.offered.as_ref();
                offered.map_or_else(String::new, |user| redacted(&user.email))
            }
        }
    }

    /// The account, if there is one.
    fn account(self, tx: &mut Tx<'_>, stage: &Stage) -> Result<Option<User>, StorageError> {
        match (self, &stage.interaction.answers.email) {
            (Self::OtherAccount, _) => Ok(stage.offered.clone()),
            (Self::LostAddress, Some(lost)) => users::find_by_address(tx, lost),
            (Self::LostAddress, None) => Ok(None),
        }
    }

    /// What a try is counted by. Anybody may say that they lost an address, so that is counted by
    /// the address, account or not, and keeps nobody from signing in.
    fn counters(self, stage: &Stage, account: Option<&User>) -> Vec<Counter> {
        let (journey, answers) = (&stage.journey, &stage.interaction.answers);
        let id = &stage.interaction.id;
        match (self, account, &answers.email) {
            (Self::OtherAccount, Some(user), _) => {
                rate_limit::factor_tries(journey, id, &user.id).into()
            }
            (_, _, Some(address)) => {
                let client = stage.visitor.browser.client;
                rate_limit::lost_address_tries(journey, id, address, client).into()
            }
            (_, _, None) => Vec::new(),
        }
    }

    /// Does what a right code is for, in the unit of work that used it up, and returns where the
    /// person goes next.
    fn accept(
        self,
        tx: &mut Tx<'_>,
        stage: Stage,
        user: &User,
        factor: Amr,
    ) -> Result<String, StorageError> {
        record(
            tx,
            EventKind::SecondFactorGiven,
            &stage.interaction,
            &user.id,
        )?;
        match self {
            Self::LostAddress => lost_address::replace(tx, stage, user),
            Self::OtherAccount => other_account::prove_wholly(tx, stage, factor),
        }
    }
}

/// The page as it is looked at.
pub(crate) async fn show(factor_use: FactorUse, journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, factor_use.page()).await?;
    Ok(respond(
        &stage,
        factor_use,
        StatusCode::OK,
        Field::default(),
    ))
}

fn respond(stage: &Stage, factor_use: FactorUse, status: StatusCode, code: Field) -> HttpResponse {
    let address = factor_use.address(stage);
    let service_name = stage.interaction.service_name.clone();
    let view = AccountFactorPage {
        code,
        ..AccountFactorPage::new(factor_use, stage.csrf(), service_name, address)
    };
    stage.respond(status, factor_use.page(), &view)
}

/// The page's form.
pub(crate) async fn submit(
    factor_use: FactorUse,
    journey: Journey,
    visitor: Visitor,
    form: Form,
) -> Answer {
    match (form.action, factor_use) {
        (Action::Continue, _) => enter_code(factor_use, &journey, &visitor, &form).await,
        (Action::Skip, FactorUse::LostAddress) => {
            let path = change(&journey, &visitor, factor_use.page(), |tx, stage| {
                Ok(Ok(lost_address::refer(tx, stage)?))
            });
            Ok(see_other(&path.await?))
        }
        (Action::Skip, FactorUse::OtherAccount) => {
            other_account::go_on_without(&journey, &visitor, factor_use.page()).await
        }
        _ => Err(JourneyError::Unreadable),
    }
}

/// What was typed.
enum Typed {
    App(EmailCode),
    Recovery(RecoveryCode),
}

impl Typed {
    /// Six digits are the code of an app; nothing of a recovery code is that short.
    fn parse(typed: &str) -> Result<Self, CodeProblem> {
        match (email_code::parse(typed), RecoveryCode::parse(typed)) {
            (Ok(code), _) => Ok(Self::App(code)),
            (_, Ok(code)) => Ok(Self::Recovery(code)),
            (Err(email_code::InvalidEmailCode::Empty), _) => Err(CodeProblem::Missing),
            _ => Err(CodeProblem::Neither),
        }
    }
}

/// Three steps, since a hash takes too long for a unit of work.
async fn enter_code(
    factor_use: FactorUse,
    journey: &Journey,
    visitor: &Visitor,
    form: &Form,
) -> Answer {
    let page = factor_use.page();
    let typed = match Typed::parse(form.field("code")) {
        Ok(typed) => typed,
        Err(problem) => {
            let stage = enter(journey, visitor, page).await?;
            let code = Field::refused(form.field("code"), problem.message());
            return Ok(respond(&stage, factor_use, StatusCode::BAD_REQUEST, code));
        }
    };
    let counted = change(journey, visitor, page, move |tx, stage| {
        count(tx, &stage, factor_use)
    });
    let counted = counted.await?;
    let tried = counted.tried.clone();
    let ended = redeem(factor_use, journey, visitor, counted, &typed).await;
    if let Err(JourneyError::Overloaded | JourneyError::Elsewhere(_)) = &ended {
        // Nothing was looked at.
        let release = move |tx: &mut Tx<'_>| tried.release(tx);
        journey.store.write(release).await?;
    }
    Ok(match ended? {
        Redeemed::Accepted(path) => see_other(&path),
        Redeemed::Refused(stage, problem) => {
            let code = Field::refused("", problem.message());
            respond(&stage, factor_use, StatusCode::BAD_REQUEST, code)
        }
    })
}

/// A try that may be made.
struct Counted {
    tried: Try,
    account: Option<UserId>,
    /// Where there is no account, or it has no codes, any: what is typed is hashed all the same,
    /// so that the time tells nothing.
    salt: Salt,
}

fn count(tx: &mut Tx<'_>, stage: &Stage, factor_use: FactorUse) -> Work<Counted> {
    let account = factor_use.account(tx, stage)?;
    let counters = factor_use.counters(stage, account.as_ref());
    let tried = match Try::count_by(tx, stage, counters)? {
        Ok(tried) => tried,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let salt = match &account {
        Some(user) => second_factors::recovery_salt(tx, &user.id)?,
        None => None,
    };
    Ok(Ok(Counted {
        tried,
        account: account.map(|user| user.id),
        salt: salt.unwrap_or_default(),
    }))
}

/// How a try at a code ended.
enum Redeemed {
    /// It was right: there the person goes on.
    Accepted(String),
    /// It was not taken; another may be typed.
    Refused(Box<Stage>, CodeProblem),
}

/// What is compared with what is stored.
enum Compared {
    App(EmailCode),
    Recovery(Vec<Vec<u8>>),
}

async fn redeem(
    factor_use: FactorUse,
    journey: &Journey,
    visitor: &Visitor,
    Counted {
        tried,
        account,
        salt,
    }: Counted,
    typed: &Typed,
) -> Result<Redeemed, JourneyError> {
    let compared = match typed {
        Typed::App(code) => Compared::App(code.clone()),
        Typed::Recovery(code) => {
            let secrets = vec![code.plain().clone()];
            Compared::Recovery(journey.slow_hash.hash_all(salt, secrets).await?)
        }
    };
    change(journey, visitor, factor_use.page(), move |tx, stage| {
        let found = factor_use.account(tx, &stage)?;
        let user = found.filter(|user| Some(&user.id) == account.as_ref());
        let factor = match &user {
            Some(user) => use_up(tx, &stage.journey, user, &compared)?,
            None => None,
        };
        if let (Some(user), Some(factor)) = (&user, factor) {
            tried.release(tx)?;
            let path = factor_use.accept(tx, stage, user, factor)?;
            return Ok(Ok(Redeemed::Accepted(path)));
        }
        let left = tried.left(tx, &stage)?;
        Ok(left.map(|left| Redeemed::Refused(stage.into(), CodeProblem::Wrong { left })))
    })
    .await
}

/// Uses up what was typed, if it is the account's; which factor it was.
fn use_up(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user: &User,
    compared: &Compared,
) -> Result<Option<Amr>, StorageError> {
    match compared {
        Compared::App(code) => {
            let is_used = use_app_code(tx, journey, &user.id, code)?;
            Ok(is_used.then_some(Amr::Otp))
        }
        Compared::Recovery(hashes) => {
            for hash in hashes {
                if let Some(left) = second_factors::redeem_recovery_code(tx, &user.id, hash)? {
                    let news = News::RecoveryCodeUsed(RecoveryCodeUsedEmail { left });
                    outbox::enqueue(tx, journey, &user.email, news)?;
                    return Ok(Some(Amr::Recovery));
                }
            }
            Ok(None)
        }
    }
}

fn use_app_code(
    tx: &mut Tx<'_>,
    journey: &Journey,
    user_id: &UserId,
    code: &EmailCode,
) -> Result<bool, StorageError> {
    let Some(app) = second_factors::standing(tx, user_id)?.totp else {
        return Ok(false);
    };
    let seed = app.seed(user_id, &journey.keyring);
    let seed = seed.map_err(|_| StorageError::Corrupt("totp_factors"))?;
    match seed.verify(code.reveal(), tx.now(), Some(app.last_step)) {
        Some(step) => second_factors::use_totp_step(tx, user_id, step),
        None => Ok(false),
    }
}
