//! Staff look at a person's case: by which number, and what happens next.

use pages::View;
use serde::Serialize;

use crate::stage::Stage;

/// Shown once staff have the case of a person who cannot prove an account themselves.
///
/// Posts `action`: `continue` (to the service) where their own account goes on, `cancel` (back to
/// the service) where they have none to go on with.
#[derive(Debug, Serialize)]
pub struct ReferredPage {
    csrf: String,
    service_name: String,
    reference: String,
    is_lost_address: bool,
    is_lost_factor: bool,
}

/// What staff look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Referral {
    /// Another account has the person's TRN, and they cannot read its emails.
    TrnInUse,
    /// They cannot read the emails of their own account.
    LostAddress,
    /// They can give none of the second factors of their account.
    SecondFactorLost,
}

impl ReferredPage {
    pub(crate) fn new(stage: &Stage, reference: String, referral: Referral) -> Self {
        Self {
            csrf: stage.csrf(),
            service_name: stage.interaction.service_name.clone(),
            reference,
            is_lost_address: referral == Referral::LostAddress,
            is_lost_factor: referral == Referral::SecondFactorLost,
        }
    }
}

impl View for ReferredPage {
    const TEMPLATE: &'static str = "accounts/referred";

    fn title(&self) -> String {
        "We have your request".to_owned()
    }

    fn samples() -> Vec<Self> {
        [(false, false), (true, false), (false, true)]
            .map(|(is_lost_address, is_lost_factor)| Self {
                csrf: "csrf".to_owned(),
                service_name: "Apply for a qualification".to_owned(),
                reference: "GAI-7K3M-Q2X9".to_owned(),
                is_lost_address,
                is_lost_factor,
            })
            .into()
    }
}
