//! A warning before a code goes to an address that its owner may lose or shares with others.

use actix_web::http::StatusCode;
use model::EmailAddress;
use model::email_address::AddressConcern;
use pages::View;
use serde::Serialize;
use storage::Tx;

use crate::code_delivery::{EarlierCodes, Letter, TooSoon, issue, send};
use crate::code_use::CodeUse;
use crate::email::change_address;
use crate::error::{Answer, JourneyError};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::stage::{Stage, change, enter};
use crate::too_many::Limit;
use crate::visitor::Visitor;

/// `/sign-in/address-warning`: shown after the email page for a school or a shared address; never a hard block.
///
/// Posts `action`: `change-address`, `continue` (use this one anyway) or `cancel`.
#[derive(Debug, Serialize)]
pub struct AddressWarningPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// The address as it was typed.
    pub address: String,
    kind: AddressKind,
    heading: &'static str,
}

/// Why an address deserves a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "AddressKindFlags")]
pub enum AddressKind {
    /// A school's or another employer's: lost when the person moves on.
    School,
    /// Read by several people, for example `office@` or `admin@`.
    Shared,
}

#[derive(Serialize)]
struct AddressKindFlags {
    school: bool,
    shared: bool,
}

impl From<AddressKind> for AddressKindFlags {
    fn from(kind: AddressKind) -> Self {
        Self {
            school: kind == AddressKind::School,
            shared: kind == AddressKind::Shared,
        }
    }
}

impl From<AddressConcern> for AddressKind {
    fn from(concern: AddressConcern) -> Self {
        match concern {
            AddressConcern::Workplace => Self::School,
            AddressConcern::SharedMailbox => Self::Shared,
        }
    }
}

impl AddressWarningPage {
    /// The page for one address and what is doubtful about it.
    #[must_use]
    pub fn new(csrf: String, service_name: String, address: String, kind: AddressKind) -> Self {
        let heading = match kind {
            AddressKind::School => "Are you sure you want to use a work or school email address?",
            AddressKind::Shared => "Are you sure you want to use a shared email address?",
        };
        Self {
            csrf,
            service_name,
            address,
            kind,
            heading,
        }
    }
}

impl View for AddressWarningPage {
    const TEMPLATE: &'static str = "journey/address_warning";

    fn title(&self) -> String {
        self.heading.to_owned()
    }

    fn samples() -> Vec<Self> {
        [
            ("ada.lovelace@st-marys.sch.uk", AddressKind::School),
            ("office@st-marys.example", AddressKind::Shared),
        ]
        .map(|(address, kind)| {
            Self::new(
                "csrf".to_owned(),
                "Apply for a qualification".to_owned(),
                address.to_owned(),
                kind,
            )
        })
        .into()
    }
}

/// `GET /sign-in/address-warning`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, Page::AddressWarning).await?;
    let Some((address, concern)) = doubtful_address(&stage) else {
        return Err(stage.elsewhere());
    };
    let view = AddressWarningPage::new(
        stage.csrf(),
        stage.interaction.service_name.clone(),
        address.as_typed().to_owned(),
        concern.into(),
    );
    Ok(stage.respond(StatusCode::OK, Page::AddressWarning, &view))
}

fn doubtful_address(stage: &Stage) -> Option<(&EmailAddress, AddressConcern)> {
    let address = stage.interaction.answers.email.as_ref()?;
    Some((address, address.concern(&stage.journey.workplace_domains)?))
}

/// `POST /sign-in/address-warning`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    let page = Page::AddressWarning;
    match form.action {
        Action::Continue => {}
        Action::ChangeAddress => return change_address(&journey, &visitor, page).await,
        _ => return Err(JourneyError::Unreadable),
    }
    let (letter, path) = change(&journey, &visitor, page, keep_address).await?;
    send(&journey, &visitor, letter, &path).await
}

/// Takes the person at their word and issues a code.
fn keep_address(tx: &mut Tx<'_>, mut stage: Stage) -> Work<(Letter, String)> {
    let Some(address) = stage.interaction.answers.email.clone() else {
        return Ok(Err(stage.elsewhere()));
    };
    stage.interaction.answers.keeps_address = true;
    match issue(
        tx,
        &mut stage,
        CodeUse::SignIn,
        &address,
        EarlierCodes::Stay,
    )? {
        Ok(letter) => Ok(Ok((letter, stage.go_on(tx)?))),
        Err(TooSoon { until }) => Ok(Err(stage.too_many(Limit::CodesSent, until))),
    }
}
