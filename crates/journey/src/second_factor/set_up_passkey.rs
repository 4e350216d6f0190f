//! Set up a passkey.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::passkey_name::InvalidPasskeyName;
use model::{PasskeyName, Timestamp};
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::second_factors::{Inserted, NewPasskey};
use storage::{StorageError, Tx, second_factors};

use super::FactorPage;
use super::new_codes::NewCodes;
use super::passkey::error_at_button;
use super::passkey_problem::{Doing, PasskeyProblem, Reply};
use super::set_up::set_up;
use super::webauthn::{Ceremony, MadePasskey, Owner, Refused};
use crate::details::Frame;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::stage::{Stage, change};
use crate::visitor::Visitor;

const PAGE: Page = Page::SecondFactor(FactorPage::SetUpPasskey);
const NAME: &str = "passkey-name";

/// `/second-factor/set-up-passkey`: what a passkey is, what to call it, and the button that has the
/// browser make it.
///
/// Posts `passkey-name`, `passkey` (the browser's answer as JSON, from the script) or
/// `passkey-problem` (why there is none), and `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct SetUpPasskeyPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// What the script asks the browser for: `PublicKeyCredentialCreationOptionsJSON`.
    pub options: String,
    /// The name, as it was typed; people may leave it out.
    pub name: Field,
    /// The browser's answer, while only the name keeps it from being taken; else empty.
    pub passkey: String,
    /// What to do, when there was a problem with the passkey.
    pub problem: Option<&'static str>,
    /// The page for an authenticator app instead, where the person may choose.
    pub app_url: Option<String>,
}

impl View for SetUpPasskeyPage {
    const TEMPLATE: &'static str = "second_factor/set_up_passkey";

    fn title(&self) -> String {
        "Set up a passkey".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        let name = self.name.error_at(NAME);
        name.into_iter()
            .chain(error_at_button(self.problem))
            .collect()
    }

    fn samples() -> Vec<Self> {
        let page = |name, problem: Option<PasskeyProblem>, app_url: Option<&str>| Self {
            frame: Frame::sample(),
            options: r#"{"challenge":"AAAA","user":{"id":"AAAA"},"excludeCredentials":[]}"#
                .to_owned(),
            name,
            passkey: String::new(),
            problem: problem.map(|problem| problem.message(Doing::SettingUp)),
            app_url: app_url.map(ToOwned::to_owned),
        };
        let app = Some("/second-factor/set-up-app?i=1");
        let too_long = message(InvalidPasskeyName::TooLong);
        vec![
            page(Field::default(), None, app),
            page(Field::default(), None, None),
            page(
                Field::holding("My phone"),
                Some(PasskeyProblem::NotFinished),
                app,
            ),
            page(Field::refused("My phone".repeat(8), too_long), None, app),
        ]
    }
}

/// What to do about a name, for the summary and the input.
fn message(invalid: InvalidPasskeyName) -> String {
    match invalid {
        InvalidPasskeyName::Empty => "Enter a name for this passkey".to_owned(),
        InvalidPasskeyName::TooLong => format!(
            "Name for this passkey must be {} characters or less",
            PasskeyName::MAX_LEN
        ),
        InvalidPasskeyName::ControlCharacter => {
            "Name for this passkey must only include characters that can be read".to_owned()
        }
    }
}

/// A page whose question is stored.
struct Asked {
    stage: Stage,
    ceremony: Ceremony,
}

/// What the page shows again.
#[derive(Default)]
struct Shown {
    name: Field,
    passkey: String,
    problem: Option<PasskeyProblem>,
}

impl Shown {
    /// After something was wrong: with the name, or else with the passkey.
    fn of(reply: Reply, typed: &str, name: Option<InvalidPasskeyName>) -> Self {
        let (passkey, problem) = match reply {
            Reply::Passkey(answer) => (answer, None),
            Reply::Problem(problem) => (String::new(), Some(problem)),
        };
        Self {
            name: match name {
                Some(invalid) => Field::refused(typed, message(invalid)),
                None => Field::holding(typed),
            },
            passkey,
            problem,
        }
    }
}

/// `GET /second-factor/set-up-passkey`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let asked = change(&journey, &visitor, PAGE, ask).await?;
    Ok(asked.respond(StatusCode::OK, Shown::default()))
}

/// Asks for a new passkey, or once more what was asked and not answered yet.
fn ask(tx: &mut Tx<'_>, mut stage: Stage) -> Work<Asked> {
    let address = stage.signed_in(tx)?;
    let journey = stage.journey.clone();
    let (Some(party), Some(pending)) = (&journey.passkeys, &mut stage.pending) else {
        return Ok(Err(stage.elsewhere()));
    };
    let held = second_factors::list_passkeys(tx, pending.user_id())?;
    let under_way = pending.registration.take();
    let owner = Owner {
        id: pending.user_id(),
        address: address.as_typed(),
    };
    let ceremony = match under_way.filter(|ceremony| ceremony.still_fits(&held)) {
        Some(ceremony) => ceremony,
        None => party.ask_for_new(&owner, &held)?,
    };
    pending.registration = Some(ceremony.clone());
    stage.keep_pending(tx)?;
    Ok(Ok(Asked { stage, ceremony }))
}

impl Asked {
    /// Whether the answer is right, before anything is done about it.
    fn made(&self, answer: &str) -> Result<bool, StorageError> {
        let Some(party) = &self.stage.journey.passkeys else {
            return Ok(false);
        };
        Ok(party.made(&self.ceremony, answer)?.is_ok())
    }

    fn respond(&self, status: StatusCode, shown: Shown) -> HttpResponse {
        let stage = &self.stage;
        let app = FactorPage::SetUpApp;
        let question = stage.factor.as_ref();
        let may_choose = question.is_some_and(|question| question.opens(app));
        let view = SetUpPasskeyPage {
            frame: stage.frame(),
            options: self.ceremony.options.clone(),
            name: shown.name,
            passkey: shown.passkey,
            problem: shown
                .problem
                .map(|problem| problem.message(Doing::SettingUp)),
            app_url: may_choose.then(|| stage.url_of(Page::SecondFactor(app))),
        };
        stage.respond(status, PAGE, &view)
    }
}

/// `POST /second-factor/set-up-passkey`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    if form.action != Action::Continue {
        return Err(JourneyError::Unreadable);
    }
    let typed = form.field(NAME);
    let reply = Reply::read(form.field("passkey"), form.field("passkey-problem"));
    let asked = change(&journey, &visitor, PAGE, ask).await?;
    let answer = match (reply, read_name(typed)) {
        (Reply::Passkey(answer), Ok(name)) => New { answer, name },
        (reply, name) => {
            return Ok(asked.respond(StatusCode::BAD_REQUEST, Shown::of(reply, typed, name.err())));
        }
    };
    // Recovery codes are hashed before the unit of work, and only for whoever made a passkey.
    let codes = if asked.made(&answer.answer)? {
        NewCodes::if_none_left(&asked.stage).await?
    } else {
        None
    };
    let kept = change(&journey, &visitor, PAGE, move |tx, stage| {
        keep(tx, stage, answer, codes)
    });
    match kept.await? {
        Kept::Yes(path) => Ok(see_other(&path)),
        Kept::No(asked, problem) => {
            let shown = Shown::of(Reply::Problem(problem), typed, None);
            Ok(asked.respond(StatusCode::BAD_REQUEST, shown))
        }
    }
}

/// What was typed; nothing is a choice too.
fn read_name(typed: &str) -> Result<Option<PasskeyName>, InvalidPasskeyName> {
    match PasskeyName::parse(typed) {
        Ok(name) => Ok(Some(name)),
        Err(InvalidPasskeyName::Empty) => Ok(None),
        Err(invalid) => Err(invalid),
    }
}

/// A passkey that the browser says it made.
struct New {
    answer: String,
    name: Option<PasskeyName>,
}

/// Whether it was taken.
enum Kept {
    /// It was: there its owner goes on.
    Yes(String),
    /// It was not; another is asked for.
    No(Box<Asked>, PasskeyProblem),
}

/// Keeps a passkey for the account. What was asked is spent by the answer, right or wrong.
fn keep(tx: &mut Tx<'_>, mut stage: Stage, new: New, codes: Option<NewCodes>) -> Work<Kept> {
    let journey = stage.journey.clone();
    let (Some(party), Some(pending)) = (&journey.passkeys, &mut stage.pending) else {
        return Ok(Err(stage.elsewhere()));
    };
    let owner = pending.user_id().clone();
    let checked = match pending.registration.take() {
        Some(ceremony) => party.made(&ceremony, &new.answer)?,
        None => Err(Refused::Wrong),
    };
    stage.keep_pending(tx)?;
    let made = match checked {
        Ok(made) => made,
        Err(refused) => return again(tx, stage, PasskeyProblem::from(&refused)),
    };
    let factor = made.amr;
    let row = row(&journey, made, new.name, tx.now());
    match second_factors::insert_passkey(tx, &owner, &row)? {
        Inserted::Taken => again(tx, stage, PasskeyProblem::Taken),
        Inserted::Inserted => {
            let path = set_up(tx, stage, factor, codes)?;
            Ok(Ok(Kept::Yes(path)))
        }
    }
}

fn again(tx: &mut Tx<'_>, stage: Stage, problem: PasskeyProblem) -> Work<Kept> {
    Ok(ask(tx, stage)?.map(|asked| Kept::No(asked.into(), problem)))
}

fn row(
    journey: &Journey,
    made: MadePasskey,
    name: Option<PasskeyName>,
    now: Timestamp,
) -> NewPasskey {
    let name = name.unwrap_or_else(|| PasskeyName::by_default(made.keeper, now));
    NewPasskey {
        id: journey.entropy.ordered_uuid(now),
        credential_id: made.credential_id,
        name: name.as_str().to_owned(),
        credential: made.credential,
    }
}
