//! Which second factor: one to set up, or one to give.

use actix_web::http::StatusCode;
use model::interaction::FactorWay;
use pages::{FieldError, View};
use serde::Serialize;
use storage::Tx;

use super::FactorPage;
use super::plan::{Ask, FactorQuestion};
use crate::details::Frame;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::stage::{Stage, change, enter};
use crate::visitor::Visitor;

const PAGE: Page = Page::SecondFactor(FactorPage::Choose);
const NAME: &str = "way";
const NOTHING_CHOSEN: &str = "Select what you want to use";

/// `/second-factor/choose` for who has no second factor yet. Browsers that can use passkeys offer
/// them first; others offer the app alone, and say why.
///
/// Posts `way` (`passkey` or `app`) and `action`: `continue`, `not-now` or `cancel`.
#[derive(Debug, Serialize)]
pub struct ChooseToSetUpPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// Whether the service recommends it only, so that it can wait.
    pub may_decline: bool,
    /// What to do, when nothing was chosen.
    pub error: Option<&'static str>,
}

/// `/second-factor/choose` for who has several: all that they have.
///
/// Posts `way` (`passkey`, `app` or `recovery`) and `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct ChooseToGivePage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// Whether they have recovery codes left.
    pub has_recovery_codes: bool,
    /// To what who can give none of these can do.
    pub lost_url: String,
    /// What to do, when nothing was chosen.
    pub error: Option<&'static str>,
}

impl View for ChooseToSetUpPage {
    const TEMPLATE: &'static str = "second_factor/choose_to_set_up";

    fn title(&self) -> String {
        "Add a second step to your sign-in".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        summary(self.error)
    }

    fn samples() -> Vec<Self> {
        [(true, None), (false, None), (false, Some(NOTHING_CHOSEN))]
            .map(|(may_decline, error)| Self {
                frame: Frame::sample(),
                may_decline,
                error,
            })
            .into()
    }
}

impl View for ChooseToGivePage {
    const TEMPLATE: &'static str = "second_factor/choose_to_give";

    fn title(&self) -> String {
        "How do you want to finish signing in?".to_owned()
    }

    fn errors(&self) -> Vec<FieldError> {
        summary(self.error)
    }

    fn samples() -> Vec<Self> {
        [(true, None), (false, None), (true, Some(NOTHING_CHOSEN))]
            .map(|(has_recovery_codes, error)| Self {
                frame: Frame::sample(),
                has_recovery_codes,
                lost_url: "/second-factor/lost?i=1".to_owned(),
                error,
            })
            .into()
    }
}

fn summary(error: Option<&'static str>) -> Vec<FieldError> {
    let error = error.map(|message| FieldError {
        field: NAME,
        message: message.to_owned(),
    });
    error.into_iter().collect()
}

/// `GET /second-factor/choose`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, PAGE).await?;
    respond(&stage, StatusCode::OK, None)
}

fn respond(stage: &Stage, status: StatusCode, error: Option<&'static str>) -> Answer {
    let question = stage.factor.as_ref().ok_or_else(|| stage.elsewhere())?;
    let frame = stage.frame();
    Ok(match question.ask {
        Ask::SetUp(_) => {
            let view = ChooseToSetUpPage {
                frame,
                may_decline: question.may_decline(),
                error,
            };
            stage.respond(status, PAGE, &view)
        }
        Ask::Give | Ask::Change(_) => {
            let view = ChooseToGivePage {
                frame,
                has_recovery_codes: question.gives_by(FactorPage::RecoveryCode),
                lost_url: Page::SecondFactor(FactorPage::Lost).url(&stage.interaction.id),
                error,
            };
            stage.respond(status, PAGE, &view)
        }
    })
}

/// `POST /second-factor/choose`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    match form.action {
        Action::Continue => {}
        Action::NotNow => return decline(&journey, &visitor, FactorPage::Choose).await,
        _ => return Err(JourneyError::Unreadable),
    }
    let way = match form.field(NAME) {
        "passkey" => FactorWay::Passkey,
        "app" => FactorWay::App,
        "recovery" => FactorWay::Recovery,
        "" => {
            let stage = enter(&journey, &visitor, PAGE).await?;
            return respond(&stage, StatusCode::BAD_REQUEST, Some(NOTHING_CHOSEN));
        }
        _ => return Err(JourneyError::Unreadable),
    };
    let path = change(&journey, &visitor, PAGE, move |tx, mut stage| {
        stage.interaction.answers.factor_way = Some(way);
        Ok(Ok(stage.go_on(tx)?))
    });
    Ok(see_other(&path.await?))
}

/// "Not now", where the service leaves the choice.
pub(super) async fn decline(journey: &Journey, visitor: &Visitor, page: FactorPage) -> Answer {
    let path = change(journey, visitor, Page::SecondFactor(page), put_off);
    Ok(see_other(&path.await?))
}

fn put_off(tx: &mut Tx<'_>, mut stage: Stage) -> Work<String> {
    let question = stage.factor.as_ref();
    if !question.is_some_and(FactorQuestion::may_decline) {
        return Ok(Err(JourneyError::Unreadable));
    }
    stage.interaction.answers.declined_second_factor = true;
    Ok(Ok(stage.go_on(tx)?))
}
