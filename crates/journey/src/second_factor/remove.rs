//! Are you sure you want to remove your second factor?

use actix_web::http::StatusCode;
use model::UserId;
use model::event::EventKind;
use model::requirement::FactorTask;
use pages::View;
use serde::Serialize;
use storage::second_factors::Factors;
use storage::{StorageError, Tx, second_factors};

use super::FactorPage;
use super::plan::Ask;
use super::set_up::done;
use super::telling::{FactorChange, tell};
use crate::details::Frame;
use crate::emails::FactorKind;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::sign_in::record;
use crate::stage::{Stage, change};
use crate::visitor::Visitor;

const PAGE: Page = Page::SecondFactor(FactorPage::Remove);

/// `/second-factor/remove`: what goes, and what it means.
///
/// Posts `action`: `remove` or `cancel`.
#[derive(Debug, Serialize)]
pub struct RemovePage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// The passkey's name; `None` when it is the app that goes.
    pub passkey: Option<String>,
    /// Whether nothing is left then.
    pub is_last: bool,
    /// The page's heading.
    pub heading: &'static str,
}

impl RemovePage {
    fn new(frame: Frame, removal: &Removal) -> Self {
        let heading = match removal.passkey {
            Some(_) => "Are you sure you want to remove this passkey?",
            None => "Are you sure you want to remove your authenticator app?",
        };
        Self {
            frame,
            passkey: removal.passkey.clone(),
            is_last: removal.is_last,
            heading,
        }
    }
}

impl View for RemovePage {
    const TEMPLATE: &'static str = "second_factor/remove";

    fn title(&self) -> String {
        self.heading.to_owned()
    }

    fn samples() -> Vec<Self> {
        [(None, true), (None, false), (Some("Ada’s phone"), false)]
            .map(|(passkey, is_last)| {
                let passkey = passkey.map(ToOwned::to_owned);
                Self::new(Frame::sample(), &Removal { passkey, is_last })
            })
            .into()
    }
}

/// What is to be removed, and is there.
struct Removal {
    passkey: Option<String>,
    is_last: bool,
}

impl Removal {
    fn of(task: &FactorTask, factors: &Factors) -> Option<Self> {
        let (has_app, passkeys) = (factors.totp.is_some(), &factors.passkeys);
        match task {
            FactorTask::RemoveApp => has_app.then_some(Self {
                passkey: None,
                is_last: passkeys.is_empty(),
            }),
            FactorTask::RemovePasskey(id) => {
                let passkey = passkeys.iter().find(|passkey| passkey.id == *id)?;
                Some(Self {
                    passkey: Some(passkey.name.clone()),
                    is_last: !has_app && passkeys.len() == 1,
                })
            }
            _ => None,
        }
    }
}

/// `GET /second-factor/remove`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let (stage, removal) = change(&journey, &visitor, PAGE, |tx, stage| {
        Ok(look(tx, stage)?.map(|found| (found.stage, found.removal)))
    })
    .await?;
    let view = RemovePage::new(stage.frame(), &removal);
    Ok(stage.respond(StatusCode::OK, PAGE, &view))
}

/// `POST /second-factor/remove`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    if form.action != Action::RemoveFactor {
        return Err(JourneyError::Unreadable);
    }
    let path = change(&journey, &visitor, PAGE, |tx, stage| {
        match look(tx, stage)? {
            Ok(found) => Ok(Ok(found.remove(tx)?)),
            Err(elsewhere) => Ok(Err(elsewhere)),
        }
    });
    Ok(see_other(&path.await?))
}

/// A factor that somebody came to remove.
struct Found {
    stage: Stage,
    account: UserId,
    task: FactorTask,
    removal: Removal,
}

/// Finds what is to be removed. When it is not there, for instance since another tab removed it,
/// there is nothing to be done any more.
fn look(tx: &mut Tx<'_>, mut stage: Stage) -> Work<Found> {
    let task = match stage.factor.as_ref().map(|question| &question.ask) {
        Some(Ask::Change(task)) => task.clone(),
        _ => return Ok(Err(stage.elsewhere())),
    };
    let Some(account) = stage.user_id().cloned() else {
        return Ok(Err(stage.elsewhere()));
    };
    let factors = second_factors::standing(tx, &account)?;
    let Some(removal) = Removal::of(&task, &factors) else {
        done(&mut stage);
        return Ok(Err(JourneyError::Elsewhere(stage.go_on(tx)?)));
    };
    Ok(Ok(Found {
        stage,
        account,
        task,
        removal,
    }))
}

impl Found {
    fn remove(self, tx: &mut Tx<'_>) -> Result<String, StorageError> {
        let Self {
            mut stage,
            account,
            task,
            removal,
        } = self;
        match &task {
            FactorTask::RemovePasskey(id) => second_factors::remove_passkey(tx, &account, id)?,
            _ => second_factors::remove_totp(tx, &account)?,
        };
        let kind = EventKind::SecondFactorRemoved;
        record(tx, kind, &stage.interaction, &account)?;
        let removed = match removal.passkey {
            Some(_) => FactorKind::Passkey,
            None => FactorKind::App,
        };
        tell(tx, &stage, FactorChange::Removed(removed))?;
        done(&mut stage);
        stage.go_on(tx)
    }
}
