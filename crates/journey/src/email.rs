//! Enter your email address: the first page of every sign-in.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::client_links::ClientLinks;
use model::email_address::InvalidEmailAddress;
use model::{EmailAddress, Interaction};
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::{StorageError, Tx, email_codes};

use crate::code_delivery::{EarlierCodes, Letter, TooSoon, issue, send};
use crate::code_use::CodeUse;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::service_links;
use crate::stage::{Stage, change, enter};
use crate::too_many::Limit;
use crate::visitor::Visitor;

/// `/sign-in/email`: names the service, says what the account is, asks for an address.
///
/// Posts `email` and `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct EmailPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// What was typed, or the request's `login_hint`.
    pub email: Field,
    /// What the service shows of itself.
    #[serde(flatten)]
    pub links: ClientLinks,
}

/// Why an address was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailProblem {
    /// Nothing was typed.
    Missing,
    /// It does not read as an email address.
    NotAnAddress,
}

impl EmailProblem {
    /// What to do about it, for the summary and the input.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Missing => "Enter your email address",
            Self::NotAnAddress => {
                "Enter an email address in the correct format, like name@example.com"
            }
        }
    }
}

impl From<InvalidEmailAddress> for EmailProblem {
    fn from(invalid: InvalidEmailAddress) -> Self {
        match invalid {
            InvalidEmailAddress::Empty => Self::Missing,
            InvalidEmailAddress::TooLong | InvalidEmailAddress::Malformed => Self::NotAnAddress,
        }
    }
}

impl View for EmailPage {
    const TEMPLATE: &'static str = "journey/email";

    fn title(&self) -> String {
        "Enter your email address".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.email.error_at("email").into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        let page = |email, links| Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            email,
            links,
        };
        let plain = |email| page(email, ClientLinks::default());
        vec![
            plain(Field::default()),
            plain(Field::holding("ada.lovelace@example.com")),
            plain(Field::refused("", EmailProblem::Missing.message())),
            plain(Field::refused(
                "ada.example.com",
                EmailProblem::NotAnAddress.message(),
            )),
            page(Field::default(), service_links::sample()),
        ]
    }
}

/// `GET /sign-in/email`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, Page::Email).await?;
    let interaction = &stage.interaction;
    let typed = interaction.answers.email.as_ref();
    let email = typed
        .map(EmailAddress::as_typed)
        .or(interaction.login_hint.as_deref())
        .map_or_else(Field::default, Field::holding);
    Ok(respond(&stage, StatusCode::OK, email).await?)
}

async fn respond(
    stage: &Stage,
    status: StatusCode,
    email: Field,
) -> Result<HttpResponse, StorageError> {
    let view = EmailPage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        email,
        links: service_links::load(&stage.journey, stage).await?,
    };
    Ok(stage.respond_linking(status, Page::Email, &view, &view.links))
}

/// `POST /sign-in/email`.
///
/// Whether the address has an account is not looked at: known or not, the answer and the work are
/// the same.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    match form.action {
        Action::Continue => {}
        Action::ChangeAddress => return change_address(&journey, &visitor, Page::Email).await,
        _ => return Err(JourneyError::Unreadable),
    }
    let address = match EmailAddress::parse(form.field("email")) {
        Ok(address) => address,
        Err(invalid) => {
            let stage = enter(&journey, &visitor, Page::Email).await?;
            let problem = EmailProblem::from(invalid);
            let email = Field::refused(form.field("email"), problem.message());
            return Ok(respond(&stage, StatusCode::BAD_REQUEST, email).await?);
        }
    };
    let taken = change(&journey, &visitor, Page::Email, move |tx, stage| {
        take_address(tx, stage, &address)
    });
    match taken.await? {
        (Some(letter), path) => send(&journey, &visitor, letter, &path).await,
        (None, path) => Ok(see_other(&path)),
    }
}

/// Takes an address and issues a code for it, unless its owner has to be warned first.
fn take_address(
    tx: &mut Tx<'_>,
    mut stage: Stage,
    address: &EmailAddress,
) -> Work<(Option<Letter>, String)> {
    let answers = &mut stage.interaction.answers;
    let is_same = answers
        .email
        .as_ref()
        .is_some_and(|earlier| earlier.lookup() == address.lookup());
    answers.email = Some(address.clone());
    answers.keeps_address &= is_same;
    answers.lost_address.take_if(|_| !is_same);
    let is_doubtful = address.concern(&stage.journey.workplace_domains).is_some();
    if is_doubtful && !answers.keeps_address {
        answers.code_sent_at = None;
        email_codes::end_all(tx, &stage.interaction.id)?;
        return Ok(Ok((None, stage.go_on(tx)?)));
    }
    let earlier = if is_same {
        EarlierCodes::Stay
    } else {
        EarlierCodes::Die
    };
    match issue(tx, &mut stage, CodeUse::SignIn, address, earlier)? {
        Ok(letter) => Ok(Ok((Some(letter), stage.go_on(tx)?))),
        Err(TooSoon { until }) => Ok(Err(stage.too_many(Limit::CodesSent, until))),
    }
}

/// Forgets the address, from whichever page asks for another; codes that went to it die.
pub(crate) async fn change_address(journey: &Journey, visitor: &Visitor, page: Page) -> Answer {
    let path = change(journey, visitor, page, |tx, mut stage| {
        forget_address(tx, &mut stage.interaction)?;
        Ok(Ok(stage.go_on(tx)?))
    });
    Ok(see_other(&path.await?))
}

/// Takes back everything that was answered about the address.
pub(crate) fn forget_address(
    tx: &mut Tx<'_>,
    interaction: &mut Interaction,
) -> Result<(), StorageError> {
    let answers = &mut interaction.answers;
    answers.email = None;
    answers.keeps_address = false;
    answers.code_sent_at = None;
    answers.lost_address = None;
    email_codes::end_all(tx, &interaction.id)
}
