//! We have found your TRN: shown when it is not what was said.

use actix_web::http::StatusCode;
use model::interaction::TrnNews;
use pages::View;
use serde::Serialize;
use storage::{StorageError, Tx, trn_links};

use super::DetailsPage;
use super::question::Frame;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::Journey;
use crate::plan::Page;
use crate::stage::{Stage, change, enter};
use crate::visitor::Visitor;

/// `/details/trn-found`: the TRN on the record, where another was stated or none.
///
/// Posts `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct TrnFoundPage {
    /// What stands around the news.
    #[serde(flatten)]
    pub frame: Frame,
    /// The TRN that was found.
    pub trn: String,
    /// Another one was stated.
    pub differs: bool,
}

impl View for TrnFoundPage {
    const TEMPLATE: &'static str = "details/trn_found";

    fn title(&self) -> String {
        "We have found your TRN".to_owned()
    }

    fn samples() -> Vec<Self> {
        [true, false]
            .map(|differs| Self {
                frame: Frame::sample(),
                trn: "1234567".to_owned(),
                differs,
            })
            .into()
    }
}

const PAGE: Page = Page::Details(DetailsPage::TrnFound);

/// `GET /details/trn-found`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, PAGE).await?;
    let read = journey.store.read(move |tx| with_trn(tx, stage));
    let (stage, trn) = read.await?;
    let Some(trn) = trn else {
        return Err(stage.elsewhere());
    };
    let view = TrnFoundPage {
        frame: stage.frame(),
        trn,
        differs: stage.interaction.answers.trn_news == Some(TrnNews::FoundAnother),
    };
    Ok(stage.respond(StatusCode::OK, PAGE, &view))
}

fn with_trn(tx: &mut Tx<'_>, stage: Stage) -> Result<(Stage, Option<String>), StorageError> {
    let Some(authentication) = &stage.standing.authentication else {
        return Ok((stage, None));
    };
    let user_id = &authentication.user_id;
    let Some(link) = trn_links::find(tx, user_id)? else {
        return Ok((stage, None));
    };
    let trn = link.trn(user_id, &stage.journey.keyring);
    let trn = trn.map_err(|_| StorageError::Corrupt("trn_links"))?;
    Ok((stage, trn.map(|trn| trn.as_str().to_owned())))
}

/// `POST /details/trn-found`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    if form.action != Action::Continue {
        return Err(JourneyError::Unreadable);
    }
    let path = change(&journey, &visitor, PAGE, |tx, mut stage| {
        stage.interaction.answers.trn_news = None;
        Ok(Ok(stage.go_on(tx)?))
    });
    Ok(see_other(&path.await?))
}
