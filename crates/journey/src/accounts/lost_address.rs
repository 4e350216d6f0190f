//! A person can no longer read the emails of their account: they prove a new address, and then the
//! account by its second factor, or else staff check who they are. Every page is the same whether
//! or not the old address has an account.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use model::interaction::{LostAddress, LostAddressProgress};
use model::{EmailAddress, Interaction, User};
use pages::{Field, FieldError, View};
use serde::Serialize;
use storage::{StorageError, Tx, users};

use super::address_change::{self, in_hours};
use super::referred::{Referral, ReferredPage};
use crate::code_delivery::{EarlierCodes, Letter, TooSoon, issue, send};
use crate::code_use::CodeUse;
use crate::email::EmailProblem;
use crate::emails::{AddressChangeAskedEmail, News};
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::outbox;
use crate::plan::Page;
use crate::stage::{Stage, change, enter, typed_address};
use crate::support::{self, Case, Opening};
use crate::too_many::Limit;
use crate::visitor::Visitor;

/// `/sign-in/lost-address`: asks for an address that the person can read.
///
/// Posts `email` and `action`: `continue`, `change-address` (forget the new address) or `cancel`.
#[derive(Debug, Serialize)]
pub struct LostAddressPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// The address that they can no longer use.
    pub lost: String,
    /// The new address as typed.
    pub email: Field,
}

const THE_SAME: &str = "Enter an email address that is not the one you can no longer use";

impl View for LostAddressPage {
    const TEMPLATE: &'static str = "accounts/lost_address";

    fn title(&self) -> String {
        "What email address can you use now?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        self.email.error_at("email").into_iter().collect()
    }

    fn samples() -> Vec<Self> {
        [
            Field::default(),
            Field::refused("", EmailProblem::Missing.message()),
            Field::refused("a.lovelace@st-marys.sch.uk", THE_SAME),
        ]
        .map(|email| Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            lost: "a.lovelace@st-marys.sch.uk".to_owned(),
            email,
        })
        .into()
    }
}

/// `GET /sign-in/lost-address`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, Page::LostAddress).await?;
    let lost = stage.interaction.answers.lost_address.as_ref();
    let email = lost.map_or_else(Field::default, |lost| Field::holding(lost.new.as_typed()));
    Ok(respond(&stage, StatusCode::OK, email))
}

fn respond(stage: &Stage, status: StatusCode, email: Field) -> HttpResponse {
    let view = LostAddressPage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        lost: typed_address(&stage.interaction),
        email,
    };
    stage.respond(status, Page::LostAddress, &view)
}

/// `POST /sign-in/lost-address`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    match form.action {
        Action::Continue => {}
        Action::ChangeAddress => return change_new(&journey, &visitor, Page::LostAddress).await,
        _ => return Err(JourneyError::Unreadable),
    }
    let typed = form.field("email");
    let parsed =
        EmailAddress::parse(typed).map_err(|invalid| EmailProblem::from(invalid).message());
    let new = match parsed {
        Ok(new) => new,
        Err(message) => return refuse(&journey, &visitor, typed, message).await,
    };
    let taken = change(&journey, &visitor, Page::LostAddress, move |tx, stage| {
        take_new(tx, stage, &new)
    });
    match taken.await? {
        Some((letter, path)) => send(&journey, &visitor, *letter, &path).await,
        None => refuse(&journey, &visitor, typed, THE_SAME).await,
    }
}

async fn refuse(
    journey: &Journey,
    visitor: &Visitor,
    typed: &str,
    message: &'static str,
) -> Answer {
    let stage = enter(journey, visitor, Page::LostAddress).await?;
    let email = Field::refused(typed, message);
    Ok(respond(&stage, StatusCode::BAD_REQUEST, email))
}

/// Takes the new address and issues a code for it; `None` when it is the lost one.
fn take_new(
    tx: &mut Tx<'_>,
    mut stage: Stage,
    new: &EmailAddress,
) -> Work<Option<(Box<Letter>, String)>> {
    let answers = &mut stage.interaction.answers;
    let lost = answers.email.as_ref();
    if lost.is_some_and(|lost| lost.lookup() == new.lookup()) {
        return Ok(Ok(None));
    }
    let code_sent_at = answers.lost_address.take().and_then(|earlier| {
        let is_same = earlier.new.lookup() == new.lookup();
        earlier.code_sent_at.filter(|_| is_same)
    });
    answers.lost_address = Some(LostAddress {
        new: new.clone(),
        code_sent_at,
        progress: LostAddressProgress::Claimed,
    });
    let code_use = CodeUse::NewAddress;
    match issue(tx, &mut stage, code_use, new, EarlierCodes::Stay)? {
        Ok(letter) => Ok(Ok(Some((letter.into(), stage.go_on(tx)?)))),
        Err(TooSoon { until }) => Ok(Err(stage.too_many(Limit::CodesSent, until))),
    }
}

/// Forgets the new address, so that another can be given.
pub(crate) async fn change_new(journey: &Journey, visitor: &Visitor, page: Page) -> Answer {
    let path = change(journey, visitor, page, |tx, mut stage| {
        stage.interaction.answers.lost_address = None;
        stage.go_on(tx)?;
        Ok(Ok(Page::LostAddress.url(&stage.interaction.id)))
    });
    Ok(see_other(&path.await?))
}

/// The new address is proven. Everybody is asked for what the account may have besides its address.
pub(crate) fn prove(tx: &mut Tx<'_>, mut stage: Stage) -> Result<String, StorageError> {
    if let Some(known) = &mut stage.interaction.answers.lost_address {
        known.progress = LostAddressProgress::Proven;
    }
    stage.go_on(tx)
}

/// The account's second factor was given: it gets the new address when the notice to the old one is
/// over. Staff decide where the new address has an account of its own.
pub(crate) fn replace(
    tx: &mut Tx<'_>,
    mut stage: Stage,
    user: &User,
) -> Result<String, StorageError> {
    let Some(known) = &mut stage.interaction.answers.lost_address else {
        return stage.go_on(tx);
    };
    if users::find_by_address(tx, &known.new)?.is_some() {
        return refer(tx, stage);
    }
    known.progress = LostAddressProgress::Planned;
    address_change::plan_change(tx, &stage.journey, user, &known.new, None)?;
    stage.go_on(tx)
}

/// The person has nothing else to show: staff look at the case, and whoever has the old address is
/// told.
pub(crate) fn refer(tx: &mut Tx<'_>, mut stage: Stage) -> Result<String, StorageError> {
    let journey = stage.journey.clone();
    let Interaction {
        answers, client_id, ..
    } = &mut stage.interaction;
    let (Some(lost), Some(known)) = (&answers.email, &mut answers.lost_address) else {
        return stage.go_on(tx);
    };
    let account = users::find_by_address(tx, lost)?;
    let case = Case::LostAddress {
        lost: lost.clone(),
        new: known.new.clone(),
    };
    let opening = Opening {
        user_id: account.as_ref().map(|user| &user.id),
        client_id: Some(client_id),
        contact: &known.new,
        case: &case,
    };
    let reference = support::open(tx, &journey, &opening)?.to_string();
    if let Some(user) = &account {
        let reference = reference.clone();
        let news = News::AddressChangeAsked(AddressChangeAskedEmail { reference });
        outbox::enqueue(tx, &journey, &user.email, news)?;
    }
    known.progress = LostAddressProgress::Referred(reference);
    stage.go_on(tx)
}

/// `/sign-in/lost-address-done`, where the person proved whose account it is.
///
/// Posts `action`: `cancel` (back to the service).
#[derive(Debug, Serialize)]
pub struct AddressChangesPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// The address that they can no longer use.
    pub lost: String,
    /// The new address.
    pub new: String,
    /// How long it is until the change.
    pub hours: u64,
}

impl View for AddressChangesPage {
    const TEMPLATE: &'static str = "accounts/address_changes";

    fn title(&self) -> String {
        "Your email address will change".to_owned()
    }

    fn samples() -> Vec<Self> {
        vec![Self {
            csrf: "csrf".to_owned(),
            service_name: "Apply for a qualification".to_owned(),
            lost: "a.lovelace@st-marys.sch.uk".to_owned(),
            new: "ada.lovelace@example.com".to_owned(),
            hours: 48,
        }]
    }
}

/// `GET /sign-in/lost-address-done`.
pub(crate) async fn show_done(journey: Journey, visitor: Visitor) -> Answer {
    const PAGE: Page = Page::LostAddressDone;
    let stage = enter(&journey, &visitor, PAGE).await?;
    let Some(lost) = &stage.interaction.answers.lost_address else {
        return Err(stage.elsewhere());
    };
    if let LostAddressProgress::Referred(reference) = &lost.progress {
        let view = ReferredPage::new(&stage, reference.clone(), Referral::LostAddress);
        return Ok(stage.respond(StatusCode::OK, PAGE, &view));
    }
    let view = AddressChangesPage {
        csrf: stage.csrf(),
        service_name: stage.interaction.service_name.clone(),
        lost: typed_address(&stage.interaction),
        new: lost.new.as_typed().to_owned(),
        hours: in_hours(journey.address_change_notice),
    };
    Ok(stage.respond(StatusCode::OK, PAGE, &view))
}

/// `POST /sign-in/lost-address-done`: its only button is Cancel, which every page has.
pub(crate) async fn submit_done(_journey: Journey, _visitor: Visitor, _form: Form) -> Answer {
    Err(JourneyError::Unreadable)
}
