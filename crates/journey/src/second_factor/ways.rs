//! The other ways of giving a second factor than the one that is asked for.

use serde::Serialize;

use super::FactorPage;
use crate::plan::Page;
use crate::stage::Stage;

/// Links to what else the person has; `None` to what they have not, or are just asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OtherWays {
    /// To the page for their passkey, which needs a browser that can use one.
    pub passkey_url: Option<String>,
    /// To the page for the code of their authenticator app.
    pub app_url: Option<String>,
    /// To the page for a recovery code.
    pub recovery_url: Option<String>,
    /// To what who has none of them any more can do.
    pub lost_url: Option<String>,
}

impl OtherWays {
    /// What there is besides `page`.
    pub(crate) fn than(page: FactorPage, stage: &Stage) -> Self {
        let url = |other: FactorPage| {
            let question = stage.factor.as_ref()?;
            let is_another = other != page && question.gives_by(other);
            is_another.then(|| Page::SecondFactor(other).url(&stage.interaction.id))
        };
        Self {
            passkey_url: url(FactorPage::Passkey),
            app_url: url(FactorPage::Code),
            recovery_url: url(FactorPage::RecoveryCode),
            lost_url: Some(Page::SecondFactor(FactorPage::Lost).url(&stage.interaction.id)),
        }
    }

    /// All that there can be.
    pub(crate) fn sample() -> Self {
        Self {
            passkey_url: Some("/second-factor/passkey?i=1".to_owned()),
            app_url: Some("/second-factor/code?i=1".to_owned()),
            recovery_url: Some("/second-factor/recovery-code?i=1".to_owned()),
            lost_url: Some("/second-factor/lost?i=1".to_owned()),
        }
    }
}
