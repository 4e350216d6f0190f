//! Recovery codes: shown once, after they were made, and made anew for who asks.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use model::Secret;
use model::event::EventKind;
use model::recovery_code::RecoveryCode;
use pages::View;
use serde::Serialize;
use storage::Tx;

use super::FactorPage;
use super::new_codes::NewCodes;
use super::set_up::done;
use super::telling::{FactorChange, tell};
use crate::details::Frame;
use crate::error::{Answer, JourneyError, see_other};
use crate::form::{Action, Form};
use crate::journey::{Journey, Work};
use crate::plan::Page;
use crate::sign_in::record;
use crate::stage::{Stage, change, enter};
use crate::visitor::Visitor;

const PAGE: Page = Page::SecondFactor(FactorPage::RecoveryCodes);

/// Where the codes can be downloaded while they are shown.
pub(super) const FILE_PATH: &str = "/second-factor/recovery-codes.txt";

/// `/second-factor/recovery-codes` while there are codes to be saved.
///
/// Posts `action`: `saved`, after which nobody sees them again.
#[derive(Debug, Serialize)]
pub struct RecoveryCodesPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// The codes, in groups of four.
    pub codes: Vec<Secret<String>>,
    /// Where the file with them is.
    pub download_url: String,
}

/// `/second-factor/recovery-codes` for who came to replace theirs.
///
/// Posts `action`: `continue` or `cancel`.
#[derive(Debug, Serialize)]
pub struct NewRecoveryCodesPage {
    /// What stands around the question.
    #[serde(flatten)]
    pub frame: Frame,
    /// How many they have left.
    pub left: u32,
}

impl View for RecoveryCodesPage {
    const TEMPLATE: &'static str = "second_factor/recovery_codes";

    fn title(&self) -> String {
        "Save your recovery codes".to_owned()
    }

    fn samples() -> Vec<Self> {
        let code = |_| Secret::new("7K3Q-WX0M-9TBA".to_owned());
        vec![Self {
            frame: Frame::sample(),
            codes: (0..10).map(code).collect(),
            download_url: format!("{FILE_PATH}?i=1"),
        }]
    }
}

impl View for NewRecoveryCodesPage {
    const TEMPLATE: &'static str = "second_factor/new_recovery_codes";

    fn title(&self) -> String {
        "Get new recovery codes".to_owned()
    }

    fn samples() -> Vec<Self> {
        [0, 1, 7]
            .map(|left| Self {
                frame: Frame::sample(),
                left,
            })
            .into()
    }
}

/// `GET /second-factor/recovery-codes`.
pub(crate) async fn show(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, PAGE).await?;
    let frame = stage.frame();
    if let Some(codes) = to_be_saved(&stage) {
        let view = RecoveryCodesPage {
            frame,
            codes: codes.iter().map(RecoveryCode::grouped).collect(),
            download_url: format!("{FILE_PATH}?i={}", stage.interaction.id),
        };
        return Ok(stage.respond(StatusCode::OK, PAGE, &view));
    }
    let question = stage.factor.as_ref().ok_or_else(|| stage.elsewhere())?;
    let left = question.held.recovery_codes_left;
    let view = NewRecoveryCodesPage { frame, left };
    Ok(stage.respond(StatusCode::OK, PAGE, &view))
}

fn to_be_saved(stage: &Stage) -> Option<&[RecoveryCode]> {
    let codes = &stage.pending.as_ref()?.recovery_codes;
    (!codes.is_empty()).then_some(codes)
}

/// `GET /second-factor/recovery-codes.txt`: the same codes as a file.
pub(crate) async fn download(journey: Journey, visitor: Visitor) -> Answer {
    let stage = enter(&journey, &visitor, PAGE).await?;
    let codes = to_be_saved(&stage).ok_or_else(|| stage.elsewhere())?;
    let text = file(journey.pages.product_name(), &journey.issuer, codes);
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .insert_header((
            CONTENT_DISPOSITION,
            "attachment; filename=\"recovery-codes.txt\"",
        ))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text.reveal().clone()))
}

/// What the file says. Lines end as every system's editor shows them.
fn file(product_name: &str, issuer: &str, codes: &[RecoveryCode]) -> Secret<String> {
    let mut lines = vec![
        format!("Recovery codes for {product_name}"),
        issuer.to_owned(),
        String::new(),
        "Use one of these codes to sign in if you cannot use your second step.".to_owned(),
        "Each code works once. Keep them where only you can find them.".to_owned(),
        String::new(),
    ];
    lines.extend(codes.iter().map(|code| code.grouped().reveal().clone()));
    lines.push(String::new());
    Secret::new(lines.join("\r\n"))
}

/// `POST /second-factor/recovery-codes`.
pub(crate) async fn submit(journey: Journey, visitor: Visitor, form: Form) -> Answer {
    let path = match form.action {
        Action::Continue => {
            enter(&journey, &visitor, PAGE).await?;
            let codes = NewCodes::make(&journey).await?;
            change(&journey, &visitor, PAGE, |tx, stage| {
                replace(tx, stage, codes)
            })
            .await?
        }
        Action::Saved => change(&journey, &visitor, PAGE, forget).await?,
        _ => return Err(JourneyError::Unreadable),
    };
    Ok(see_other(&path))
}

/// Replaces the codes; they are shown next.
fn replace(tx: &mut Tx<'_>, mut stage: Stage, codes: NewCodes) -> Work<String> {
    // A double click: those of the first have yet to be saved.
    if to_be_saved(&stage).is_some() {
        return Ok(Err(stage.elsewhere()));
    }
    codes.store(tx, &mut stage)?;
    if let Some(account) = stage.user_id() {
        let kind = EventKind::RecoveryCodesReplaced;
        record(tx, kind, &stage.interaction, account)?;
    }
    tell(tx, &stage, FactorChange::RecoveryCodesReplaced)?;
    done(&mut stage);
    Ok(Ok(stage.go_on(tx)?))
}

/// Their owner has them: from now on nobody else can.
fn forget(tx: &mut Tx<'_>, mut stage: Stage) -> Work<String> {
    if let Some(pending) = &mut stage.pending {
        pending.recovery_codes.clear();
    }
    stage.keep_pending(tx)?;
    Ok(Ok(stage.go_on(tx)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_says_what_its_codes_are_for() {
        let codes = ["7K3QWX0M9TBA", "0123456789AB"].map(|code| RecoveryCode::parse(code).unwrap());

        let text = file("Get an identity", "https://identity.example", &codes);

        let text = text.reveal();
        assert!(
            text.starts_with("Recovery codes for Get an identity\r\nhttps://identity.example\r\n")
        );
        assert!(
            text.ends_with("\r\n7K3Q-WX0M-9TBA\r\n0123-4567-89AB\r\n"),
            "{text}"
        );
    }
}
