//! Another account seems to be the person's: it is offered to them, and opened by a code that is
//! sent to its own address.

use actix_web::http::StatusCode;
use model::interaction::{InCommon, OtherAccountProgress};
use pages::View;
use serde::Serialize;
use storage::Tx;

use super::other_account;
use super::redacted;
use super::referred::{Referral, ReferredPage};
use crate::code_delivery::{EarlierCodes, Letter, TooSoon, issue, send};
use crate::code_use::CodeUse;
use crate::error::{Answer, JourneyError};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::stage::{Stage, change, enter};
use crate::too_many::Limit;
use crate::visitor::Visitor;

/// `/details/trn-in-use` and `/details/existing-account`: shows the account's address redacted.
///
/// Posts `action`: `continue` (send a code to that address), `skip` (that address cannot be read,
/// or the account is somebody else's) or `cancel`.
#[derive(Debug, Serialize)]
pub struct OfferPage {
    /// Ties the form to the browser.
    pub csrf: String,
    /// The service that asked.
    pub service_name: String,
    /// The other account's address, redacted.
    pub address: String,
    is_by_trn: bool,
    heading: &'static str,
}

impl OfferPage {
    fn new(csrf: String, service_name: String, address: String, in_common: InCommon) -> Self {
        let heading = match in_common {
            InCommon::Trn => "Your teaching record belongs to another account",
            InCommon::Person => "You may already have an account",
        };
        Self {
            csrf,
            service_name,
            address,
            is_by_trn: in_common == InCommon::Trn,
            heading,
        }
    }
}

impl View for OfferPage {
    const TEMPLATE: &'static str = "accounts/offer";

    fn title(&self) -> String {
        self.heading.to_owned()
    }

    fn samples() -> Vec<Self> {
        [InCommon::Trn, InCommon::Person]
            .map(|in_common| {
                Self::new(
                    "csrf".to_owned(),
                    "Apply for a qualification".to_owned(),
                    "j****@****.gov.uk".to_owned(),
                    in_common,
                )
            })
            .into()
    }
}

/// The page on which an account is offered that has this in common with theirs.
pub(crate) const fn page_for(in_common: InCommon) -> Page {
    match in_common {
        InCommon::Trn => Page::TrnInUse,
        InCommon::Person => Page::ExistingAccount,
    }
}

/// The page as it is looked at.
pub(crate) async fn show(page: Page, journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, page).await?;
    let Some(other) = &stage.interaction.answers.other_account else {
        return Err(stage.elsewhere());
    };
    if let OtherAccountProgress::Referred(reference) = &other.progress {
        let view = ReferredPage::new(&stage, reference.clone(), Referral::TrnInUse);
        return Ok(stage.respond(StatusCode::OK, page, &view));
    }
    let Some(user) = &stage.offered else {
        return Err(stage.elsewhere());
    };
    let view = OfferPage::new(
        stage.csrf(),
        stage.interaction.service_name.clone(),
        redacted(&user.email),
        other.in_common,
    );
    Ok(stage.respond(StatusCode::OK, page, &view))
}

/// The page's form.
pub(crate) async fn submit(page: Page, journey: Journey, visitor: Visitor, form: Form) -> Answer {
    match form.action {
        Action::Continue => {
            let asked = change(&journey, &visitor, page, go_on).await?;
            match asked {
                Asked::Code(letter, path) => send(&journey, &visitor, *letter, &path).await,
                Asked::Nothing(path) => Ok(crate::error::see_other(&path)),
            }
        }
        Action::Skip => other_account::go_on_without(&journey, &visitor, page).await,
        _ => Err(JourneyError::Unreadable),
    }
}

/// What going on asks for.
enum Asked {
    /// A code to the other account's address.
    Code(Box<Letter>, String),
    /// Nothing: the person has read by which number staff know their case.
    Nothing(String),
}

fn go_on(tx: &mut Tx<'_>, mut stage: Stage) -> Work<Asked> {
    let Some(other) = &mut stage.interaction.answers.other_account else {
        return Ok(Err(stage.elsewhere()));
    };
    if matches!(other.progress, OtherAccountProgress::Referred(_)) {
        other.progress = OtherAccountProgress::LeftAlone;
        return Ok(Ok(Asked::Nothing(stage.go_on(tx)?)));
    }
    let code_use = CodeUse::OtherAccount;
    let Some(address) = code_use.recipient(&stage) else {
        return Ok(Err(stage.elsewhere()));
    };
    match issue(tx, &mut stage, code_use, &address, EarlierCodes::Stay)? {
        Ok(letter) => Ok(Ok(Asked::Code(letter.into(), stage.go_on(tx)?))),
        Err(TooSoon { until }) => Ok(Err(stage.too_many(Limit::CodesSent, until))),
    }
}
