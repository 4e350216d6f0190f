//! Set up an authenticator app, in three steps.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::browser_session::Amr;
use model::email_code::{self, EmailCode};
use model::totp::TotpSeed;
use model::{EmailAddress, Secret};
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::second_factors::NewTotp;
use storage::{Tx, second_factors};

use super::FactorPage;
use super::choose::decline;
use super::code::invalid_code;
use super::new_codes::NewCodes;
use super::plan::{Ask, FactorQuestion};
use super::qr;
use super::set_up::set_up;
use crate::details::Frame;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::stage::{Stage, change};
use crate::visitor::Visitor;

const PAGE: Page = Page::SecondFactor(FactorPage::SetUpApp);
const NAME: &str = "code";
const WRONG: &str = "The code you entered is not correct, enter the code that your app shows now";

/// `/second-factor/set-up-app`: the key to put into an app, and the code that shows it is there.
///
/// Posts `code` and `action`: `continue`, `not-now` or `cancel`.
#[derive(Debug, Serialize)]
pub struct SetUpAppPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// The key as a picture, an `svg` element; `None` when it does not fit in one.
    pub picture: Option<Secret<String>>,
    /// The key to type, in groups of four.
    pub key: Secret<String>,
    /// The account's address, as the app lists it.
    pub address: String,
    /// Whether they have an app already, which this one takes the place of.
    pub replaces: bool,
    /// Whether a service asks for it, and no page before says so.
    pub is_asked_for: bool,
    /// Whether it can wait, and no page before says so.
    pub may_decline: bool,
    /// What was typed is not shown again: give [`Field::refused`] an empty value.
    pub code: Field,
}

impl View for SetUpAppPage {
    const TEMPLATE: &'static str = "second_factor/set_up_app";

    fn title(&self) -> String {
        "Set up an authenticator app".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.code.error_at(NAME).into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        let picture = || qr::svg(&Secret::new("otpauth://totp/sample".to_owned()));
        [
            (picture(), false, Field::default()),
            (picture(), true, Field::refused("", WRONG)),
            (None, false, Field::default()),
        ]
        .map(|(picture, replaces, code)| Self {
            frame: Frame::sample(),
            picture,
            key: Secret::new("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ".to_owned()),
            address: "ada.lovelace@example.com".to_owned(),
            replaces,
            is_asked_for: !replaces,
            may_decline: !replaces,
            code,
        })
        .into()
    }
}

/// A page that is about to be shown.
struct Opened {
    stage: Stage,
    seed: TotpSeed,
    address: EmailAddress,
}

/// `GET /second-factor/set-up-app`. The seed is made when the page is first looked at, so that
/// looking again, in this tab or another, shows the same.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    answer(&journey, &visitor, StatusCode::OK, Field::default()).await
}

async fn answer(journey: &Journey, visitor: &Visitor, status: StatusCode, code: Field) -> Answer {
    let opened = change(journey, visitor, PAGE, open).await?;
    Ok(opened.respond(status, code))
}

fn open(tx: &mut Tx<'_>, mut stage: Stage) -> Work<Opened> {
    let address = stage.signed_in(tx)?;
    let Some(pending) = &mut stage.pending else {
        return Ok(Err(stage.elsewhere()));
    };
    let seed = if let Some(seed) = &pending.seed {
        seed.clone()
    } else {
        let seed = TotpSeed::mint(&*stage.journey.entropy);
        pending.seed = Some(seed.clone());
        pending.keep(tx, &stage.journey, &mut stage.interaction)?;
        seed
    };
    Ok(Ok(Opened {
        stage,
        seed,
        address,
    }))
}

impl Opened {
    fn respond(&self, status: StatusCode, code: Field) -> HttpResponse {
        let stage = &self.stage;
        let question = stage.factor.as_ref();
        let provider = stage.journey.pages.product_name();
        // Where there is a choice before, that page says why, and that it can wait.
        let first = question.filter(|question| question.back(FactorPage::SetUpApp).is_none());
        let view = SetUpAppPage {
            frame: stage.frame(),
            picture: qr::svg(&self.seed.uri(provider, &self.address)),
            key: self.seed.grouped_key(),
            address: self.address.as_typed().to_owned(),
            replaces: question.is_some_and(|question| question.held.has_app),
            is_asked_for: first.is_some_and(|question| matches!(question.ask, Ask::SetUp(_))),
            may_decline: first.is_some_and(FactorQuestion::may_decline),
            code,
        };
        stage.respond(status, PAGE, &view)
    }
}

/// `POST /second-factor/set-up-app`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    match form.action {
        Action::Continue => {}
        Action::NotNow => return decline(&journey, &visitor, FactorPage::SetUpApp).await,
        _ => return Err(JourneyError::Unreadable),
    }
    let refused = async |message: &str| {
        let code = Field::refused("", message);
        answer(&journey, &visitor, StatusCode::BAD_REQUEST, code).await
    };
    let code = match email_code::parse(form.field(NAME)) {
        Ok(code) => code,
        Err(invalid) => return refused(invalid_code(invalid)).await,
    };
    // The recovery codes are hashed before the unit of work, and only for whoever has the app.
    let opened = change(&journey, &visitor, PAGE, open).await?;
    if step_of(&opened.seed, &code, &opened.stage).is_none() {
        return refused(WRONG).await;
    }
    let codes = NewCodes::if_none_left(&opened.stage).await?;
    let kept = change(&journey, &visitor, PAGE, move |tx, stage| {
        keep(tx, stage, &code, codes)
    });
    match kept.await? {
        Some(path) => Ok(see_other(&path)),
        None => refused(WRONG).await,
    }
}

fn step_of(seed: &TotpSeed, code: &EmailCode, stage: &Stage) -> Option<u64> {
    seed.verify(code.reveal(), stage.now, None)
}

/// Keeps the app whose code was typed, and returns where its owner goes next; `None` when the code
/// is not right.
fn keep(
    tx: &mut Tx<'_>,
    mut stage: Stage,
    code: &EmailCode,
    codes: Option<NewCodes>,
) -> Work<Option<String>> {
    let Some(account) = stage.user_id().cloned() else {
        return Ok(Err(stage.elsewhere()));
    };
    let Some(pending) = &mut stage.pending else {
        return Ok(Err(stage.elsewhere()));
    };
    let Some(seed) = pending.seed.take() else {
        return Ok(Err(stage.elsewhere()));
    };
    let Some(step) = step_of(&seed, code, &stage) else {
        return Ok(Ok(None));
    };
    // The code that was typed here is used: it signs nobody in.
    let (keyring, entropy) = (&stage.journey.keyring, &*stage.journey.entropy);
    let new = NewTotp::seal(&seed, step, &account, keyring, entropy);
    second_factors::set_totp(tx, &account, &new)?;
    stage.keep_pending(tx)?;
    let path = set_up(tx, stage, Amr::Otp, codes)?;
    Ok(Ok(Some(path)))
}
